"""What a real browser measures of the web app, page by page; it knows no limit and prints nothing."""

from __future__ import annotations

import itertools
import json
import math
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Response

SIZE: Any = {"width": 1440, "height": 900}
LIGHTHOUSE = Path(__file__).parent / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices")

PAINTS = """() => new Promise((done) => {
  const found = {fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null, lcp: null}
  new PerformanceObserver((list) => { found.lcp = list.getEntries().at(-1).startTime })
    .observe({type: 'largest-contentful-paint', buffered: true})
  setTimeout(() => done(found), 100)
})"""
FRAMES = """() => {
  const found = window.frames_ = {times: [], drawn: 0, going: true}
  let drew = false
  const clear = CanvasRenderingContext2D.prototype.clearRect
  CanvasRenderingContext2D.prototype.clearRect = function (...words) { drew = true; return clear.apply(this, words) }
  const frame = (time) => {
    found.times.push(time)
    found.drawn += drew
    drew = false
    if (found.going) requestAnimationFrame(frame)
    else CanvasRenderingContext2D.prototype.clearRect = clear
  }
  requestAnimationFrame(frame)
}"""
CANVASES = """() => [...document.querySelectorAll('canvas')].map((one) => one.getBoundingClientRect())
  .filter(({top, bottom}) => bottom > 0 && top < innerHeight).map(({x, y, width, height}) => ({x, y, width, height}))"""
PICTURES = """(boxes) => {
  const drawn = boxes.map(({x, y, width, height}) => {
    const canvas = document.body.appendChild(Object.assign(document.createElement('canvas'), {width, height}))
    canvas.style.cssText = `position: absolute; left: ${x}px; top: ${y}px`
    const picture = Object.assign(document.createElement('canvas'), {width: 2 * width, height})
    const ink = picture.getContext('2d')
    for (let at = 0; at < 2 * width; at += 2) ink.lineTo(at, height * Math.random())
    ink.stroke()
    return {plane: canvas.getContext('2d'), picture, width, height}
  })
  const frame = (time) => {
    for (const {plane, picture, width, height} of drawn) {
      plane.clearRect(0, 0, width, height)
      plane.drawImage(picture, -((time / 4) % width), 0)
    }
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}"""
TASKS = """() => {
  window.tasks_ = []
  new PerformanceObserver((list) => { for (const one of list.getEntries()) window.tasks_.push(one.duration) })
    .observe({type: 'longtask'})
}"""
LAST_LINE = """(text) => {
  const look = () => {
    const log = document.querySelector('[aria-label="Log"]')
    const line = log && [...log.querySelectorAll('div > div')].find((one) => one.textContent.endsWith(text))
    if (line && line.getBoundingClientRect().bottom <= log.getBoundingClientRect().bottom + 1) {
      window.seen_ = performance.now()
    } else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""


def _cold(browser: Browser, base: str) -> BrowserContext:
    return browser.new_context(base_url=base, viewport=SIZE, reduced_motion="reduce", locale="en-GB")


def paints(browser: Browser, base: str, path: str, loads: int) -> dict[str, float]:
    """Return the medians of the first and the largest contentful paint of cold loads, in milliseconds."""
    found = []
    for _ in range(loads):
        with _cold(browser, base) as context:
            page = context.new_page()
            page.goto(path, wait_until="networkidle")
            page.get_by_role("heading", level=1).wait_for()
            found.append(page.evaluate(PAINTS))
    return {name: round(statistics.median(one[name] for one in found)) for name in ("fcp", "lcp")}


def script_bytes(browser: Browser, base: str, path: str) -> int:
    """Return the bytes of JavaScript that a cold load moves, as they travel."""
    sizes: dict[str, float] = {}
    with _cold(browser, base) as context:
        page = context.new_page()
        speaks = context.new_cdp_session(page)
        speaks.send("Network.enable")
        scripts: set[str] = set()
        speaks.on(
            "Network.responseReceived",
            lambda said: scripts.add(said["requestId"]) if said["type"] == "Script" else None,
        )
        speaks.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
        page.goto(path, wait_until="networkidle")
        return round(sum(size for request, size in sizes.items() if request in scripts))


def audited(chromium: str, url: str, folder: Path) -> dict[str, Any]:
    """Return Lighthouse's scores of a page, 0 to 100, under its preset `desktop`, and which audits cost points."""
    written = folder / "lighthouse.json"
    words = [
        LIGHTHOUSE, url, "--preset=desktop", "--quiet", "--output=json", f"--output-path={written}",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": chromium}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"lighthouse failed on {url}: {done.stderr[-2000:]}")
    told = json.loads(written.read_text())
    scores = {name: round(100 * told["categories"][name]["score"]) for name in CATEGORIES}
    lost = {
        one["id"]
        for name in CATEGORIES
        for one in told["categories"][name]["auditRefs"]
        if one["weight"] and (told["audits"][one["id"]]["score"] or 0) < 0.9
    }
    return {**scores, "lost": sorted(lost), "version": told["lighthouseVersion"]}


def panned(browser: Browser, base: str, path: str, seconds: float) -> dict[str, Any]:
    """Zoom into the curves of a run, which fill the window, and push them to and fro; return what was drawn meanwhile.

    The browser itself makes the events of the wheel, so that no other process takes part in what is measured.
    """
    with _cold(browser, base) as context:
        page = context.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer) if "/metrics?" in answer.url else None)
        page.goto(path, wait_until="networkidle")
        page.locator("figure").first.evaluate("(first) => first.scrollIntoView()")
        box = page.locator(".u-over").first.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.keyboard.down("Control")
        for _ in range(6):
            page.mouse.wheel(0, -200)
            page.wait_for_timeout(30)
        page.keyboard.up("Control")
        page.wait_for_url("**from=*")
        page.wait_for_load_state("networkidle")
        before, asked, speaks = page.url, len(answers), context.new_cdp_session(page)
        page.evaluate(FRAMES)
        end, way = time.monotonic() + seconds, 2 * box["width"]
        while time.monotonic() < end:
            words = {"x": x, "y": y, "xDistance": way, "speed": 600, "gestureSourceType": "mouse"}
            speaks.send("Input.synthesizeScrollGesture", words)
            way = math.copysign(4 * box["width"], -way)  # from end to end of what there is
        found = page.evaluate("() => { window.frames_.going = false; return window.frames_ }")
        page.wait_for_url(lambda url: url != before)
        page.wait_for_load_state("networkidle")
        boxes = page.evaluate(CANVASES)
        curves, rows = page.locator("figure").count(), [len(answer.json()) for answer in (answers[0], answers[-1])]
    return {
        **_rates(found),
        "charts": curves,
        "charts_in_the_window": len(boxes),
        "rows_of_the_whole": rows[0],
        "rows_of_the_part": rows[1],
        "asked_afterwards": len(answers) - asked,
        "machine": {
            "empty_page": _rates(_bare(browser, base, [])),
            "pictures": _rates(_bare(browser, base, boxes)),
        },
    }


def _bare(browser: Browser, base: str, boxes: list[dict[str, float]]) -> dict[str, Any]:
    """Return the frames of a page with nothing but canvases, on each of which a still picture is moved every frame."""
    with _cold(browser, base) as context:
        page = context.new_page()
        page.evaluate(PICTURES, boxes)
        page.evaluate(FRAMES)
        page.wait_for_timeout(3000)
        found: dict[str, Any] = page.evaluate("() => { window.frames_.going = false; return window.frames_ }")
        return found


def _rates(found: dict[str, Any]) -> dict[str, float]:
    gaps = sorted(after - one for one, after in itertools.pairwise(found["times"]))
    took = (found["times"][-1] - found["times"][0]) / 1000
    return {
        "frames_per_second": round(len(gaps) / took, 1),
        "drawn_per_second": round(found["drawn"] / took, 1),
        "frame_p95_ms": round(gaps[int(0.95 * len(gaps))], 1),
    }


def scrolled(browser: Browser, base: str, path: str, rows: int) -> dict[str, Any]:
    """Scroll through a list until all rows are loaded, then back and through it again; return the longest tasks."""
    with _cold(browser, base) as context:
        page = context.new_page()
        page.goto(path, wait_until="networkidle")
        page.mouse.move(700, 450)
        page.evaluate(TASKS)
        began = time.monotonic()
        said = page.get_by_role("status").filter(has_text=f"{rows:,} row")
        while not said.count():
            page.mouse.wheel(0, 100_000)
            page.wait_for_timeout(5)
        loading, seconds = page.evaluate("() => window.tasks_.splice(0)"), time.monotonic() - began
        height = page.evaluate("document.documentElement.scrollHeight")
        for way in (-1, 1):
            for _ in range(200):
                page.mouse.wheel(0, way * height / 180)
                page.wait_for_timeout(8)
        last = page.get_by_role("row").last.get_attribute("aria-rowindex")
        assert last == str(rows + 1), f"the last row that is drawn is {last}"
        whole = page.evaluate("() => window.tasks_.splice(0)")
        return {
            "rows": rows,
            "load_seconds": round(seconds, 1),
            "longest_loading_ms": round(max(loading, default=0)),
            "longest_loaded_ms": round(max(whole, default=0)),
            "tasks_over_50_ms": len(loading) + len(whole),
        }


def opened(browser: Browser, base: str, path: str, text: str, loads: int) -> float:
    """Return the median of the milliseconds from a cold start until the last line of a log is seen."""
    found = []
    for _ in range(loads):
        with _cold(browser, base) as context:
            page = context.new_page()
            page.add_init_script(f"({LAST_LINE})({json.dumps(text)})")
            page.goto(path)
            while not (seen := page.evaluate("window.seen_ ?? null")):  # the page's policy lets no function be sent
                page.wait_for_timeout(50)
            found.append(seen)
    return round(statistics.median(found))


def _held(speaks: CDPSession) -> dict[str, float]:
    speaks.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in speaks.send("Performance.getMetrics")["metrics"]}
    return {"heap": told["JSHeapUsedSize"], "nodes": told["Nodes"], "listeners": told["JSEventListeners"]}


def watched(
    browser: Browser, base: str, paths: list[str], minutes: float, say: Callable[[str], None]
) -> dict[str, list[dict[str, float]]]:
    """Keep pages of a run that grows open; return what each holds after a collection, twenty times or every 30 s."""
    with _cold(browser, base) as context:
        pages: list[tuple[str, Page, CDPSession]] = []
        for path in paths:
            page = context.new_page()
            speaks = context.new_cdp_session(page)
            speaks.send("Performance.enable")
            page.goto(path)
            pages.append((path, page, speaks))
        held: dict[str, list[dict[str, float]]] = {path: [] for path in paths}
        end = time.monotonic() + 60 * minutes
        pause = min(30.0, 60 * minutes / 20)
        while time.monotonic() < end:
            for path, page, speaks in pages:
                page.bring_to_front()
                page.wait_for_timeout(1000 * pause / len(pages))
                held[path].append(_held(speaks))
            say(", ".join(f"{one[-1]['heap'] / 1e6:.1f} MB" for one in held.values()))
        return held
