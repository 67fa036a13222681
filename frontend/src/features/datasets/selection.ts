// Which traces a dataset is built from: what the address says, and how many of them are taken.
import type { Shape } from '../../api/client'
import { FACETS, type TraceFilter } from '../../api/facets'

/** How many traces are taken, and which of them. */
export interface Take {
  strategy: Shape<'TraceSelection'>['selection_strategy']
  limit: number
  seed: number
}

/** Return the selection that the service is asked for; `upload` is `all` where no upload is meant. */
export function selectionOf({ upload, q, tag, ...values }: TraceFilter & { upload?: string | undefined }, { strategy, limit, seed }: Take): Shape<'TraceSelection'> {
  const facets = Object.fromEntries(FACETS.flatMap((name) => (values[name] ? [[name, values[name]]] : [])))
  return {
    selection_strategy: strategy,
    limit,
    ...(strategy === 'random' && { seed }),
    ...(q && { q }),
    ...(Object.keys(facets).length > 0 && { facets }),
    ...(tag && { tag }),
    ...(upload && upload !== 'all' && { upload_id: upload }),
  }
}
