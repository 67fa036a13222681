"""How it came about: training, examples, time, provenance and commands, as parts of the page.

It does not know where the data came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from tunix_rt.budget import BudgetReport
from tunix_rt.provenance import Provenance
from tunix_rt.report.data import Command, DatasetCard, Link, Preview, PreviewToken, Training
from tunix_rt.report.markup import Child, Markup, element
from tunix_rt.report.plots import Line, bars, line_chart, smoothed

_HALF_LIVES = 100
"""In the smoothed loss a neighbour counts half at a hundredth of the run."""


def _table(rows: Mapping[str, str]) -> Markup:
    cells = [element("tr", element("th", name, scope="row"), element("td", value)) for name, value in rows.items()]
    return element("div", element("table", element("tbody", cells), class_="facts-table"), class_="gap")


def training(part: Training) -> Child:
    """Return loss and learning rate over the updates, and the facts of the run."""
    charts: list[Child] = []
    places = 1 + bool(part.learning_rate)
    if part.loss:
        half_life = max(part.loss[-1].step / _HALF_LIVES, 1.0)
        charts.append(
            element(
                "div",
                line_chart(
                    [
                        Line("training, each update", part.loss, "ghost"),
                        Line(
                            f"training, smoothed (half-life {half_life:.0f} updates)",
                            smoothed(part.loss, half_life),
                            "smooth",
                        ),
                        Line("validation", part.eval_loss, "dots"),
                    ],
                    y_label="Loss, nats per trained token",
                ),
                class_="wide",
            )
        )
    if part.learning_rate:
        charts.append(
            line_chart([Line("learning rate", part.learning_rate, "thin")], y_label="Learning rate", from_zero=True)
        )
    facts = [element("div", element("dt", name), element("dd", value)) for name, value in part.facts.items()]
    return [
        element("dl", facts, class_="tiles fine") if facts else None,
        element("div", charts, class_=f"charts of-{places}")
        if charts
        else element("p", "No update was logged.", class_="missing"),
        _numbers(part),
    ]


def _numbers(part: Training) -> Child:
    if not part.eval_loss:
        return None
    rows = {f"update {point.step:,}": f"{point.value:.4f}" for point in part.eval_loss}
    return element("details", element("summary", "Validation loss in figures"), _table(rows))


def dataset(part: DatasetCard) -> Child:
    """Return what the dataset holds and where it came from."""
    counts = [element("div", element("dt", name), element("dd", f"{value:,}")) for name, value in part.counts.items()]
    families = {name.replace("_", " "): f"{value:,}" for name, value in part.families.items()}
    return [
        element("p", "Dataset ", element("b", part.key), " ", element("code", part.digest), class_="small"),
        element("p", "Licences: " + (", ".join(part.licences) or "none recorded"), class_="soft small"),
        element("dl", counts, class_="tiles fine"),
        element("details", element("summary", f"Training rows of {len(families)} families"), _table(families))
        if families
        else None,
    ]


def previews(parts: list[Preview]) -> Child:
    """Return examples token by token, with what the loss is taken on."""
    legend = element(
        "p",
        "Examples as the model sees them, token by token: ",
        element("span", "given", class_="swatch ignored"),
        " is read only, ",
        element("span", "trained", class_="swatch trained"),
        " and underlined is what it learns to write.",
        class_="gap",
    )
    return [legend, [_preview(part) for part in parts]]


def _preview(part: Preview) -> Markup:
    trained = sum(token.trained for token in part.tokens)
    total = len(part.tokens)
    share = f"{100 * trained / total:.0f} %" if total else "none"
    return element(
        "div",
        element(
            "h3", part.title, element("span", f" · {total} tokens, {trained} trained ({share})", class_="soft small")
        ),
        element("p", [_token(token) for token in part.tokens], class_="mask"),
        class_="gap",
    )


def _token(token: PreviewToken) -> Child:
    shown = token.text.replace("\n", "⏎\n") or "∅"
    return element("span", shown, class_="trained" if token.trained else "ignored")


def budget(part: BudgetReport) -> Child:
    """Return planned and used time by phase."""
    times = [
        seconds for phase in part.phases.values() for seconds in (phase.planned, phase.used) if seconds is not None
    ]
    longest = max(times, default=0.0) or 1.0
    rows: list[Child] = []
    for name, phase in part.phases.items():
        used = "did not run" if phase.used is None else _clock(phase.used)
        value = element("span", used, element("span", f" of {_clock(phase.planned)}", class_="soft"), class_="value")
        rows.append(
            element("div", element("span", name), bars(phase.planned, phase.used, longest), value, class_="row")
        )
    spare = 60 * (part.minutes - part.used)
    kept = f"{_clock(spare)} to spare" if spare >= 0 else f"{_clock(-spare)} over"
    return [
        element(
            "p",
            element("b", _clock(60 * part.used)),
            f" of {_clock(60 * part.minutes)} used, {kept}. ",
            element(
                "span", "Filled: used. Outlined: planned; time that a phase leaves over goes to others.", class_="soft"
            ),
        ),
        element("div", rows, class_="rows times"),
    ]


def _clock(seconds: float) -> str:
    whole = round(seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02d} min"


def chain(part: list[Link]) -> Child:
    """Return the chain of digests, upstream first."""
    links = []
    for link in part:
        facts = " · ".join(f"{name} {value}" for name, value in link.facts.items())
        links.append(
            element(
                "li",
                element("span", link.kind, class_="soft small"),
                " ",
                element("b", link.name),
                element("div", element("code", link.digest)),
                element("div", facts, class_="soft small") if facts else None,
            )
        )
    return [
        element(
            "p",
            "Each link names the one before it by the sha256 of its content; ",
            element("code", "tunix-rt runs verify"),
            " hashes all of it again.",
            class_="soft",
        ),
        element("ol", links, class_="chain"),
    ]


def machine(part: Provenance) -> Child:
    """Return code, packages and machine."""
    commit = part.git_commit or "not run from a git checkout"
    state = {True: ", with uncommitted changes", False: ", clean", None: ""}[part.git_dirty]
    rows = {
        "tunix-rt": part.tunix_rt,
        "commit": commit + state,
        "python": part.python,
        "platform": f"{part.platform}, {part.cpus} cores",
        "device": part.device or "none used",
        "dtype": part.dtype or "none used",
        **part.packages,
    }
    return element("details", element("summary", "Code, machine and packages"), _table(rows))


def commands(part: list[Command]) -> Child:
    """Return the commands that repeat the work."""
    return element(
        "div",
        [element("div", element("p", one.purpose), element("pre", one.command)) for one in part],
        class_="commands",
    )
