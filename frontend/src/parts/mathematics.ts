// Where mathematics stands in a text: between $$ and $$, $ and $, \[ and \], or \( and \).

/** A stretch of a text; with `tex`, that is what stands between its marks. */
export interface Piece {
  text: string
  tex?: string
  /** Whether the formula has a line of its own. */
  display?: boolean
}

// A single $ opens only before, and closes only after, what is no space, and closes before no digit: $5 and $6 are money.
const FORMULA =
  /\$\$([^]{1,2000}?)\$\$|\\\[([^]{1,2000}?)\\\]|\\\(([^]{1,2000}?)\\\)|(?<![\\$\w])\$(?=[^\s$])((?:\\.|[^\n$\\]){1,500}?)(?<=\S)\$(?![\d$])/g

/** Return a text in pieces, which together are the text again. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let end = 0
  for (const match of text.matchAll(FORMULA)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) })
    const [whole, dollars, brackets, parentheses, dollar] = match
    found.push({ text: whole, tex: dollars ?? brackets ?? parentheses ?? dollar ?? '', display: (dollars ?? brackets) !== undefined })
    end = match.index + whole.length
  }
  if (end < text.length) found.push({ text: text.slice(end) })
  return found
}
