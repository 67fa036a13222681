"""Pictures of every screen, light and dark, wide and small: `make screenshots`, which writes them into docs/images."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import filled
import made
import reinforced
from browser import chromium, open_page
from filled import own_schema
from service import Service, running

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SCREENS = {
    "home": "/",
    "traces": "/traces",
    "trace": "/traces/{first}",
    "trace-tokens": "/traces/{first}?tab=tokens",
    "compare-traces": "/traces/compare?a={first}&b={second}",
    "datasets": "/datasets",
    "dataset": "/datasets/few-v1",
    "samples": "/datasets/few-v1?tab=samples",
    "manifest": "/datasets/few-v1?tab=manifest",
    "builder": "/datasets/new",
    "builder-columns": "/datasets/new",
    "builder-rows": "/datasets/new?upload=all",
    "train": "/train?dataset=few-v1&base_model=nano&learning_rate=0.001",
    "runs": "/runs",
    "run": f"/runs/{reinforced.RUN}",
    "log": f"/runs/{made.RUN}?tab=log",
    "written": f"/runs/{made.RUN}?tab=samples",
    "groups": f"/runs/{reinforced.RUN}?tab=groups",
    "artifacts": f"/runs/{reinforced.RUN}?tab=artifacts",
    "config": f"/runs/{reinforced.RUN}?tab=config",
    "evaluations": "/evaluations",
    "compare": "/evaluations/compare?a={a}&b={b}",
    "leaderboard": "/leaderboard",
    "submissions": "/submissions",
    "submission": "/submissions/{submission}",
    "bundle": f"/submissions/new?run={made.RUN}",
    "plan": "/submissions/new",
    "settings": "/settings",
    "tokens": "/settings?tab=tokens",
    "audit": "/settings?tab=audit",
}
"""Pages of the app by the names of their pictures; what stands in braces is named by its content."""
PICTURES = SCREENS | {"api": "/api/docs"}
SLOW = 60_000
"""Milliseconds that a shared machine may take to draw every route of the interface."""


def named(service: Service) -> dict[str, str]:
    """Return what stands in the braces of the pages of a filled service."""
    measured = {row["run_id"]: row["evaluation_id"] for row in service.json("GET", "/api/evaluations")["data"]}
    first, second = (one["id"] for one in service.json("GET", "/api/traces?limit=2")["data"])
    return {
        "a": measured[made.RUN],
        "b": measured[reinforced.RUN],
        "first": first,
        "second": second,
        "submission": filled.submission(service.home),
    }


def touched(service: Service) -> None:
    """Score and rate the newest trace, and put tags on some, as people do."""
    first, second, *others = (one["id"] for one in service.json("GET", "/api/traces?limit=12")["data"])
    service.json("POST", f"/api/traces/{first}/score", json={"criteria": "arithmetic"})
    service.json("PUT", f"/api/traces/{first}/ratings", json={"rating": 4, "comment": "Short, and each step holds."})
    service.json("POST", "/api/traces/tags", json={"trace_ids": [first, *others[2:5]], "add": ["good"]})
    service.json("POST", "/api/traces/tags", json={"trace_ids": [second, others[3]], "add": ["to check"]})


def main() -> None:
    """Start a service over a filled home, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--only", nargs="*", default=list(PICTURES))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        filled.fill(Path(folder))
        with running(Service(Path(folder), worker=False)) as service:
            names = named(service)
            touched(service)
            page, complaints = open_page(browser, str(service.client.base_url), width=asked.width)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                for name in asked.only:
                    page.goto(PICTURES[name].format(**names), wait_until="networkidle")
                    page.get_by_role("heading").first.wait_for(timeout=SLOW)
                    page.wait_for_load_state("networkidle")
                    if name == "builder-columns":
                        page.get_by_label("A file of traces").set_input_files(own_schema(Path(folder)))
                        page.get_by_label("Columns of the first row").wait_for()
                    page.locator("[aria-busy=true]").first.wait_for(state="detached")
                    page.screenshot(path=asked.out / f"{name}-{scheme}.png")
            if complaints:
                raise SystemExit("\n".join(complaints))


if __name__ == "__main__":
    main()
