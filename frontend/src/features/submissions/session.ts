// From a run to the session that is planned for Kaggle: the same configuration, as far as it decides time and disk.
import type { Shape } from '../../api/client'

const KEYS = {
  sft: ['method', 'dtype', 'keep_checkpoints', 'lora'],
  grpo: ['max_steps', 'prompts_per_step', 'num_generations', 'max_new_tokens', 'keep_checkpoints'],
  eval: ['limit', 'num_samples', 'max_new_tokens'],
} as const

/** Models that a session can be planned for. */
export const MODELS = ['gemma3-1b-it', 'gemma2-2b-it', 'gemma3-270m', 'nano'] as const
/** The recipes for Kaggle that come along. */
export const RECIPES: Partial<Record<string, string>> = {
  'gemma3-1b-it': 'configs/kaggle-gemma3-1b.yaml',
  'gemma2-2b-it': 'configs/kaggle-gemma2-2b.yaml',
}

/** Return the settings of a session that decide what it takes; of a run that is no session, none. */
export function settings({ kind, config }: Pick<Shape<'RunDetail'>, 'kind' | 'config'>): Record<string, unknown> {
  if (kind !== 'session') return {}
  const parts = Object.entries(KEYS).flatMap(([part, keys]) => {
    const said = config[part]
    if (!isObject(said)) return []
    return [[part, Object.fromEntries(keys.filter((key) => key in said).map((key) => [key, said[key]]))] as const]
  })
  const phases = isObject(config['grpo']) ? { phases: config['phases'] } : {}
  return { ...Object.fromEntries(parts), ...phases, exports: config['exports'] }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
