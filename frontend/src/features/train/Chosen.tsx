import { NativeSelect, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Shape } from '../../api/client'
import { datasetsOptions } from '../../api/datasets'
import { ProblemNote } from '../../parts/ProblemNote'
import { counted } from '../../parts/words'
import { startsOptions } from './asked'
import classes from './Parameters.module.css'
import { ofKind, ofStart, type Search } from './settings'

const KINDS = [
  { value: 'sft', label: 'Fine-tuning', about: 'SFT: the model imitates the traces of a dataset.' },
  { value: 'grpo', label: 'Reinforcement', about: 'GRPO, reinforcement learning: the model answers the prompts of a dataset; what a checker finds right becomes more likely.' },
] as const
const MILLIONS = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

interface ChosenProps {
  forms: Shape<'TrainingForms'>
  search: Search
  /** The base model where none is chosen. */
  model: string
  onChange: (next: (before: Search) => Search) => void
}

/** Method, base model and dataset; for reinforcement learning also where it starts. */
export function Chosen({ forms, search, model, onChange }: ChosenProps) {
  const kind = search.kind ?? 'sft'
  const datasets = useQuery(datasetsOptions)
  const base = forms.base_models.find(({ name }) => name === (search.base_model ?? model))
  return (
    <section className="card stack" aria-label="What to train">
      <SegmentedControl
        aria-label="Kind of training"
        fullWidth
        value={kind}
        data={KINDS.map(({ value, label }) => ({ value, label }))}
        onChange={(value) => {
          onChange((before) => ofKind(before, value === 'grpo' ? value : undefined))
        }}
      />
      <p className="quiet small">{KINDS.find(({ value }) => value === kind)?.about}</p>
      <div className={classes.fields}>
        <NativeSelect
          label="Base model"
          disabled={Boolean(search.start)}
          value={search.base_model ?? model}
          data={withChosen(
            forms.base_models.map(({ name, parameters }) => ({ value: name, label: `${name} · ${MILLIONS.format(parameters)} weights` })),
            search.base_model,
          )}
          onChange={(event) => {
            const { value } = event.currentTarget
            onChange((before) => ({ ...before, base_model: value === model ? undefined : value }))
          }}
        />
        <NativeSelect
          label="Dataset"
          value={search.dataset ?? ''}
          data={[
            { value: '', label: datasets.data ? 'choose one' : '…' },
            ...withChosen((datasets.data ?? []).map(({ dataset_key, trace_count }) => ({ value: dataset_key, label: `${dataset_key} · ${counted(trace_count, 'row')}` })), search.dataset),
          ]}
          onChange={(event) => {
            const { value } = event.currentTarget
            onChange((before) => ({ ...before, dataset: value || undefined }))
          }}
        />
        {kind === 'grpo' && <StartsFrom search={search} onChange={onChange} />}
      </div>
      {base && (
        <p className="quiet small">
          {base.name}: {base.source}. {base.notice}
        </p>
      )}
      {datasets.error && <ProblemNote problem={datasets.error} />}
      {datasets.data?.length === 0 && (
        <p>
          There is no dataset yet. <Link to="/datasets/new">Build one</Link> first.
        </p>
      )}
    </section>
  )
}

function StartsFrom({ search, onChange }: Pick<ChosenProps, 'search' | 'onChange'>) {
  const runs = useQuery(startsOptions)
  return (
    <>
      <NativeSelect
        label="Starts from"
        value={search.start ?? ''}
        data={[
          { value: '', label: 'the base model itself' },
          ...withChosen((runs.data ?? []).map(({ run_id, model_id }) => ({ value: run_id, label: `${run_id} · ${model_id}` })), search.start),
        ]}
        onChange={(event) => {
          const run = runs.data?.find(({ run_id }) => run_id === event.currentTarget.value)
          onChange((before) => ofStart(before, run?.run_id, run?.model_id))
        }}
      />
      {runs.error && <ProblemNote problem={runs.error} />}
    </>
  )
}

/** Return choices with one that an address names, be it among them or not. */
function withChosen(choices: { value: string; label: string }[], chosen: string | undefined) {
  return chosen === undefined || choices.some(({ value }) => value === chosen) ? choices : [...choices, { value: chosen, label: chosen }]
}
