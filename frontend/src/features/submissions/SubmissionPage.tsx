import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Confirmed } from '../../parts/Confirmed'
import { Facts } from '../../parts/Facts'
import { Asked, Page } from '../../parts/Page'
import { Tabbed } from '../../parts/Tabbed'
import { bytes, digest, moment, whole } from '../../parts/words'
import { submissionOptions } from './asked'
import { Inside } from './Inside'
import { Paper } from './Paper'
import { Verify } from './Verify'

const route = getRouteApi('/submissions/$submissionId')
const TABS = ['writeup', 'video', 'files'] as const

/** One submission: what it was made from, its papers, its files, and the proof. */
export function SubmissionPage() {
  const { submissionId } = route.useParams()
  const submission = useQuery(submissionOptions(submissionId))
  const queries = useQueryClient()
  const go = useNavigate()
  const address = `/api/submissions/${encodeURIComponent(submissionId)}`
  return (
    <Page
      title={submissionId}
      above={<Link to="/submissions">Submissions</Link>}
      actions={
        <>
          {submission.data && (
            <Button component="a" href={`${address}/download`} download>
              Download
            </Button>
          )}
          {submission.data && (
            <Confirmed
              name="Delete"
              title="Delete this submission?"
              about="Its archive goes. The run, its evaluations and its dataset stay, and the run can be bundled again."
              act={() => api.DELETE('/api/submissions/{submission_id}', { params: { path: { submission_id: submissionId } } })}
              onDone={async () => {
                await go({ to: '/submissions' })
                queries.removeQueries({ queryKey: ['submissions', submissionId] })
                await queries.invalidateQueries({ queryKey: ['submissions', 'list'] })
              }}
            />
          )}
          <AsCommand path={address} />
        </>
      }
    >
      <Asked query={submission}>{(found) => <Shown submission={found} />}</Asked>
    </Page>
  )
}

function Shown({ submission }: { submission: Shape<'SubmissionManifest'> }) {
  const { tab = 'checklist' } = route.useSearch()
  const navigate = route.useNavigate()
  const { id, run, evaluations } = submission
  return (
    <>
      <section className="card" aria-label="Summary">
        <Facts
          facts={{
            Run: (
              <Link to="/runs/$runId" params={{ runId: run }}>
                {run}
              </Link>
            ),
            Bundled: moment(submission.created),
            Size: bytes(submission.bytes),
            Files: whole(Object.keys(submission.files).length),
            Evaluations: whole(Object.keys(evaluations).length),
            'Rows of the dataset': submission.with_rows ? 'inside' : 'not inside',
            Digest: <span className="mono">{digest(submission.digest)}</span>,
            'Digest of the archive': <span className="mono">{digest(submission.bundle_digest)}</span>,
          }}
        />
      </section>
      <Verify key={id} submissionId={id} />
      <Tabbed
        chosen={tab}
        onChoose={(chosen) => {
          void navigate({ search: { tab: TABS.find((one) => one === chosen) }, resetScroll: false })
        }}
        tabs={[
          { value: 'checklist', name: 'Checklist', content: <Read submissionId={id} name="checklist" title="Checklist" /> },
          { value: 'writeup', name: 'Write-up', content: <Read submissionId={id} name="writeup" title="Write-up" /> },
          { value: 'video', name: 'Video', content: <Read submissionId={id} name="video" title="Video script" /> },
          { value: 'files', name: 'Files', content: <Inside submission={submission} /> },
        ]}
      />
    </>
  )
}

function Read({ submissionId, name, title }: { submissionId: string; name: keyof Shape<'SubmissionPapers'>; title: string }) {
  const papers = useQuery({
    queryKey: ['submissions', submissionId, 'papers'],
    queryFn: () => unwrap(api.GET('/api/submissions/{submission_id}/papers', { params: { path: { submission_id: submissionId } } })),
    staleTime: Infinity,
  })
  return <Asked query={papers}>{(found) => <Paper title={title} text={found[name]} />}</Asked>
}
