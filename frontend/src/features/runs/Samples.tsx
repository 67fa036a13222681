import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { nextCursor } from '../../parts/Listed'
import { Asked, Nothing } from '../../parts/Page'
import { counted } from '../../parts/words'
import classes from './Groups.module.css'
import { byPrompt, type Preview, type Written } from './samples'
import { Trained } from './Trained'

const LIVE = 5000
const PAGE = 50

/** The same prompts answered again and again while the model is trained, and the tokens that it is trained on. */
export function Samples({ runId, active }: { runId: string; active: boolean }) {
  const samples = useInfiniteQuery({
    queryKey: ['runs', runId, 'samples'],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET('/api/tunix/runs/{run_id}/samples', { params: { path: { run_id: runId }, query: { limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    refetchInterval: active && LIVE,
  })
  return (
    <Asked query={samples}>
      {({ pages }) => {
        const prompts = byPrompt(pages.flatMap(({ data }) => data))
        const preview = pages[0]?.preview as Preview | null | undefined
        return (
          <>
            {prompts.map(({ traceId, prompt, target, written }) => (
              <section key={traceId} className="card stack">
                <header>
                  <h2 className="prose" dir="auto">
                    {prompt}
                  </h2>
                  <p className="quiet small">expected {target}</p>
                </header>
                <ol className={`plain-list ${classes.completions ?? ''}`}>
                  {written.map((one) => (
                    <Answer key={one.step} {...one} />
                  ))}
                </ol>
              </section>
            ))}
            {samples.hasNextPage && (
              <Button variant="default" loading={samples.isFetchingNextPage} onClick={() => void samples.fetchNextPage()}>
                Show later updates
              </Button>
            )}
            {prompts.length === 0 && (
              <Nothing title="No samples over time">
                <p>
                  {active
                    ? 'They come with each measurement of the validation loss, if this run asks for them.'
                    : 'This run asked for none.'}{' '}
                  A run that is started with <code>sample_prompts</code> above 0 answers so many validation prompts at each measurement.
                </p>
              </Nothing>
            )}
            {preview && <Trained preview={preview} />}
          </>
        )
      }}
    </Asked>
  )
}

function Answer({ step, sample }: Written) {
  const { value, explanation } = sample.score
  return (
    <li className={classes.completion}>
      <div className={classes.head}>
        <b>{step === 0 ? 'before training' : `update ${step.toLocaleString('en')}`}</b>
        <span className={value === 1 ? 'good' : value === 0 ? 'bad' : 'quiet'} title={explanation}>
          {value === 1 ? '✓ right' : value === 0 ? '✗ wrong' : '– unscored'}
        </span>
      </div>
      <pre className={classes.text} role="group" tabIndex={0} dir="auto" aria-label={`Written at update ${step.toString()}`}>
        {sample.text}
      </pre>
      <p className="quiet small">
        {counted(sample.tokens, 'token')}
        {sample.finish === 'length' && ', cut off'}
      </p>
    </li>
  )
}
