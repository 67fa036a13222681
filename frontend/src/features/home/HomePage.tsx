import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { readyOptions } from '../../api/ready'
import { AsCommand } from '../../parts/AsCommand'
import { Page } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { isActive } from '../../parts/Status'
import { alerts } from './alerts'
import { Alerts } from './Alerts'
import { AtWork } from './AtWork'
import { Flow } from './Flow'
import { Next } from './Next'

const LIVE = 5000
/** Counting a million traces takes the database a tenth of a second. */
const COUNTED = 15_000
/** What may be at work, or may have gone wrong, however many runs came after it. */
const LOOKED_FOR = ['running', 'preparing', 'queued', 'failed', 'interrupted'] as const
const LOOKED_AT = 100
/** Runs that are shown with all that they say; the others are on their own page. */
const SHOWN = 4

/** The flow with what is there, what runs, what is wrong, and what to do next. */
export function HomePage() {
  const overview = useQuery({ queryKey: ['overview'], queryFn: () => unwrap(api.GET('/api/overview')), refetchInterval: COUNTED })
  const runs = useQuery({
    queryKey: ['runs', 'home'],
    queryFn: async () => {
      const found = await Promise.all(LOOKED_FOR.map((status) => unwrap(api.GET('/api/tunix/runs', { params: { query: { status, limit: LOOKED_AT } } }))))
      return found.flatMap(({ data }) => data)
    },
    refetchInterval: LIVE,
  })
  const ready = useQuery(readyOptions)
  const problem = overview.error ?? runs.error ?? ready.error
  const active = runs.data?.filter(({ status }) => isActive(status)) ?? []
  const told = runs.data && alerts({ parts: ready.data, waiting: overview.data?.waiting ?? 0, runs: runs.data, now: new Date(runs.dataUpdatedAt) })
  return (
    <Page
      title="Home"
      about="From reasoning traces to a small model that shows its work, measured honestly."
      actions={<AsCommand path="/api/overview" />}
    >
      {problem && <ProblemNote problem={problem} />}
      <Flow overview={overview.data} />
      {told && told.length > 0 && <Alerts alerts={told} />}
      <section className="stack" aria-label="At work">
        <h2>At work</h2>
        {active.slice(0, SHOWN).map((run) => (
          <AtWork key={run.run_id} run={run} />
        ))}
        {active.length > SHOWN && (
          <p>
            <Link to="/runs">{active.length - SHOWN} more wait or run</Link>
          </p>
        )}
        {runs.data && active.length === 0 && <p className="quiet">Nothing runs now.</p>}
      </section>
      {overview.data && (
        <section className="stack" aria-label="What to do next">
          <h2>What to do next</h2>
          <Next overview={overview.data} />
        </section>
      )}
    </Page>
  )
}
