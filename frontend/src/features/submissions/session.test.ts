import { expect, test } from 'vitest'
import { settings } from './session'

test('a session keeps what decides time and disk, and nothing that names a path', () => {
  const config = {
    budget_minutes: 15,
    phases: { sft: 0.5, grpo: 0.1 },
    sft: { base_model: 'nano', model_path: '/weights', method: 'lora', lora: { rank: 8 } },
    grpo: null,
    eval: { task: 'nano-arithmetic', task_path: null, limit: 40 },
    exports: ['merged', 'orbax'],
  }
  expect(settings({ kind: 'session', config })).toEqual({
    sft: { method: 'lora', lora: { rank: 8 } },
    eval: { limit: 40 },
    exports: ['merged', 'orbax'],
  })
  expect(settings({ kind: 'session', config: { ...config, grpo: { max_steps: 9, start: 'r0' } } })).toMatchObject({
    grpo: { max_steps: 9 },
    phases: config.phases,
  })
})

test('another kind of run says nothing about a session', () => {
  expect(settings({ kind: 'sft', config: { method: 'full' } })).toEqual({})
})
