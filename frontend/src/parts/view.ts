// The part of x that all curves of a run show: zoomed and moved by wheel, drag and keys, in all charts at once.
import type uPlot from 'uplot'

/** A stretch of x. */
export interface Range {
  min: number
  max: number
}

const REST = 250
const WHEEL = 0.0015
const STEP = 0.1
const CLOSER = 0.8

/** Return a stretch of that width within the whole, as near to `min` as can be. */
function within(whole: Range, min: number, width: number): Range {
  if (width >= whole.max - whole.min) return whole
  const start = Math.min(Math.max(min, whole.min), whole.max - width)
  return { min: start, max: start + width }
}

/** Return the stretch whose width is so many times that of `range`, with `at` in its place. */
export function zoomed(range: Range, whole: Range, times: number, at: number): Range {
  return within(whole, at - (at - range.min) * times, (range.max - range.min) * times)
}

/** Return the stretch moved by so much, but not beyond the whole. */
export function moved(range: Range, whole: Range, by: number): Range {
  return within(whole, range.min + by, range.max - range.min)
}

/** What all charts of a page show; tells once it rests. */
export class View {
  /** Each chart, and whether it is in the window, and was left undrawn while it was not. */
  private readonly plots = new Map<uPlot, { inWindow: boolean; stale: boolean }>()
  private readonly onRest: ((range: Range | null) => void) | undefined
  private whole: Range = { min: 0, max: 0 }
  private range: Range | null = null
  private frame = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  /** `onRest` hears what is shown once it rests; null: all of it. */
  constructor(onRest?: (range: Range | null) => void) {
    this.onRest = onRest
  }

  /** Take a chart in; returns what lets it go and what it listens to. */
  add(plot: uPlot, box: HTMLElement): () => void {
    const place = { inWindow: true, stale: false }
    this.plots.set(plot, place)
    const watch = new IntersectionObserver(([entry]) => {
      place.inWindow = entry?.isIntersecting ?? true
      if (!place.inWindow || !place.stale) return
      place.stale = false
      this.put(plot, plot.data)
    })
    watch.observe(box)
    const control = new AbortController()
    const { signal } = control
    box.addEventListener('wheel', (event) => { this.wheel(plot, event) }, { signal, passive: false })
    box.addEventListener('keydown', (event) => { this.key(event) }, { signal })
    plot.over.addEventListener('pointerdown', (event) => { this.drag(plot, event) }, { signal })
    return () => {
      control.abort()
      watch.disconnect()
      this.plots.delete(plot)
    }
  }

  /** Say what there is and which part the address names, and show it. */
  settle(whole: Range, range: Range | null): void {
    this.whole = whole
    // while someone moves it, the address tells where it was
    if (!this.moves) this.range = range && within(whole, range.min, range.max - range.min)
    this.draw()
  }

  /** Give a chart new values, and draw it where it is looked at. */
  put(plot: uPlot, data: uPlot.AlignedData): void {
    plot.setData(data, this.plots.get(plot)?.inWindow)
    this.redraw(plot)
  }

  /** Draw a chart where it is looked at, once it is in the window; while it is moved along, the scale of y stays. */
  redraw(plot: uPlot): void {
    const { min, max } = this.seen
    const place = this.plots.get(plot)
    if (max <= min || !place) return
    place.stale = !place.inWindow
    if (place.stale) return
    const { x, y } = plot.scales
    const wide = (x?.max ?? 0) - (x?.min ?? 0)
    plot.setScale('x', { min, max })
    if (this.moves && y?.min != null && y.max != null && Math.abs(wide / (max - min) - 1) < 1e-6) plot.setScale('y', { min: y.min, max: y.max })
  }

  /** Whether someone moves what is shown; there is no crosshair then, whose values would change with each frame. */
  get moves(): boolean {
    return this.timer !== undefined
  }

  /** Show a part, or all of it, in the next frame. */
  show(range: Range | null): void {
    if (!this.moves) for (const plot of this.plots.keys()) plot.setCursor({ left: -10, top: -10 }, false)
    this.range = range && range.max - range.min < this.whole.max - this.whole.min ? range : null
    this.frame ||= requestAnimationFrame(() => { this.draw() })
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.draw()
      this.onRest?.(this.range)
    }, REST)
  }

  /** Show what was marked in a chart. */
  mark(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < 2) return
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.show({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') })
  }

  private draw(): void {
    cancelAnimationFrame(this.frame)
    this.frame = 0
    for (const plot of this.plots.keys()) this.redraw(plot)
  }

  private get seen(): Range {
    return this.range ?? this.whole
  }

  private wheel(plot: uPlot, event: WheelEvent): void {
    const { min, max } = this.seen
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      const at = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x')
      this.show(zoomed(this.seen, this.whole, Math.exp(event.deltaY * WHEEL), at))
      return
    }
    const across = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX
    if (this.range === null || Math.abs(across) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return
    event.preventDefault()
    this.show(moved(this.seen, this.whole, (across / plot.over.clientWidth) * (max - min)))
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { min, max } = this.seen
    const changes: Record<string, () => Range | null> = {
      ArrowLeft: () => moved(this.seen, this.whole, -STEP * (max - min)),
      ArrowRight: () => moved(this.seen, this.whole, STEP * (max - min)),
      '+': () => zoomed(this.seen, this.whole, CLOSER, (min + max) / 2),
      '-': () => zoomed(this.seen, this.whole, 1 / CLOSER, (min + max) / 2),
      '0': () => null,
    }
    const change = changes[event.key]
    if (!change) return
    event.preventDefault()
    this.show(change())
  }

  private drag(plot: uPlot, event: PointerEvent): void {
    if (!event.shiftKey || event.button !== 0) return
    const { over } = plot
    const from = this.seen
    const perPixel = (from.max - from.min) / over.clientWidth
    const control = new AbortController()
    over.setPointerCapture(event.pointerId)
    over.addEventListener(
      'pointermove',
      (now) => { this.show(moved(from, this.whole, (event.clientX - now.clientX) * perPixel)) },
      { signal: control.signal },
    )
    for (const end of ['pointerup', 'pointercancel']) over.addEventListener(end, () => { control.abort() }, { signal: control.signal })
  }
}
