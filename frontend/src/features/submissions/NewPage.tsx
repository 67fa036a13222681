import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { Asked, Nothing, Page } from '../../parts/Page'
import { candidateOptions } from './asked'
import { Bundle } from './Bundle'
import { Making } from './Making'
import { Plan } from './Plan'

const route = getRouteApi('/submissions/new')
const MOST = 200

/** From a run to a bundle: which run, what it has and lacks, and whether such a session fits into what Kaggle gives. */
export function NewPage() {
  const { run, job } = route.useSearch()
  const navigate = route.useNavigate()
  const runs = useQuery({
    queryKey: ['runs', 'to submit'],
    queryFn: () => unwrap(api.GET('/api/tunix/runs', { params: { query: { status: 'completed', limit: MOST } } })),
  })
  return (
    <Page
      title="Make a submission"
      above={<Link to="/submissions">Submissions</Link>}
      about="Choose a run. Everything that speaks for it goes into one archive: configuration, weights, every measured answer, write-up, video script and checklist."
    >
      <Asked query={runs}>
        {({ data }) => (
          <>
            <div className="fields">
              <NativeSelect
                label="Run"
                value={run ?? ''}
                data={[
                  { value: '', label: 'choose one' },
                  ...[...new Set([...(run ? [run] : []), ...data.map(({ run_id }) => run_id)])].map((name) => ({ value: name, label: name })),
                ]}
                onChange={(event) => {
                  const { value } = event.currentTarget
                  void navigate({ search: { run: value || undefined } })
                }}
              />
            </div>
            {data.length === 0 && !run && (
              <Nothing title="No run has ended yet">
                <p>
                  A submission is made of a run that ended and was measured: <Link to="/train">start one</Link>, or watch the <Link to="/runs">runs</Link> at work.
                </p>
              </Nothing>
            )}
          </>
        )}
      </Asked>
      {job ? <Making job={job} /> : run && <Chosen run={run} />}
      {!run && <Plan />}
    </Page>
  )
}

function Chosen({ run }: { run: string }) {
  const candidate = useQuery(candidateOptions(run))
  return (
    <Asked query={candidate}>
      {(found) => (
        <>
          <Bundle candidate={found} />
          <Plan run={found.run} />
        </>
      )}
    </Asked>
  )
}
