import { NativeSelect, Slider, Switch } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Asked, Nothing } from '../../parts/Page'
import { useMetrics } from './asked'
import { charts, type Along, type Measured } from '../../parts/curves'
import { Curve } from '../../parts/Curve'
import classes from './Curves.module.css'

const route = getRouteApi('/runs/$runId')
const ALONG: { value: Along; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'time', label: 'Wall-clock' },
]
const SMOOTH = 0.6

/** The curves of a run, live while it is. */
export function Curves({ runId, active }: { runId: string; active: boolean }) {
  return (
    <Asked query={useMetrics(runId, active)}>
      {(rows) =>
        rows.length > 0 ? (
          <Drawn rows={rows} />
        ) : (
          <Nothing title="Nothing is measured yet">
            <p>{active ? 'The first update writes the first point; compiling comes before it and takes a while.' : 'This run ended before its first update; its log says why.'}</p>
          </Nothing>
        )
      }
    </Asked>
  )
}

function Drawn({ rows }: { rows: Measured[] }) {
  const { x: along = 'step', log = false, smooth = SMOOTH } = route.useSearch()
  const navigate = route.useNavigate()
  const found = useMemo(() => charts(rows, along), [rows, along])
  return (
    <>
      <div className={`card ${classes.settings ?? ''}`}>
        <NativeSelect
          label="Along x"
          data={ALONG}
          value={along}
          onChange={(event) => {
            const chosen = ALONG.find(({ value }) => value === event.currentTarget.value)?.value
            void navigate({ search: (before) => ({ ...before, x: chosen === 'step' ? undefined : chosen }), replace: true })
          }}
        />
        <div>
          <div className={classes.label} aria-hidden>
            Smoothing
          </div>
          <Slider
            thumbLabel="Smoothing"
            min={0}
            max={0.98}
            step={0.02}
            value={smooth}
            onChange={(value) => {
              void navigate({ search: (before) => ({ ...before, smooth: value }), replace: true })
            }}
          />
        </div>
        <Switch
          label="Logarithmic"
          checked={log}
          onChange={(event) => {
            const { checked } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, log: checked || undefined }), replace: true })
          }}
        />
        <p className="quiet small">Drag over a curve to look closer; double-click to see all again.</p>
      </div>
      <div className={classes.charts}>
        {found.map((chart) => (
          <Curve key={chart.title} chart={chart} along={along} smooth={smooth} logarithmic={log} />
        ))}
      </div>
    </>
  )
}
