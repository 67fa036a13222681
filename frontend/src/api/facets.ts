// By which values traces can be filtered.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client'

export const FACETS = ['source', 'domain', 'family', 'difficulty', 'license'] as const
/** What traces must have, as an address says it. */
export type TraceFilter = Partial<Record<'q' | 'tag' | (typeof FACETS)[number], string | undefined>>

/** The values that filters can take. */
export const facetOptions = queryOptions({ queryKey: ['traces', 'facets'], queryFn: () => unwrap(api.GET('/api/traces/facets')) })
