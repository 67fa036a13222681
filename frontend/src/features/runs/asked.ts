// What is asked of the service about runs; while a run is alive it is asked again.
import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, unwrap } from '../../api/client'
import type { Measured } from '../../parts/curves'
import { isAtWork } from './commands'

const LIVE = 2000
const POINTS = 1500
/** Rows that are gathered before the whole curve is asked for anew, thinned by the service. */
const MOST = 1.2 * POINTS
/** Rows of which a run with fewer is not thinned: each of three curves may need a third. */
const THINNED = POINTS / 3

/** A run, asked for again while it is alive. */
export function runOptions(runId: string) {
  return queryOptions({
    queryKey: ['runs', runId],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}', { params: { path: { run_id: runId } } })),
    refetchInterval: (query) => (query.state.data && isAtWork(query.state.data) ? LIVE : false),
  })
}

/** The metrics of a run: first thinned, then what is new. */
export function useMetrics(runId: string, active: boolean) {
  const queries = useQueryClient()
  const queryKey = ['runs', runId, 'metrics']
  const found = useQuery({
    queryKey,
    queryFn: async () => {
      const known = queries.getQueryData<Measured[]>(queryKey)
      const newest = known?.at(-1)?.step
      const since = known && newest !== undefined && known.length < MOST ? newest : undefined
      const rows = (await unwrap(
        api.GET('/api/tunix/runs/{run_id}/metrics', {
          params: { path: { run_id: runId }, query: { points: POINTS, since_step: since === undefined ? undefined : since - 1 } },
        }),
      )) as Measured[]
      return since === undefined ? rows : [...(known ?? []).filter((row) => row.step < since), ...rows]
    },
    refetchInterval: active ? LIVE : false,
  })
  useEffect(() => {
    // the last rows are written as the run ends
    if (!active) void queries.invalidateQueries({ queryKey: ['runs', runId, 'metrics'] })
  }, [active, queries, runId])
  return found
}

/** The rows between two steps, thinned less than those of the whole run; none where all rows are known. */
export function usePart(runId: string, steps: [number, number] | null, rows: Measured[]) {
  const [from, to] = steps ?? [0, 0]
  return useQuery({
    queryKey: ['runs', runId, 'part', from, to],
    queryFn: async () =>
      (await unwrap(
        api.GET('/api/tunix/runs/{run_id}/metrics', {
          params: { path: { run_id: runId }, query: { points: POINTS, since_step: from - 1, until_step: to } },
        }),
      )) as Measured[],
    enabled: steps !== null && rows.length > THINNED,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  })
}
