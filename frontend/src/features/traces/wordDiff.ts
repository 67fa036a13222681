// Which words differ between two texts, of any script.
import { diffArrays } from 'diff'

/** A stretch of one of the two texts. */
export interface Part {
  text: string
  /** Whether the other text has it not, or not here. */
  changed: boolean
}

const MOST_EDITS = 2000
const SEGMENTS = new Intl.Segmenter('und', { granularity: 'word' })

/** Return both texts in parts, in which words that only one of them has are marked; texts too unlike are marked whole. */
export function wordDiff(base: string, other: string): { base: Part[]; other: Part[] } {
  const found = diffArrays(words(base), words(other), { maxEditLength: MOST_EDITS })
  return found
    ? {
        base: joined(found.filter(({ added }) => !added).map(({ value, removed }) => ({ text: value.join(''), changed: removed }))),
        other: joined(found.filter(({ removed }) => !removed).map(({ value, added }) => ({ text: value.join(''), changed: added }))),
      }
    : { base: [{ text: base, changed: true }], other: [{ text: other, changed: true }] }
}

function words(text: string): string[] {
  return Array.from(SEGMENTS.segment(text), ({ segment }) => segment)
}

/** Neighbours of the same kind become one part; a space between two changed words is changed with them. */
function joined(parts: Part[]): Part[] {
  const kinds = parts.map(({ text, changed }, place) => ({
    text,
    changed: changed || (/^\s+$/.test(text) && parts[place - 1]?.changed === true && parts[place + 1]?.changed === true),
  }))
  const found: Part[] = []
  for (const { text, changed } of kinds) {
    const last = found.at(-1)
    if (last?.changed === changed) last.text += text
    else found.push({ text, changed })
  }
  return found
}
