// What is asked of the service about submissions and the runs that may become one.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { isActive } from '../../parts/Status'

/** The manifest of a submission, which never changes. */
export function submissionOptions(submissionId: string) {
  return queryOptions({
    queryKey: ['submissions', submissionId],
    queryFn: () => unwrap(api.GET('/api/submissions/{submission_id}', { params: { path: { submission_id: submissionId } } })),
    staleTime: Infinity,
  })
}

/** A run that may be bundled, with the files in its folder and what was measured of it. */
export function candidateOptions(runId: string) {
  return queryOptions({
    queryKey: ['runs', runId, 'candidate'],
    queryFn: async () => {
      const path = { run_id: runId }
      const [run, files, measured] = await Promise.all([
        unwrap(api.GET('/api/tunix/runs/{run_id}', { params: { path } })),
        unwrap(api.GET('/api/tunix/runs/{run_id}/artifacts', { params: { path, query: { limit: 1000 } } })),
        unwrap(api.GET('/api/evaluations', { params: { query: { run_id: runId, limit: 200 } } })),
      ])
      return { runId, run, files: files.artifacts.map((file) => file.path), measured: measured.data }
    },
  })
}

/** A job, asked for again until it ends. */
export function jobOptions(jobId: string) {
  return queryOptions({
    queryKey: ['jobs', jobId],
    queryFn: () => unwrap(api.GET('/api/jobs/{job_id}', { params: { path: { job_id: jobId } } })),
    refetchInterval: (query) => (query.state.data && !isActive(query.state.data.status) ? false : 1000),
  })
}
