// Who asks, and what they may do.
import { queryOptions } from '@tanstack/react-query'
import { api, rememberCsrf, unwrap } from './client'

/** The session of whoever looks at the app; a cookie's owner gets the CSRF token with it. */
export const sessionOptions = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const who = await unwrap(api.GET('/api/session'))
    rememberCsrf(who.csrf_token)
    return who
  },
  staleTime: Infinity,
})
