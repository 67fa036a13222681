import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Asked, Nothing } from '../../parts/Page'
import { Status } from '../../parts/Status'
import { Table } from '../../parts/Table'
import { moment } from '../../parts/words'

type Worker = Shape<'Worker'>
type Job = Shape<'JobRow'>
const LIVE = 5000

function columns(jobs: Job[]): ColumnDef<Worker>[] {
  return [
    { header: 'Worker', cell: ({ row: { original } }) => `${original.host}, process ${original.pid.toString()}` },
    { header: 'State', cell: ({ row: { original } }) => <Status status={state(original)} /> },
    { header: 'Does', meta: { wide: true }, cell: ({ row }) => <Doing jobs={jobs.filter(({ worker_id }) => worker_id === row.original.id)} /> },
    { header: 'Slots', meta: { align: 'end' }, accessorKey: 'slots' },
    { header: 'Version', cell: ({ row }) => row.original.version },
    { header: 'Last heard of', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.heartbeat_at) },
    { header: 'Began', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.started_at) },
  ]
}

function state({ alive, stopped_at }: Worker): string {
  if (alive) return 'alive'
  return stopped_at ? 'ended' : 'silent'
}

function Doing({ jobs }: { jobs: Job[] }) {
  if (jobs.length === 0) return '–'
  return jobs.map(({ id, kind, run_id }, place) => (
    <span key={id}>
      {place > 0 && ', '}
      {kind}{' '}
      {run_id && (
        <Link to="/runs/$runId" params={{ runId: run_id }}>
          {run_id}
        </Link>
      )}
    </span>
  ))
}

/** Every worker that was heard of lately: whether it is alive, and what it does. */
export function Workers() {
  const workers = useQuery({
    queryKey: ['workers', 'list'],
    queryFn: () => unwrap(api.GET('/api/workers', { params: { query: { limit: 200 } } })),
    refetchInterval: LIVE,
  })
  const jobs = useQuery({
    queryKey: ['jobs', 'running'],
    queryFn: () => unwrap(api.GET('/api/jobs', { params: { query: { status: 'running', limit: 200 } } })),
    refetchInterval: LIVE,
  })
  return (
    <>
      <Asked query={workers}>
        {({ data }) =>
          data.length > 0 ? (
            <Table label="Workers" rows={data} columns={columns(jobs.data?.data ?? [])} rowId={({ id }) => id} />
          ) : (
            <Nothing title="No worker was ever here">
              <p>
                Runs wait until one is. <code>tunix-rt worker</code> starts one, on this machine or on another that shares the home folder and the database.
              </p>
            </Nothing>
          )
        }
      </Asked>
      <div className="row">
        <AsCommand cli="worker" path="/api/workers" />
      </div>
    </>
  )
}
