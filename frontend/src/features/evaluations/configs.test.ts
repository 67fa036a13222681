import { expect, test } from 'vitest'
import { rows } from './configs'

test('nested keys are dotted, a list is one value, and a key of one side alone is there', () => {
  const a = { lora: { rank: 8, modules: ['q', 'v'] }, seed: 0, note: null }
  const b = { lora: { rank: 16, modules: ['q', 'v'] }, seed: 0, grpo: { beta: 0.04 } }
  expect(rows(a, b)).toEqual([
    { key: 'grpo.beta', a: undefined, b: '0.04' },
    { key: 'lora.modules', a: '["q","v"]', b: '["q","v"]' },
    { key: 'lora.rank', a: '8', b: '16' },
    { key: 'note', a: 'null', b: undefined },
    { key: 'seed', a: '0', b: '0' },
  ])
})
