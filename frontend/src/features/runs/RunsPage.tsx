import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { datasetsOptions } from '../../api/datasets'
import { AsCommand } from '../../parts/AsCommand'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { isActive, Status } from '../../parts/Status'
import { duration, figure, moment } from '../../parts/words'

type RunRow = Shape<'RunRow'>
const route = getRouteApi('/runs')
const STATUSES = ['queued', 'running', 'completed', 'stopped', 'failed', 'cancelled', 'interrupted'] as const
const KINDS = [
  { value: 'sft', label: 'Fine-tuning' },
  { value: 'grpo', label: 'Reinforcement learning' },
  { value: 'session', label: 'Session' },
] as const

const COLUMNS: ColumnDef<RunRow>[] = [
  {
    header: 'Run',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Link to="/runs/$runId" params={{ runId: original.run_id }} title={original.run_id}>
        {original.run_id}
      </Link>
    ),
  },
  { header: 'Status', cell: ({ row }) => <Status status={row.original.status} /> },
  { header: 'Stage', cell: ({ row }) => (isActive(row.original.status) ? row.original.stage : '') },
  { header: 'Kind', accessorKey: 'kind' },
  { header: 'Model', accessorKey: 'model_id' },
  { header: 'Dataset', cell: ({ row }) => row.original.dataset_key ?? '–' },
  { header: 'Steps', meta: { align: 'end' }, cell: ({ row }) => figure(row.original.metrics['steps']) },
  { header: 'Time', meta: { align: 'end' }, cell: ({ row }) => duration(row.original.duration_seconds) },
  { header: 'Made', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.created_at) },
]

/** All runs with their status, which is asked for anew while one is alive. */
export function RunsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const runs = useInfiniteQuery({
    queryKey: ['runs', 'list', search],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/tunix/runs', { params: { query: { ...search, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    refetchInterval: (query) => (query.state.data?.pages.some(({ data }) => data.some(({ status }) => isActive(status))) ? 3000 : 15_000),
  })
  const filtered = Boolean(search.status ?? search.kind ?? search.dataset_key)
  const datasets = useQuery(datasetsOptions)
  // One that is named stays to be chosen, whether it is among the newest, or here at all.
  const keys = new Set([...(search.dataset_key ? [search.dataset_key] : []), ...(datasets.data ?? []).map(({ dataset_key }) => dataset_key)])
  return (
    <Page
      title="Runs"
      about="Every training: fine-tuning, reinforcement learning, or a whole session with its measurements."
      actions={
        <>
          <Button renderRoot={(props) => <Link to="/train" {...props} />}>Train</Button>
          <AsCommand cli="runs list --json" path="/api/tunix/runs" />
        </>
      }
    >
      <div className="fields">
        <NativeSelect
          label="Status"
          value={search.status ?? ''}
          data={[{ value: '', label: 'Any' }, ...STATUSES]}
          onChange={(event) => {
            const status = STATUSES.find((one) => one === event.currentTarget.value)
            void navigate({ search: (before) => ({ ...before, status }) })
          }}
        />
        <NativeSelect
          label="Kind"
          value={search.kind ?? ''}
          data={[{ value: '', label: 'Any' }, ...KINDS]}
          onChange={(event) => {
            const kind = KINDS.find(({ value }) => value === event.currentTarget.value)?.value
            void navigate({ search: (before) => ({ ...before, kind }) })
          }}
        />
        <NativeSelect
          label="Dataset"
          value={search.dataset_key ?? ''}
          data={[{ value: '', label: 'Any' }, ...keys]}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, dataset_key: value || undefined }) })
          }}
        />
      </div>
      <Listed
        label="Runs"
        query={runs}
        columns={COLUMNS}
        rowId={({ run_id }) => run_id}
        nothing={
          filtered ? (
            <Nothing title="No run is like that">
              <p>
                <Link to="/runs">
                  Show all runs
                </Link>
              </p>
            </Nothing>
          ) : (
            <Nothing title="No runs yet">
              <p>
                Build a <Link to="/datasets">dataset</Link>, then <Link to="/train">train on it</Link>; by command: <code>tunix-rt train sft --dataset KEY</code>.
              </p>
            </Nothing>
          )
        }
      />
    </Page>
  )
}
