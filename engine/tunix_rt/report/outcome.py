"""What came out: the claim, the measurements, the families and the traces, as parts of the page.

It does not know where the data came from.
"""

from __future__ import annotations

from collections.abc import Sequence

from tunix_rt.comparison import SIGNIFICANT, Delta, p_text, percent, points
from tunix_rt.evaluation import Estimate, Metrics, Sample
from tunix_rt.grading import Score
from tunix_rt.report.data import FamilyRow, Measurement, Missing, Result, TracePair
from tunix_rt.report.markup import Child, Markup, element, scrolling
from tunix_rt.report.plots import Mark, track, track_axis

_SIGNS = {"right": "✓", "wrong": "✗", "none": "·"}
_SPOKEN = {"right": "right", "wrong": "wrong", "none": "nothing to recompute"}


def claim(result: Result | Missing) -> Markup:
    """Return the one sentence that a hurried reader takes away; it says so if nothing was shown."""
    if isinstance(result, Missing):
        return element("p", f"No result: {result.missing}", class_="claim")
    if isinstance(result.comparison, Missing):
        return element("p", f"Nothing was compared: {result.comparison.missing}", class_="claim")
    main = result.comparison.main
    after, before = element("b", percent(main.b)), element("i", percent(main.a))
    items = f"{main.paired.n} held-out items"
    if main.paired.p >= SIGNIFICANT:
        return element(
            "p",
            ["No significant gain: the tuned model answers ", after, f" of {items} right, the base model ", before],
            f" with its better prompt (exact McNemar p = {p_text(main.paired.p)}).",
            class_="claim",
        )
    if main.paired.delta > 0:
        words = ["After training the model answers ", after, f" of {items} right; before, with its better prompt, "]
    else:
        words = [
            "Training made it worse: the model answers ",
            after,
            f" of {items} right; before, with its better prompt, ",
        ]
    return element("p", words, before, ".", class_="claim")


def result(part: Result) -> Child:
    """Return the measurements with their intervals, the paired difference and the table of all metrics."""
    return [
        element("p", f"Task {part.task}. Right answers of each measurement with 95 % Wilson intervals.", class_="soft"),
        _tiles(part),
        _scores(part),
        _metric_table(part.measurements),
        element(
            "p",
            "Strict: the answer is right, stands where the prompt’s form puts it, and the whole completion follows "
            "that form. Lenient: a right answer found anywhere. The gain is measured against the harder of all base "
            "figures: the better prompt, read leniently.",
            class_="soft small gap",
        ),
    ]


def _tiles(part: Result) -> Child:
    comparison = part.comparison
    if isinstance(comparison, Missing):
        return element("p", comparison.missing, class_="missing")
    pair = comparison.main.paired
    significant = "significant" if pair.p < SIGNIFICANT else "not significant"
    tiles: list[tuple[str, str, str]] = [
        ("Gain in points", points(pair.delta), f"95 % interval {points(pair.low)} to {points(pair.high)}"),
        ("Exact McNemar p", p_text(pair.p), f"{significant} at {SIGNIFICANT}"),
        ("Items gained, lost", f"{pair.gained} / {pair.lost}", f"of {pair.n} pairs; the rest did not change"),
        (
            "Smallest gain this test can see",
            f"{100 * comparison.minimum_detectable_effect:.1f}",
            "points, found 4 times out of 5",
        ),
    ]
    return element(
        "dl",
        [
            element("div", element("dt", name), element("dd", value, element("small", note)))
            for name, value, note in tiles
        ],
        class_="tiles",
    )


def _scores(part: Result) -> Child:
    main = None if isinstance(part.comparison, Missing) else part.comparison.main
    ids = ("", "") if isinstance(part.comparison, Missing) else (part.comparison.a.id, part.comparison.b.id)
    rows: list[Child] = []
    for title, name in (("Strict", "strict"), ("Lenient", "lenient")):
        rows.append(element("div", element("h3", title), class_="row group"))
        for one in part.measurements:
            estimate: Estimate | None = getattr(one.metrics, name)
            hot = main is not None and (one.evaluation, name) in ((ids[0], main.a_metric), (ids[1], main.b_metric))
            rows.append(_score_row(one, estimate, hot=hot))
    rows.append(_scale())
    note = element("p", "Shaded: the two figures that are compared.", class_="soft small") if main else None
    return [element("div", rows, class_="rows"), note]


def _scale() -> Markup:
    empty = element("span", class_="empty")
    return element("div", empty, track_axis(), empty, class_="row scale")


def _score_row(one: Measurement, estimate: Estimate | None, *, hot: bool) -> Markup:
    label = element("span", element("span", class_=f"mark inline {one.role}", aria_hidden="true"), one.label)
    if estimate is None:
        return element("div", label, track([]), element("span", "no scored item", class_="value soft"), class_="row")
    mark = Mark(one.role, estimate.value, estimate.low, estimate.high, one.label)
    return element(
        "div",
        label,
        track([mark]),
        element("span", percent(estimate.value), class_="value"),
        class_="row hot" if hot else "row",
    )


def _metric_table(measurements: Sequence[Measurement]) -> Markup:
    names = ("strict", "lenient", "format", "stop", "truncated", "arithmetic")
    head = ["measurement", "n", *names, "tokens"]
    rows: list[Markup] = []
    for one in measurements:
        metrics = one.metrics
        shots = f"{one.shots} worked examples" if one.shots else "no examples"
        cells: list[Child] = [element("th", one.label, element("small", shots, class_="soft"), scope="row")]
        cells.append(element("td", str(metrics.n), _unscored(metrics)))
        cells += [_cell(getattr(metrics, name)) for name in names]
        mean = metrics.tokens
        cells.append(element("td", "–" if mean is None else f"{mean.value:.0f}", title="mean tokens of a completion"))
        rows.append(element("tr", cells))
    table = element(
        "table",
        element("thead", element("tr", [element("th", name, scope="col") for name in head])),
        element("tbody", rows),
    )
    return element(
        "details",
        element("summary", "All metrics with intervals"),
        scrolling("All metrics", table),
    )


def _unscored(metrics: Metrics) -> Markup | None:
    count = sum(metrics.unscored.values())
    reasons = "; ".join(f"{number} × {reason}" for reason, number in metrics.unscored.items())
    return element("small", f"+ {count} unscored", title=reasons) if count else None


def _cell(estimate: Estimate | None) -> Markup:
    if estimate is None:
        return element("td", "–", element("small", "no item"))
    span = f"{100 * estimate.low:.1f} – {100 * estimate.high:.1f}"
    return element("td", percent(estimate.value), element("small", span), title=f"n = {estimate.n}")


def families(rows: list[FamilyRow]) -> Child:
    """Return every family before and after, the easy ones first."""
    shown: list[Child] = []
    for row in rows:
        label = element(
            "span",
            row.family.replace("_", " "),
            " ",
            element(
                "span",
                _level(row.difficulty),
                class_="level",
                title=f"difficulty {row.difficulty:.1f} of 5",
                aria_hidden="true",
            ),
        )
        marks = []
        if row.base:
            marks.append(Mark("base_few_shot", row.base.value, row.base.low, row.base.high, "base"))
        if row.tuned:
            marks.append(Mark("tuned", row.tuned.value, row.tuned.low, row.tuned.high, "tuned"))
        if row.base and row.tuned:
            value = element(
                "span",
                f"{points(row.tuned.value - row.base.value)}",
                element("span", f"n {row.tuned.n}", class_="soft n"),
                class_="value",
            )
        else:
            value = element("span", "unscored", class_="value soft", title="answers that no rule can verify")
        shown.append(element("div", label, track(marks), value, class_="row"))
    legend = element(
        "ul",
        element(
            "li",
            element("span", class_="mark inline base_few_shot", aria_hidden="true"),
            "base, better prompt, lenient",
        ),
        element("li", element("span", class_="mark inline tuned", aria_hidden="true"), "tuned, strict"),
        element("li", element("span", "●●○○○", class_="level", aria_hidden="true"), " mean difficulty, 1 to 5"),
        class_="legend gap",
    )
    return [
        element(
            "p",
            "Every family, from easy to hard; none is left out of the headline. Few items each, hence wide intervals.",
            class_="soft",
        ),
        legend,
        element("div", shown, _scale(), class_="rows pair"),
    ]


def _level(difficulty: float) -> str:
    full = min(max(round(difficulty), 1), 5)
    return "●" * full + "○" * (5 - full)


def family_table(part: Result | Missing) -> Child:
    """Return the paired differences by family with Holm's correction; nothing where nothing was compared."""
    if isinstance(part, Missing) or isinstance(part.comparison, Missing):
        return None
    return element(
        "details",
        element("summary", "Paired differences by family, with Holm’s correction"),
        scrolling("Differences by family", _delta_table(part.comparison.families)),
    )


def _delta_table(deltas: Sequence[Delta]) -> Markup:
    head = ["family", "n", "base", "tuned", "difference", "95 % interval", "gained / lost", "p", "p (Holm)"]
    rows = [
        element(
            "tr",
            element("th", delta.name.replace("_", " "), scope="row"),
            [
                element("td", cell)
                for cell in (
                    str(delta.paired.n),
                    percent(delta.a),
                    percent(delta.b),
                    points(delta.paired.delta),
                    f"{points(delta.paired.low)} to {points(delta.paired.high)}",
                    f"{delta.paired.gained} / {delta.paired.lost}",
                    p_text(delta.paired.p),
                    "–" if delta.adjusted_p is None else p_text(delta.adjusted_p),
                )
            ],
        )
        for delta in deltas
    ]
    return element(
        "table",
        element("thead", element("tr", [element("th", name, scope="col") for name in head])),
        element("tbody", rows),
    )


def traces(pairs: list[TracePair]) -> Child:
    """Return items answered before and after, each trace step with the sign of its arithmetic."""
    return [
        element(
            "p",
            "Drawn by a seed from the items that were gained, lost, still wrong and right both times. Each equation in "
            "a trace step is computed again: ✓ it holds, ✗ it does not, · nothing to compute. A step that holds may "
            "still be the wrong step.",
            class_="soft",
        ),
        element("div", [_pair(pair) for pair in pairs], class_="pairs"),
    ]


def _pair(pair: TracePair) -> Markup:
    sample = pair.tuned
    top = element(
        "header",
        element("span", pair.change, class_=f"tag {pair.change.replace(' ', '-')}"),
        element("span", f"{sample.family.replace('_', ' ')} · {sample.id}", class_="soft small"),
        element("p", sample.prompt, class_="said"),
        element("p", "Target ", element("b", sample.target.value), class_="small soft"),
    )
    sides = [_side("Base, better prompt", pair.base, pair.base.lenient), _side("Tuned", sample, sample.strict)]
    return element("article", top, element("div", sides, class_="sides"))


def _side(title: str, sample: Sample, score: Score) -> Markup:
    steps: list[Child] = []
    for step, check in zip(sample.steps, sample.checks, strict=True):
        fix = element("em", f"recomputed: {check.expected}") if check.verdict == "wrong" and check.expected else None
        sign = element("span", _SIGNS[check.verdict], class_="sign", title=_SPOKEN[check.verdict])
        steps.append(element("li", sign, element("span", step, fix), class_=check.verdict))
    shown: Child = (
        element("ol", steps, class_="steps")
        if steps
        else element("p", "No trace step found.", class_="soft small steps")
    )
    is_right = score.value == 1.0
    answer = element(
        "div",
        element("span", "✓" if is_right else "✗", class_="sign", title="right" if is_right else "wrong"),
        element(
            "span",
            element("b", "no answer" if score.answer is None else score.answer),
            element("small", score.explanation),
        ),
        class_=f"answer {'right' if is_right else 'wrong'}",
    )
    ended = "ended itself" if sample.finish == "stop" else "cut off"
    raw = element(
        "details",
        element("summary", f"Whole completion, {sample.tokens} {'token' if sample.tokens == 1 else 'tokens'}, {ended}"),
        element("pre", sample.completion or "(empty)", class_="raw"),
        open=not steps,
    )
    return element("div", element("h4", title), shown, answer, raw, class_="side")
