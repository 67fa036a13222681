// The lines of a log that comes in pieces, of which the last one may not have ended.
import type { Piece } from '../../api/log'

/** Lines that are held, and the byte that the first of them begins at. */
export interface Lines {
  lines: string[]
  start: number
  /** Whether the last line has not ended. */
  open: boolean
}

/** Most lines that are held, as a page that is open for a week must not grow; of what is read, none goes from under the eye. */
export const MOST = { followed: 5_000, read: 300_000 }

function split(text: string): string[] {
  return text.split(/\r\n|\n|\r/)
}

/** Return the lines of a first piece. */
export function lines({ text, start }: Piece): Lines {
  return added({ lines: [], start, open: false }, text, MOST.read)
}

/** Return the lines with what came after them; the oldest give way where there are more than `most`. */
export function added(known: Lines, text: string, most: number): Lines {
  if (!text) return known
  const [first = '', ...rest] = split(text)
  const open = rest.at(-1) !== ''
  if (!open) rest.pop()
  const whole = known.lines.length - Number(known.open)
  const over = Math.max(0, Math.min(whole, whole + 1 + rest.length - most))
  const start = known.start + size(known.lines.slice(0, over))
  const kept = known.lines.slice(over)
  const joined = known.open ? [...kept.slice(0, -1), `${kept.at(-1) ?? ''}${first}`] : [...kept, first]
  return { ...known, start, lines: joined.concat(rest), open }
}

/** Bytes of whole lines, each with an end of one byte. */
function size(whole: string[]): number {
  return whole.length > 0 ? new TextEncoder().encode(whole.join('\n')).length + 1 : 0
}

/** Return the lines with what came before them. */
export function before(known: Lines, { text, start }: Piece): Lines {
  const found = split(text)
  const last = found.pop() ?? ''
  const [first = '', ...rest] = known.lines
  return { ...known, start, lines: [...found, last + first, ...rest] }
}
