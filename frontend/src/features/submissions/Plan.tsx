import { NativeSelect, NumberInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Asked } from '../../parts/Page'
import { Forecast } from './Forecast'
import classes from './Plan.module.css'
import { MODELS, RECIPES, settings } from './session'

const route = getRouteApi('/submissions/new')
const MINUTES = 480
const WEEK = 20

/** Whether a session like this run fits into what Kaggle gives; nothing is started. */
export function Plan({ run }: { run?: Shape<'RunDetail'> }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const budget = run?.config['budget_minutes']
  const minutes = search.minutes ?? (typeof budget === 'number' ? budget : MINUTES)
  const hours = search.hours ?? WEEK
  const model = MODELS.find((name) => name === (search.model ?? run?.model_id)) ?? MODELS[0]
  const body = {
    session: { kind: 'session' as const, model_id: model, device: 'auto' as const, dry_run: true, priority: 0, time_budget_minutes: minutes, config: run && settings(run) },
    hours_left: hours,
  } satisfies Shape<'SubmissionPlanBody'>
  const plan = useQuery({
    queryKey: ['submissions', 'plan', body],
    queryFn: () => unwrap(api.POST('/api/submissions/plan', { body })),
    placeholderData: (before) => before,
    staleTime: Infinity,
  })
  return (
    <section className="card stack" aria-label="A session on Kaggle">
      <h2>A session on Kaggle</h2>
      <p className={`quiet ${classes.about ?? ''}`}>
        {run?.kind === 'session' ? 'The same session as this run' : 'A whole session of this base model'}, from the start of the notebook to its end, against the limits of one session, of a
        week and of the disk.
      </p>
      <div className="fields">
        <NativeSelect
          label="Base model"
          value={model}
          data={MODELS}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, model: MODELS.find((name) => name === value) }), replace: true, resetScroll: false })
          }}
        />
        <NumberInput
          label="Budget"
          suffix=" minutes"
          min={1}
          max={10_000}
          value={minutes}
          onChange={(value) => {
            if (typeof value === 'number' && value > 0) void navigate({ search: (before) => ({ ...before, minutes: value }), replace: true, resetScroll: false })
          }}
        />
        <NumberInput
          label="TPU time left this week"
          suffix=" hours"
          min={0}
          max={1000}
          value={hours}
          onChange={(value) => {
            if (typeof value === 'number') void navigate({ search: (before) => ({ ...before, hours: value }), replace: true, resetScroll: false })
          }}
        />
      </div>
      <Asked query={plan}>{({ fits, forecast }) => <Forecast fits={fits} forecast={forecast} hours={hours} />}</Asked>
      <div className="row">
        <AsCommand
          cli={`submit plan ${RECIPES[model] ?? 'RECIPE.yaml'} --time-budget-minutes ${minutes.toString()} --hours-left ${hours.toString()}`}
          method="POST"
          path="/api/submissions/plan"
          body={body}
        />
      </div>
    </section>
  )
}
