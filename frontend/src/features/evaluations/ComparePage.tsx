import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Facts } from '../../parts/Facts'
import { Asked, Nothing, Page } from '../../parts/Page'
import { figure, moment, percent, whole } from '../../parts/words'
import { Delta } from './Delta'
import classes from './EvaluationPage.module.css'
import { TwoRuns } from './TwoRuns'

const route = getRouteApi('/evaluations/compare')

/** Two evaluations of the same items, pair by pair: what was gained, what was lost, and whether that can be chance. */
export function ComparePage() {
  const { a, b } = route.useSearch()
  const navigate = route.useNavigate()
  const all = useQuery({
    queryKey: ['evaluations', 'to compare'],
    queryFn: () => unwrap(api.GET('/api/evaluations', { params: { query: { limit: 200 } } })),
  })
  const first = all.data?.data.find(({ evaluation_id }) => evaluation_id === a)
  const name = ({ evaluation_id, run_id, model_id, prompt, evaluated_at }: Shape<'EvaluationSummary'>) => ({
    value: evaluation_id,
    label: `${run_id ?? `${model_id} (base)`}, ${prompt.replaceAll('_', ' ')}, ${moment(evaluated_at)}`,
  })
  const others = all.data?.data.filter(({ evaluation_id, task_digest }) => evaluation_id !== a && (!first || task_digest === first.task_digest)) ?? []
  return (
    <Page
      title="Compare"
      above={<Link to="/evaluations">Evaluations</Link>}
      about="The same items answered twice: B minus A, with a 95 % interval and an exact test of the pairs that differ."
      actions={a && b ? <AsCommand cli={`compare ${a} ${b}`} path={`/api/evaluations/compare?a=${a}&b=${b}`} /> : null}
    >
      <div className="halves">
        <NativeSelect
          label="A, the baseline"
          value={a ?? ''}
          data={[{ value: '', label: 'choose one' }, ...(all.data?.data.map(name) ?? [])]}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: { a: value || undefined } })
          }}
        />
        <NativeSelect
          label="B, on the same items"
          value={b ?? ''}
          data={[{ value: '', label: 'choose one' }, ...others.map(name)]}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, b: value || undefined }) })
          }}
        />
      </div>
      {a && b ? (
        <>
          <Compared a={a} b={b} />
          <TwoRuns a={a} b={b} />
        </>
      ) : (
        <Nothing title="Choose two evaluations">
          <p>Only evaluations of the same items can be paired.</p>
        </Nothing>
      )}
    </Page>
  )
}

function Compared({ a, b }: { a: string; b: string }) {
  const found = useQuery({
    queryKey: ['evaluations', 'compare', a, b],
    queryFn: () => unwrap(api.GET('/api/evaluations/compare', { params: { query: { a, b } } })),
    staleTime: Infinity,
  })
  return (
    <Asked query={found}>
      {({ main, metrics, families, gained, lost, minimum_detectable_effect, differences }) => (
        <>
          <section className="card stack">
            <Facts
              facts={{
                A: percent(main.a),
                B: percent(main.b),
                'B minus A': `${(100 * main.paired.delta).toFixed(1)} points`,
                p: figure(main.paired.p),
                'Only B right': whole(main.paired.gained),
                'Only A right': whole(main.paired.lost),
                Pairs: whole(main.paired.n),
                'Least change that would show': `${(100 * minimum_detectable_effect).toFixed(1)} points`,
              }}
            />
            {differences.length > 0 && <p className="quiet small prose">They differ in more than the model: {differences.join('; ')}</p>}
          </section>
          <div className="halves">
            {[
              { title: 'By figure', rows: metrics },
              { title: 'By family', rows: families },
            ].map(({ title, rows }) => (
              <section key={title} className={`card ${classes.scroll ?? ''}`} tabIndex={0} aria-label={title}>
                <h2>{title}</h2>
                <table className={classes.figures}>
                  <tbody>
                    {rows.map((row) => (
                      <tr key={row.name}>
                        <th scope="row">{row.name}</th>
                        <td>
                          <Delta of={row.paired} name={row.name} p={row.adjusted_p ?? row.paired.p} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            ))}
          </div>
          <div className="halves">
            <Items title="Only B got right" ids={gained} evaluationId={b} />
            <Items title="Only A got right" ids={lost} evaluationId={a} />
          </div>
        </>
      )}
    </Asked>
  )
}

interface ItemsProps {
  title: string
  ids: string[]
  /** The evaluation that has them right. */
  evaluationId: string
}

function Items({ title, ids, evaluationId }: ItemsProps) {
  return (
    <section className="card stack">
      <h2>
        {title}: {whole(ids.length)}
      </h2>
      {ids.length > 0 ? (
        <ul className={`plain-list mono ${classes.items ?? ''}`}>
          {ids.map((id) => (
            <li key={id}>
              <Link to="/evaluations/$evaluationId" params={{ evaluationId }} search={{ sample: id }} hash="samples">
                {id}
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">none</p>
      )}
    </section>
  )
}
