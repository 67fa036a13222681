import type { Shape } from '../../api/client'
import { Steps } from '../../parts/Steps'
import classes from './Answered.module.css'

/** One item and what the model made of it: its steps with their checks, its answer against the target. */
export function Answered({ sample }: { sample: Shape<'Sample'> }) {
  const { strict, lenient, target, answer } = sample
  const verdict = strict.value === null ? 'unscored' : strict.value === 1 ? 'right' : 'wrong'
  const checks = Object.fromEntries(sample.checks.map((check) => [check.i, check]))
  return (
    <li className="card stack">
      <header className={classes.head}>
        <span className={verdict === 'right' ? 'good' : verdict === 'wrong' ? 'bad' : 'quiet'}>
          <b>{verdict === 'right' ? '✓ right' : verdict === 'wrong' ? '✗ wrong' : '– unscored'}</b>
        </span>
        <span className="quiet small">
          {sample.id}, {sample.family}, {sample.tokens} tokens{sample.finish === 'length' && ', cut off'}
        </span>
      </header>
      <p className="prose" dir="auto">
        {sample.prompt}
      </p>
      {sample.steps.length > 0 && (
        <Steps
          checked={sample.checks.length > 0}
          steps={sample.steps.map((content, place) => {
            const check = checks[place + 1]
            return { i: place + 1, content, check: check && check.verdict !== 'none' ? { ...check, verdict: check.verdict } : undefined }
          })}
        />
      )}
      <dl className={classes.answer}>
        <dt>Answer</dt>
        <dd dir="auto">{answer ?? 'none in its place'}</dd>
        <dt>Target</dt>
        <dd dir="auto">{target.value}</dd>
        {verdict !== 'right' && (
          <>
            <dt>Why</dt>
            <dd>
              {strict.explanation}
              {lenient.value === 1 && '; the right answer stands elsewhere in the text'}
            </dd>
          </>
        )}
      </dl>
      <details>
        <summary>All that was written</summary>
        <pre className={classes.text} dir="auto">
          {sample.completion}
        </pre>
      </details>
    </li>
  )
}
