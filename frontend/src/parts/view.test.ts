import { expect, test } from 'vitest'
import { moved, zoomed } from './view'

const WHOLE = { min: 0, max: 100 }

test('what lies under the pointer stays there while one zooms', () => {
  const range = zoomed({ min: 20, max: 60 }, WHOLE, 0.5, 30)
  expect(range).toEqual({ min: 25, max: 45 })
  expect((30 - 20) / (60 - 20)).toBe((30 - range.min) / (range.max - range.min))
})

test('one does not see beyond the ends', () => {
  expect(zoomed({ min: 10, max: 60 }, WHOLE, 10, 30)).toEqual(WHOLE)
  expect(zoomed({ min: 0, max: 40 }, WHOLE, 2, 30)).toEqual({ min: 0, max: 80 })
  expect(moved({ min: 20, max: 60 }, WHOLE, 500)).toEqual({ min: 60, max: 100 })
  expect(moved({ min: 20, max: 60 }, WHOLE, -500)).toEqual({ min: 0, max: 40 })
})

test('moving keeps the width', () => {
  expect(moved({ min: 20, max: 60 }, WHOLE, 5)).toEqual({ min: 25, max: 65 })
})
