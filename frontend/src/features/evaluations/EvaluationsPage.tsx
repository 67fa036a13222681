import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Estimate } from '../../parts/Estimate'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { moment } from '../../parts/words'

type Evaluation = Shape<'EvaluationSummary'>
const route = getRouteApi('/evaluations')

const COLUMNS: ColumnDef<Evaluation>[] = [
  {
    header: 'Model',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Link to="/evaluations/$evaluationId" params={{ evaluationId: original.evaluation_id }} title={original.evaluation_id}>
        {original.run_id ?? `${original.model_id} (base)`}
      </Link>
    ),
  },
  { header: 'Task', accessorKey: 'task' },
  { header: 'Prompt', cell: ({ row }) => row.original.prompt.replaceAll('_', ' ') },
  { header: 'Right, in its place', cell: ({ row }) => <Estimate name="Strict accuracy" of={row.original.strict} /> },
  { header: 'n', meta: { align: 'end' }, accessorKey: 'n' },
  { header: 'Measured', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.evaluated_at) },
]

/** All measurements, the newest first. */
export function EvaluationsPage() {
  const search = route.useSearch()
  const evaluations = useInfiniteQuery({
    queryKey: ['evaluations', 'list', search],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/evaluations', { params: { query: { ...search, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  return (
    <Page
      title="Evaluations"
      about="Each measures one model on the items of one task and keeps every answer; intervals are 95 %."
      actions={<AsCommand path="/api/evaluations" />}
    >
      {(search.task ?? search.run_id) && (
        <p>
          Only {search.run_id ? `of run ${search.run_id}` : `on ${search.task ?? ''}`}. <Link to="/evaluations">Show all</Link>
        </p>
      )}
      <Listed
        label="Evaluations"
        query={evaluations}
        columns={COLUMNS}
        rowId={({ evaluation_id }) => evaluation_id}
        nothing={
          <Nothing title="No evaluations yet">
            <p>
              Measure the base first: <code>tunix-rt eval --model gemma3-270m</code>; then what a <Link to="/runs">run</Link> trained:{' '}
              <code>tunix-rt eval --run latest</code>.
            </p>
          </Nothing>
        }
      />
    </Page>
  )
}
