import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { api, type Shape } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Confirmed } from '../../parts/Confirmed'
import { Facts } from '../../parts/Facts'
import { Asked, Page } from '../../parts/Page'
import { MathematicsSwitch, Prose, useMathematics } from '../../parts/Prose'
import { Steps } from '../../parts/Steps'
import { Tabbed } from '../../parts/Tabbed'
import { Tokens } from '../../parts/Tokens'
import { moment } from '../../parts/words'
import { scoreOptions, traceOptions } from './asked'
import { checksOf } from './checks'
import { Ratings } from './Ratings'
import { Scores } from './Scores'
import { Tag } from './Tag'
import { Tags } from './Tags'
import { tagOptions } from './tags'

const route = getRouteApi('/traces/$traceId')

/** One trace: what is asked, each step with its check, the answer, where it comes from, what people think of it. */
export function TracePage() {
  const { traceId } = route.useParams()
  const { tab = 'trace' } = route.useSearch()
  const trace = useQuery(traceOptions(traceId))
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  const go = useNavigate()
  return (
    <Page
      title="Trace"
      above={<Link to="/traces">Traces</Link>}
      actions={
        <>
          <Tag ids={[traceId]} onDone={() => queries.invalidateQueries({ queryKey: ['traces'] })} />
          <Confirmed
            name="Delete"
            title="Delete this trace?"
            about="Its scores and ratings go with it. Datasets that were built with it keep their copy."
            act={() => api.DELETE('/api/traces/{trace_id}', { params: { path: { trace_id: traceId } } })}
            onDone={async () => {
              queries.removeQueries({ queryKey: ['traces', traceId] })
              await go({ to: '/traces' })
              await queries.invalidateQueries({ queryKey: ['traces', 'list'] })
            }}
          />
          <AsCommand path={`/api/traces/${traceId}`} />
        </>
      }
    >
      <Tabbed
        chosen={tab}
        onChoose={(chosen) => {
          void navigate({ search: { tab: chosen === 'tokens' ? chosen : undefined } })
        }}
        tabs={[
          { value: 'trace', name: 'Trace', content: <Asked query={trace}>{(found) => <Shown trace={found} />}</Asked> },
          { value: 'tokens', name: 'Tokens', content: <Tokens traceId={traceId} text={trace.data && written(trace.data.payload)} /> },
        ]}
      />
    </Page>
  )
}

function written({ prompt, steps, final_answer }: Shape<'TraceRead'>['payload']): string {
  return [prompt, ...steps.map(({ content }) => content), final_answer].join('\n')
}

function Shown({ trace }: { trace: Shape<'TraceRead'> }) {
  const { prompt, steps, final_answer, meta } = trace.payload
  const [drawn] = useMathematics()
  const scores = useQuery(scoreOptions(trace.id))
  const tags = useQuery(tagOptions(trace.id))
  const arithmetic = scores.data?.data.find(({ criteria }) => criteria === 'arithmetic')
  return (
    <>
      <section className="card stack">
        <div className="row">
          <h2>Prompt</h2>
          <MathematicsSwitch texts={[prompt, ...steps.map(({ content }) => content), final_answer]} />
        </div>
        <p className="prose" dir="auto">
          <Prose text={prompt} drawn={drawn} />
        </p>
      </section>
      <section className="card stack">
        <h2>Reasoning</h2>
        <Steps steps={steps.map(({ i, content }) => ({ i, content, check: checksOf(arithmetic)[i] }))} checked={Boolean(arithmetic)} />
        <h2>Answer</h2>
        <p className="prose" dir="auto">
          <b>
            <Prose text={final_answer} drawn={drawn} />
          </b>
        </p>
      </section>
      <Scores traceId={trace.id} />
      <Ratings traceId={trace.id} />
      <section className="card stack">
        <h2>Where it comes from</h2>
        <Facts
          facts={{
            Id: <span className="mono">{trace.id}</span>,
            'Came in': moment(trace.created_at),
            Tags: <Tags tags={tags.data ?? []} />,
            ...Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, <bdi key={name}>{typeof value === 'string' ? value : JSON.stringify(value)}</bdi>])),
          }}
        />
      </section>
    </>
  )
}
