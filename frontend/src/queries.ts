import { QueryCache, QueryClient } from '@tanstack/react-query'
import { Problem } from './api/client'

/** What was asked: kept for ten seconds; an answer that says "not now" is asked for twice more. */
export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      if (!(error instanceof Problem)) return
      if (error.status === 401 && query.queryKey[0] !== 'session') void queries.invalidateQueries({ queryKey: ['session'] })
      if (error.status === 0 && query.queryKey[0] !== 'health') void queries.invalidateQueries({ queryKey: ['health'] })
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => error instanceof Problem && error.status === 503 && count < 2,
    },
  },
})
