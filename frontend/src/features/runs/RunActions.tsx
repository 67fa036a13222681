import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { Confirmed } from '../../parts/Confirmed'
import { ProblemNote } from '../../parts/ProblemNote'
import { isActive } from '../../parts/Status'
import { canResume, canStop, isAtWork } from './commands'
import { Evaluate } from './Evaluate'
import { Stop } from './Stop'

/** What can be done with a run in its state: end it, go on with it, start it over, delete it. */
export function RunActions({ runId, run }: { runId: string; run: Shape<'RunDetail'> }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const params = { path: { run_id: runId } }
  const again = async () => {
    await queries.invalidateQueries({ queryKey: ['runs'] })
  }
  const resume = useMutation({ mutationFn: () => unwrap(api.POST('/api/tunix/runs/{run_id}/resume', { params })), onSuccess: again })
  const retry = useMutation({
    mutationFn: () => unwrap(api.POST('/api/tunix/runs/{run_id}/retry', { params })),
    onSuccess: async (started) => {
      await again()
      await navigate({ to: '/runs/$runId', params: { runId: started.run_id } })
    },
  })
  const problem = resume.error ?? retry.error
  if (isActive(run.status)) {
    if (run.job?.cancel_requested) return <span className="quiet small">It is ending …</span>
    if (canStop(run)) return <Stop runId={runId} onDone={again} />
    return (
      <Confirmed
        name="Cancel"
        title="Cancel this run?"
        about="It ends at its next update. Its last checkpoint is kept: it can be resumed."
        act={() => api.POST('/api/tunix/runs/{run_id}/cancel', { params })}
        onDone={again}
      />
    )
  }
  if (isAtWork(run)) return <span className="quiet small">It is ending …</span>
  return (
    <>
      {run.attempts > 0 && <Evaluate runId={runId} model={run.model_id} />}
      {canResume(run) && (
        <Button
          loading={resume.isPending}
          onClick={() => {
            resume.mutate()
          }}
        >
          Resume
        </Button>
      )}
      {(run.status === 'completed' || run.status === 'stopped') && (
        <Button variant="default" renderRoot={(props) => <Link to="/submissions/new" search={{ run: runId }} {...props} />}>
          Submit
        </Button>
      )}
      {run.status !== 'completed' && (
        <Button
          variant="default"
          loading={retry.isPending}
          onClick={() => {
            retry.mutate()
          }}
        >
          Start over
        </Button>
      )}
      <Confirmed
        name="Delete"
        title="Delete this run?"
        about="Its folder goes, with weights and checkpoints. Evaluations and submissions made from it stay."
        act={() => api.DELETE('/api/tunix/runs/{run_id}', { params })}
        onDone={async () => {
          queries.removeQueries({ queryKey: ['runs', runId] })
          await navigate({ to: '/runs' })
          await again()
        }}
      />
      {problem && <ProblemNote problem={problem} />}
    </>
  )
}
