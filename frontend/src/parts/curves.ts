// From rows of metrics to curves: which keys belong together, what lies along x, and smoothing.

/** One row of `metrics.jsonl`; a key that is not there was not measured at this step. */
export interface Measured {
  step: number
  [key: string]: unknown
}

/** What may lie along x. */
export type Along = 'step' | 'tokens' | 'time'

const X_KEY: Record<Along, string> = { step: 'step', tokens: 'num_tokens', time: 'time_s' }

const GROUPS: [title: string, belongs: RegExp][] = [
  ['Loss', /^(eval\/)?loss$/],
  ['Reward', /^(reward|rewards\/.+\/mean)$/],
  ['Groups without a signal', /^frac_reward_zero_std$/],
  ['KL and entropy', /^(kl|entropy)$/],
  ['Completion length (tokens)', /^completions\/(mean|min|max)_length$/],
  ['Held-out score', /^eval\/(?!loss$)/],
  ['Throughput (tokens a second)', /tokens_per_second$/],
  ['Learning rate', /^learning_rate$/],
  ['Gradient norm', /^grad_norm$/],
  ['Seconds by phase', /^time\//],
]

/** Curves of one chart: the same x for all, null where a curve was not measured. */
export interface Chart {
  title: string
  x: number[]
  curves: { name: string; values: (number | null)[] }[]
}

/** Return the charts that rows of metrics fill; a row without its place along x is left out. */
export function charts(rows: Measured[], along: Along): Chart[] {
  const placed = placedRows(rows, X_KEY[along])
  const keys = new Set(placed.flatMap(({ row }) => Object.keys(row).filter((key) => typeof row[key] === 'number')))
  return GROUPS.flatMap(([title, belongs]) => {
    const names = [...keys].filter((key) => belongs.test(key)).sort()
    if (names.length === 0) return []
    const used = placed.filter(({ row }) => names.some((name) => typeof row[name] === 'number'))
    const curves = names.map((name) => ({ name, values: used.map(({ row }) => numberOr(row[name])) }))
    return [{ title, x: used.map(({ x }) => x), curves }]
  })
}

/** Return rows with those of a part of the run in the place of what was known of it. */
export function withPart(rows: Measured[], part: Measured[]): Measured[] {
  const [first, last] = [part[0], part.at(-1)]
  if (!first || !last) return rows
  return [...rows.filter(({ step }) => step < first.step), ...part, ...rows.filter(({ step }) => step > last.step)]
}

/** Return x from its first to its last value, over all rows. */
export function extent(rows: Measured[], along: Along): { min: number; max: number } {
  const placed = placedRows(rows, X_KEY[along])
  return { min: placed[0]?.x ?? 0, max: placed.at(-1)?.x ?? 0 }
}

/** Return the steps between which a part of x lies, and as much again on either side. */
export function stepsAround(rows: Measured[], along: Along, { min, max }: { min: number; max: number }): [number, number] {
  const placed = placedRows(rows, X_KEY[along])
  const from = placed.findLast(({ x }) => x <= 2 * min - max)?.row.step ?? 0
  const to = placed.find(({ x }) => x >= 2 * max - min)?.row.step ?? placed.at(-1)?.row.step ?? 0
  return [from, to]
}

/** Give each row its x, in order; what is measured between two updates stands where the update before it ended. */
function placedRows(rows: Measured[], key: string): { x: number; row: Measured }[] {
  let here: number | null = key === 'step' ? null : 0
  const found = rows.map((row) => {
    here = numberOr(row[key]) ?? here
    return { x: here ?? row.step, row }
  })
  return found.sort((a, b) => a.x - b.x)
}

function numberOr(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

/** Return the exponential moving average, corrected for its start; `weight` is what the past counts, 0 to below 1. */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  let sum = 0
  let mass = 0
  return values.map((value) => {
    if (value === null) return null
    sum = weight * sum + (1 - weight) * value
    mass = weight * mass + (1 - weight)
    return sum / mass
  })
}
