import { Switch } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useLayoutEffect, useMemo, useRef } from 'react'
import { type Piece, pieces } from './mathematics'
import classes from './Prose.module.css'

/** Whether mathematics is drawn. Asked once for all texts of a list: each asker hears of every other one's start. */
export const useMathematics = () => useLocalStorage({ key: 'mathematics', defaultValue: true })

/** A text that a person or a model wrote; its mathematics is drawn, unless one asked for the source. */
export function Prose({ text, drawn }: { text: string; drawn: boolean }) {
  const found = useMemo(() => pieces(text), [text])
  if (!drawn) return text
  return found.map((piece, place) => (piece.tex === undefined ? piece.text : <Formula key={`${place.toString()} ${piece.text}`} {...piece} />))
}

/** Draws mathematics or shows its source, if one of the texts has any. */
export function MathematicsSwitch({ texts }: { texts: string[] }) {
  const [drawn, setDrawn] = useMathematics()
  const some = useMemo(() => texts.some((text) => pieces(text).some(({ tex }) => tex !== undefined)), [texts])
  return (
    some && (
      <Switch
        size="xs"
        label="Draw mathematics"
        checked={drawn}
        onChange={(event) => {
          setDrawn(event.currentTarget.checked)
        }}
      />
    )
  )
}

/** A formula as MathML, which needs neither fonts nor styles; one that cannot be read stays as it was written. */
function Formula({ text, tex = '', display = false }: Piece) {
  const place = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    const span = place.current
    if (!span) return
    let left = false
    span.textContent = text
    void import('katex').then(({ default: katex }) => {
      if (left) return
      try {
        katex.render(tex, span, { output: 'mathml', displayMode: display, trust: false, strict: 'ignore', maxExpand: 200, maxSize: 20 })
      } catch {
        span.textContent = text
      }
    })
    return () => {
      left = true
    }
  }, [text, tex, display])
  return <span ref={place} className={display ? classes.display : undefined} />
}
