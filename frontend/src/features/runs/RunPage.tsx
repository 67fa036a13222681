import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { AsCommand } from '../../parts/AsCommand'
import { Facts } from '../../parts/Facts'
import { Asked, Page } from '../../parts/Page'
import { isActive, Status } from '../../parts/Status'
import { Tabbed } from '../../parts/Tabbed'
import { digest, duration, figure, moment } from '../../parts/words'
import type { Shape } from '../../api/client'
import { Artifacts } from './Artifacts'
import { runOptions } from './asked'
import { Config } from './Config'
import { Curves } from './Curves'
import { Groups } from './Groups'
import { Samples } from './Samples'
import { Log } from './Log'
import { commandsOf } from './commands'
import { RunActions } from './RunActions'

const route = getRouteApi('/runs/$runId')
const TABS = ['log', 'samples', 'groups', 'artifacts', 'config'] as const

/** One run: how far it is, its curves, its log, and what lies in its folder. */
export function RunPage() {
  const { runId } = route.useParams()
  const run = useQuery(runOptions(runId))
  return (
    <Page
      title={runId}
      above={
        <Link to="/runs">
          Runs
        </Link>
      }
      actions={
        <>
          {run.data && <RunActions runId={runId} run={run.data} />}
          <AsCommand cli={`runs show ${runId}`} path={`/api/tunix/runs/${runId}`} others={run.data && commandsOf(runId, run.data)} />
        </>
      }
    >
      <Asked query={run}>{(found) => <Shown runId={runId} run={found} />}</Asked>
    </Page>
  )
}

function Shown({ runId, run }: { runId: string; run: Shape<'RunDetail'> }) {
  const { tab = 'curves' } = route.useSearch()
  const navigate = route.useNavigate()
  const active = isActive(run.status)
  const error = run.error?.['message']
  return (
    <>
      <section className="card stack" aria-label="Summary">
        <Facts
          facts={{
            Status: <Status status={run.status} />,
            Stage: active ? run.stage || null : null,
            Kind: run.kind,
            Model: run.model_id,
            Dataset: run.dataset_key && (
              <Link to="/datasets/$datasetKey" params={{ datasetKey: run.dataset_key }}>
                {run.dataset_key}
              </Link>
            ),
            Started: moment(run.started_at),
            Time: duration(run.duration_seconds),
            Attempts: run.attempts,
            Seed: run.seed,
            Device: run.device,
            Code: run.git_commit && <span className="mono">{digest(run.git_commit)}</span>,
            ...Object.fromEntries(
              Object.entries(run.results)
                .filter(([, value]) => typeof value === 'number')
                .map(([name, value]) => [name.replaceAll('_', ' '), figure(value)]),
            ),
          }}
        />
        {(run.problem ?? (run.status === 'completed' ? '' : run.message)) && <p className="quiet prose small">{run.problem ?? run.message}</p>}
        {typeof error === 'string' && <p className="bad prose">{error}</p>}
      </section>
      <Tabbed
        chosen={tab}
        onChoose={(chosen) => {
          void navigate({ search: (before) => ({ ...before, tab: TABS.find((one) => one === chosen) }) })
        }}
        tabs={[
          { value: 'curves', name: 'Curves', content: <Curves runId={runId} active={active} /> },
          { value: 'log', name: 'Log', content: <Log runId={runId} /> },
          ...(run.kind === 'grpo' ? [] : [{ value: 'samples', name: 'Samples', content: <Samples runId={runId} run={run} active={active} /> }]),
          ...(run.kind === 'sft' ? [] : [{ value: 'groups', name: 'Groups', content: <Groups runId={runId} active={active} /> }]),
          { value: 'artifacts', name: 'Artifacts', content: <Artifacts runId={runId} /> },
          { value: 'config', name: 'Config', content: <Config runId={runId} run={run} /> },
        ]}
      />
    </>
  )
}
