import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { Shape } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Estimate } from '../../parts/Estimate'
import { Facts } from '../../parts/Facts'
import { Asked, Page } from '../../parts/Page'
import { digest, duration, figure, moment } from '../../parts/words'
import { evaluationOptions } from './asked'
import classes from './EvaluationPage.module.css'
import { SampleBrowser } from './SampleBrowser'

const route = getRouteApi('/evaluations/$evaluationId')
const METRICS = [
  ['strict', 'Right, in its place'],
  ['lenient', 'Right, found anywhere'],
  ['format', 'Keeps the format'],
  ['arithmetic', 'Equations that hold'],
  ['stop', 'Stops by itself'],
  ['truncated', 'Cut off'],
] as const

/** One evaluation: its figures with intervals, by family, and every answer. */
export function EvaluationPage() {
  const { evaluationId } = route.useParams()
  const evaluation = useQuery(evaluationOptions(evaluationId))
  return (
    <Page
      title={evaluationId}
      above={<Link to="/evaluations">Evaluations</Link>}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/evaluations/compare" search={{ a: evaluationId }} {...props} />}>
            Compare
          </Button>
          <AsCommand path={`/api/evaluations/${evaluationId}`} />
        </>
      }
    >
      <Asked query={evaluation}>{(found) => <Shown evaluation={found} />}</Asked>
    </Page>
  )
}

function Shown({ evaluation }: { evaluation: Shape<'EvaluationManifest'> }) {
  const { metrics, task, model, by_family } = evaluation
  return (
    <>
      <section className="card">
        <Facts
          facts={{
            Model: model.name,
            Run: model.run && (
              <Link to="/runs/$runId" params={{ runId: model.run }}>
                {model.run}
              </Link>
            ),
            Task: task.name,
            Split: task.split,
            Prompt: evaluation.prompt.name.replaceAll('_', ' '),
            Items: figure(metrics.items),
            Scored: figure(metrics.n),
            Measured: moment(evaluation.created),
            Generation: duration(evaluation.timings.generate_seconds),
            Device: evaluation.provenance.device,
            Digest: <span className="mono">{digest(evaluation.digest)}</span>,
          }}
        />
      </section>
      <section className={`card ${classes.scroll ?? ''}`} tabIndex={0} aria-label="Figures">
        <h2>Figures, with 95 % intervals</h2>
        <table className={classes.figures}>
          <tbody>
            {METRICS.map(([name, words]) => (
              <tr key={name}>
                <th scope="row">{words}</th>
                <td>
                  <Estimate name={words} of={metrics[name]} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {Object.keys(by_family).length > 1 && (
        <section className={`card ${classes.scroll ?? ''}`} tabIndex={0} aria-label="By family">
          <h2>Right by family</h2>
          <table className={classes.figures}>
            <tbody>
              {Object.entries(by_family).map(([family, found]) => (
                <tr key={family}>
                  <th scope="row">
                    {family} <span className="quiet small">n {found.n}</span>
                  </th>
                  <td>
                    <Estimate name={family} of={found.strict} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <SampleBrowser evaluationId={evaluation.id} families={Object.keys(by_family)} />
    </>
  )
}
