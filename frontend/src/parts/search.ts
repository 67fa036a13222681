// Search parameters of an address, which anyone may have typed.

/** Return a text, or undefined for nothing. */
export function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value as string)
}

/** Return one of the words that are allowed, or undefined. */
export function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | undefined {
  return words.find((word) => word === value)
}

/** Return a number, or undefined. */
export function number(value: unknown): number | undefined {
  const found = Number(value)
  return value === undefined || value === '' || Number.isNaN(found) ? undefined : found
}

/** Return what was found, each part of which an address may leave out. */
export function some<Found extends object>(found: Found): Partial<Found> {
  return found
}
