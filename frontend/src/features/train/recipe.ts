// The same training as a file and as a command.
import type { Request } from './settings'

/** Return the words after `tunix-rt` that start what a request asks for. */
export function commandOf({ kind, model_id, dataset_key, start, config }: Request): string {
  const words = ['train', kind, '--dataset', dataset_key ?? 'KEY', ...(start ? ['--start', start] : ['--model', model_id])]
  for (const [key, value] of Object.entries(config ?? {})) words.push('--set', `${key}=${plain(value)}`)
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

/** Return the file that a command runs: what is not as by default, in YAML, of which JSON is a part. */
export function recipeOf({ kind, model_id, dataset_key, start, config }: Request): string {
  const lines = [`# tunix-rt train ${kind} recipe.yaml`, `kind: ${kind}`]
  lines.push(start ? `start: ${plain(start)}` : `base_model: ${model_id}`)
  if (dataset_key) lines.push(`dataset: ${plain(dataset_key)}`)
  return [...lines, ...linesOf(nested(config ?? {}), ''), ''].join('\n')
}

interface Tree {
  [name: string]: unknown
}

function nested(config: Record<string, unknown>): Tree {
  const root: Tree = {}
  for (const [key, value] of Object.entries(config)) {
    const names = key.split('.')
    const last = names.pop() ?? key
    let at = root
    for (const name of names) at = (at[name] ??= {}) as Tree
    at[last] = value
  }
  return root
}

function linesOf(tree: Tree, indent: string): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? [`${indent}${name}:`, ...linesOf(value as Tree, `${indent}  `)]
      : [`${indent}${name}: ${plain(value)}`],
  )
}

/** Return a value in YAML: words that can be nothing else stand without quotes. */
function plain(value: unknown): string {
  const isWord = typeof value === 'string' && /^[a-z][\w.-]*$/i.test(value) && !/^(true|false|null)$/i.test(value)
  return isWord ? value : JSON.stringify(value)
}
