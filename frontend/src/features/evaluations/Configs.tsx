import { Switch } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { ProblemNote } from '../../parts/ProblemNote'
import { counted } from '../../parts/words'
import { type Row, rows } from './configs'
import classes from './Configs.module.css'

const route = getRouteApi('/evaluations/compare')

/** The configurations of two runs, key by key; those that are the same are shown on request. */
export function Configs({ a, b }: { a: string; b: string }) {
  const { all = false } = route.useSearch()
  const navigate = route.useNavigate()
  const [ofA, ofB] = useQueries({ queries: [runOptions(a), runOptions(b)] })
  const problem = ofA.error ?? ofB.error
  if (problem) return <ProblemNote problem={problem} />
  if (!ofA.data || !ofB.data) return null
  const every = rows(ofA.data.config, ofB.data.config)
  const different = every.filter(differs)
  return (
    <section className="card stack" aria-label="Configurations">
      <div className={classes.head}>
        <h2>Configurations: {different.length === 0 ? 'the same' : `${counted(different.length, 'difference')}`}</h2>
        <Switch
          label="Differences only"
          checked={!all}
          onChange={(event) => {
            const { checked } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, all: checked ? undefined : true }), replace: true, resetScroll: false })
          }}
        />
      </div>
      {(all || different.length > 0) && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="Keys of both configurations">
          <table className={classes.keys}>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">A</th>
                <th scope="col">B</th>
              </tr>
            </thead>
            <tbody>
              {(all ? every : different).map((row) => (
                <tr key={row.key} className={all && differs(row) ? classes.different : ''}>
                  <th scope="row" className="mono">
                    {row.key}
                  </th>
                  <td className="mono">{row.a ?? <span className="quiet">not there</span>}</td>
                  <td className="mono">{row.b ?? <span className="quiet">not there</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function differs({ a, b }: Row): boolean {
  return a !== b
}

function runOptions(runId: string) {
  return {
    queryKey: ['runs', runId, 'compared'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}', { params: { path: { run_id: runId } } })),
  }
}
