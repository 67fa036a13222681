import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Shape } from '../../api/client'
import { Facts } from '../../parts/Facts'
import { Asked } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { bytes, duration, figure, percent } from '../../parts/words'
import classes from './Plan.module.css'

interface PlanProps {
  plan: UseQueryResult<Shape<'PlanReply'>>
  /** Whether there is enough to make one. */
  asked: boolean
  /** Whether what is shown belongs to the form as it was. */
  old: boolean
  /** Whether the form's own fields say all that is wrong. */
  marked: boolean
}

/** What a training would take; while another plan is made, the one before stays, dimmed. */
export function Plan({ plan, asked, old, marked }: PlanProps) {
  if (!asked) return <p className="quiet">Choose a dataset, and the plan says how many updates, how long, and how much memory.</p>
  return (
    <div className={old ? classes.old : ''} aria-busy={old || plan.isFetching}>
      {plan.error && marked ? (
        <p className="bad">Something cannot be so: the marked fields say why.</p>
      ) : plan.error && !plan.isFetching ? (
        <ProblemNote problem={plan.error} onRetry={() => void plan.refetch()} />
      ) : (
        <Asked query={plan}>{(found) => <Made reply={found} />}</Asked>
      )}
    </div>
  )
}

function Made({ reply }: { reply: Shape<'PlanReply'> }) {
  const plan = reply.plan as Record<string, number> | null
  if (!plan) return <p className="bad prose">{reply.message}</p>
  return <Facts facts={'completions' in plan ? ofReinforcement(plan) : ofFineTuning(plan)} />
}

type Made = Record<string, number | undefined>

function ofFineTuning(plan: Made): Record<string, ReactNode> {
  return {
    Time: (
      <>
        {duration(plan['seconds'])} <span className="quiet small">{plan['measured'] ? 'measured' : 'estimated'}</span>
      </>
    ),
    Memory: bytes(plan['memory_bytes'] ?? 0),
    Steps: figure(plan['steps']),
    Epochs: figure(plan['epochs']),
    Examples: figure(plan['examples']),
    'Left out as too long': plan['left_out'] ? figure(plan['left_out']) : null,
    Tokens: figure(plan['tokens']),
    'Rows filled': percent(plan['useful_share']),
  }
}

function ofReinforcement(plan: Made): Record<string, ReactNode> {
  return {
    Time: plan['step_seconds'] ? duration(plan['step_seconds'] * (plan['steps'] ?? 0)) : <span className="quiet">measured as it begins</span>,
    Steps: figure(plan['steps']),
    Epochs: figure(plan['epochs']),
    Prompts: figure(plan['prompts']),
    'Left out as too long': plan['too_long'] ? figure(plan['too_long']) : null,
    Completions: figure(plan['completions']),
    'Tokens at most': figure(plan['most_tokens']),
    'Held-out items': figure(plan['eval_items']),
  }
}
