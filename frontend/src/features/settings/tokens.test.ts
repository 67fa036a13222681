import { expect, test } from 'vitest'
import { state } from './tokens'

test('a token lets in until it ends or is revoked, whichever comes first', () => {
  const [noon, later] = [new Date('2026-01-05T12:00:00Z'), '2026-01-05T12:00:01Z']
  expect(state({ revoked_at: null, expires_at: null }, noon)).toBe('valid')
  expect(state({ revoked_at: null, expires_at: later }, noon)).toBe('valid')
  expect(state({ revoked_at: null, expires_at: noon.toISOString() }, noon)).toBe('expired')
  expect(state({ revoked_at: '2026-01-04T00:00:00Z', expires_at: later }, noon)).toBe('revoked')
})
