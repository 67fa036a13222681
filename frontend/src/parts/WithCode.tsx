/** Words, of which those between backquotes are code. */
export function WithCode({ text }: { text: string }) {
  return text.split('`').map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part))
}
