import { Link } from '@tanstack/react-router'
import type { Shape } from '../../api/client'
import { Nothing } from '../../parts/Page'
import { runsOf } from './Flow'

/** The first step of the flow that was not made yet. */
export function Next({ overview }: { overview: Shape<'Overview'> }) {
  const { traces, datasets, evaluations, submissions } = overview
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
  if (runsOf(overview) === 0) {
    return (
      <Nothing title="Train">
        <p>
          <Link to="/train">Choose a model and a dataset</Link>, see what it would take, and start; or by command: <code>tunix-rt train sft --dataset KEY</code>.
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
        {submissions === 0 && (
          <>
            {' '}
            Then <Link to="/submissions/new">bundle the best run</Link> with its papers.
          </>
        )}
      </p>
    </Nothing>
  )
}
