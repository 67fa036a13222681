import { expect, test } from 'vitest'
import { said, session } from './progress'

const RUN = {
  kind: 'session',
  config: { budget_minutes: 10, phases: { sft: 0.6, grpo: 0, tuned: 0.3, dataset: 0.1 } },
  stage: 'sft',
  timings: { dataset: 12.5 },
  started_at: '2026-01-05T10:00:00Z',
}

test('a session shows what its phases took, and what is planned for the others', () => {
  expect(session(RUN)).toEqual({
    phases: [
      { name: 'dataset', state: 'done', seconds: 12.5 },
      { name: 'sft', state: 'at work', seconds: 360 },
      { name: 'tuned', state: 'to come', seconds: 180 },
    ],
    minutes: 10,
    deadline: '2026-01-05T10:10:00.000Z',
  })
})

test('a resumed session works on a phase that it was timed in before; one that waits has no deadline', () => {
  const found = session({ ...RUN, timings: { dataset: 12.5, sft: 40 }, started_at: null })
  expect(found?.phases[1]).toMatchObject({ state: 'at work', seconds: 360 })
  expect(found?.deadline).toBeNull()
})

test('a run that is no session has no phases', () => {
  expect(session({ ...RUN, kind: 'sft', config: { max_steps: 4 } })).toBeUndefined()
})

test('the newest line of progress says what the phase needs and has; what was said of another phase does not count', () => {
  const line = 'sft  ███░  12/100  900 tokens/s  loss 0.91  ETA 3:07  deadline in 1:05:12'
  expect(said(`sft  1/100  ETA 9:00\n${line}\ntrained | 7+8=15`)).toEqual({ needs: '3:07', has: '1:05:12' })
  expect(said('base  1/4  ETA 0.4 s')).toEqual({ needs: '0.4 s', has: undefined })
  expect(said(`${line}\ntuned: started (at most 47 s)\nrun r1`)).toEqual({ needs: undefined, has: '47 s' })
  expect(said(`${line}\nexport: started`)).toEqual({ needs: undefined, has: undefined })
  expect(said('')).toEqual({})
})
