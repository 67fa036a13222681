import { expect, test } from 'vitest'
import { added, before, lines } from './lines'

test('a line that comes in pieces is one line', () => {
  let log = lines({ text: 'one\ntw', start: 100, end: 106 })
  log = added(log, 'o\nthree', 10)
  log = added(log, '\n', 10)
  expect(log.lines).toEqual(['one', 'two', 'three'])
  expect(added(log, 'four', 10).lines).toEqual(['one', 'two', 'three', 'four'])
})

test('progress that overwrites its line is several lines', () => {
  expect(lines({ text: '10 %\r20 %\r\n', start: 0, end: 0 }).lines).toEqual(['10 %', '20 %'])
})

test('what was before goes in front, and a cut line is whole again', () => {
  const log = lines({ text: 'ond\nthird\n', start: 8, end: 18 })
  expect(before(log, { text: 'first\nsec', start: 0, end: 8 })).toMatchObject({ lines: ['first', 'second', 'third'], start: 0 })
})

test('of a log without end the newest lines are held, and it is known where they begin', () => {
  const rows = Array.from({ length: 300 }, (_, n) => `é ${n.toString()}`)
  let log = added(lines({ text: '', start: 0, end: 0 }), rows.slice(0, 150).join('\n') + '\n', 200)
  log = added(log, rows.slice(150).join('\n') + '\n', 200)
  expect(log.lines).toEqual(rows.slice(100))
  const missing = new TextDecoder().decode(new TextEncoder().encode(rows.join('\n')).slice(0, log.start))
  expect(before(log, { text: missing, start: 0, end: log.start })).toMatchObject({ start: 0, lines: rows })
  expect(added(added(log, 'half', 200), ' a line\n', 1).lines).toEqual(['half a line'])
})
