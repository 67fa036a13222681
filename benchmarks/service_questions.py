"""What people ask a full service, as requests; it does not know how they are sent or judged.

The words and values are those of `service_rows`: `w0` is the commonest word, `needle` a rare one, `old` stands in the
oldest third of the traces alone.
"""

from __future__ import annotations

import random
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from load import get
from service_rows import run_id

RUNS = "/api/tunix/runs"
DEEP = 50
"""Pages of 1,000 rows that one walks to get cursors from deep in a list."""
DRAWN = 200
"""Runs and traces that single ones are drawn from."""


def ask(port: int, path: str) -> Any:
    """Return the JSON that a path is answered with."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return orjson.loads(answer.read())


def pages(port: int, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Yield the first pages of 1,000 rows of a list."""
    cursor: str | None = None
    for _ in range(DEEP):
        page = ask(port, f"{path}?{urlencode({**query, 'limit': 1000} | ({'cursor': cursor} if cursor else {}))}")
        yield page
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            return


def listed(path: str, **query: str) -> list[bytes]:
    return [get(f"{path}?{urlencode(query)}" if query else path)]


def walked(path: str, seen: list[dict[str, Any]]) -> list[bytes]:
    """Return requests for a page of 20 rows at the places where longer pages ended."""
    cursors = [page["pagination"]["next_cursor"] for page in seen]
    return [get(path)] + [get(f"{path}?cursor={cursor}") for cursor in cursors if cursor]


def draw(runs: int, long: int) -> list[str]:
    """Return the names of some short runs."""
    return [run_id(number) for number in random.Random(1).sample(range(long, runs), min(DRAWN, runs - long))]


def beside_mlflow(runs: int, long: int, points: int) -> dict[str, list[bytes]]:
    """Return the requests of the questions that MLflow answers too, under the names that `mlflow_side` gives them."""
    drawn, every = draw(runs, long), [run_id(number) for number in range(long)]
    return {
        "newest 20 runs": listed(RUNS),
        "newest 20 runs of one status": listed(RUNS, status="failed"),
        "one run": [get(f"{RUNS}/{run}") for run in drawn],
        "metric of a short run": [get(f"{RUNS}/{run}/metrics?keys=loss&points={points}") for run in drawn],
        "metric of a long run, thinned": [get(f"{RUNS}/{run}/metrics?keys=loss&points={points}") for run in every],
        "metric of a long run, whole": [get(f"{RUNS}/{every[0]}/artifacts/metrics.jsonl")],
    }


def questions(port: int, runs: int, long: int, points: int) -> dict[str, list[bytes]]:
    """Return the requests of each question, by its name in the table."""
    traces, search = "/api/traces", "/api/traces?q="
    seen, runs_seen = list(pages(port, traces)), list(pages(port, RUNS))
    upload = seen[0]["data"][0]["upload_id"]
    drawn = draw(runs, long)
    tasks = [f"bench-task-{number}" for number in range(5)]
    between = {"created_after": "2026-01-01T01:00:00Z", "created_before": "2026-01-01T03:00:00Z"}
    return {
        "traces": walked(traces, seen),
        "traces, source": listed(traces, source="gsm8k"),
        "traces, rare source": listed(traces, source="rare"),
        "traces, license": listed(traces, license="mit"),
        "traces, domain": listed(traces, domain="math"),
        "traces, family": [get(f"{traces}?family=family-{number}") for number in range(50)],
        "traces, difficulty": listed(traces, difficulty="hard"),
        "traces, rare difficulty": listed(traces, difficulty="olympiad"),
        "traces, upload": listed(traces, upload_id=upload),
        "traces, times": listed(traces, **between),
        "traces, three filters": listed(traces, source="team", domain="code", difficulty="hard"),
        "search, common word": listed(traces, q="w0"),
        "search, word": [get(f"{search}w{number}") for number in range(100, 130)],
        "search, rare word": listed(traces, q="needle"),
        "search, rarest words": [get(f"{search}w{number}") for number in range(49_000, 49_030)],
        "search, two words": [get(f"{search}{quote(f'w{number} w{number + 40}')}") for number in range(20)],
        "search, phrase": [get(f"{search}{quote(f'{chr(34)}w0 w{number}{chr(34)}')}") for number in range(1, 20)],
        "search, beginning": listed(traces, q="need*"),
        "search, old word": listed(traces, q="old"),
        "search, word and filter": [get(f"{search}w{number}&source=gsm8k") for number in range(100, 130)],
        "search, word and rare filter": listed(traces, q="w5", source="rare"),
        "search, old word and filter": listed(traces, q="old", domain="math"),
        "runs": walked(RUNS, runs_seen),
        "runs, status": listed(RUNS, status="failed"),
        "runs, kind and mode": listed(RUNS, kind="sft", mode="local"),
        "run": [get(f"{RUNS}/{run}") for run in drawn],
        "metrics of a long run": [get(f"{RUNS}/{run_id(number)}/metrics?points={points}") for number in range(long)],
        "metrics of a short run": [get(f"{RUNS}/{run}/metrics?points={points}") for run in drawn],
        "leaderboard": [get(f"/api/leaderboard?task={task}") for task in tasks],
        "leaderboard, all": [get(f"/api/leaderboard?task={task}&all=true") for task in tasks],
        "leaderboard, model": [get(f"/api/leaderboard?task={tasks[0]}&model=model-{number}") for number in range(40)],
    }
