import type { Shape } from '../api/client'
import classes from './Estimate.module.css'
import { percent } from './words'

/** A share with its 95 % interval, as words and as a line from 0 to 100 %. */
export function Estimate({ of, name }: { of: Shape<'Estimate'> | null; name: string }) {
  if (!of) return <span className="quiet">not scored</span>
  const words = `${percent(of.value)}, 95 % interval ${percent(of.low)} to ${percent(of.high)}, n ${of.n.toString()}`
  return (
    <span className={classes.estimate}>
      <span className="number">{percent(of.value)}</span>
      <svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={`${name}: ${words}`}>
        <line className={classes.axis} x1="0" x2="100" y1="6" y2="6" />
        <line className={classes.span} x1={100 * of.low} x2={100 * of.high} y1="6" y2="6" />
        <rect className={classes.point} x={Math.min(99, Math.max(0, 100 * of.value - 0.5))} width="1.2" y="0.5" height="11" />
      </svg>
      <span className={`quiet small number ${classes.words ?? ''}`}>
        {(100 * of.low).toFixed(1)} to {(100 * of.high).toFixed(1)}
      </span>
    </span>
  )
}
