import classes from './Status.module.css'

const KINDS: Record<string, string | undefined> = {
  running: classes.live,
  alive: classes.good,
  valid: classes.good,
  silent: classes.bad,
  preparing: classes.live,
  completed: classes.good,
  failed: classes.bad,
  interrupted: classes.warn,
  stopped: classes.warn,
  cancelled: classes.warn,
}
const ACTIVE = new Set(['queued', 'preparing', 'running'])

/** Whether something with this status will still change. */
export function isActive(status: string): boolean {
  return ACTIVE.has(status)
}

/** A status as a word with a mark, so that colour is not all that tells it. */
export function Status({ status }: { status: string }) {
  return <span className={`${classes.status ?? ''} ${KINDS[status] ?? ''}`}>{status}</span>
}
