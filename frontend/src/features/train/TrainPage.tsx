import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo } from 'react'
import type { Shape } from '../../api/client'
import { Asked, Page } from '../../parts/Page'
import { Copied } from '../../parts/Copied'
import { formsOptions, planOptions } from './asked'
import { Chosen } from './Chosen'
import { Parameters } from './Parameters'
import { Plan } from './Plan'
import { recipeOf } from './recipe'
import { isOfStart, refusals, requestOf, type Search, tiersOf } from './settings'
import { Start } from './Start'
import classes from './TrainPage.module.css'

const route = getRouteApi('/train')
/** Rest after the last change before a plan is made of it. */
const CALM = 500

/** What to train, on what and how; the whole form stands in the address. */
export function TrainPage() {
  const forms = useQuery(formsOptions)
  return (
    <Page title="Train" about="Choose a method, a model and a dataset; see what it would take; start. The address of this page is the form as it stands.">
      <Asked query={forms}>{(found) => <Form forms={found} />}</Asked>
    </Page>
  )
}

function Form({ forms }: { forms: Shape<'TrainingForms'> }) {
  const search: Search = route.useSearch()
  const navigate = route.useNavigate()
  const form = forms.kinds[search.kind ?? 'sft']
  const tiers = useMemo(() => form && tiersOf(form), [form])
  const model = String(form?.defaults['base_model'])
  const body = requestOf(search, model, true)
  const [calm] = useDebouncedValue(body, CALM)
  const plan = useQuery({ ...planOptions(calm), enabled: Boolean(calm.dataset_key), placeholderData: (before) => before })
  if (!tiers) return null
  const keys = Object.values(tiers).flatMap((fields) => fields.map(({ key }) => key))
  const refused = refusals(plan.error, keys)
  const change = (next: (before: Search) => Search) => {
    void navigate({ search: next, replace: true, resetScroll: false })
  }
  return (
    <div className={classes.form}>
      <div className="stack">
        <Chosen forms={forms} search={search} model={model} onChange={change} />
        <Parameters
          tiers={tiers}
          search={search}
          hidden={search.start ? isOfStart : () => false}
          refused={refused.of}
          onChange={(key, value) => {
            change((before) => ({ ...before, [key]: value }))
          }}
          onTier={(tier) => {
            change((before) => ({ ...before, tier }))
          }}
        />
      </div>
      <aside className={`stack ${classes.aside ?? ''}`} aria-label="Plan and start">
        <section className="card stack" aria-label="Plan">
          <h2>Plan</h2>
          <Plan plan={plan} asked={Boolean(body.dataset_key)} old={plan.isPlaceholderData || JSON.stringify(calm) !== JSON.stringify(body)} marked={refused.all} />
          <Start body={{ ...body, dry_run: false }} />
        </section>
        <Copied title="Recipe" label="Recipe as YAML" text={recipeOf(body)} />
      </aside>
    </div>
  )
}
