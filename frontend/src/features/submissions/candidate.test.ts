import { expect, test } from 'vitest'
import { type Candidate, points } from './candidate'

const REF = { kind: 'dataset', key: 'few-v1', digest: 'sha256:a' }
const WHOLE: Candidate = {
  runId: 'r1',
  run: { status: 'completed', inputs: { dataset: REF }, outputs: { base_contract: { ...REF, kind: 'evaluation', key: 'e1' } } },
  files: ['adapter/weights.safetensors', 'exports/orbax/state'],
  measured: [{ n: 40, task: 'nano-arithmetic' }],
}

test('a run with everything lacks nothing', () => {
  expect(points(WHOLE).filter(({ good }) => !good)).toEqual([])
})

test('weights and a score are needed; what was measured without a score is none', () => {
  const lacking = points({ ...WHOLE, files: [], measured: [{ n: 0, task: 'nano-arithmetic' }] }).filter(({ good, needed }) => needed && !good)
  expect(lacking.map(({ text }) => text)).toEqual(['Trained weights', 'A score of the trained model'])
  expect(lacking[1]?.next).toBe('tunix-rt eval --run r1')
})

test('a run that was stopped, made from nothing that is named, without a base or a checkpoint, can still be bundled', () => {
  const found = points({ ...WHOLE, run: { status: 'stopped', inputs: {}, outputs: {} }, files: ['adapter/manifest.json'] })
  expect(found.filter(({ good }) => !good).map(({ needed, text }) => [needed, text])).toEqual([
    [false, 'The run is stopped'],
    [false, 'The base model measured on the same items, by the run itself'],
    [false, 'The dataset that it learned from, by its digest'],
    [false, 'The checkpoint that plain Tunix code loads'],
  ])
})
