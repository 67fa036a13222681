import { Button, Slider, Switch } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { AlongSelect } from '../../parts/AlongSelect'
import { Asked, Nothing } from '../../parts/Page'
import { useMetrics, usePart } from './asked'
import { charts, extent, stepsAround, withPart, type Measured } from '../../parts/curves'
import { Curve } from '../../parts/Curve'
import classes from './Curves.module.css'
import { View } from '../../parts/view'

const route = getRouteApi('/runs/$runId')
const SMOOTH = 0.6

/** The curves of a run, live while it is. */
export function Curves({ runId, active }: { runId: string; active: boolean }) {
  return (
    <Asked query={useMetrics(runId, active)}>
      {(rows) =>
        rows.length > 0 ? (
          <Drawn runId={runId} rows={rows} />
        ) : (
          <Nothing title="Nothing is measured yet">
            <p>{active ? 'The first update writes the first point; compiling comes before it and takes a while.' : 'This run ended before its first update; its log says why.'}</p>
          </Nothing>
        )
      }
    </Asked>
  )
}

function Drawn({ runId, rows }: { runId: string; rows: Measured[] }) {
  const { x: along = 'step', log = false, smooth = SMOOTH, from, to } = route.useSearch()
  const navigate = route.useNavigate()
  const range = useMemo(() => (from !== undefined && to !== undefined && from < to ? { min: from, max: to } : null), [from, to])
  const steps = useMemo(() => range && stepsAround(rows, along, range), [rows, along, range])
  const part = usePart(runId, steps, rows).data
  const found = useMemo(() => charts(range && part ? withPart(rows, part) : rows, along), [rows, part, range, along])
  const whole = useMemo(() => extent(rows, along), [rows, along])
  const [view] = useState(
    () =>
      new View((shown) => {
        void navigate({ search: (before) => ({ ...before, from: shown?.min, to: shown?.max }), replace: true, resetScroll: false })
      }),
  )
  useEffect(() => {
    view.settle(whole, range)
  }, [view, whole, range])
  return (
    <>
      <div className={`card ${classes.settings ?? ''}`}>
        <AlongSelect
          value={along}
          onChoose={(x) => {
            void navigate({ search: (before) => ({ ...before, x, from: undefined, to: undefined }), replace: true })
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
        <div className={classes.hint}>
          <p className="quiet small">
            Drag over a curve to look closer, with Shift to move along it; Ctrl and the wheel zoom. Keys: ← → + −, and 0 for all of it.
          </p>
          {range && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                view.show(null)
              }}
            >
              Show all of it
            </Button>
          )}
        </div>
      </div>
      <div className={classes.charts}>
        {found.map((chart) => (
          <Curve key={chart.title} chart={chart} view={view} along={along} smooth={smooth} logarithmic={log} />
        ))}
      </div>
    </>
  )
}
