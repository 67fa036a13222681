// What a model wrote while it was trained, turned from "all prompts at a step" to "all steps of a prompt".
import type { Shape } from '../../api/client'

export interface Written {
  step: number
  sample: Shape<'TrainingSample'>
}

/** Each prompt with what was written to it, in the order of the updates. */
export function byPrompt(steps: Shape<'StepSamples'>[]) {
  const prompts = new Map<string, { traceId: string; prompt: string; target: string; written: Written[] }>()
  for (const { step, samples } of steps) {
    for (const sample of samples) {
      const { trace_id: traceId, prompt, target } = sample
      const one = prompts.get(traceId) ?? { traceId, prompt, target: target.value, written: [] }
      one.written.push({ step, sample })
      prompts.set(traceId, one)
    }
  }
  return [...prompts.values()]
}

/** Neighbouring tokens of one kind as one piece of text. */
export function spans(tokens: Pick<Shape<'TokenView'>, 'trained' | 'text'>[]) {
  const found: { trained: boolean; text: string }[] = []
  for (const { trained, text } of tokens) {
    const last = found.at(-1)
    if (last?.trained === trained) last.text += text
    else found.push({ trained, text })
  }
  return found
}

/** How many prompts a run answers at each measurement; a session says so of its fine-tuning. */
export function promptsAsked({ config }: Pick<Shape<'RunDetail'>, 'config'>): number {
  const sft = config['sft']
  const own = typeof sft === 'object' && sft !== null ? (sft as Record<string, unknown>) : config
  const count = own['sample_prompts']
  return typeof count === 'number' ? count : 0
}
