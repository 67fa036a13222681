import { expect, test } from 'vitest'
import { added, before, lines } from './lines'

test('a line that comes in pieces is one line', () => {
  let log = lines({ text: 'one\ntw', start: 100, end: 106 })
  log = added(log, 'o\nthree')
  log = added(log, '\n')
  expect(log.lines).toEqual(['one', 'two', 'three'])
  expect(added(log, 'four').lines).toEqual(['one', 'two', 'three', 'four'])
})

test('progress that overwrites its line is several lines', () => {
  expect(lines({ text: '10 %\r20 %\r\n', start: 0, end: 0 }).lines).toEqual(['10 %', '20 %'])
})

test('what was before goes in front, and a cut line is whole again', () => {
  const log = lines({ text: 'ond\nthird\n', start: 8, end: 18 })
  expect(before(log, { text: 'first\nsec', start: 0, end: 8 })).toMatchObject({ lines: ['first', 'second', 'third'], start: 0 })
})

test('a log without end does not grow without end', () => {
  const many = 'x\n'.repeat(400_000)
  const log = added(lines({ text: many, start: 0, end: many.length }), many)
  const later = added(log, 'last\n')
  expect(later.lines).toHaveLength(20_000)
  expect(later.start).toBe(2 * (800_001 - 20_000))
})

test('earlier lines that were asked for stay when later ones come, and nothing between them is lost', () => {
  const rows = Array.from({ length: 30_000 }, (_, n) => `é ${n.toString()}`)
  let log = added(lines({ text: '', start: 0, end: 0 }), rows.slice(0, 15_000).join('\n') + '\n')
  log = added(log, rows.slice(15_000).join('\n') + '\n')
  expect(log.lines[0]).toBe('é 10000')
  const missing = new TextDecoder().decode(new TextEncoder().encode(rows.join('\n')).slice(0, log.start))
  log = before(log, { text: missing, start: 0, end: log.start })
  log = added(log, 'more\n')
  expect(log).toMatchObject({ start: 0, lines: [...rows, 'more'] })
})
