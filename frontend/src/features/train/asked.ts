// What is asked of the service to configure a training.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import type { Request } from './settings'

const MOST = 100

/** What a training can be asked for with; it changes with the service's version only. */
export const formsOptions = queryOptions({
  queryKey: ['forms'],
  queryFn: () => unwrap(api.GET('/api/tunix/forms')),
  staleTime: Infinity,
})

/** The newest runs whose trained model another training can start from. */
export const startsOptions = queryOptions({
  queryKey: ['runs', 'train'],
  queryFn: async () => {
    const { data } = await unwrap(api.GET('/api/tunix/runs', { params: { query: { limit: MOST } } }))
    return data.filter(({ status }) => status === 'completed' || status === 'stopped')
  },
})

/** The plan of a request; the engine makes it in a process of its own, which takes seconds. */
export function planOptions(body: Request) {
  return queryOptions({
    queryKey: ['plan', body],
    queryFn: async ({ signal }) => {
      const answer = await unwrap(api.POST('/api/tunix/run', { body, signal }))
      if (!('plan' in answer)) throw new Error('a run was started where a plan was asked for')
      return answer
    },
    staleTime: 60_000,
  })
}
