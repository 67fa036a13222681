// Two configurations side by side: nested keys as dotted ones, and which of them differ.

/** One key of either configuration; a side without it is undefined. */
export interface Row {
  key: string
  a: string | undefined
  b: string | undefined
}

/** Return the leaves of a configuration by their dotted keys; a list is one leaf. */
function flattened(config: Record<string, unknown>, above = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(config)) {
    const key = above + name
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, text] of flattened(value as Record<string, unknown>, `${key}.`)) found.set(inner, text)
    } else found.set(key, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return found
}

/** Return every key of both configurations, by name. */
export function rows(a: Record<string, unknown>, b: Record<string, unknown>): Row[] {
  const [left, right] = [flattened(a), flattened(b)]
  return [...new Set([...left.keys(), ...right.keys()])].sort().map((key) => ({ key, a: left.get(key), b: right.get(key) }))
}
