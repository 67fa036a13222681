"""The page: ReportData as one HTML file that needs nothing else.

It does not compute anything that is not in the data. No script, no address, no font is loaded, and a policy in the page
itself forbids it, so that even a text that slipped through could do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tunix_rt.formats import write_text
from tunix_rt.report import course, outcome
from tunix_rt.report.data import Missing, ReportData
from tunix_rt.report.markup import Child, Markup, element
from tunix_rt.report.style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

T = TypeVar("T")


def write_report(data: ReportData, path: Path) -> Path:
    """Write the report as one self-contained HTML file; the same data gives the same bytes."""
    write_text(path, page(data))
    return path


def page(data: ReportData) -> str:
    """Return the whole page."""
    sections = [
        ("result", "Result", _part(data.result, outcome.result)),
        ("families", "Accuracy by family", [_part(data.families, outcome.families), outcome.family_table(data.result)]),
        ("traces", "Before and after", _part(data.traces, outcome.traces)),
        ("training", "Training", _part(data.training, course.training)),
        (
            "examples",
            "What the model was trained on",
            [_part(data.dataset, course.dataset), _part(data.previews, course.previews)],
        ),
        ("time", "Time", _part(data.budget, course.budget)),
        ("provenance", "Provenance", [_part(data.chain, course.chain), _part(data.provenance, course.machine)]),
        ("reproduce", "Reproduce", _part(data.commands, course.commands)),
    ]
    if data.limits:
        sections.append(
            (
                "limits",
                "What this does not show",
                element("ul", [element("li", limit) for limit in data.limits], class_="limits"),
            )
        )
    links = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in sections]
    facts = [data.model, f"run {data.run}", data.status, data.created]
    body = [
        element(
            "header",
            element("h1", data.title),
            element("p", [element("span", fact) for fact in facts], class_="facts"),
            outcome.claim(data.result),
            element("nav", element("ul", links), aria_label="Sections"),
        ),
        element("main", [_section(name, title, content) for name, title, content in sections]),
        element(
            "footer",
            "Written by tunix-rt. This page loads nothing and sends nothing; it can be kept and mailed as one file.",
        ),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{data.title} · {data.run}"),
        element("style", Markup(STYLE)),
    ]
    return "<!doctype html>\n" + element("html", element("head", head), "\n", element("body", body), lang="en") + "\n"


def _part(part: T | Missing, show: Callable[[T], Child]) -> Child:
    if isinstance(part, Missing):
        return element("p", part.missing, class_="missing")
    return show(part)


def _section(name: str, title: str, content: Child) -> Markup:
    return element(
        "section", element("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title"
    )
