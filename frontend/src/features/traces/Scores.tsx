import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'
import { Facts } from '../../parts/Facts'
import { ProblemNote } from '../../parts/ProblemNote'
import { scoreOptions } from './asked'

const CRITERIA = { arithmetic: 'Arithmetic', answer: 'Answer follows', structure: 'Form' } as const

/** What graders say of a trace; asking them keeps their verdicts. */
export function Scores({ traceId }: { traceId: string }) {
  const queries = useQueryClient()
  const scores = useQuery(scoreOptions(traceId))
  const judging = useMutation({
    mutationFn: () =>
      Promise.all(
        (Object.keys(CRITERIA) as (keyof typeof CRITERIA)[]).map((criteria) =>
          unwrap(api.POST('/api/traces/{trace_id}/score', { params: { path: { trace_id: traceId } }, body: { criteria } })),
        ),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: scoreOptions(traceId).queryKey }),
  })
  const newest = Object.entries(CRITERIA).flatMap(([criteria, name]) => {
    const found = scores.data?.data.find((one) => one.criteria === criteria)
    return found ? [[name, told(found)] as const] : []
  })
  return (
    <section className="card stack">
      <div className="row">
        <h2>Checks</h2>
        <Button
          size="compact-sm"
          variant="default"
          loading={judging.isPending}
          onClick={() => {
            judging.mutate()
          }}
        >
          {newest.length > 0 ? 'Check again' : 'Check the steps'}
        </Button>
      </div>
      {(scores.error ?? judging.error) && <ProblemNote problem={scores.error ?? judging.error ?? new Error()} />}
      {newest.length > 0 ? (
        <Facts facts={Object.fromEntries(newest)} />
      ) : (
        <p className="quiet small">Nothing was checked yet: every equation is computed again, and the last step is read for the answer.</p>
      )}
    </section>
  )
}

function told({ score, details }: Shape<'ScoreRead'>): string {
  if (score === null) return `not scored: ${String(details['reason'])}`
  const of = details['checked'] ?? details['of']
  const held = details['right'] ?? details['held']
  return `${score.toFixed(0)} of 100${typeof of === 'number' && typeof held === 'number' ? ` (${held.toString()} of ${of.toString()})` : ''}`
}
