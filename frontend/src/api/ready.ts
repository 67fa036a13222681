// Whether the service can do its work, part by part.
import { queryOptions } from '@tanstack/react-query'
import { api, Problem, type Shape, unwrap } from './client'

/** What the service needs; that a part is not as it must be is an answer, too. */
export const readyOptions = queryOptions({
  queryKey: ['ready'],
  queryFn: async (): Promise<Shape<'Part'>[]> => {
    try {
      return (await unwrap(api.GET('/api/health/ready'))).parts
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 503 && problem.errors.length > 0) return problem.errors as unknown as Shape<'Part'>[]
      throw problem
    }
  },
  retry: false,
  refetchInterval: 10_000,
})
