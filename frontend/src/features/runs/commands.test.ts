import { expect, test } from 'vitest'
import { commandsOf } from './commands'

const job = (status: string) => ({ status }) as NonNullable<Parameters<typeof commandsOf>[1]['job']>

test('a run has the commands of the buttons that its state gives it', () => {
  const of = (status: string, kind: string, attempts: number, works: string) =>
    Object.keys(commandsOf('r', { status, kind, attempts, job: job(works) }))
  expect(of('queued', 'sft', 0, 'queued')).toEqual(['Cancel'])
  expect(of('running', 'sft', 1, 'running')).toEqual(['Stop and save', 'Cancel'])
  expect(of('running', 'session', 1, 'running')).toEqual(['Cancel'])
  expect(of('completed', 'sft', 1, 'running')).toEqual([])
  expect(of('stopped', 'grpo', 1, 'stopped')).toEqual(['Resume', 'Start over', 'Delete'])
  expect(of('cancelled', 'sft', 0, 'cancelled')).toEqual(['Start over', 'Delete'])
  expect(of('completed', 'sft', 1, 'completed')).toEqual(['Delete'])
  expect(commandsOf('r', { status: 'stopped', kind: 'sft', attempts: 1, job: null })['Resume']).toEqual({
    cli: 'runs resume r',
    method: 'POST',
    path: '/api/tunix/runs/r/resume',
  })
})
