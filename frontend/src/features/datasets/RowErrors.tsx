import type { Shape } from '../../api/client'
import classes from './RowErrors.module.css'

/** Rows that cannot be used: where, what is wrong, and how to mend it. */
export function RowErrors({ errors }: { errors: Shape<'RowError'>[] }) {
  return (
    <div className={classes.frame} tabIndex={0} role="region" aria-label="Rows that cannot be used">
      <table className={classes.table}>
        <thead>
          <tr>
            {['Row', 'Field', 'What is wrong', 'What to do', 'Found'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {errors.map((error, place) => (
            <tr key={place}>
              <td className="number">{error.row}</td>
              <td className="mono">{error.field}</td>
              <td>{error.reason}</td>
              <td>{error.fix}</td>
              <td className="mono" dir="auto">
                {error.found}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
