// The papers of a submission: as much of Markdown as they use; what else a person wrote into one stays as it is.

/** One block of a paper. */
export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'table'; head: string[]; rows: string[][] }
  | { kind: 'list'; items: string[] }
  | { kind: 'code' | 'quote' | 'text'; text: string }

const KINDS: [kind: 'heading' | 'table' | 'list' | 'code' | 'quote', begins: RegExp][] = [
  ['heading', /^#{1,6} /],
  ['table', /^\|/],
  ['list', /^[-*] /],
  ['quote', /^> ?/],
  ['code', /^ {4}/],
]

/** Return the blocks of a paper in order: lines of one kind that follow each other are one block. */
export function blocks(paper: string): Block[] {
  const found: { kind: Block['kind']; lines: string[] }[] = []
  let open = false
  for (const line of paper.split('\n')) {
    const kind: Block['kind'] = KINDS.find(([, begins]) => begins.test(line))?.[0] ?? 'text'
    const last = found.at(-1)
    if (!line.trim()) open = false
    else if (open && last?.kind === kind && kind !== 'heading') last.lines.push(line)
    else {
      found.push({ kind, lines: [line] })
      open = true
    }
  }
  return found.map(({ kind, lines }) => block(kind, lines))
}

function block(kind: Block['kind'], lines: string[]): Block {
  const [first = ''] = lines
  if (kind === 'heading') return { kind, level: first.indexOf(' '), text: first.replace(/^#+ /, '') }
  if (kind === 'list') return { kind, items: lines.map((line) => line.slice(2)) }
  if (kind === 'table') {
    const [head = [], ...rows] = lines.filter((line) => !/^\|[\s|:-]+$/.test(line)).map(cells)
    return { kind, head, rows }
  }
  const cut = kind === 'code' ? /^ {4}/ : kind === 'quote' ? /^> ?/ : ''
  return { kind, text: lines.map((line) => line.replace(cut, '')).join('\n') }
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())
}

/** A point of the checklist in a bundle: looked up and true, looked up and not, or for a person. */
interface Listed {
  state: 'good' | 'open' | 'hand'
  text: string
}

/** Return the points of a bundle's checklist. */
export function listed(checklist: string): Listed[] {
  return checklist.split('\n').flatMap((line) => {
    const found = /^- \[(x| )\] (OPEN: |by hand: )?(.+)$/.exec(line)
    if (!found) return []
    const state = found[1] === 'x' ? 'good' : found[2] === 'OPEN: ' ? 'open' : 'hand'
    return [{ state, text: found[3] ?? '' }]
  })
}
