import { useQuery } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'
import { Asked, Nothing } from '../../parts/Page'
import { percent, whole } from '../../parts/words'
import { RowErrors } from './RowErrors'
import classes from './LeftOut.module.css'

const LIMIT = 50

/** Rows that did not become part of the dataset: what was wrong, what stands for them, or what they repeat. */
export function LeftOut({ dataset: { key, counts } }: { dataset: Shape<'DatasetDetail'> }) {
  const params = { path: { dataset_key: key }, query: { limit: LIMIT } }
  const found = useQuery({
    queryKey: ['datasets', key, 'left out'],
    queryFn: async () => {
      const [rejected, duplicates, quarantined] = await Promise.all([
        unwrap(api.GET('/api/datasets/{dataset_key}/rejected', { params })),
        unwrap(api.GET('/api/datasets/{dataset_key}/duplicates', { params })),
        unwrap(api.GET('/api/datasets/{dataset_key}/quarantine', { params })),
      ])
      return { rejected: rejected.data, duplicates: duplicates.data, quarantined: quarantined.data }
    },
  })
  return (
    <Asked query={found}>
      {({ rejected, duplicates, quarantined }) => (
        <>
          {rejected.length + duplicates.length + quarantined.length === 0 && (
            <Nothing title="Nothing was left out">
              <p>Every row that was selected is in the dataset.</p>
            </Nothing>
          )}
          {rejected.length > 0 && (
            <section className="card stack">
              <h2>Rejected: {whole(counts.rejected)}</h2>
              <RowErrors errors={rejected} />
            </section>
          )}
          {duplicates.length > 0 && (
            <Rows title={`Duplicates: ${whole(counts.exact_duplicates + counts.near_duplicates)}`} rows={duplicates}>
              {({ kind, similarity, kept }) => `${kind === 'exact' ? 'the same words as' : `${percent(similarity)} like`} ${kept}`}
            </Rows>
          )}
          {quarantined.length > 0 && (
            <Rows title={`Quarantined: ${whole(counts.quarantined)}`} rows={quarantined}>
              {({ task, item, kind }) => `repeats ${item} of ${task} (${kind})`}
            </Rows>
          )}
        </>
      )}
    </Asked>
  )
}

function Rows<Row extends { trace: Shape<'ReasoningTrace'> }>({ title, rows, children }: { title: string; rows: Row[]; children: (row: Row) => string }) {
  return (
    <section className="card stack">
      <h2>{title}</h2>
      <ul className={`plain-list ${classes.rows ?? ''}`}>
        {rows.map((row, place) => (
          <li key={place}>
            <span className="prose" dir="auto">
              {row.trace.prompt}
            </span>
            <div className="quiet small">{children(row)}</div>
          </li>
        ))}
      </ul>
      {rows.length === LIMIT && <p className="quiet small">The first {LIMIT} are shown.</p>}
    </section>
  )
}
