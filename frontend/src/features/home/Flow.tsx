import { Link } from '@tanstack/react-router'
import type { Shape } from '../../api/client'
import { whole } from '../../parts/words'
import classes from './Flow.module.css'

type Overview = Shape<'Overview'>

/** How many runs there are, whatever became of them. */
export function runsOf({ runs }: Overview): number {
  return Object.values(runs).reduce((sum, count) => sum + count, 0)
}

const STAGES = [
  { to: '/traces', name: 'Traces', about: 'prompts with reasoning', count: ({ traces }: Overview) => traces },
  { to: '/datasets', name: 'Datasets', about: 'frozen and measured', count: ({ datasets }: Overview) => datasets },
  { to: '/runs', name: 'Runs', about: 'what was trained', count: runsOf },
  { to: '/evaluations', name: 'Evaluations', about: 'every answer kept', count: ({ evaluations }: Overview) => evaluations },
  { to: '/leaderboard', name: 'Leaderboard', about: 'tasks with a ranking', count: ({ tasks }: Overview) => tasks },
  { to: '/submissions', name: 'Submissions', about: 'bundled and checked', count: ({ submissions }: Overview) => submissions },
] as const

/** The flow as a picture, with how much there is at each stage. */
export function Flow({ overview }: { overview: Overview | undefined }) {
  return (
    <ol className={classes.flow} aria-label="The flow">
      {STAGES.map(({ to, name, about, count }) => (
        <li key={to}>
          <Link to={to} className={classes.stage}>
            <span className={classes.name}>{name}</span>
            <b className={classes.count}>{overview ? whole(count(overview)) : '…'}</b>
            <span className="quiet small">{about}</span>
          </Link>
        </li>
      ))}
    </ol>
  )
}
