// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Problem, type Shape } from '../../api/client'
import { commandOf, recipeOf } from './recipe'
import { ofKind, ofStart, parsed, refusals, requestOf, tiersOf, typed } from './settings'

const FORM: Shape<'TrainingForm'> = {
  json_schema: {
    $defs: { LoRA: { properties: { rank: { type: 'integer', description: 'Rank of A·B.' }, modules: { type: 'array', items: { type: 'string' } } } } },
    properties: {
      kind: { const: 'sft', type: 'string' },
      learning_rate: { type: 'number', description: 'Peak learning rate.' },
      max_steps: { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'Updates; None: `epochs` decides.' },
      lora: { $ref: '#/$defs/LoRA' },
      dtype: { enum: ['float32', 'bfloat16'], type: 'string' },
      remat: { type: 'boolean' },
      terms: { type: 'array', items: { $ref: '#/$defs/LoRA' } },
    },
  },
  defaults: { kind: 'sft', learning_rate: 0.0005, max_steps: null, lora: { rank: 16, modules: ['q', 'k'] }, dtype: 'float32', remat: false, terms: [{ rank: 1 }] },
  basic: ['max_steps', 'lora.rank'],
  advanced: ['dtype', 'gone'],
  elsewhere: ['kind'],
}
const TIERS = tiersOf(FORM)
const field = (key: string) => {
  const found = Object.values(TIERS).flat().find((one) => one.key === key)
  if (!found) throw new Error(key)
  return found
}

test('every key of the schema is in one tier, those that nobody names in the last', () => {
  const keys = Object.values(TIERS).map((fields) => fields.map(({ key }) => key))
  expect(keys).toEqual([['max_steps', 'lora.rank'], ['dtype'], ['learning_rate', 'lora.modules', 'remat', 'terms']])
})

test('a key is set as its type asks, and says what it means', () => {
  const kinds = Object.fromEntries(Object.values(TIERS).flat().map(({ key, kind }) => [key, kind]))
  expect(kinds).toEqual({ max_steps: 'number', 'lora.rank': 'number', dtype: 'choice', learning_rate: 'number', 'lora.modules': 'list', remat: 'switch', terms: 'json' })
  expect(field('dtype').choices).toEqual(['float32', 'bfloat16'])
  expect([field('max_steps').help, field('lora.rank').label]).toEqual(['Updates; empty: epochs decides.', 'LoRA rank'])
})

test('what is typed becomes a value; what equals the default is left out, what cannot be one is left to the service', () => {
  expect(['1e-3', ' 0.0005 ', '', 'fast'].map((text) => parsed(field('learning_rate'), text))).toEqual([0.001, undefined, undefined, 'fast'])
  expect(['q, v', 'q,k'].map((text) => parsed(field('lora.modules'), text))).toEqual([['q', 'v'], undefined])
  expect(['[{"rank": 2}]', '[{"rank":1}]', '[{'].map((text) => parsed(field('terms'), text))).toEqual([[{ rank: 2 }], undefined, '[{'])
  expect([typed('number', 0.001), typed('list', ['q', 'v']), typed('json', [1]), typed('text', null)]).toEqual(['0.001', 'q, v', '[1]', ''])
})

test('an address is a request: what it names, and nothing of the form itself', () => {
  const search = { tier: 'everything' as const, dataset: 'few-v1', learning_rate: 0.001, 'lora.rank': 8, seed: undefined }
  const request = requestOf(search, 'gemma3-270m', true)
  expect(request).toMatchObject({ kind: 'sft', model_id: 'gemma3-270m', dataset_key: 'few-v1', dry_run: true })
  expect(request.config).toEqual({ learning_rate: 0.001, 'lora.rank': 8 })
})

test('another method has settings of its own; a run that is trained further decides on its model and adapter', () => {
  const search = { dataset: 'few-v1', base_model: 'nano', learning_rate: 0.001, tier: 'advanced' as const }
  expect(ofKind(search, 'grpo')).toEqual({ kind: 'grpo', dataset: 'few-v1', base_model: 'nano', tier: 'advanced' })
  const from = ofStart({ ...search, method: 'full', 'lora.rank': 8, beta: 0 }, 'my-run', 'gemma3-270m')
  expect(from).toEqual({ ...search, beta: 0, start: 'my-run', base_model: 'gemma3-270m' })
})

test('a refusal stands at its field; one that no field shows is said by itself', () => {
  const errors = [{ field: 'body.config.lora.rank', message: 'too small' }, { field: 'body.config.terms.0.rank', message: 'no rank' }]
  const keys = ['lora.rank', 'terms']
  expect(refusals(new Problem(422, 'No', 'no', errors), keys)).toEqual({ of: { 'lora.rank': 'too small', terms: 'no rank' }, all: true })
  expect(refusals(new Problem(422, 'No', 'no', [...errors, { field: 'body.config', message: 'both' }]), keys).all).toBe(false)
  expect(refusals(new Problem(404, 'No', 'there is no dataset'), keys)).toEqual({ of: {}, all: false })
})

test('the same training as a command and as a file', () => {
  const request = requestOf({ kind: 'grpo', dataset: 'few-v1', start: 'my-run', 'lora.rank': 8, 'lora.alpha': 1.5, 'rewards.terms': [{ kind: "it's" }], force: true }, 'nano', false)
  expect(commandOf(request)).toBe(
    `train grpo --dataset few-v1 --start my-run --set lora.rank=8 --set lora.alpha=1.5 --set 'rewards.terms=[{"kind":"it'\\''s"}]' --set force=true`,
  )
  expect(recipeOf(request)).toBe(
    ['# tunix-rt train grpo recipe.yaml', 'kind: grpo', 'start: my-run', 'dataset: few-v1', 'lora:', '  rank: 8', '  alpha: 1.5', 'rewards:', `  terms: [{"kind":"it's"}]`, 'force: true', ''].join('\n'),
  )
})
