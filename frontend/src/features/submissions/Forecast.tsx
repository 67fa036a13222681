import type { Shape } from '../../api/client'
import classes from './Plan.module.css'

/** What a session takes of each limit, as words and as bars, and what to change where it is too much. */
export function Forecast({ fits, forecast, hours }: { fits: boolean; forecast: Shape<'Forecast'>; hours: number }) {
  const { minutes, session_hours, disk, disk_bytes, output_bytes, problems, sources } = forecast
  const limits = [
    { name: 'One session', words: `${minutes.toFixed(0)} of ${(60 * session_hours).toFixed(0)} minutes`, share: minutes / 60 / session_hours },
    { name: 'This week', words: `${(minutes / 60).toFixed(1)} of ${hours.toString()} hours`, share: minutes / 60 / hours },
    { name: 'What is kept', words: `${gigabytes(disk_bytes)} of ${gigabytes(output_bytes)}`, share: disk_bytes / output_bytes },
  ]
  const parts = Object.entries(disk)
    .sort((a, b) => b[1] - a[1])
    .map(([name, size]) => ({ name, words: gigabytes(size), share: size / output_bytes }))
  return (
    <>
      <p className={`${fits ? 'good' : 'bad'} ${classes.verdict ?? ''}`} role="status">
        {fits ? '✓ It fits.' : '✗ It does not fit.'}
      </p>
      {problems.length > 0 && (
        <ul className="prose">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      <Shares label="Limits" rows={limits} />
      <details>
        <summary>What takes the disk, and where the limits come from</summary>
        <Shares label="Disk" rows={parts} />
        <ul className="quiet small">
          {Object.values(sources).map((source) => (
            <li key={source}>{source}</li>
          ))}
        </ul>
      </details>
    </>
  )
}

function Shares({ label, rows }: { label: string; rows: { name: string; words: string; share: number }[] }) {
  return (
    <table className={classes.limits} aria-label={label}>
      <tbody>
        {rows.map(({ name, words, share }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="number">{words}</td>
            <td className={classes.bar}>
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect className={classes.room} width="100" height="8" />
                <rect className={share > 1 ? classes.over : classes.used} width={100 * Math.min(1, Math.max(0, share))} height="8" />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function gigabytes(size: number): string {
  return `${(size / 1e9).toFixed(size < 1e8 ? 3 : 2)} GB`
}
