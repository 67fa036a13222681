// Tags of traces, put on many at a time.
import { queryOptions } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'

/** Tags to put on, and to take off. */
export type Change = Required<Pick<Shape<'TagBody'>, 'add' | 'remove'>>

const AT_ONCE = 1000

/** Return ids in parts that the service takes at once. */
export function parts(ids: string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, place) => ids.slice(place * AT_ONCE, (place + 1) * AT_ONCE))
}

/** Change the tags of traces, part by part. */
export async function tagAll(ids: string[], change: Change): Promise<void> {
  for (const some of parts(ids)) await unwrap(api.POST('/api/traces/tags', { body: { ...change, trace_ids: some } }))
}

/** The tags of a trace. */
export function tagOptions(traceId: string) {
  return queryOptions({
    queryKey: ['traces', traceId, 'tags'],
    queryFn: () => unwrap(api.GET('/api/traces/{trace_id}/tags', { params: { path: { trace_id: traceId } } })),
  })
}
