// What is asked of the service about traces.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'

/** A trace, which never changes. */
export function traceOptions(traceId: string) {
  return queryOptions({
    queryKey: ['traces', traceId],
    queryFn: () => unwrap(api.GET('/api/traces/{trace_id}', { params: { path: { trace_id: traceId } } })),
    staleTime: Infinity,
  })
}

/** The verdicts on a trace, the newest first. */
export function scoreOptions(traceId: string) {
  return queryOptions({
    queryKey: ['traces', traceId, 'scores'],
    queryFn: () => unwrap(api.GET('/api/traces/{trace_id}/scores', { params: { path: { trace_id: traceId } } })),
  })
}

/** What people think of a trace and its steps. */
export function ratingOptions(traceId: string) {
  return queryOptions({
    queryKey: ['traces', traceId, 'ratings'],
    queryFn: () => unwrap(api.GET('/api/traces/{trace_id}/ratings', { params: { path: { trace_id: traceId } } })),
  })
}
