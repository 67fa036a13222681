import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Facts } from '../../parts/Facts'
import { Asked, Nothing, Page } from '../../parts/Page'
import { moment } from '../../parts/words'
import classes from './ComparePage.module.css'
import { Pair } from './Pair'

const route = getRouteApi('/traces/compare')

/** Two traces side by side: what they are asked, each step, what they answer, and which words differ. */
export function ComparePage() {
  const { a, b } = route.useSearch()
  return (
    <Page
      title="Compare traces"
      above={<Link to="/traces">Traces</Link>}
      about="Words that only A has are struck through, words that only B has are underlined."
      actions={
        a && b ? (
          <>
            <Button variant="default" renderRoot={(props) => <Link to="/traces/compare" search={{ a: b, b: a }} {...props} />}>
              Swap A and B
            </Button>
            <AsCommand path={`/api/traces/compare?base=${a}&other=${b}`} />
          </>
        ) : null
      }
    >
      {a && b ? (
        <Compared a={a} b={b} />
      ) : (
        <Nothing title="Choose two traces">
          <p>
            Tick two rows of the <Link to="/traces">traces</Link>, then Compare.
          </p>
        </Nothing>
      )}
    </Page>
  )
}

function Compared({ a, b }: { a: string; b: string }) {
  const found = useQuery({
    queryKey: ['traces', 'compare', a, b],
    queryFn: () => unwrap(api.GET('/api/traces/compare', { params: { query: { base: a, other: b } } })),
    staleTime: Infinity,
  })
  return <Asked query={found}>{(traces) => <SideBySide traces={traces} />}</Asked>
}

function SideBySide({ traces: { base, other, difference } }: { traces: Shape<'TracesCompared'> }) {
  const steps = difference.steps.map(({ base_i, other_i }) => ({
    base: base.payload.steps.find(({ i }) => i === base_i),
    other: other.payload.steps.find(({ i }) => i === other_i),
  }))
  return (
    <>
      <div className={classes.pair}>
        <Head letter="A" trace={base} />
        <Head letter="B" trace={other} />
      </div>
      <section className="card stack">
        <h2>Prompt{difference.same_prompt && <Same />}</h2>
        <Pair base={{ text: base.payload.prompt }} other={{ text: other.payload.prompt }} />
      </section>
      <section className="card stack">
        <h2>Reasoning{difference.steps.every(({ change }) => change === 'same') && <Same />}</h2>
        <ol className={classes.steps}>
          {steps.map((step, place) => (
            <li key={place}>
              <Pair
                base={step.base && { i: step.base.i, text: step.base.content }}
                other={step.other && { i: step.other.i, text: step.other.content }}
              />
            </li>
          ))}
        </ol>
      </section>
      <section className="card stack">
        <h2>Answer{difference.same_answer && <Same />}</h2>
        <Pair base={{ text: base.payload.final_answer }} other={{ text: other.payload.final_answer }} />
      </section>
    </>
  )
}

function Same() {
  return <span className="quiet small"> the same</span>
}

function Head({ letter, trace }: { letter: string; trace: Shape<'TraceScored'> }) {
  const { source, family } = trace.payload.meta
  const said = (value: unknown) => (typeof value === 'string' ? <bdi>{value}</bdi> : null)
  return (
    <section className="card stack" aria-label={letter}>
      <h2>
        {letter}:{' '}
        <Link to="/traces/$traceId" params={{ traceId: trace.id }} className="mono">
          {trace.id.slice(-8)}
        </Link>
      </h2>
      <Facts
        facts={{
          Source: said(source),
          Family: said(family),
          Form: `${trace.score.toFixed(0)} of 100`,
          'Came in': moment(trace.created_at),
        }}
      />
    </section>
  )
}
