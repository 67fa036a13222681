// The lines of a log that comes in pieces, of which the last one may not have ended.
import type { Piece } from '../../api/log'

/** Lines that are held, and the byte that the first of them begins at. */
export interface Lines {
  lines: string[]
  start: number
  /** Whether the last line has not ended. */
  open: boolean
}

/** Most lines that are held: the oldest give way, as a page that is open for a week must not grow. */
const MOST_LINES = 300_000

function split(text: string): string[] {
  return text.split(/\r\n|\n|\r/)
}

/** Return the lines of a first piece. */
export function lines({ text, start }: Piece): Lines {
  return added({ lines: [], start, open: false }, text)
}

/** Return the lines with what came after them. */
export function added(known: Lines, text: string): Lines {
  if (!text) return known
  const [first = '', ...rest] = split(text)
  const open = rest.at(-1) !== ''
  if (!open) rest.pop()
  const kept = known.lines.slice(Math.max(0, known.lines.length + rest.length - MOST_LINES))
  const joined = known.open ? [...kept.slice(0, -1), `${kept.at(-1) ?? ''}${first}`] : [...kept, first]
  return { ...known, lines: joined.concat(rest), open }
}

/** Return the lines with what came before them. */
export function before(known: Lines, { text, start }: Piece): Lines {
  const found = split(text)
  const last = found.pop() ?? ''
  const [first = '', ...rest] = known.lines
  return { ...known, start, lines: [...found, last + first, ...rest] }
}
