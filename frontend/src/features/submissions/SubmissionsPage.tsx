import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { bytes, digest, moment, whole } from '../../parts/words'

type Submission = Shape<'SubmissionSummary'>

const COLUMNS: ColumnDef<Submission>[] = [
  {
    header: 'Submission',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Link to="/submissions/$submissionId" params={{ submissionId: original.submission_id }} title={original.submission_id}>
        {original.submission_id}
      </Link>
    ),
  },
  {
    header: 'Run',
    cell: ({ row: { original } }) => (
      <Link to="/runs/$runId" params={{ runId: original.run_id }} title={original.run_id}>
        {original.run_id}
      </Link>
    ),
  },
  { header: 'Evaluations', meta: { align: 'end' }, cell: ({ row }) => whole(row.original.evaluations) },
  { header: 'Size', meta: { align: 'end' }, cell: ({ row }) => bytes(row.original.bytes) },
  { header: 'Digest', cell: ({ row }) => <span className="mono">{digest(row.original.digest)}</span> },
  { header: 'Bundled', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.created_at) },
]

/** All submissions, the newest first. */
export function SubmissionsPage() {
  const submissions = useInfiniteQuery({
    queryKey: ['submissions', 'list'],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/submissions', { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  return (
    <Page
      title="Submissions"
      about="A run with its weights, its measurements and its papers as one archive, named by its content: anybody can check it."
      actions={
        <>
          <Button renderRoot={(props) => <Link to="/submissions/new" {...props} />}>Make a submission</Button>
          <AsCommand path="/api/submissions" />
        </>
      }
    >
      <Listed
        label="Submissions"
        query={submissions}
        columns={COLUMNS}
        rowId={({ submission_id }) => submission_id}
        nothing={
          <Nothing title="No submissions yet">
            <p>
              <Link to="/submissions/new">Choose a run</Link> that was measured; its write-up, its video script and its checklist are made from what it measured.
            </p>
          </Nothing>
        }
      />
    </Page>
  )
}
