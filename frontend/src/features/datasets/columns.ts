// What a data file looks like from its first bytes, so that columns can be named before it is sent.

/** Columns of the first row with what stands there, cut short. */
export type Columns = Record<string, string>

const HEAD_BYTES = 64 * 1024
const SHOWN = 80

/** Return the columns of a file's first row; null for one that cannot be read here, such as Parquet or a packed file. */
export async function peek(file: File): Promise<Columns | null> {
  const head = await file.slice(0, HEAD_BYTES).text()
  if (/\.csv$/i.test(file.name)) return csvColumns(head)
  if (/\.(jsonl|ndjson)$/i.test(file.name)) return jsonColumns(head.split('\n').find((line) => line.trim()) ?? '')
  if (/\.json$/i.test(file.name) && file.size <= HEAD_BYTES) return jsonColumns(head)
  return null
}

/** Return the columns of a JSON object, or of the first one of a list. */
function jsonColumns(text: string): Columns | null {
  try {
    const found: unknown = JSON.parse(text)
    const row: unknown = Array.isArray(found) ? found[0] : found
    if (typeof row !== 'object' || row === null) return null
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut(typeof value === 'string' ? value : JSON.stringify(value))]))
  } catch {
    return null
  }
}

/** Return the columns of a CSV file's header with the values of its first row. */
function csvColumns(text: string): Columns | null {
  const [names, values = []] = csvRows(text, 2)
  if (!names?.some(Boolean)) return null
  return Object.fromEntries(names.map((name, place) => [name, cut(values[place] ?? '')]))
}

function csvRows(text: string, most: number): string[][] {
  const rows: string[][] = [['']]
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at)
    const row = rows[rows.length - 1] ?? []
    if (sign === '"') {
      if (quoted && text[at + 1] === '"') {
        row[row.length - 1] += '"'
        at += 1
      } else quoted = !quoted
    } else if (!quoted && sign === ',') row.push('')
    else if (!quoted && sign === '\n') {
      if (rows.length === most) break
      rows.push([''])
    } else if (sign !== '\r') row[row.length - 1] += sign
  }
  return rows
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
