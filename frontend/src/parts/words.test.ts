import { expect, test } from 'vitest'
import { bytes, counted, digest, duration, figure, percent, whole } from './words'

test('what was not measured is a dash, never 0', () => {
  expect([whole(null), figure(undefined), percent(null), duration(undefined), digest(null)]).toEqual(['–', '–', '–', '–', '–'])
})

test('figures have four digits, whole numbers all of theirs', () => {
  expect([0.123456, 1234567, 0.00001234, 0, -2.5].map(figure)).toEqual(['0.1235', '1,234,567', '1.23e-5', '0', '-2.5'])
})

test('sizes and times are read at a glance', () => {
  expect([0, 1023, 1024, 5 * 2 ** 30].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 GiB'])
  expect([0.04, 59.4, 61, 3599.6, 7322].map(duration)).toEqual(['0.0 s', '59.4 s', '1 min 1 s', '1 h 0 min', '2 h 2 min'])
  expect([counted(1, 'trace'), counted(2000, 'trace')]).toEqual(['1 trace', '2,000 traces'])
})
