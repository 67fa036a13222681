// Figures as people read them; null and undefined are a dash, since nothing was measured.
const NONE = '–'
const WHOLE = new Intl.NumberFormat('en')
const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** A whole number with separators. */
export function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : WHOLE.format(value)
}

/** A number with four significant digits. */
export function figure(value: unknown): string {
  if (typeof value !== 'number') return NONE
  if (Number.isInteger(value)) return WHOLE.format(value)
  return Math.abs(value) >= 0.001 && Math.abs(value) < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2)
}

/** A share, 0 to 1, in per cent. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : `${(100 * value).toFixed(1)} %`
}

/** Bytes in binary units. */
export function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? 'B'
  return power ? `${(value / 2 ** (10 * power)).toFixed(1)} ${unit}` : `${value.toString()} B`
}

/** Seconds as `1 h 2 min`, `3 min 4 s` or `5.6 s`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE
  const total = Math.round(seconds)
  if (total >= 3600) return `${Math.floor(total / 3600).toString()} h ${Math.floor((total % 3600) / 60).toString()} min`
  if (total >= 60) return `${Math.floor(total / 60).toString()} min ${(total % 60).toString()} s`
  return `${seconds.toFixed(1)} s`
}

/** A moment in this place's time. */
export function moment(value: string | null | undefined): string {
  return value ? MOMENT.format(new Date(value)) : NONE
}

/** A digest, short enough for a table. */
export function digest(value: string | null | undefined): string {
  return value ? value.replace(/^sha256:/, '').slice(0, 12) : NONE
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`
}
