import { expect, test } from 'vitest'
import { pieces } from './mathematics'

const formulas = (text: string) => pieces(text).flatMap(({ tex, display }) => (tex === undefined ? [] : [[tex, display]]))

test.each([
  ['So $x^2 = 4$ and \\(x = 2\\).', [['x^2 = 4', false], ['x = 2', false]]],
  ['$$\\frac{1}{2}$$ or\n\\[a\n+ b\\]', [['\\frac{1}{2}', true], ['a\n+ b', true]]],
  ['a price of $5\\$$ is one', [['5\\$', false]]],
])('mathematics is found: %j', (text, found) => {
  expect(formulas(text)).toEqual(found)
})

test.each([
  'She sells 9 eggs at $2 each and makes $18.',
  'It costs $5-$10, or ($3) to ($4).',
  'US$5 and AU$7$',
  '\\$x\\$ and an open $y',
  'two\n$lines\nof$ text',
  '',
])('money and open marks are text: %j', (text) => {
  expect(formulas(text)).toEqual([])
})

test('pieces are the text again, also of many open marks', () => {
  const text = `${'\\[ $$ '.repeat(8000)}$a$ end`
  expect(pieces(text).map((piece) => piece.text).join('')).toBe(text)
})
