import { expect, test } from 'vitest'
import { number, oneOf, text } from './search'

test('what an address says is taken only if it can be meant', () => {
  expect([text(12), text(''), text(null), text('a b')]).toEqual(['12', undefined, undefined, 'a b'])
  expect([number('7'), number('x'), number(''), number(0)]).toEqual([7, undefined, undefined, 0])
  expect([oneOf(['log', 'config'], 'log'), oneOf(['log'], '<script>')]).toEqual(['log', undefined])
})
