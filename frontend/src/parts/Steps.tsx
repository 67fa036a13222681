import { Prose, useMathematics } from './Prose'
import classes from './Steps.module.css'

/** What checking a step found: the first wrong equation with its exact value, or that all are right. */
export interface Check {
  verdict: 'right' | 'wrong'
  found?: string | null | undefined
  expected?: string | null | undefined
}

interface Step {
  i: number
  content: string
  /** Undefined: there is no equation that can be judged. */
  check?: Check | undefined
}

/** Trace steps, each with its check: a word and a mark, so that colour is not all that tells it. */
export function Steps({ steps, checked }: { steps: Step[]; checked: boolean }) {
  const [drawn] = useMathematics()
  return (
    <ol className={classes.steps}>
      {steps.map(({ i, content, check }, place) => (
        <li key={place} className={checked ? (classes[check?.verdict ?? 'none'] ?? '') : ''}>
          <span className={classes.i}>{i}</span>
          <span className="prose" dir="auto">
            <Prose text={content} drawn={drawn} />
          </span>
          {checked && <span className={classes.check}>{words(check)}</span>}
        </li>
      ))}
    </ol>
  )
}

function words(check: Check | undefined): string {
  if (!check) return 'no equation'
  if (check.verdict === 'right') return '✓ right'
  return `✗ ${check.found ?? ''}${check.expected ? ` should be ${check.expected}` : ''}`
}
