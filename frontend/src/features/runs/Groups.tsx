import { NumberInput, Slider } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { Asked, Nothing } from '../../parts/Page'
import { figure } from '../../parts/words'
import { useMetrics } from './asked'
import classes from './Groups.module.css'

const route = getRouteApi('/runs/$runId')

/** The groups of one update: what was answered to each prompt, what it earned, and where that pushes the policy. */
export function Groups({ runId, active }: { runId: string; active: boolean }) {
  const { step } = route.useSearch()
  const metrics = useMetrics(runId, active)
  const last = metrics.data?.findLast((row) => typeof row['reward'] === 'number')?.step ?? 1
  const shown = step ?? last
  const groups = useQuery({
    queryKey: ['runs', runId, 'groups', shown],
    queryFn: () => unwrap(api.GET('/api/tunix/runs/{run_id}/rollouts', { params: { path: { run_id: runId }, query: { step: shown, limit: 64 } } })),
    enabled: metrics.isSuccess,
    placeholderData: (before) => before,
  })
  return (
    <>
      <Step key={shown} step={shown} last={last} />
      <Asked query={groups}>
        {({ data }) =>
          data.length > 0 ? (
            data.map((group) => <Group key={group.trace_id} group={group} />)
          ) : (
            <Nothing title="No groups at this update">
              <p>Reinforcement learning writes them, update by update; choose another one.</p>
            </Nothing>
          )
        }
      </Asked>
    </>
  )
}

function Step({ step, last }: { step: number; last: number }) {
  const navigate = route.useNavigate()
  const [at, setAt] = useState(step)
  const go = (to: number) => {
    void navigate({ search: (before) => ({ ...before, step: to }), replace: true })
  }
  return (
    <div className={`card ${classes.step ?? ''}`}>
      <NumberInput label="Update" min={1} max={Math.max(last, step)} value={at} allowDecimal={false} onChange={(value) => { if (typeof value === 'number' && value >= 1) go(value) }} />
      <Slider thumbLabel="Update" min={1} max={Math.max(2, last, step)} value={at} onChange={setAt} onChangeEnd={go} className={classes.slider} />
    </div>
  )
}

function Group({ group }: { group: Shape<'RolloutGroup'> }) {
  const dead = group.completions.every(({ reward }) => reward === group.completions[0]?.reward)
  return (
    <section className="card stack">
      <header>
        <h2 className="prose" dir="auto">
          {group.prompt}
        </h2>
        <p className="quiet small">
          expected {group.target.value}
          {dead && '; all earned the same, so that this group teaches nothing'}
        </p>
      </header>
      <ol className={`plain-list ${classes.completions ?? ''}`}>
        {group.completions.map((one, place) => (
          <li key={place} className={classes.completion}>
            <div className={classes.head}>
              <b>reward {figure(one.reward)}</b>
              <span className={one.advantage > 0 ? 'good' : one.advantage < 0 ? 'bad' : 'quiet'}>
                advantage {one.advantage > 0 ? '+' : ''}
                {one.advantage.toFixed(2)}
              </span>
            </div>
            <pre className={classes.text} role="group" tabIndex={0} dir="auto" aria-label={`Completion ${(place + 1).toString()}`}>
              {one.text}
            </pre>
            <p className="quiet small">
              {Object.entries(one.terms)
                .map(([term, value]) => `${term} ${value === null ? 'abstained' : figure(value)}`)
                .join(' · ')}
              {` · ${one.tokens.toString()} tokens`}
              {one.finish === 'length' && ' · cut off'}
            </p>
            {Object.entries(one.faults).map(([term, fault]) => (
              <p key={term} className="bad small">
                {term}: {fault}
              </p>
            ))}
          </li>
        ))}
      </ol>
    </section>
  )
}
