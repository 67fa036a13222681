"""Whether the web app keeps its promises, in one run on one machine: `make bench-web`.

    paint       first and largest contentful paint of every screen, medians of cold loads
    javascript  bytes of the first screen's scripts, as they travel
    lighthouse  performance, accessibility and best practices of Home, Traces and Run, preset `desktop`
    pan         frames while a run's 20 curves of 100,000 points are pushed by the wheel, and what this machine can at
                most: an empty page, and one that moves a still picture where each chart in the window stands; the
                service thins the curves to 1,500 rows, and is asked again where one looks closer
    scroll      the longest task while 100,000 traces are scrolled through, and again once all are loaded
    log         from a cold start to the last line of a log of 1,000,000 lines
    memory      what two pages of a run that grows hold after a collection, curves and log, over some minutes

The real service with SQLite and its worker, and the installed Chromium, on loopback. It prints a table and, as the last
line, one JSON object: every figure, each target with what was reached, what was left out and why, and `targets_met`; it
exits with 1 where a target is missed. A home folder that is named is filled once and kept. Lighthouse is no part of
this project: `make lighthouse` installs it into a folder of its own, where npm can.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend" / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine" / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import web_pages
import web_rows
from playwright.sync_api import Browser
from targets import Report

import reinforced
from browser import NAMES, chromium
from screenshots import SCREENS, named
from service import Service, running

FCP_MS, LCP_MS = 1000, 1500
SCRIPT_KB = 250
SCORES = {"performance": 95, "accessibility": 100, "best-practices": 100}
FRAMES, TASK_MS, LOG_MS = 50, 100, 1000
GROWTH = 1.2
"""Most that a page may hold at the end, in times of what it held when it was warm."""
AUDITED = {"home": "/", "traces": "/traces", "run": f"/runs/{reinforced.RUN}"}
LIVE = {"curves": f"/runs/{web_rows.LIVE}", "log": f"/runs/{web_rows.LIVE}?tab=log"}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure_paint(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Load every screen of the app with nothing kept."""
    found = report.parts["paint"] = {}
    for name, path in SCREENS.items():
        say(f"paint: {name} …")
        one = found[name] = web_pages.paints(browser, base, path.format(**asked.named), asked.loads)
        report.target(f"{name}, first contentful paint, ms", one["fcp"], f"< {FCP_MS}", one["fcp"] < FCP_MS)
        report.target(f"{name}, largest contentful paint, ms", one["lcp"], f"< {LCP_MS}", one["lcp"] < LCP_MS)


def measure_javascript(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Count what travels."""
    say("javascript …")
    found = report.parts["javascript"] = {
        name: web_pages.script_bytes(browser, base, SCREENS[name]) for name in ("home", "traces", "run")
    }
    size = found["home"] / 1000
    report.target("JavaScript of the first screen, gzip, kB", size, f"<= {SCRIPT_KB}", size <= SCRIPT_KB)


def measure_lighthouse(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Let Lighthouse score three pages; of three runs the middle one counts."""
    if not web_pages.LIGHTHOUSE.exists():
        report.skip("lighthouse", "it is not installed: `make lighthouse`")
        return
    program = next(filter(None, map(shutil.which, NAMES)))
    found = report.parts["lighthouse"] = {}
    for name, path in AUDITED.items():
        say(f"lighthouse: {name} …")
        with tempfile.TemporaryDirectory() as folder:
            runs = [web_pages.audited(program, base + path, Path(folder)) for _ in range(asked.audits)]
        one = found[name] = sorted(runs, key=lambda run: run["performance"])[len(runs) // 2]
        for category, least in SCORES.items():
            report.target(f"{name}, {category}", one[category], f">= {least}", one[category] >= least)


def measure_pan(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Push the curves."""
    say("pan …")
    one = report.parts["pan"] = web_pages.panned(browser, base, f"/runs/{web_rows.CURVES}", asked.seconds)
    least = min(one["frames_per_second"], one["drawn_per_second"])
    name = f"{len(web_rows.KEYS)} curves of {asked.points:,} points pushed, frames a second"
    report.target(name, least, f">= {FRAMES}", least >= FRAMES)


def measure_scroll(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Scroll through all traces."""
    say("scroll …")
    one = report.parts["scroll"] = web_pages.scrolled(browser, base, "/traces", asked.traces + web_rows.FEW)
    for name, words in {"loading": "while they load", "loaded": "once they are loaded"}.items():
        longest = one[f"longest_{name}_ms"]
        label = f"{one['rows']:,} traces scrolled {words}, longest task, ms"
        report.target(label, longest, f"<= {TASK_MS}", longest <= TASK_MS)


def measure_log(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Open the long log."""
    say("log …")
    path = f"/runs/{web_rows.LOGGED}?tab=log"
    found = web_pages.opened(browser, base, path, web_rows.last_line(asked.lines), asked.loads)
    report.parts["log"] = {"lines": asked.lines, "last_line_ms": found}
    report.target(f"log of {asked.lines:,} lines to its last line, ms", found, f"< {LOG_MS}", found < LOG_MS)


def measure_memory(browser: Browser, base: str, asked: argparse.Namespace, report: Report) -> None:
    """Watch a run grow."""
    say(f"memory: {asked.minutes:g} minutes …")
    with web_rows.growing(asked.home, rows_per_second=5, lines_per_second=20, points=3000):
        seen = web_pages.watched(browser, base, [*LIVE.values()], asked.minutes, lambda held: say(f"memory: {held}"))
    found = report.parts["memory"] = {"minutes": asked.minutes}
    for name, path in LIVE.items():
        third = max(1, len(seen[path]) // 3)
        for what in ("heap", "nodes", "listeners"):
            first, last = (
                statistics.median(one[what] for one in part) for part in (seen[path][:third], seen[path][-third:])
            )
            found[f"{name} {what}"] = {
                "first_third": first,
                "last_third": last,
                "most": max(one[what] for one in seen[path]),
            }
            times = last / first
            words = f"{name} of a live run, {what} after {asked.minutes:g} minutes, times the first third's"
            report.target(words, times, f"<= {GROWTH}", times <= GROWTH)


PARTS: dict[str, Callable[[Browser, str, argparse.Namespace, Report], None]] = {
    "paint": measure_paint,
    "javascript": measure_javascript,
    "lighthouse": measure_lighthouse,
    "pan": measure_pan,
    "scroll": measure_scroll,
    "log": measure_log,
    "memory": measure_memory,
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[*PARTS], help="measure this part; can be said again")
    parser.add_argument("--without", action="append", choices=[*PARTS], default=[], help="leave a part out")
    parser.add_argument("--home", type=Path, help="home folder, filled once and kept; else one that is removed")
    parser.add_argument("--loads", type=int, default=5, help="cold loads of each screen")
    parser.add_argument("--audits", type=int, default=3, help="runs of Lighthouse on each page")
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=100_000, help="points of each curve")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the log")
    parser.add_argument("--seconds", type=float, default=5.0, help="time that the curves are pushed")
    parser.add_argument("--minutes", type=float, default=10.0, help="time that a live run is watched")
    return parser.parse_args()


def main() -> None:
    """Measure each part, print the table, and one JSON object as the last line."""
    asked, report = arguments(), Report()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d %H:%M')}")
    print(f"{'':<76}{'found':>12}{'limit':>10}")
    with tempfile.TemporaryDirectory(prefix="tunix-rt-bench-") as folder:
        asked.home = asked.home or Path(folder) / "home"
        web_rows.fill(asked.home, say, traces=asked.traces, points=asked.points, lines=asked.lines)
        with chromium() as browser, running(Service(asked.home)) as service:
            base = str(service.client.base_url).rstrip("/")
            asked.named = named(service)
            report.parts["chromium"] = browser.version
            for name, measure in PARTS.items():
                if name in asked.without or (asked.only and name not in asked.only):
                    report.skip(name, "it was left out on the command line")
                    continue
                before = len(report.targets)
                measure(browser, base, asked, report)
                for one in report.targets[before:]:
                    missed = "" if one["met"] else "  MISSED"
                    print(f"{one['name']:<76}{one['found']:>12,}{one['target']:>10}{missed}", flush=True)
    found = report.record()
    print("\nmissed: " + ("; ".join(found["missed"]) or "nothing"))
    print(json.dumps(found))
    sys.exit(bool(found["missed"]))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is left running")
