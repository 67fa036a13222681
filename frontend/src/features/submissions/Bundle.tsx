import { Button, Switch } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { ProblemNote } from '../../parts/ProblemNote'
import { type Candidate, points } from './candidate'
import { Points } from './Points'

const route = getRouteApi('/submissions/new')

/** What a run has and lacks for a submission, and the button that bundles it. */
export function Bundle({ candidate }: { candidate: Candidate }) {
  const navigate = route.useNavigate()
  const [withRows, setWithRows] = useState(false)
  const body = { run_id: candidate.runId, with_rows: withRows }
  const found = points(candidate)
  const ready = found.every(({ good, needed }) => good || !needed)
  const bundling = useMutation({
    mutationFn: () => unwrap(api.POST('/api/submissions', { body })),
    onSuccess: ({ job_id }) => navigate({ search: (before) => ({ ...before, job: job_id }) }),
  })
  return (
    <section className="card stack" aria-label="What the run has">
      <h2>What the run has</h2>
      <Points
        label="Before it is bundled"
        points={found.map(({ good, needed, text, next }) => ({
          state: good ? 'good' : 'open',
          text: `${text}${needed && !good ? ' (needed)' : ''}`,
          next: !good && (next.startsWith('tunix-rt') ? <code>{next}</code> : next),
        }))}
      />
      <Switch
        label="Put the rows of the dataset in as well"
        checked={withRows}
        onChange={(event) => {
          setWithRows(event.currentTarget.checked)
        }}
      />
      {bundling.error && <ProblemNote problem={bundling.error} />}
      <div className="row">
        {ready ? (
          <Button
            loading={bundling.isPending}
            onClick={() => {
              bundling.mutate()
            }}
          >
            Bundle it
          </Button>
        ) : (
          <span className="quiet">What is needed comes first; then it can be bundled.</span>
        )}
        <AsCommand cli={`submit bundle ${body.run_id}${withRows ? ' --with-rows' : ''}`} method="POST" path="/api/submissions" body={body} />
      </div>
    </section>
  )
}
