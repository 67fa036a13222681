// Which element each row of a long table is drawn in.

/**
 * Return the element of each row that is seen, by number. A row keeps its own as long as it is seen, wherever it moves; one
 * that comes into sight takes that of a row which went: filling the elements of a screen anew takes less than making them.
 */
export function assigned(before: ReadonlyMap<string, number>, seen: readonly string[]): Map<string, number> {
  const kept = new Map<string, number>()
  for (const id of seen) {
    const slot = before.get(id)
    if (slot !== undefined) kept.set(id, slot)
  }
  const taken = new Set(kept.values())
  let free = 0
  for (const id of seen) {
    if (kept.has(id)) continue
    while (taken.has(free)) free += 1
    kept.set(id, free)
    taken.add(free)
  }
  return kept
}
