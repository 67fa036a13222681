import { useQuery } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'
import { Copied } from '../../parts/Copied'
import { Asked } from '../../parts/Page'
import { digest } from '../../parts/words'
import classes from './Config.module.css'

/** The configuration in force as the file that a command runs, and what the run was made from. */
export function Config({ runId, run }: { runId: string; run: Shape<'RunDetail'> }) {
  const yaml = useQuery({
    queryKey: ['runs', runId, 'config'],
    queryFn: () =>
      unwrap(
        api.GET('/api/tunix/runs/{run_id}/config', { params: { path: { run_id: runId }, query: { format: 'yaml' } }, parseAs: 'text' }),
      ),
  })
  const made = [...Object.entries(run.inputs), ...Object.entries(run.outputs)]
  return (
    <>
      {made.length > 0 && (
        <section className="card">
          <h2>Made from, and made</h2>
          <ul className={`plain-list ${classes.made ?? ''}`}>
            {made.map(([part, { kind, key, digest: found }]) => (
              <li key={part}>
                <b>{part.replaceAll('_', ' ')}</b> {kind} {key} <span className="mono quiet">{digest(found)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Asked query={yaml}>
        {(text) => <Copied title="Configuration" label="Configuration as YAML" text={text} />}
      </Asked>
    </>
  )
}
