// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { selectionOf } from './selection'

const ALL = { strategy: 'all', limit: 100, seed: 7 } as const

test('what is not asked for is not sent', () => {
  expect(selectionOf({ upload: 'all', q: '', family: undefined }, ALL)).toEqual({ selection_strategy: 'all', limit: 100 })
})

test('filters, an upload and a seed are', () => {
  expect(selectionOf({ upload: 'u', q: 'apples', family: 'sums', difficulty: '3', tag: 'good' }, { ...ALL, strategy: 'random' })).toEqual({
    selection_strategy: 'random',
    limit: 100,
    seed: 7,
    q: 'apples',
    facets: { family: 'sums', difficulty: '3' },
    tag: 'good',
    upload_id: 'u',
  })
})
