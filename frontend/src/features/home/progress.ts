// How far a run is: the phases of a session against its budget, and what its log said last.
import type { Shape } from '../../api/client'

/** One phase of a session. */
export interface Phase {
  name: string
  state: 'done' | 'at work' | 'to come'
  /** Seconds: what it took, once it is done; else what was planned. */
  seconds: number
}

/** Phases as a session makes them; PostgreSQL keeps the keys of an object in an order of its own. */
const ORDER = ['dataset', 'model', 'base', 'sft', 'grpo', 'tuned', 'export', 'report']

/** The phases of a session in order, and when it must have ended; undefined for a run that is no session. */
export function session({ kind, config, stage, timings, started_at }: Pick<Shape<'RunDetail'>, 'kind' | 'config' | 'stage' | 'timings' | 'started_at'>) {
  const { phases, budget_minutes: minutes } = config
  if (kind !== 'session' || typeof phases !== 'object' || phases === null || typeof minutes !== 'number') return undefined
  const planned = Object.entries(phases)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0)
    .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
  const found = planned.map(([name, share]): Phase => {
    const took = timings[name]
    if (name === stage) return { name, state: 'at work', seconds: share * 60 * minutes }
    return took === undefined ? { name, state: 'to come', seconds: share * 60 * minutes } : { name, state: 'done', seconds: took }
  })
  return { phases: found, minutes, deadline: started_at ? new Date(new Date(started_at).getTime() + 60_000 * minutes).toISOString() : null }
}

const LENGTH = '([\\d.]+ s|[\\d:]+)'

/** What the last lines of a log say of the phase at work: the time that it still needs, and at most has. */
export function said(log: string): { needs?: string | undefined; has?: string | undefined } {
  for (const line of log.split('\n').reverse()) {
    const needs = new RegExp(`ETA ${LENGTH}`).exec(line)?.[1]
    const has = new RegExp(`(?:deadline in|: started \\(at most) ${LENGTH}`).exec(line)?.[1]
    if (needs ?? has ?? line.includes(': started')) return { needs, has }
  }
  return {}
}
