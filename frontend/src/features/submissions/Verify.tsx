import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { ProblemNote } from '../../parts/ProblemNote'
import { bytes, counted, percent, whole } from '../../parts/words'
import { Points } from './Points'

/** Believes nothing: hashes the archive again, grades the stored answers again, and adds the figures up again. */
export function Verify({ submissionId }: { submissionId: string }) {
  const path = { submission_id: submissionId }
  const verifying = useMutation({ mutationFn: () => unwrap(api.POST('/api/submissions/{submission_id}/verify', { params: { path } })) })
  return (
    <section className="card stack" aria-label="Verify">
      <h2>Verify</h2>
      <p className="quiet">Hashes every file again, grades the stored answers again, and adds the figures up again. Nothing in the bundle is believed.</p>
      {verifying.data && <Points label="What was checked" points={checks(verifying.data)} />}
      {verifying.error && <ProblemNote problem={verifying.error} />}
      <div className="row">
        <Button
          variant="default"
          loading={verifying.isPending}
          onClick={() => {
            verifying.mutate()
          }}
        >
          {verifying.data ? 'Verify again' : 'Verify'}
        </Button>
        <AsCommand cli={`submit verify ${submissionId}`} method="POST" path={`/api/submissions/${encodeURIComponent(submissionId)}/verify`} />
      </div>
    </section>
  )
}

/** Return what a recheck found, point by point; had anything not followed, the service would have refused. */
function checks(found: Shape<'Rechecked'>): { state: 'good' | 'open'; text: string }[] {
  return [
    { state: 'good', text: `${counted(found.files, 'file')}, ${bytes(found.bytes)}: every byte is as it was recorded` },
    { state: 'good', text: `The weights that were measured are those of run ${found.run}` },
    ...found.evaluations.map(({ evaluation, samples, regraded, figures, items }) => ({
      state: 'good' as const,
      text: [
        `${evaluation}: ${whole(regraded)} of ${counted(samples, 'answer')} graded again with the same verdict`,
        figures ? 'its figures follow' : 'its figures follow from the stored verdicts of the rest',
        items ? 'prompts and targets are those of the task' : 'its task is not on this machine, so that its items were not compared',
      ].join('; '),
    })),
    ...(found.writeup_words === null ? [] : [{ state: 'good' as const, text: `The write-up holds the table of results as measured, in ${counted(found.writeup_words, 'word')}` }]),
    { state: 'good', text: `The score is ${percent(found.score)} in the required form, n ${whole(found.n)}` },
  ]
}
