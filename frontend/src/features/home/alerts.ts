// What is wrong now, or went wrong within the last day, each with the next step.
import type { Shape } from '../../api/client'
import { counted } from '../../parts/words'

const DAY = 86_400_000

/** One alert; `run` is what it is about, if it is about one. */
export interface Alert {
  title: string
  text: string
  run?: string
}

interface Seen {
  /** What the service needs, part by part; undefined while it is not known. */
  parts: Shape<'Part'>[] | undefined
  waiting: number
  runs: Pick<Shape<'RunRow'>, 'run_id' | 'status' | 'stage' | 'created_at' | 'started_at' | 'completed_at'>[]
  now: Date
}

const TITLES: Record<Shape<'Part'>['name'], string> = { database: 'The database is not ready', disk: 'The disk is nearly full', worker: 'No worker is alive' }

/** Return the alerts, what concerns everything first. */
export function alerts({ parts = [], waiting, runs, now }: Seen): Alert[] {
  const wrong = parts
    .filter(({ ok }) => !ok)
    .map(({ name, detail }) => ({
      title: name === 'worker' && waiting > 0 ? `No worker is alive, and ${counted(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'}` : TITLES[name],
      text: detail,
    }))
  const recent = runs.filter(({ created_at, started_at, completed_at }) => now.getTime() - new Date(completed_at ?? started_at ?? created_at).getTime() < DAY)
  const failed = recent
    .filter(({ status }) => status === 'failed')
    .map(({ run_id, stage }) => ({ title: 'A run failed', text: `in stage ${stage}: its page says why. Then resume it, or start it over.`, run: run_id }))
  const cut = recent
    .filter(({ status }) => status === 'interrupted')
    .map(({ run_id }) => ({ title: 'A run was interrupted', text: 'its process is gone. Resume it: it goes on from its last checkpoint.', run: run_id }))
  return [...wrong, ...failed, ...cut]
}
