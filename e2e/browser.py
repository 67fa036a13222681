"""A real Chromium: the one that is installed; it knows no page."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
SMALL = 320
"""Pixels of a telephone, and of what 400 % leaves of a desk."""
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Waits until a change of the colours or of the window is drawn."""
MOVING = f"""async () => {{
  const moving = document.getAnimations().filter((one) => one.playState === 'running')
  await {FRAMES}
  const name = (one) => one.animationName ?? one.transitionProperty ?? 'by a script'
  return moving.filter((one) => one.playState === 'running').map(
    (one) => `moves: ${{name(one)}}, ${{one.effect?.target?.outerHTML.slice(0, 160)}}`)
}}"""
"""What is animated for longer than a frame although the browser asks for reduced motion."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
"""What the browser is called: by Debian, by others, and by who makes it."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the installed browser; fail where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"there is none of {', '.join(NAMES)}: `make test` installs it on Debian; elsewhere install one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def open_page(browser: Browser, base: str, *, width: int = 1440, height: int = 900) -> tuple[Page, list[str]]:
    """Return a page with axe in it, and the list of what it complains about; refusals that a person sees are none."""
    context = browser.new_context(
        base_url=base, viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB"
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def barriers(page: Page) -> list[str]:
    """Return what axe finds that keeps people out, with the element and what to do."""
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def movements(page: Page) -> list[str]:
    """Return what goes on moving, which nothing should: the pages of these tests ask for reduced motion."""
    found: list[str] = page.evaluate(MOVING)
    return found


def flaws(page: Page) -> list[str]:
    """Return what is wrong with a page as it stands: movement, for axe, light and dark, and in SMALL pixels."""
    found = movements(page)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(FRAMES)
        found += [f"{scheme}: {one}" for one in barriers(page)]
    before = page.viewport_size
    assert before
    page.set_viewport_size({"width": SMALL, "height": 640})
    page.evaluate(FRAMES)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(before)
    return found if width <= SMALL else [*found, f"{width} pixels wide where there are {SMALL}"]
