import { Button, Switch } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { Asked } from '../../parts/Page'
import { Tokens } from '../../parts/Tokens'
import { counted, whole } from '../../parts/words'
import { Rendered } from './Rendered'

/** How many traces a selection takes, and how the first of them read. */
export function Selected({ selection }: { selection: Shape<'TraceSelection'> }) {
  const found = useQuery({
    queryKey: ['traces', 'selected', selection],
    queryFn: () => unwrap(api.POST('/api/datasets/select', { body: selection })),
    placeholderData: keepPreviousData,
  })
  return (
    <Asked query={found.error ? { ...found, data: undefined } : found}>
      {({ matching, selected, reason, rows }) => (
        <>
          <p role="status" aria-busy={found.isPlaceholderData}>
            <b>{counted(selected, 'trace')}</b> {selected < matching ? `of ${whole(matching)} that match` : selected === 1 ? 'matches' : 'match'}.
            {reason && <span className="quiet prose"> {reason}</span>}
          </p>
          {rows.length > 0 && <Reading rows={rows} />}
        </>
      )}
    </Asked>
  )
}

function Reading({ rows }: { rows: Shape<'SelectedRow'>[] }) {
  const [place, setPlace] = useState(0)
  const [asTokens, setAsTokens] = useState(false)
  const at = Math.min(place, rows.length - 1)
  const row = rows[at]
  return (
    <section className="stack" aria-label="How they read">
      <div className="row">
        <h3>
          How they read: {at + 1} of the first {rows.length}
        </h3>
        {rows.length > 1 && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              setPlace((at + 1) % rows.length)
            }}
          >
            Next
          </Button>
        )}
        <Switch
          label="As tokens"
          checked={asTokens}
          onChange={(event) => {
            setAsTokens(event.currentTarget.checked)
          }}
        />
      </div>
      {row && (row.reason ? <p className="bad prose">{row.reason}</p> : asTokens ? <Tokens traceId={row.trace_id} /> : <Rendered {...row} />)}
    </section>
  )
}
