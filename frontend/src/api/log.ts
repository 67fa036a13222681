// The log of a run: its last lines at once, then what is new over a stream that begins again when it breaks.
import { away, Problem, problemOf } from './client'

/** A piece of a log, with the bytes of the file that it takes up. */
export interface Piece {
  text: string
  start: number
  end: number
}

type State = 'live' | 'lost' | 'ended'

/** Return the last lines of a run's log, or the bytes from `offset` up to `end`. */
export async function readLog(run: string, place: { tail: number } | { offset: number; end: number }): Promise<Piece> {
  const asked = 'tail' in place ? { tail: place.tail, limit: 2 ** 20 } : { offset: place.offset, limit: place.end - place.offset }
  const query = new URLSearchParams({ format: 'text', ...Object.fromEntries(Object.entries(asked).map(([k, v]) => [k, String(v)])) })
  const answer = await fetch(`/api/tunix/runs/${encodeURIComponent(run)}/logs?${query.toString()}`).catch(() => {
    throw away()
  })
  if (!answer.ok) throw problemOf(answer.status, await answer.text())
  const range = /^(\d+)-(\d+)$/.exec(answer.headers.get('log-range') ?? '')
  if (!range) throw new Problem(answer.status, 'No log that can be followed', 'A proxy took the header log-range away; let it pass.')
  return { text: await answer.text(), start: Number(range[1]), end: Number(range[2]) }
}

/** Follow a log from a byte on until the run ends; returns what ends the watching. */
export function followLog(run: string, from: number, onText: (text: string) => void, onState: (state: State) => void): () => void {
  let source: EventSource
  let retry: ReturnType<typeof setTimeout> | undefined
  let place = from
  const open = () => {
    source = new EventSource(`/api/tunix/runs/${encodeURIComponent(run)}/logs?since_seq=${place.toString()}`)
    source.onopen = () => {
      onState('live')
    }
    source.addEventListener('log', (event: MessageEvent<string>) => {
      place = Number(event.lastEventId)
      onText((JSON.parse(event.data) as { chunk: string }).chunk)
    })
    source.addEventListener('end', () => {
      source.close()
      onState('ended')
    })
    source.onerror = () => {
      onState('lost')
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 3000)
    }
  }
  open()
  return () => {
    clearTimeout(retry)
    source.close()
  }
}
