import { useQuery } from '@tanstack/react-query'
import { api, Problem, unwrap } from '../../api/client'
import { ProblemNote } from '../../parts/ProblemNote'
import { counted } from '../../parts/words'
import { spans } from './samples'
import classes from './Trained.module.css'

const LIVE = 5000

/** The first examples as the training reads them; a run that has not come so far has none yet. */
export function Trained({ runId, active }: { runId: string; active: boolean }) {
  const preview = useQuery({
    queryKey: ['runs', runId, 'preview'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}/preview', { params: { path: { run_id: runId } } })),
    staleTime: Infinity,
    refetchInterval: (query) => active && !query.state.data && LIVE,
  })
  if (preview.error) return preview.error instanceof Problem && preview.error.status === 404 ? null : <ProblemNote problem={preview.error} />
  if (!preview.data) return null
  const { examples } = preview.data
  return (
    <section className="card stack">
      <h2>What it is trained on</h2>
      <p className="quiet small">
        The first {counted(examples.length, 'example')}. <span className={classes.trained}>Marked tokens</span> are what the model is trained to write; the others
        are given to it.
      </p>
      {examples.map(({ name, tokens }, place) => (
        <details key={place} open={place === 0}>
          <summary>{name}</summary>
          <pre className={classes.tokens} role="group" tabIndex={0} aria-label={`Tokens of ${name}`}>
            {spans(tokens).map(({ trained, text }, at) => (
              <span key={at} className={trained ? classes.trained : ''}>
                {text}
              </span>
            ))}
          </pre>
        </details>
      ))}
    </section>
  )
}
