"""Plots as HTML and inline SVG: shares with intervals on a common scale, and lines over steps.

It does not know what is plotted. Text stays HTML text, outside the stretched SVG, so that it keeps its size on a phone
and at any zoom; every mark has a shape of its own beside its colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunix_rt.report.data import Point
from tunix_rt.report.markup import Markup, element, join

MOST_POINTS = 400
"""Points drawn of one line; more would not be seen."""


@dataclass(frozen=True)
class Mark:
    """A value with its interval on a track from 0 to 1."""

    kind: str
    """CSS class that gives colour and shape."""
    value: float
    low: float
    high: float
    label: str
    """What the mark is, for its tooltip and for screen readers."""


def track(marks: Sequence[Mark]) -> Markup:
    """Return one row of marks on a scale from 0 to 100 %."""
    parts: list[Markup] = []
    for mark in marks:
        title = f"{mark.label}: {100 * mark.value:.1f} %, 95 % interval {100 * mark.low:.1f} to {100 * mark.high:.1f} %"
        span = f"left:{_percent(mark.low)};width:{_percent(max(mark.high - mark.low, 0.0))}"
        parts.append(element("span", class_=f"whisker {mark.kind}", style=span))
        parts.append(element("span", class_=f"mark {mark.kind}", style=f"left:{_percent(mark.value)}", title=title))
    spoken = "; ".join(f"{mark.label} {100 * mark.value:.1f} %" for mark in marks) or "no value"
    return element("div", element("div", parts, class_="lane"), class_="track", role="img", aria_label=spoken)


def track_axis() -> Markup:
    """Return the scale under a group of tracks."""
    ticks = [element("span", f"{tick}", style=f"left:{tick}%") for tick in (0, 25, 50, 75)]
    ticks.append(element("span", "100 %", style="left:100%"))
    return element("div", element("div", ticks, class_="lane"), class_="axis", aria_hidden="true")


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    name: str
    points: Sequence[Point]
    kind: Literal["ghost", "smooth", "dots", "thin"]
    """`ghost` is pale raw data, `smooth` a strong line, `dots` measured points with their line, `thin` a plain line."""


def line_chart(
    lines: Sequence[Line], *, y_label: str, x_label: str = "optimiser step", from_zero: bool = False
) -> Markup:
    """Return lines over steps with axes, legend and, where points have intervals, a band."""
    lines = [Line(line.name, _thinned(line.points), line.kind) for line in lines if line.points]
    points = [point for line in lines for point in line.points]
    last = max(1, *(point.step for point in points))
    highs = [point.value if point.high is None else point.high for point in points]
    lows = [point.value if point.low is None else point.low for point in points]
    ticks = _ticks(0.0 if from_zero else min(lows), max(highs))
    bottom, top = ticks[0], ticks[-1]

    def x(step: float) -> str:
        return f"{1000 * step / last:.1f}"

    def y(value: float) -> str:
        return f"{400 * (top - min(max(value, bottom), top)) / (top - bottom):.1f}"

    drawn: list[Markup] = [element("line", x1="0", x2="1000", y1=y(tick), y2=y(tick), class_="grid") for tick in ticks]
    for line in lines:
        banded = [point for point in line.points if point.low is not None and point.high is not None]
        if banded:
            outline = [f"{x(p.step)} {y(p.high or 0.0)}" for p in banded]
            outline += [f"{x(p.step)} {y(p.low or 0.0)}" for p in reversed(banded)]
            drawn.append(element("path", d="M" + "L".join(outline) + "Z", class_="band"))
        path = "M" + "L".join(f"{x(point.step)} {y(point.value)}" for point in line.points)
        drawn.append(element("path", d=path, class_=f"line {line.kind}"))
        if line.kind == "dots":
            spots = "".join(f"M{x(point.step)} {y(point.value)}h0" for point in line.points)
            drawn.append(element("path", d=spots, class_="spots"))
    spoken = "; ".join(f"{line.name} from {line.points[0].value:.4g} to {line.points[-1].value:.4g}" for line in lines)
    canvas = element(
        "svg", drawn, viewBox="0 0 1000 400", preserveAspectRatio="none", role="img", aria_label=f"{y_label}: {spoken}"
    )
    share = [(tick, 100 * (top - tick) / (top - bottom)) for tick in ticks]
    y_axis = [element("span", _number(tick, ticks), style=f"top:{place:.2f}%") for tick, place in share]
    steps = [tick for tick in _ticks(0.0, float(last), 4) if tick <= last]
    x_axis = [element("span", f"{tick:,.0f}", style=f"left:{100 * tick / last:.2f}%") for tick in steps]
    legend = [
        element("li", element("span", class_=f"key {line.kind}", aria_hidden="true"), line.name) for line in lines
    ]
    return element(
        "figure",
        element(
            "figcaption", element("b", y_label), element("ul", legend, class_="legend") if len(lines) > 1 else None
        ),
        element(
            "div",
            element("div", y_axis, class_="y", aria_hidden="true"),
            element("div", canvas, class_="canvas"),
            element("div", x_axis, class_="x", aria_hidden="true"),
            class_="plot",
        ),
        element("p", x_label, class_="x-label"),
        class_="chart",
    )


def smoothed(points: Sequence[Point], half_life: float) -> list[Point]:
    """Return a moving average that looks both ways, so that it does not lag behind a falling loss.

    Args:
        points: The raw values, in order of step.
        half_life: Distance in steps at which a neighbour counts half.
    """
    forward, backward = _decayed_sums(points, half_life), _decayed_sums(points[::-1], half_life)[::-1]
    return [
        Point(step=point.step, value=(left + right - point.value) / (before + after - 1.0))
        for point, (left, before), (right, after) in zip(points, forward, backward, strict=True)
    ]


def _decayed_sums(points: Sequence[Point], half_life: float) -> list[tuple[float, float]]:
    """Return, for each point, the sum and the weight of it and all before it, halved every `half_life` steps."""
    found: list[tuple[float, float]] = []
    total = weight = 0.0
    for position, point in enumerate(points):
        distance = abs(point.step - points[position - 1].step) if position else 0
        decay = 0.5 ** (distance / half_life)
        total, weight = total * decay + point.value, weight * decay + 1.0
        found.append((total, weight))
    return found


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most MOST_POINTS points: evenly spaced, the first and the last always among them."""
    if len(points) <= MOST_POINTS:
        return list(points)
    last = len(points) - 1
    return [points[round(last * position / (MOST_POINTS - 1))] for position in range(MOST_POINTS)]


def _ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers from at or below `low` to at or above `high`."""
    if high <= low:
        low, high = low - abs(low) / 2 - 1e-9, high + abs(high) / 2 + 1e-9
    rough = (high - low) / count
    unit: float = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * unit >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [position * step for position in range(first, last + 1)]


def _number(value: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    if value == 0:
        return "0"
    if abs(ticks[-1]) < 0.01:
        return f"{value:.1e}".replace("e-0", "e-").replace(".0e", "e")
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{digits + (step * 10**digits % 1 > 1e-6)}f}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def bars(planned: float, used: float | None, longest: float) -> Markup:
    """Return the planned time as an outline and the used time as a bar, on one scale of seconds."""
    parts = [element("span", class_="planned", style=f"width:{_percent(planned / longest)}")]
    if used is not None:
        parts.insert(0, element("span", class_="used", style=f"width:{_percent(used / longest)}"))
    return element("div", join(parts), class_="bars", aria_hidden="true")
