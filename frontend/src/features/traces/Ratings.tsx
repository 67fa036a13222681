import { Button } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { ProblemNote } from '../../parts/ProblemNote'
import { moment } from '../../parts/words'
import { ratingOptions } from './asked'

const WORDS = ['useless', 'poor', 'fair', 'good', 'exemplary']

/** What people think of a trace, 1 to 5; the keys 1 to 5 rate it. */
export function Ratings({ traceId }: { traceId: string }) {
  const queries = useQueryClient()
  const ratings = useQuery(ratingOptions(traceId))
  const rating = useMutation({
    mutationFn: (value: number) =>
      unwrap(api.PUT('/api/traces/{trace_id}/ratings', { params: { path: { trace_id: traceId } }, body: { rating: value } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ratingOptions(traceId).queryKey }),
  })
  useHotkeys(
    WORDS.map((_, place) => [
      String(place + 1),
      () => {
        rating.mutate(place + 1)
      },
    ]),
  )
  const problem = ratings.error ?? rating.error
  return (
    <section className="card stack">
      <h2>Ratings</h2>
      <div className="row" role="group" aria-label="Rate this trace">
        {WORDS.map((word, place) => (
          <Button
            key={word}
            variant="default"
            size="compact-sm"
            onClick={() => {
              rating.mutate(place + 1)
            }}
          >
            {place + 1} {word}
          </Button>
        ))}
        <span className="quiet small">or press 1 to 5</span>
      </div>
      {problem && <ProblemNote problem={problem} />}
      <ul className="plain-list small" aria-live="polite">
        {ratings.data?.data.map((one) => (
          <li key={`${one.rater} ${String(one.step_i)}`}>
            <b>{one.rating} of 5</b> by {one.rater}
            {one.step_i !== null && `, step ${one.step_i.toString()}`} <span className="quiet">{moment(one.created_at)}</span>{' '}
            {one.comment && <bdi>{one.comment}</bdi>}
          </li>
        ))}
      </ul>
    </section>
  )
}
