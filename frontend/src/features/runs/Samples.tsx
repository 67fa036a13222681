import { Button } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { nextCursor } from '../../parts/Listed'
import { Asked, Nothing } from '../../parts/Page'
import { counted } from '../../parts/words'
import classes from './Groups.module.css'
import { byPrompt, promptsAsked, type Written } from './samples'
import { Trained } from './Trained'

const LIVE = 5000
const PAGE = 50

/** The same prompts answered again and again while the model is trained, and the tokens that it is trained on. */
export function Samples({ runId, run, active }: { runId: string; run: Shape<'RunDetail'>; active: boolean }) {
  const queries = useQueryClient()
  const samples = useInfiniteQuery({
    queryKey: ['runs', runId, 'samples'],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET('/api/tunix/runs/{run_id}/samples', { params: { path: { run_id: runId }, query: { limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    refetchInterval: active && LIVE,
  })
  useEffect(() => {
    // the last answers are written as the run ends
    if (!active) void queries.invalidateQueries({ queryKey: ['runs', runId, 'samples'] })
  }, [active, queries, runId])
  return (
    <>
      <Asked query={samples}>
        {({ pages }) => {
          const prompts = byPrompt(pages.flatMap(({ data }) => data))
          return prompts.length > 0 ? (
            <>
              {prompts.map(({ traceId, prompt, target, written }) => (
                <section key={traceId} className="card stack">
                  <header>
                    <h2 className="prose" dir="auto">
                      {prompt}
                    </h2>
                    {target && (
                      <p className="quiet small" dir="auto">
                        expected {target}
                      </p>
                    )}
                  </header>
                  <ol className={`plain-list ${classes.completions ?? ''}`}>
                    {written.map((one) => (
                      <Answer key={one.step} {...one} prompt={prompt} />
                    ))}
                  </ol>
                </section>
              ))}
              {samples.hasNextPage && (
                <Button variant="default" loading={samples.isFetchingNextPage} onClick={() => void samples.fetchNextPage()}>
                  Show later updates
                </Button>
              )}
            </>
          ) : (
            <Nothing title="No samples over time">
              <p>
                {promptsAsked(run) > 0
                  ? active
                    ? 'The first come with the first measurement of the validation loss.'
                    : 'The run ended before its first measurement.'
                  : 'This run has none: with sample_prompts above 0 a run answers so many validation prompts at each measurement.'}
              </p>
            </Nothing>
          )
        }}
      </Asked>
      <Trained runId={runId} active={active} />
    </>
  )
}

function Answer({ step, sample, prompt }: Written & { prompt: string }) {
  const { value, explanation } = sample.score
  const when = step === 0 ? 'before training' : `update ${step.toLocaleString('en')}`
  return (
    <li className={classes.completion}>
      <div className={classes.head}>
        <b>{when}</b>
        <span className={value === 1 ? 'good' : value === 0 ? 'bad' : 'quiet'}>{value === 1 ? '✓ right' : value === 0 ? '✗ wrong' : '– unscored'}</span>
      </div>
      <pre className={classes.text} role="group" tabIndex={0} dir="auto" aria-label={`Answer to ${prompt.slice(0, 80)}, ${when}`}>
        {sample.text}
      </pre>
      <p className="quiet small">
        {counted(sample.tokens, 'token')}
        {sample.finish === 'length' && ', cut off'}
        {value !== 1 && `; ${explanation}`}
      </p>
    </li>
  )
}
