import type { Shape } from '../../api/client'
import { figure } from '../../parts/words'
import classes from './Delta.module.css'

/** A paired difference with its 95 % interval, as words and as a line from −100 to +100 points with a mark at none. */
export function Delta({ of, name, p }: { of: Shape<'PairedDelta'>; name: string; p: number }) {
  const [delta, low, high] = [of.delta, of.low, of.high].map((value) => `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`)
  const place = (value: number) => 50 + 50 * value
  const side = of.low > 0 ? classes.better : of.high < 0 ? classes.worse : ''
  return (
    <span className={classes.delta}>
      <span className="number">{delta}</span>
      <svg
        viewBox="0 0 100 12"
        preserveAspectRatio="none"
        role="img"
        className={side}
        aria-label={`${name}: ${String(delta)} points, 95 % interval ${String(low)} to ${String(high)}, p ${figure(p)}`}
      >
        <line className={classes.axis} x1="0" x2="100" y1="6" y2="6" />
        <line className={classes.none} x1="50" x2="50" y1="0" y2="12" />
        <line className={classes.span} x1={place(of.low)} x2={place(of.high)} y1="6" y2="6" />
        <rect className={classes.point} x={place(of.delta) - 0.6} width="1.2" y="1" height="10" />
      </svg>
      <span className="quiet small number">
        {low} to {high}
      </span>
      <span className="quiet small number">p {figure(p)}</span>
    </span>
  )
}
