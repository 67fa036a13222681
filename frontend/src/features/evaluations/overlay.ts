// The curves of two runs over each other: one chart a figure, the same place along x for both.
import { type Along, type Chart, charts, type Measured } from '../../parts/curves'

const FIGURES = [
  ['loss', 'Loss'],
  ['eval/loss', 'Validation loss'],
  ['reward', 'Reward'],
] as const

/** Return a chart for each figure that either run measured; the first curve is always A's. */
export function overlaid(a: Measured[], b: Measured[], along: Along): Chart[] {
  const [ofA, ofB] = [charts(a, along), charts(b, along)]
  return FIGURES.flatMap(([key, title]) => {
    const [left, right] = [points(ofA, key), points(ofB, key)]
    if (left.size + right.size === 0) return []
    const x = [...new Set([...left.keys(), ...right.keys()])].sort((one, other) => one - other)
    const curves = [left, right].map((found, place) => ({ name: place === 0 ? 'A' : 'B', values: x.map((at) => found.get(at) ?? null) }))
    return [{ title, x, curves }]
  })
}

function points(found: Chart[], key: string): Map<number, number> {
  for (const { x, curves } of found) {
    const values = curves.find(({ name }) => name === key)?.values
    if (values) {
      return new Map(
        x.flatMap((at, place) => {
          const value = values[place]
          return value === null || value === undefined ? [] : [[at, value] as const]
        }),
      )
    }
  }
  return new Map()
}
