// What can be set of a training, read from the schema of its configuration; the state of the form is the address.
import { Problem, type Shape } from '../../api/client'

/** What the form asks for; the earlier system's `output_dir` is never named. */
export type Request = Omit<Shape<'RunRequest'>, 'output_dir'>

/** The address of the form: keys of the configuration that are not as by default, and which tier is shown. */
export type Search = {
  kind?: 'grpo'
  base_model?: string
  dataset?: string
  start?: string
  tier?: 'advanced' | 'everything'
} & Record<string, unknown>

export const TIERS = ['basic', 'advanced', 'everything'] as const
export type Tier = (typeof TIERS)[number]

/** One key of a configuration that can be set. */
export interface Field {
  /** Its dotted name: `lora.rank`. */
  key: string
  label: string
  help: string
  kind: 'number' | 'text' | 'choice' | 'switch' | 'list' | 'json'
  choices: string[]
  /** What is taken where nothing is said; null: nothing. */
  preset: unknown
}

interface Schema {
  $ref?: string
  $defs?: Record<string, Schema>
  anyOf?: Schema[]
  type?: string
  enum?: unknown[]
  items?: Schema
  properties?: Record<string, Schema>
  description?: string
}

/** Return the fields of a form by the first tier that shows them; what no tier names is in the last one. */
export function tiersOf(form: Shape<'TrainingForm'>): Record<Tier, Field[]> {
  const schema = form.json_schema as Schema
  const found = new Map(fieldsOf(schema, schema, form.defaults).map((field) => [field.key, field]))
  for (const key of form.elsewhere) found.delete(key)
  const take = (keys: string[]) =>
    keys.flatMap((key) => {
      const field = found.get(key)
      found.delete(key)
      return field ? [field] : []
    })
  return { basic: take(form.basic), advanced: take(form.advanced), everything: [...found.values()] }
}

function fieldsOf(root: Schema, schema: Schema, presets: Record<string, unknown>, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, told]) => {
    const key = prefix + name
    const one = (told.anyOf ?? [told]).map((part) => resolved(root, part)).find(({ type }) => type !== 'null') ?? told
    const preset = presets[name] ?? null
    if (one.properties && preset !== null) return fieldsOf(root, one, preset as Record<string, unknown>, `${key}.`)
    return [{ key, label: labelOf(key), help: helpOf(told.description ?? ''), kind: kindOf(one), choices: (one.enum ?? []).map(String), preset }]
  })
}

function resolved(root: Schema, schema: Schema): Schema {
  return (schema.$ref && root.$defs?.[schema.$ref.replace('#/$defs/', '')]) || schema
}

function kindOf({ type, enum: choices, items }: Schema): Field['kind'] {
  if (choices) return 'choice'
  if (type === 'boolean') return 'switch'
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'array' && items?.type === 'string') return 'list'
  return type === 'string' ? 'text' : 'json'
}

function labelOf(key: string): string {
  const words = key.replaceAll(/[._]/g, ' ').replace(/\blora\b/, 'LoRA')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Return what the engine says of a key in the words of a form, where nothing is an empty field. */
function helpOf(description: string): string {
  return description.replaceAll('`', '').replaceAll(/(^|\. )None\b/g, '$1Empty').replaceAll(/\bNone\b/g, 'empty')
}

/** Return what a person typed as a value of a field; undefined: as by default. What it cannot be goes as it is, to be refused. */
export function parsed({ kind, preset }: Field, typed: string): unknown {
  const text = typed.trim()
  if (text === '') return undefined
  const value = valueOf(kind, text)
  return JSON.stringify(value) === JSON.stringify(preset) ? undefined : value
}

function valueOf(kind: Field['kind'], text: string): unknown {
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text
  if (kind === 'list') return text.split(',').map((word) => word.trim()).filter(Boolean)
  if (kind !== 'json') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Return a value as a person would type it. */
export function typed(kind: Field['kind'], value: unknown): string {
  if (value === undefined || value === null) return ''
  if (kind === 'list' && Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const CHOSEN = new Set(['kind', 'base_model', 'dataset', 'start', 'tier'])
const OF_START = /^(lora\.|method$)/

/** Return whether a run that is trained further decides on a key. */
export function isOfStart(key: string): boolean {
  return OF_START.test(key)
}

/** Return the address of the same form for another kind of training, whose settings are its own. */
export function ofKind(search: Search, kind: 'grpo' | undefined): Search {
  return { kind, base_model: search.base_model, dataset: search.dataset, tier: search.tier }
}

/** Return the address of the same form that starts from a run, which decides on the model and its adapter. */
export function ofStart(search: Search, start: string | undefined, model: string | undefined): Search {
  const kept = Object.entries(search).filter(([key]) => !start || !isOfStart(key))
  return { ...Object.fromEntries(kept), start, base_model: model ?? search.base_model }
}

/** Return the request that an address stands for. */
export function requestOf(search: Search, model: string, dryRun: boolean): Request {
  const settings = Object.entries(search).filter(([key, value]) => !CHOSEN.has(key) && value !== undefined)
  return {
    kind: search.kind ?? 'sft',
    model_id: (search.base_model ?? model) as Request['model_id'],
    dataset_key: search.dataset,
    ...(search.start && { start: search.start }),
    config: Object.fromEntries(settings),
    dry_run: dryRun,
    device: 'auto',
    priority: 0,
  }
}

/** Return which of these fields an answer refuses and why, and whether it says more than that. */
export function refusals(problem: Error | null, keys: string[]): { of: Record<string, string>; all: boolean } {
  const of: Record<string, string> = {}
  const errors = problem instanceof Problem ? problem.errors : []
  let all = errors.length > 0
  for (const { field, message } of errors) {
    const path = String(field).replace(/^body\.(config\.)?/, '')
    const key = keys.find((one) => path === one || path.startsWith(`${one}.`))
    if (key) of[key] = String(message)
    else all = false
  }
  return { of, all }
}
