import { expect, test } from 'vitest'
import { thinned } from './thinned'

test('a line with more points than pixels keeps what its drawing shows of each column', () => {
  const values = Array.from({ length: 10_000 }, (_, place) => (place % 7 === 0 ? null : Math.sin(place * 12.9898) * 43758.5453 % 1))
  const column = (place: number) => place / 100
  const kept = thinned(values, 0, values.length - 1, column)
  expect(kept.length).toBeLessThanOrEqual(4 * 100)
  for (let from = 0; from < 10_000; from += 100) {
    const all = values.slice(from, from + 100)
    const measured = all.filter((value) => value !== null)
    const drawn = kept.filter((place) => place >= from && place < from + 100).map((place) => values[place] ?? NaN)
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([Math.min(...measured), Math.max(...measured)])
    expect([drawn[0], drawn.at(-1)]).toEqual([measured[0], measured.at(-1)])
  }
  expect(kept).toEqual([...new Set(kept)].sort((one, other) => one - other))
})

test('a line with fewer points than pixels keeps them all, but not its gaps', () => {
  expect(thinned([5, null, 3, 4, undefined, 4], 0, 5, (place) => 10 * place)).toEqual([0, 2, 3, 5])
  expect(thinned([1, 2, 3, 4], 1, 2, (place) => place)).toEqual([1, 2])
  expect(thinned([null, null], 0, 1, () => 0)).toEqual([])
})
