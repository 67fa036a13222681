import { expect, test } from 'vitest'
import { type Part, wordDiff } from './wordDiff'

const marked = (parts: Part[]) => parts.map(({ text, changed }) => (changed ? `[${text}]` : text)).join('')

test('only words that differ are marked, neighbours as one', () => {
  const { base, other } = wordDiff('So 3 + 4 = 8 apples in all.', 'So 3 + 4 = 7 pears in total, all.')
  expect(marked(base)).toBe('So 3 + 4 = [8 apples] in all.')
  expect(marked(other)).toBe('So 3 + 4 = [7 pears] in [total, ]all.')
})

test.each([
  ['مرحبا بالعالم', 'مرحبا بالجميع', 'مرحبا [بالجميع]'],
  ['two 🍎🍎 left', 'two 🍐 left', 'two [🍐] left'],
  ['', 'new', '[new]'],
  ['same\n  lines', 'same\n  lines', 'same\n  lines'],
])('any script: %j and %j', (one, two, said) => {
  const { base, other } = wordDiff(one, two)
  expect(marked(other)).toBe(said)
  expect([base, other].map((parts) => parts.map(({ text }) => text).join(''))).toEqual([one, two])
})

test('long texts without a common word are marked whole', () => {
  const [one, two] = ['a', 'b'].map((letter) => Array.from({ length: 8000 }, (_, n) => `${letter}${n.toString()}`).join(' '))
  const { base, other } = wordDiff(one ?? '', two ?? '')
  expect([marked(base), marked(other)]).toEqual([`[${one ?? ''}]`, `[${two ?? ''}]`])
})
