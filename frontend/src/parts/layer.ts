// The lines of a chart on a canvas of their own. Where the chart is moved along x, what was drawn is moved, and only
// what comes into sight is drawn: stroking thousands of points again for each frame takes longer than a frame.
import uPlot from 'uplot'
import { thinned, type Values } from './thinned'

/** What was drawn last, in units of the chart's data; `key` holds all on which a line depends besides its place. */
interface Drawn {
  data: uPlot.AlignedData
  key: string
  min: number
  perPixel: number
}

/** The lines of one chart. */
export class Layer {
  private readonly canvas = document.createElement('canvas')
  private drawn: Drawn | null = null

  /** Draw the lines into the chart, over its axes. */
  draw(plot: uPlot): void {
    const { left, top, width, height } = plot.bbox
    const { x, y } = plot.scales
    const ink = this.canvas.getContext('2d')
    if (!ink || x?.min == null || x.max == null || y?.min == null || y.max == null || width < 1 || height < 1) return
    const perPixel = (x.max - x.min) / width
    const key = [width, height, y.min, y.max, ...plot.series.map(({ show }) => show)].join()
    const before = this.drawn
    const stays = before?.data === plot.data && before.key === key && Math.abs(before.perPixel / perPixel - 1) < 1e-6
    const shift = stays ? Math.round((x.min - before.min) / perPixel) : width
    if (Math.abs(shift) >= width) {
      Object.assign(this.canvas, { width, height })
      this.drawn = { data: plot.data, key, min: x.min, perPixel }
      this.stroke(plot, ink, 0, width)
    } else if (before && shift !== 0) {
      ink.globalCompositeOperation = 'copy'
      ink.drawImage(this.canvas, -shift, 0)
      ink.globalCompositeOperation = 'source-over'
      this.drawn = { ...before, min: before.min + shift * perPixel }
      this.stroke(plot, ink, shift > 0 ? width - shift : 0, Math.abs(shift))
    }
    plot.ctx.drawImage(this.canvas, left, top)
  }

  /** Draw so many columns of pixels from one on, which are empty. */
  private stroke(plot: uPlot, ink: CanvasRenderingContext2D, from: number, width: number): void {
    const { min, perPixel } = this.drawn ?? { min: 0, perPixel: 1 }
    const x = plot.data[0]
    ink.save()
    ink.beginPath()
    ink.rect(from, 0, width, plot.bbox.height)
    ink.clip()
    ink.lineJoin = 'bevel'
    for (const [number, series] of plot.series.entries()) {
      const values = plot.data[number]
      if (number === 0 || !series.show || !values) continue
      ink.lineWidth = (series.width ?? 1) * uPlot.pxRatio
      const [first, last] = around(x, values, min + (from - ink.lineWidth) * perPixel, min + (from + width + ink.lineWidth) * perPixel)
      const across = (place: number) => ((x[place] ?? 0) - min) / perPixel
      ink.strokeStyle = (series.stroke as (plot: uPlot, number: number) => string)(plot, number)
      ink.beginPath()
      for (const place of thinned(values, first, last, across)) ink.lineTo(across(place), plot.valToPos(values[place] ?? 0, 'y', true) - plot.bbox.top)
      ink.stroke()
    }
    ink.restore()
  }
}

/** Return the places of the measured points next to a stretch of x on its outside; without them, those at its edges. */
function around(x: ArrayLike<number>, values: Values, min: number, max: number): [number, number] {
  let first = firstFrom(x, min) - 1
  while (first > 0 && values[first] == null) first -= 1
  let last = firstFrom(x, max)
  while (last < x.length - 1 && values[last] == null) last += 1
  return [Math.max(0, first), Math.min(x.length - 1, last)]
}

/** Return the place of the first x that is not below a value; x is in order. */
function firstFrom(x: ArrayLike<number>, value: number): number {
  let [low, high] = [0, x.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((x[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
