import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, unwrap, type Shape } from '../../api/client'
import { digest, moment, whole } from '../../parts/words'
import classes from './Chain.module.css'

const SHOWN = 5

/**
 * Where the rows came from, what made them into a dataset, and the runs on it. Sources and dataset are told by their digests;
 * a run that names the dataset but found another one under that name says so.
 */
export function Chain({ dataset }: { dataset: Shape<'DatasetDetail'> }) {
  const runs = useQuery({
    queryKey: ['datasets', dataset.key, 'runs'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs', { params: { query: { dataset_key: dataset.key, limit: SHOWN } } })),
  })
  const { sources, provenance } = dataset
  const links: { name: string; content: ReactNode }[] = [
    {
      name: sources.length === 1 ? 'Source' : `${whole(sources.length)} sources`,
      content: (
        <ul className="plain-list">
          {sources.slice(0, SHOWN).map(({ name, digest: found }, place) => (
            <li key={place}>
              {name} <Digest of={found} />
            </li>
          ))}
          {sources.length > SHOWN && <li className="quiet">and {whole(sources.length - SHOWN)} more</li>}
        </ul>
      ),
    },
    {
      name: 'Build',
      content: (
        <>
          {moment(dataset.created)} by tunix-rt {provenance.tunix_rt} <Digest of={provenance.git_commit} />
          {provenance.git_dirty ? ', changed' : ''}
        </>
      ),
    },
    {
      name: 'Dataset',
      content: (
        <>
          {whole(dataset.counts.kept)} rows <Digest of={dataset.digest} />
          <br />
          its folder <Digest of={dataset.folder_digest} />
        </>
      ),
    },
    {
      name: 'Runs on it',
      content: runs.data ? (
        runs.data.data.length > 0 ? (
          <ul className="plain-list">
            {runs.data.data.map(({ run_id, status, dataset_digest: found }) => (
              <li key={run_id}>
                <Link to="/runs/$runId" params={{ runId: run_id }}>
                  {run_id}
                </Link>{' '}
                <span className="quiet">{found && found !== dataset.folder_digest ? 'on other rows of this name' : status === 'completed' ? '' : status}</span>
              </li>
            ))}
            {runs.data.pagination.next_cursor && (
              <li>
                <Link to="/runs" search={{ dataset_key: dataset.key }}>
                  all of them
                </Link>
              </li>
            )}
          </ul>
        ) : (
          <span className="quiet">nothing yet</span>
        )
      ) : (
        <span className="quiet" role="status">
          {runs.error ? runs.error.message : '…'}
        </span>
      ),
    },
  ]
  return (
    <section className="card stack">
      <h2>Provenance</h2>
      <ol className={classes.chain}>
        {links.map(({ name, content }) => (
          <li key={name}>
            <b>{name}</b>
            <div>{content}</div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Digest({ of }: { of: string | null | undefined }) {
  return <span className="mono quiet">{digest(of)}</span>
}
