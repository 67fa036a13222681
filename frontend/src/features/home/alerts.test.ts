import { expect, test } from 'vitest'
import { alerts } from './alerts'

const NOW = new Date('2026-01-05T12:00:00Z')
const RUN = { run_id: 'r1', status: 'failed', stage: 'sft', created_at: '2026-01-01T00:00:00Z', started_at: '2026-01-05T10:00:00Z', completed_at: '2026-01-05T11:00:00Z' }
const WELL = { name: 'database', ok: true, detail: 'sqlite' } as const
const SILENT = { name: 'worker', ok: false, detail: 'start one with `tunix-rt worker`' } as const

test('a service that is well and whose runs went well says nothing', () => {
  expect(alerts({ parts: [WELL], waiting: 3, runs: [{ ...RUN, status: 'completed' }], now: NOW })).toEqual([])
})

test('nobody works while jobs wait', () => {
  expect(alerts({ parts: [WELL, SILENT], waiting: 1, runs: [], now: NOW })).toEqual([{ title: 'No worker is alive, and 1 job waits', text: SILENT.detail }])
  expect(alerts({ parts: [SILENT], waiting: 0, runs: [], now: NOW })[0]?.title).toBe('No worker is alive')
})

test('a run that failed or was interrupted within a day, not one before', () => {
  const old = { ...RUN, run_id: 'r0', completed_at: '2026-01-04T11:59:00Z' }
  const cut = { ...RUN, run_id: 'r2', status: 'interrupted', completed_at: null }
  expect(alerts({ parts: undefined, waiting: 0, runs: [cut, RUN, old], now: NOW }).map(({ title, run }) => [title, run])).toEqual([
    ['A run failed', 'r1'],
    ['A run was interrupted', 'r2'],
  ])
})
