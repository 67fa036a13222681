import { expect, test } from 'vitest'
import { charts, extent, type Measured, smoothed, stepsAround, withPart } from './curves'

const ROWS: Measured[] = [
  { step: 0, 'eval/loss': 5 },
  { step: 1, time_s: 2, num_tokens: 100, loss: 4, 'rewards/format/mean': 0.5, kl: null },
  { step: 2, time_s: 3, num_tokens: 250, loss: 3, reward: 1 },
  { step: 2, 'eval/loss': 3.5 },
]

test('curves that belong together share a chart, and a gap is a gap', () => {
  const [loss, reward, ...rest] = charts(ROWS, 'step')
  expect(loss).toEqual({
    title: 'Loss',
    x: [0, 1, 2, 2],
    curves: [
      { name: 'eval/loss', values: [5, null, null, 3.5] },
      { name: 'loss', values: [null, 4, 3, null] },
    ],
  })
  expect(reward?.curves.map(({ name }) => name)).toEqual(['reward', 'rewards/format/mean'])
  expect(rest).toEqual([])
})

test('what was measured between two updates stands where the one before it ended', () => {
  expect(charts(ROWS, 'tokens')[0]?.x).toEqual([0, 100, 250, 250])
  expect(charts(ROWS, 'time')[0]?.x).toEqual([0, 2, 3, 3])
})

test('smoothing keeps a constant, leaves gaps, and starts at the first value', () => {
  expect(smoothed([2, 2, null, 2], 0.9).map((value) => value && Number(value.toFixed(9)))).toEqual([2, 2, null, 2])
  const [first, second] = smoothed([1, 3], 0.5)
  expect(first).toBe(1)
  expect(second).toBeCloseTo((0.5 * 1 + 3) / 1.5)
})

test('a closer look takes the place of what was known of that part', () => {
  const rows = [0, 10, 20, 30].map((step) => ({ step }))
  expect(withPart(rows, [9, 10, 11, 12].map((step) => ({ step }))).map(({ step }) => step)).toEqual([0, 9, 10, 11, 12, 20, 30])
  expect(withPart(rows, [])).toEqual(rows)
})

test('the steps of a part of x, with as much on either side', () => {
  const rows = Array.from({ length: 11 }, (_, step) => ({ step, num_tokens: 100 * step }))
  expect(extent(rows, 'tokens')).toEqual({ min: 0, max: 1000 })
  expect(stepsAround(rows, 'tokens', { min: 400, max: 550 })).toEqual([2, 7])
  expect(stepsAround(rows, 'step', { min: 0, max: 9 })).toEqual([0, 10])
})
