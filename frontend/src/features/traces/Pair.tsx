import { useMemo } from 'react'
import classes from './ComparePage.module.css'
import { type Part, wordDiff } from './wordDiff'

interface Text {
  /** Number of the step; none for a prompt or an answer. */
  i?: number
  text: string
}

/** A text of A beside the one of B that stands in its place; words that differ are marked, by more than colour. */
export function Pair({ base, other }: { base: Text | undefined; other: Text | undefined }) {
  const [one, two] = [base?.text, other?.text]
  const parts = useMemo(() => (one === undefined || two === undefined ? null : wordDiff(one, two)), [one, two])
  return (
    <div className={classes.pair}>
      <Side name="A" text={base} parts={parts?.base} mark="del" />
      <Side name="B" text={other} parts={parts?.other} mark="ins" />
    </div>
  )
}

interface SideProps {
  name: string
  text: Text | undefined
  /** Undefined: the other side has nothing here, so that all of it is marked. */
  parts: Part[] | undefined
  mark: 'del' | 'ins'
}

function Side({ name, text, parts, mark: Mark }: SideProps) {
  if (!text) return <p className={classes.only}>not in {name}</p>
  const shown = parts ?? [{ text: text.text, changed: true }]
  const said = (
    <p className={classes.text} dir="auto">
      <span className="visually-hidden">{name}: </span>
      {shown.map(({ text: words, changed }, place) => (changed ? <Mark key={place}>{words}</Mark> : words))}
    </p>
  )
  return text.i === undefined ? (
    said
  ) : (
    <div className={classes.step}>
      <span className={classes.i}>{text.i}</span>
      {said}
    </div>
  )
}
