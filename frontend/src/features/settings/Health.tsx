import { useQuery } from '@tanstack/react-query'
import { api, type Shape, unwrap } from '../../api/client'
import { readyOptions } from '../../api/ready'
import { sessionOptions } from '../../api/session'
import { AsCommand } from '../../parts/AsCommand'
import { Facts } from '../../parts/Facts'
import { Asked } from '../../parts/Page'
import { WithCode } from '../../parts/WithCode'
import { moment } from '../../parts/words'
import classes from './Health.module.css'

const NAMES: Record<Shape<'Part'>['name'], string> = { database: 'Database', disk: 'Disk', worker: 'Workers' }

/** What the service needs, part by part, its versions, and who asks. */
export function Health() {
  const ready = useQuery(readyOptions)
  const tunix = useQuery({ queryKey: ['tunix'], queryFn: () => unwrap(api.GET('/api/tunix/status')), staleTime: Infinity })
  const workers = useQuery({ queryKey: ['workers', 'list'], queryFn: () => unwrap(api.GET('/api/workers', { params: { query: { limit: 200 } } })) })
  const who = useQuery(sessionOptions)
  const versions = [...new Set(workers.data?.data.filter(({ alive }) => alive).map(({ version }) => version))]
  return (
    <>
      <section className="card stack" aria-label="What the service needs">
        <h2>What the service needs</h2>
        <Asked query={ready}>
          {(found) => (
            <ul className={`plain-list ${classes.parts ?? ''}`}>
              {found.map(({ name, ok, detail }) => (
                <li key={name}>
                  <span className={ok ? 'good' : 'bad'}>
                    <b>{ok ? '✓' : '✗'}</b> {NAMES[name]}
                  </span>
                  <span className="prose">
                    <WithCode text={detail} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Asked>
        <div className="row">
          <AsCommand cli="doctor" path="/api/health/ready" />
        </div>
      </section>
      <section className="card stack" aria-label="Versions">
        <h2>Versions, and who you are</h2>
        <Facts
          facts={{
            'tunix-rt of the workers': versions.length > 0 ? versions.join(', ') : 'no worker is alive',
            Tunix: tunix.data && (tunix.data.version ?? 'not installed on this machine'),
            You: who.data && (who.data.via === 'local' ? 'at this machine, without a token' : who.data.name),
            'You may': who.data && { read: 'read', write: 'read and change things', admin: 'everything' }[who.data.scope],
            Until: who.data?.expires_at ? moment(who.data.expires_at) : null,
          }}
        />
      </section>
    </>
  )
}
