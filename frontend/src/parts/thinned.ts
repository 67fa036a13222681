// Which points of a line are drawn: where many share a column of pixels, those that its drawing needs.

/** The values of a line; null or undefined: not measured. */
export type Values = ArrayLike<number | null | undefined>

/**
 * Return places of points between `first` and `last`, without those that were not measured: of each column of pixels
 * the one where the line comes in, its lowest, its highest, and the one where it leaves.
 */
export function thinned(values: Values, first: number, last: number, column: (place: number) => number): number[] {
  const kept: number[] = []
  let here: number | null = null
  let [enters, lowest, highest, leaves] = [0, 0, 0, 0]
  const end = () => {
    if (here === null) return
    for (const place of [enters, ...(lowest < highest ? [lowest, highest] : [highest, lowest]), leaves]) if (place !== kept.at(-1)) kept.push(place)
  }
  for (let place = first; place <= last; place += 1) {
    const value = values[place]
    if (value === null || value === undefined) continue
    const now = Math.floor(column(place))
    if (now !== here) {
      end()
      here = now
      enters = lowest = highest = place
    }
    leaves = place
    if (value < (values[lowest] ?? value)) lowest = place
    if (value > (values[highest] ?? value)) highest = place
  }
  end()
  return kept
}
