import 'uplot/dist/uPlot.min.css'

import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { figure } from './words'
import classes from './Curve.module.css'
import { type Along, type Chart, smoothed } from './curves'
import { Layer } from './layer'
import type { View } from './view'

const HEIGHT = 220
/** How near to the window a chart is made: a page has many, and one task for all of them keeps the first waiting. */
const NEAR = '200px 0px'
const COLOURS = {
  light: ['#364fc7', '#c2410c', '#0b7285', '#9c36b5', '#5c940d', '#a61e4d', '#495057'],
  dark: ['#91a7ff', '#ffa94d', '#66d9e8', '#e599f7', '#c0eb75', '#faa2c1', '#ced4da'],
}
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact' })
const AXES: Record<Along, string> = { step: 'step', tokens: 'tokens', time: 'seconds' }

interface CurveProps {
  chart: Chart
  view: View
  along: Along
  /** What the past counts in the smoothed line; 0 draws the raw one alone. */
  smooth: number
  logarithmic: boolean
}

/** One chart on a canvas; its crosshair and what it shows of x move with those of the others. */
export function Curve({ chart, view, along, smooth, logarithmic: asked }: CurveProps) {
  const place = useRef<HTMLDivElement>(null)
  const [near, setNear] = useState(false)
  const plot = useRef<uPlot | null>(null)
  const scheme = useComputedColorScheme('light')
  const names = chart.curves.map(({ name }) => name).join('\n')
  // What has no value above zero has no logarithm.
  const logarithmic = asked && chart.curves.some(({ values }) => values.some((value) => value !== null && value > 0))
  const data = useMemo(() => {
    const raw = chart.curves.map(({ values }) => (logarithmic ? values.map((value) => (value !== null && value > 0 ? value : null)) : values))
    return [chart.x, ...(smooth > 0 ? raw.flatMap((values) => [values, smoothed(values, smooth)]) : raw)] as uPlot.AlignedData
  }, [chart, smooth, logarithmic])
  const newest = useRef(data)
  useEffect(() => {
    newest.current = data
    if (plot.current) view.put(plot.current, data)
  }, [data, view])
  const ghosts = smooth > 0
  useEffect(() => {
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) setNear(true)
      },
      { rootMargin: NEAR },
    )
    if (place.current) watch.observe(place.current)
    return () => {
      watch.disconnect()
    }
  }, [])
  useEffect(() => {
    const box = place.current
    if (!box || !near) return
    const made = new uPlot(options(names.split('\n'), view, { along, ghosts, logarithmic, scheme, width: box.clientWidth }), newest.current, box)
    plot.current = made
    const leave = view.add(made, box)
    view.redraw(made)
    const resized = new ResizeObserver(() => {
      made.setSize({ width: box.clientWidth, height: HEIGHT })
    })
    resized.observe(box)
    return () => {
      resized.disconnect()
      leave()
      made.destroy()
      plot.current = null
    }
  }, [near, names, view, along, ghosts, logarithmic, scheme])
  const latest = chart.curves.map(({ name, values }) => `${name} ${figure(values.findLast((value) => value !== null))}`)
  return (
    <figure className={`card ${classes.figure ?? ''}`}>
      <figcaption>
        <h2>{chart.title}</h2>
        <span className="quiet small">{latest.length === 1 ? latest[0] : `${latest.length.toString()} curves`}</span>
      </figcaption>
      <div ref={place} className={classes.plot ?? ''} role="group" tabIndex={0} aria-label={`${chart.title} by ${AXES[along]}; last: ${latest.join(', ')}`} />
    </figure>
  )
}

interface Looks {
  along: Along
  ghosts: boolean
  logarithmic: boolean
  scheme: 'light' | 'dark'
  width: number
}

function options(names: string[], view: View, { along, ghosts, logarithmic, scheme, width }: Looks): uPlot.Options {
  const ink = scheme === 'dark' ? '#a6adb6' : '#5c636a'
  const line = scheme === 'dark' ? '#2f353d' : '#e6e9ee'
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } }
  const value = (_: uPlot, found: number | null) => figure(found)
  const layer = new Layer()
  return {
    width,
    height: HEIGHT,
    cursor: {
      // the crosshair is shared by uPlot; what is marked or shown, by the view
      sync: { key: 'run', setSeries: false, filters: { pub: (type) => ['mousemove', 'mouseenter', 'mouseleave'].includes(type), sub: () => true } },
      points: { size: 6 },
      drag: { setScale: false },
      bind: {
        mousedown: (_, __, handler) => (event) => (event.shiftKey ? null : handler(event)),
        mousemove: (_, __, handler) => (event) => (view.moves ? null : handler(event)),
        dblclick: () => () => {
          view.show(null)
          return null
        },
      },
    },
    hooks: {
      drawAxes: [
        (plot) => {
          layer.draw(plot)
        },
      ],
      setSelect: [
        (plot) => {
          view.mark(plot)
        },
      ],
    },
    scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((tick) => (Math.abs(tick) >= 1e4 ? COMPACT.format(tick) : figure(tick))) },
      { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : figure(tick))) },
    ],
    series: [
      { label: AXES[along], value },
      ...names.flatMap((name, place) => {
        const stroke = COLOURS[scheme][place % COLOURS[scheme].length] ?? ink
        const main: uPlot.Series = { label: name, stroke, width: 1.6, paths: () => null, value }
        return ghosts ? [{ ...main, stroke: `${stroke}40`, width: 1, class: classes.ghost ?? 'ghost' }, main] : [main]
      }),
    ],
  }
}
