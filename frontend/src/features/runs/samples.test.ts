import { expect, test } from 'vitest'
import type { Shape } from '../../api/client'
import { byPrompt, promptsAsked, spans } from './samples'

function sample(traceId: string, text: string): Shape<'TrainingSample'> {
  return {
    trace_id: traceId,
    prompt: `What is ${traceId}?`,
    target: { kind: 'number', value: '8', choices: [], aliases: [], tolerance: null, unit: null },
    text,
    tokens: 3,
    finish: 'stop',
    score: { value: 0, answer: null, explanation: '', verdict: 'unequal' },
  }
}

test('each prompt has what was written to it, in the order of the updates', () => {
  const found = byPrompt([
    { step: 0, samples: [sample('a', 'one'), sample('b', 'two')] },
    { step: 50, samples: [sample('a', 'three'), sample('b', 'four')] },
  ])
  expect(found.map(({ prompt, written }) => [prompt, written.map(({ step, sample: { text } }) => `${step.toString()} ${text}`)])).toEqual([
    ['What is a?', ['0 one', '50 three']],
    ['What is b?', ['0 two', '50 four']],
  ])
})

test('a run that wrote nothing has no prompts', () => {
  expect(byPrompt([])).toEqual([])
})

test('tokens of one kind are one piece of text', () => {
  const tokens = [
    { text: '<bos>', trained: false },
    { text: '3+5=', trained: false },
    { text: '8', trained: true },
  ]
  expect(spans(tokens)).toEqual([
    { text: '<bos>3+5=', trained: false },
    { text: '8', trained: true },
  ])
})

test('a run and a session say how many prompts they answer; one of an older version answers none', () => {
  expect(promptsAsked({ config: { kind: 'sft', sample_prompts: 4 } })).toBe(4)
  expect(promptsAsked({ config: { kind: 'session', sft: { sample_prompts: 2 } } })).toBe(2)
  expect(promptsAsked({ config: { kind: 'sft' } })).toBe(0)
})
