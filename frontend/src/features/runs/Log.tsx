import { Button, Switch } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { followLog, readLog, type Piece } from '../../api/log'
import { Asked, Nothing } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { whole } from '../../parts/words'
import classes from './Log.module.css'
import { type Lines, MOST, added, before, lines } from './lines'

const TAIL = 5000
const EARLIER = 2 ** 19
const LINE_PIXELS = 20
const STATES = { live: 'following', lost: 'the stream broke; it is opened again', ended: 'the run has ended' }

/** The log of a run: its last lines at once, what is new as it is written, what was before on request. */
export function Log({ runId }: { runId: string }) {
  const first = useQuery({ queryKey: ['runs', runId, 'log'], queryFn: () => readLog(runId, { tail: TAIL }), gcTime: 0, staleTime: Infinity })
  return <Asked query={first}>{(piece) => <Shown key={runId} runId={runId} piece={piece} />}</Asked>
}

function Shown({ runId, piece }: { runId: string; piece: Piece }) {
  const [log, setLog] = useState<Lines>(() => lines(piece))
  const [state, setState] = useState<keyof typeof STATES>('live')
  const [follow, setFollow] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  const most = useRef(MOST.followed)
  useEffect(() => {
    most.current = follow ? MOST.followed : MOST.read
  }, [follow])
  useEffect(() => {
    let waiting = ''
    let frame = 0
    const stop = followLog(
      runId,
      piece.end,
      (text) => {
        waiting += text
        frame ||= requestAnimationFrame(() => {
          const fresh = waiting
          waiting = ''
          frame = 0
          setLog((known) => added(known, fresh, most.current))
        })
      },
      setState,
    )
    return () => {
      stop()
      cancelAnimationFrame(frame)
    }
  }, [runId, piece.end])
  const virtual = useVirtualizer({ count: log.lines.length, estimateSize: () => LINE_PIXELS, getScrollElement: () => box.current, overscan: 30 })
  useEffect(() => {
    if (follow && log.lines.length > 0) virtual.scrollToIndex(log.lines.length - 1, { align: 'end' })
  }, [follow, log.lines.length, virtual])
  const earlier = useMutation({
    mutationFn: () => readLog(runId, { offset: Math.max(0, log.start - EARLIER), end: log.start }),
    onSuccess: (found) => {
      setFollow(false)
      setLog((known) => before(known, found))
    },
  })
  if (log.lines.length === 0 && state === 'ended') {
    return (
      <Nothing title="The log is empty">
        <p>The run wrote nothing before it ended.</p>
      </Nothing>
    )
  }
  return (
    <section className="stack">
      <div className="row">
        <Switch
          label="Follow"
          checked={follow}
          onChange={(event) => {
            setFollow(event.currentTarget.checked)
          }}
        />
        {log.start > 0 && (
          <Button
            size="compact-sm"
            variant="default"
            loading={earlier.isPending}
            onClick={() => {
              earlier.mutate()
            }}
          >
            Show earlier lines
          </Button>
        )}
        <span className="quiet small" role="status">
          {whole(log.lines.length)} lines; {STATES[state]}
        </span>
        <a className="small" href={`/api/tunix/runs/${encodeURIComponent(runId)}/logs?format=text&limit=8388608`} target="_blank" rel="noreferrer">
          As text
        </a>
      </div>
      {earlier.error && <ProblemNote problem={earlier.error} />}
      <div ref={box} className={classes.log} tabIndex={0} role="region" aria-label="Log">
        <div className={classes.all} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div key={index} className={classes.line} style={{ transform: `translateY(${start.toString()}px)` }}>
              {log.lines[index] || ' '}
            </div>
          ))}
        </div>
      </div>
    </section>
  )
}
