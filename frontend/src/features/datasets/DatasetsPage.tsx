import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { bytes, digest, moment, whole } from '../../parts/words'

type Dataset = Shape<'DatasetListed'>

const COLUMNS: ColumnDef<Dataset>[] = [
  {
    header: 'Dataset',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Link to="/datasets/$datasetKey" params={{ datasetKey: original.dataset_key }} title={original.dataset_key}>
        {original.dataset_key}
      </Link>
    ),
  },
  { header: 'Rows', meta: { align: 'end' }, cell: ({ row }) => whole(row.original.trace_count) },
  {
    header: 'Splits',
    cell: ({ row }) =>
      Object.entries(row.original.splits ?? {})
        .map(([split, rows]) => `${split} ${whole(rows)}`)
        .join(' · '),
  },
  { header: 'Families', meta: { align: 'end' }, cell: ({ row }) => whole(row.original.families && Object.keys(row.original.families).length) },
  { header: 'Size', meta: { align: 'end' }, cell: ({ row }) => bytes(row.original.bytes) },
  { header: 'Digest', cell: ({ row }) => <span className="mono">{digest(row.original.digest)}</span> },
  { header: 'Built', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.created_at) },
]

/** All datasets, the newest first. */
export function DatasetsPage() {
  const datasets = useInfiniteQuery({
    queryKey: ['datasets', 'list'],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/datasets', { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  return (
    <Page
      title="Datasets"
      about="Frozen selections of traces: without duplicates, without what evaluations ask, split and measured."
      actions={
        <>
          <Button renderRoot={(props) => <Link to="/datasets/new" {...props} />}>Build a dataset</Button>
          <AsCommand cli="data list --json" path="/api/datasets" />
        </>
      }
    >
      <Listed
        label="Datasets"
        query={datasets}
        columns={COLUMNS}
        rowId={({ dataset_key }) => dataset_key}
        nothing={
          <Nothing title="No datasets yet">
            <p>
              <Link to="/datasets/new">Build one</Link> from a file, or from the traces that are here.
            </p>
          </Nothing>
        }
      />
    </Page>
  )
}
