import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { readLog } from '../../api/log'
import { Facts } from '../../parts/Facts'
import { isActive, Status } from '../../parts/Status'
import { duration, moment } from '../../parts/words'
import classes from './AtWork.module.css'
import { type Phase, said, session } from './progress'

const LIVE = 3000
/** Last lines of the log, among which one says how far the work is. */
const LINES = 40

/** A run that waits or is worked on: its phases against its budget, what it still needs, and what it says. */
export function AtWork({ run }: { run: Shape<'RunRow'> }) {
  const { run_id: runId } = run
  const works = isActive(run.status) && run.status !== 'queued'
  const found = useQuery({
    queryKey: ['runs', runId, 'at work'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}', { params: { path: { run_id: runId } } })),
    refetchInterval: LIVE,
  })
  const log = useQuery({
    queryKey: ['runs', runId, 'last words'],
    queryFn: async () => (await readLog(runId, { tail: LINES })).text.trim(),
    enabled: works,
    refetchInterval: LIVE,
  })
  const plan = found.data && session(found.data)
  const { needs, has } = said(log.data ?? '')
  const last = log.data?.split('\n').at(-1)
  return (
    <section className={`card stack ${classes.alive ?? ''}`} aria-label={runId}>
      <header className="row">
        <Status status={run.status} />
        <Link to="/runs/$runId" params={{ runId }}>
          {runId}
        </Link>
        <span className="quiet small">
          {works ? run.stage : 'waits for a worker'} {run.duration_seconds !== null && works && `for ${duration(run.duration_seconds)}`}
        </span>
      </header>
      {plan && <Phases phases={plan.phases} />}
      {works && (plan?.deadline ?? needs ?? has) && (
        <Facts
          facts={{
            'Must end by': plan?.deadline ? moment(plan.deadline) : null,
            Budget: plan ? `${plan.minutes.toString()} minutes` : null,
            'This phase needs about': needs,
            'This phase has at most': has,
          }}
        />
      )}
      {works && last && (
        <p className={`mono quiet ${classes.said ?? ''}`} title="The last line of its log">
          {last}
        </p>
      )}
    </section>
  )
}

/** The phases of a session as stretches of its budget, each with its name, its state and its time. */
function Phases({ phases }: { phases: Phase[] }) {
  return (
    <ol className={`plain-list ${classes.phases ?? ''}`} aria-label="Phases">
      {phases.map(({ name, state, seconds }) => (
        <li key={name} className={state === 'done' ? classes.done : state === 'at work' ? classes.now : ''} aria-current={state === 'at work' ? 'step' : undefined}>
          <b>{name}</b>
          <span className="quiet small">
            {state === 'done' ? `✓ ${duration(seconds)}` : `${state === 'at work' ? 'at work, ' : ''}${duration(seconds)} planned`}
          </span>
        </li>
      ))}
    </ol>
  )
}
