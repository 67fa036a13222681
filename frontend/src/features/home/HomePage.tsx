import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { Nothing, Page } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { isActive, Status } from '../../parts/Status'
import { duration, whole } from '../../parts/words'
import classes from './HomePage.module.css'

const MOST = 100
const query = { limit: MOST }

/** How many there are, as far as one page tells. */
interface Count {
  count: number
  more: boolean
}

function counted({ data, pagination }: { data: unknown[]; pagination: Shape<'Pagination'> }): Count {
  return { count: data.length, more: pagination.next_cursor !== null }
}

/** The flow with what is there, what runs, what is wrong, and what to do next. */
export function HomePage() {
  const runs = useQuery({
    queryKey: ['runs', 'home'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs', { params: { query } })),
    refetchInterval: 5000,
  })
  const [traces, datasets, evaluations] = useQueries({
    queries: [
      { queryKey: ['traces', 'home'], queryFn: async () => counted(await unwrap(api.GET('/api/traces', { params: { query } }))) },
      { queryKey: ['datasets', 'home'], queryFn: async () => counted(await unwrap(api.GET('/api/datasets', { params: { query } }))) },
      { queryKey: ['evaluations', 'home'], queryFn: async () => counted(await unwrap(api.GET('/api/evaluations', { params: { query } }))) },
    ],
  })
  const problem = runs.error ?? traces.error ?? datasets.error ?? evaluations.error
  const alive = runs.data?.data.filter(({ status }) => isActive(status)) ?? []
  const loaded = traces.data && datasets.data && evaluations.data && runs.data
  return (
    <Page title="Home" about="From reasoning traces to a small model that shows its work, measured honestly.">
      {problem && <ProblemNote problem={problem} />}
      <Wrong />
      <ol className={classes.flow} aria-label="The flow">
        <Stage to="/traces" name="Traces" about="prompts with reasoning" count={traces.data} />
        <Stage to="/datasets" name="Datasets" about="frozen and measured" count={datasets.data} />
        <Stage to="/runs" name="Runs" about="what was trained" count={runs.data && counted(runs.data)} />
        <Stage to="/evaluations" name="Evaluations" about="every answer kept" count={evaluations.data} />
      </ol>
      <section className="stack" aria-label="At work">
        <h2>At work</h2>
        {alive.map((run) => (
          <div key={run.run_id} className={`card row ${classes.alive ?? ''}`}>
            <Status status={run.status} />
            <Link to="/runs/$runId" params={{ runId: run.run_id }}>
              {run.run_id}
            </Link>
            <span className="quiet small">
              {run.stage} {run.duration_seconds !== null && `for ${duration(run.duration_seconds)}`}
            </span>
          </div>
        ))}
        {runs.data && alive.length === 0 && <p className="quiet">Nothing runs now.</p>}
      </section>
      {loaded && (
        <section className="stack" aria-label="What to do next">
          <h2>What to do next</h2>
          {next(traces.data.count, datasets.data.count, runs.data.data.length, evaluations.data.count)}
        </section>
      )}
    </Page>
  )
}

/** Return the first step of the flow that was not made yet. */
function next(traces: number, datasets: number, runs: number, evaluations: number): ReactNode {
  if (traces + datasets === 0) {
    return (
      <Nothing title="Bring traces">
        <p>
          <Link to="/datasets/new">Upload a file</Link> of questions with worked answers, in any known schema; or see the whole flow on generated sums with{' '}
          <code>make demo MODEL=nano</code>.
        </p>
      </Nothing>
    )
  }
  if (datasets === 0) {
    return (
      <Nothing title="Freeze a dataset">
        <p>
          <Link to="/datasets/new" search={{ upload: 'all' }}>
            Build one from the traces that are here
          </Link>
          .
        </p>
      </Nothing>
    )
  }
  if (runs === 0) {
    return (
      <Nothing title="Train">
        <p>
          <code>tunix-rt train sft --dataset KEY</code> starts a run on one of the <Link to="/datasets">datasets</Link>; it appears here at once.
        </p>
      </Nothing>
    )
  }
  if (evaluations === 0) {
    return (
      <Nothing title="Measure">
        <p>
          The base first, then the run: <code>tunix-rt eval --model gemma3-270m</code> and <code>tunix-rt eval --run latest</code>.
        </p>
      </Nothing>
    )
  }
  return (
    <Nothing title="Read and compare">
      <p>
        See on the <Link to="/leaderboard">leaderboard</Link> what can be told apart, and in the <Link to="/evaluations">evaluations</Link> which step broke where an answer is wrong.
      </p>
    </Nothing>
  )
}

function Stage({ to, name, about, count }: { to: '/traces' | '/datasets' | '/runs' | '/evaluations'; name: string; about: string; count: Count | undefined }) {
  return (
    <li>
      <Link to={to} className={classes.stage}>
        <span className={classes.name}>{name}</span>
        <b className={classes.count}>{count ? `${whole(count.count)}${count.more ? '+' : ''}` : '…'}</b>
        <span className="quiet small">{about}</span>
      </Link>
    </li>
  )
}

/** Parts of the service that are not as they should be. */
function Wrong() {
  const ready = useQuery({ queryKey: ['ready'], queryFn: () => unwrap(api.GET('/api/health/ready')), retry: false, refetchInterval: 30_000 })
  return ready.error && <ProblemNote problem={ready.error} />
}
