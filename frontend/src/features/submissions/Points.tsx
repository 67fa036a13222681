import type { ReactNode } from 'react'
import classes from './Points.module.css'

const MARKS = {
  good: { words: '✓ yes', look: 'good' },
  open: { words: '✗ not yet', look: 'bad' },
  hand: { words: '○ by hand', look: 'quiet' },
} as const

interface PointsProps {
  label: string
  points: { state: keyof typeof MARKS; text: string; next?: ReactNode }[]
}

/** What holds, what does not, and what a person does: a word and a mark, so that colour is not all that tells it. */
export function Points({ label, points }: PointsProps) {
  return (
    <ul className={`plain-list ${classes.points ?? ''}`} aria-label={label}>
      {points.map(({ state, text, next }) => (
        <li key={text}>
          <span className={`${classes.mark ?? ''} ${MARKS[state].look}`}>{MARKS[state].words}</span>
          <span className="prose">{text}</span>
          {next && <span className={`quiet small ${classes.next ?? ''}`}>{next}</span>}
        </li>
      ))}
    </ul>
  )
}
