import type { ReactNode } from 'react'
import classes from './Facts.module.css'

/** Names with what they are, in as many columns as fit; what is null is left out. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  return (
    <dl className={classes.facts}>
      {Object.entries(facts)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** Counts by name as bars, the largest first. */
export function Bars({ title, counts }: { title: string; counts: Record<string, number> }) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1])
  const most = rows[0]?.[1] || 1
  const shown = rows.slice(0, 12)
  return (
    <section className="card">
      <h2>{title}</h2>
      <table className={classes.bars}>
        <caption className="visually-hidden">{title}</caption>
        <tbody>
          {shown.map(([name, count]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number">{count.toLocaleString('en')}</td>
              <td className={classes.bar}>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={(100 * count) / most} height="8" rx="1" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <p className="quiet small">and {rows.length - shown.length} more</p>}
      {rows.length === 0 && <p className="quiet small">none</p>}
    </section>
  )
}
