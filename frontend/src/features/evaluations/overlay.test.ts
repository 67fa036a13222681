import { expect, test } from 'vitest'
import { overlaid } from './overlay'

const A = [
  { step: 1, num_tokens: 100, loss: 4 },
  { step: 3, num_tokens: 300, loss: 3, 'eval/loss': 3.5 },
]
const B = [
  { step: 1, num_tokens: 50, loss: 5, reward: 0.2 },
  { step: 2, num_tokens: 90, loss: 4.5 },
]

test('both runs share x, and a gap is a gap', () => {
  expect(overlaid(A, B, 'step')).toEqual([
    { title: 'Loss', x: [1, 2, 3], curves: [{ name: 'A', values: [4, null, 3] }, { name: 'B', values: [5, 4.5, null] }] },
    { title: 'Validation loss', x: [3], curves: [{ name: 'A', values: [3.5] }, { name: 'B', values: [null] }] },
    { title: 'Reward', x: [1], curves: [{ name: 'A', values: [null] }, { name: 'B', values: [0.2] }] },
  ])
  expect(overlaid(A, B, 'tokens')[0]?.x).toEqual([50, 90, 100, 300])
})

test('what neither run measured has no chart', () => {
  expect(overlaid([{ step: 1, loss: 2 }], [], 'step').map(({ title }) => title)).toEqual(['Loss'])
})
