import { expect, test } from 'vitest'
import { assigned } from './slots'

test('a row keeps its element wherever it moves, and leaves it once it is not seen', () => {
  const first = assigned(new Map(), ['a', 'b', 'c'])
  expect([...first]).toEqual([['a', 0], ['b', 1], ['c', 2]])
  const above = assigned(first, ['new', 'a', 'b', 'c'])
  expect(above.get('new')).toBe(3)
  expect(['a', 'b', 'c'].map((id) => above.get(id))).toEqual([0, 1, 2])
  const scrolled = assigned(above, ['c', 'd', 'e'])
  expect(scrolled.get('c')).toBe(2)
  expect([scrolled.get('d'), scrolled.get('e')]).toEqual([0, 1])
})

test('no two rows share an element', () => {
  let slots = new Map<string, number>()
  for (let from = 0; from < 1000; from += 7) {
    slots = assigned(slots, Array.from({ length: 20 + (from % 5) }, (_, place) => String(from + place)))
    expect(new Set(slots.values()).size).toBe(slots.size)
    expect(Math.max(...slots.values())).toBeLessThan(50)
  }
})
