// The verdict on a trace's arithmetic, step by step, out of what the grader kept.
import type { Shape } from '../../api/client'
import type { Check } from '../../parts/Steps'

interface Judged {
  i: number
  verdict: 'right' | 'wrong'
  wrong: { text: string; found: string; expected: string }[]
}

/** Return the check of each step by its number; a step without an equation has none. */
export function checksOf(score: Shape<'ScoreRead'> | undefined): Record<number, Check> {
  const steps = (score?.details['steps'] ?? []) as Judged[]
  return Object.fromEntries(steps.map(({ i, verdict, wrong }) => [i, { verdict, found: wrong[0]?.text, expected: wrong[0]?.expected }]))
}
