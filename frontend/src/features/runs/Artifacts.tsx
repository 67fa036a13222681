import { useQuery } from '@tanstack/react-query'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { Asked, Nothing } from '../../parts/Page'
import { Table } from '../../parts/Table'
import { bytes, digest, whole } from '../../parts/words'

type Artifact = Shape<'Artifact'>

/** The files of a run, each to be downloaded. */
export function Artifacts({ runId }: { runId: string }) {
  const found = useQuery({
    queryKey: ['runs', runId, 'artifacts'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}/artifacts', { params: { path: { run_id: runId }, query: { limit: 1000 } } })),
  })
  const columns: ColumnDef<Artifact>[] = [
    {
      header: 'File',
      meta: { wide: true },
      cell: ({ row: { original } }) => (
        <a href={`/api/tunix/runs/${encodeURIComponent(runId)}/artifacts/${original.path.split('/').map(encodeURIComponent).join('/')}/download`} download>
          {original.path}
        </a>
      ),
    },
    { header: 'Size', meta: { align: 'end' }, cell: ({ row }) => bytes(row.original.size) },
    { header: 'Digest', cell: ({ row }) => <span className="mono">{digest(row.original.digest)}</span> },
  ]
  return (
    <Asked query={found}>
      {({ artifacts, total }) =>
        total > 0 ? (
          <>
            <Table label="Artifacts" rows={artifacts} columns={columns} rowId={({ path }) => path} />
            <p className="quiet small">{whole(total)} files</p>
          </>
        ) : (
          <Nothing title="No files yet">
            <p>The first attempt makes the folder of the run.</p>
          </Nothing>
        )
      }
    </Asked>
  )
}
