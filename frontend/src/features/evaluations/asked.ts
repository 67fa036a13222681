// What is asked of the service about evaluations.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'

/** The manifest of an evaluation, which never changes. */
export function evaluationOptions(evaluationId: string) {
  return queryOptions({
    queryKey: ['evaluations', evaluationId],
    queryFn: () => unwrap(api.GET('/api/evaluations/{evaluation_id}', { params: { path: { evaluation_id: evaluationId } } })),
    staleTime: Infinity,
  })
}
