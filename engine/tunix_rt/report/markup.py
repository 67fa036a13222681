"""Markup: HTML built from elements, so that a text can never become a tag.

It does not know what a report shows. A child that is not Markup is text and is escaped; there is no other way in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_VOID = {"meta", "br", "hr", "path", "line", "circle", "rect"}


class Markup(str):
    """A string that is HTML already."""


Child = str | Markup | Iterable["Child"] | None
"""What an element may hold: text, elements, nothing, or several of them."""


def text(value: str) -> Markup:
    """Escape a text; control characters, which HTML cannot hold, are shown as symbols."""
    return Markup(html.escape(_CONTROL.sub(_symbol, value)))


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def join(children: Iterable[Child]) -> Markup:
    """Return children one after the other."""
    return Markup("".join(_render(child) for child in children))


def _render(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return text(child) if isinstance(child, str) else join(child)


def element(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element; `class_` is the attribute class, `_` in a name is `-`, and None or False leaves one out."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        parts.append(f'{shown}="{text(shown if value is True else str(value))}"')
    opening = " ".join(parts)
    return Markup(f"<{opening} />" if name in _VOID else f"<{opening}>{join(children)}</{name}>")


def scrolling(label: str, content: Child) -> Markup:
    """Return wide content that scrolls on its own and can be reached by keyboard."""
    return element("div", content, class_="scroll", role="region", aria_label=label, tabindex="0")
