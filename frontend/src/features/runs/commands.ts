// What can be done with a run in its state, also as commands.
import type { Shape } from '../../api/client'
import { isActive } from '../../parts/Status'

type Run = Pick<Shape<'RunDetail'>, 'status' | 'kind' | 'attempts' | 'job'>

/** Return whether a run still changes: its last word may be written while its process has yet to end. */
export function isAtWork({ status, job }: Pick<Run, 'status' | 'job'>): boolean {
  return isActive(status) || (job !== null && isActive(job.status))
}

/** Return whether a run can end early with what it has learned: a training that a worker has begun. */
export function canStop({ status, kind, job }: Run): boolean {
  return isActive(status) && kind !== 'session' && job?.status === 'running'
}

/** Return whether a run has begun and is not done, so that it can go on. */
export function canResume(run: Run): boolean {
  return !isAtWork(run) && run.status !== 'completed' && run.attempts > 0
}

/** Return the commands of a run's buttons, by what these say. */
export function commandsOf(runId: string, run: Run): Record<string, { cli?: string; method: string; path: string }> {
  const path = `/api/tunix/runs/${runId}`
  if (isActive(run.status)) {
    return {
      ...(canStop(run) && { 'Stop and save': { method: 'POST', path: `${path}/stop` } }),
      Cancel: { method: 'POST', path: `${path}/cancel` },
    }
  }
  if (isAtWork(run)) return {}
  return {
    ...(canResume(run) && { Resume: { cli: `runs resume ${runId}`, method: 'POST', path: `${path}/resume` } }),
    ...(run.status !== 'completed' && { 'Start over': { method: 'POST', path: `${path}/retry` } }),
    Delete: { method: 'DELETE', path },
  }
}
