import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client'

const MOST = 200

/** The newest datasets, to choose one of. */
export const datasetsOptions = queryOptions({
  queryKey: ['datasets', 'newest'],
  queryFn: async () => (await unwrap(api.GET('/api/datasets', { params: { query: { limit: MOST } } }))).data,
})
