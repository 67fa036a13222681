import { Alert } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { WithCode } from '../../parts/WithCode'
import type { Alert as Told } from './alerts'
import classes from './Alerts.module.css'

/** What is wrong, each with the next step. */
export function Alerts({ alerts }: { alerts: Told[] }) {
  return (
    <section className="stack" aria-label="Alerts">
      <h2>Alerts</h2>
      {alerts.map(({ title, text, run }) => (
        <Alert key={`${title} ${run ?? ''}`} color="red" variant="light" title={title} className={classes.alert}>
          <p className="prose">
            {run && (
              <>
                <Link to="/runs/$runId" params={{ runId: run }}>
                  {run}
                </Link>{' '}
              </>
            )}
            <WithCode text={text} />
          </p>
        </Alert>
      ))}
    </section>
  )
}
