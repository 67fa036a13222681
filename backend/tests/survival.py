"""Kill what can be killed while traces come in and models train, and count what is left; it judges nothing itself.

    house = House(folder, "postgresql" | "sqlite")
    with house.open():
        told = disturb(house, kills=20, seed=1)
    told.acknowledged, told.runs, …

Three things die in turn: the worker, the API, the database. SQLite is no process of its own: its database dies with the
two processes that have it open.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import psutil
from sqlalchemy import select

import nano
from postgresql import Server
from service import Service, running
from tunix_rt_backend import db
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job, Trace

Kind = Literal["sqlite", "postgresql"]
TARGETS = ("worker", "api", "database")
ROWS = 400
"""Traces of one upload."""
BATCH = 20
"""Traces of one batch."""
_ENDED = ("completed", "stopped", "failed", "cancelled")


class House:
    """A service over its own home folder and its own database, which can be killed too."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.kind = kind
        self.server = Server(durable=True) if kind == "postgresql" else None
        url = self.server.create("tunix") if self.server else None
        self.settings = Settings(home=folder / "home", database_url=url)
        self.service = Service(self.settings.home, url)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Run the service; nothing of it is left afterwards."""
        try:
            with running(self.service):
                yield
        finally:
            if self.server:
                self.server.close()

    def kill(self, target: str, random: random.Random) -> None:
        """Kill one part with SIGKILL, and start again what nothing else starts."""
        if target == "worker":
            self._kill_worker()
        elif target == "api":
            self.service.kill()
            time.sleep(random.uniform(0, 1))
            self.service.start()
        elif self.server:
            self.server.kill()
            time.sleep(random.uniform(0, 2))
            self.server.start()
        else:
            self._kill_worker()
            self.service.kill()
            self.service.start()

    def _kill_worker(self) -> None:
        worker = self.service.worker()
        if worker is not None:
            with contextlib.suppress(psutil.Error):
                worker.send_signal(signal.SIGKILL)

    def rows(self) -> tuple[Counter[str], list[Job]]:
        """Return how often each prompt is in the table, and the jobs."""
        engine = db.make_engine(self.settings)
        with db.make_sessions(engine)() as session:
            prompts = Counter(session.scalars(select(Trace.prompt)))
            jobs = list(session.scalars(select(Job).order_by(Job.seq)))
        engine.dispose()
        return prompts, jobs


@dataclass
class Told:
    """What was acknowledged, and what became of it."""

    acknowledged: set[str] = field(default_factory=set)
    """Prompts of traces that an answer with 201 or 200 spoke of."""
    batches: list[list[str]] = field(default_factory=list)
    """Prompts of batches that got no answer: all of one are there, or none is."""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """State of each run at its end, by its id."""
    digests: dict[str, str] = field(default_factory=dict)
    """Digest of the weights that each run ended with."""
    refused: list[str] = field(default_factory=list)
    """Runs that ended otherwise than completed and said why; they were resumed."""
    kills: list[tuple[float, str]] = field(default_factory=list)
    """Seconds since the start, and what was killed."""
    prompts: Counter[str] = field(default_factory=Counter)
    """How often each prompt is in the database at the end."""
    jobs: list[Job] = field(default_factory=list)
    seconds: float = 0.0


def disturb(house: House, *, kills: int, seed: int, runs: int = 2, pause: tuple[float, float] = (1.0, 5.0)) -> Told:
    """Ingest and train while `kills` parts die, one after another at random moments; wait for every run's end."""
    told, began, over = Told(), time.monotonic(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        ingest = threads.submit(_ingest, house.service, told, over)
        try:
            started = _kill_in_turn(house, told, began, kills, seed, runs, pause)
        finally:
            over.set()
        ingest.result()
    for run in started:
        told.runs[run] = _wait(house.service, run, told)
        told.digests[run] = nano.adapter_digest(house.settings.home, run)
    told.prompts, told.jobs = house.rows()
    told.seconds = round(time.monotonic() - began, 1)
    return told


def _kill_in_turn(
    house: House, told: Told, began: float, kills: int, seed: int, runs: int, pause: tuple[float, float]
) -> list[str]:
    """Return the runs that were started meanwhile: there is always one that is not complete."""
    dice = random.Random(seed)
    started = [_start_run(house.service, f"{seed}-{number}") for number in range(runs)]
    for number in range(kills):
        time.sleep(dice.uniform(*pause))
        if _state(house.service, started[-1])["status"] == "completed":
            started.append(_start_run(house.service, f"{seed}-{len(started)}"))
        target = TARGETS[number % len(TARGETS)]
        told.kills.append((round(time.monotonic() - began, 2), target))
        house.kill(target, dice)
    return started


def _start_run(service: Service, key: str) -> str:
    config = {name: value for name, value in nano.config().items() if name not in ("kind", "base_model", "dataset")}
    body = {"dry_run": False, "model_id": "nano", "dataset_key": nano.DATASET, "config": config}
    answer = service.json("POST", "/api/tunix/run", json=body, headers={"Idempotency-Key": f"run-{key}"})
    return str(answer["run_id"])


def _state(service: Service, run: str) -> dict[str, Any]:
    found: dict[str, Any] = service.json("GET", f"/api/tunix/runs/{run}")
    return found


def _wait(service: Service, run: str, told: Told, seconds: float = 600) -> dict[str, Any]:
    """Return the state of a run when it has completed; one that failed and says why is resumed."""
    deadline = time.monotonic() + seconds
    while True:
        state = _state(service, run)
        job = state["job"] or {}
        if job.get("status") in ("queued", "running"):
            pass  # the folder tells first, the worker's word follows
        elif state["status"] == "completed":
            return state
        elif state["status"] in _ENDED:
            assert state["error"] or job.get("reason"), state
            told.refused.append(f"{run}: {state['status']}: {job.get('reason')}")
            service.json("POST", f"/api/tunix/runs/{run}/resume")
        assert time.monotonic() < deadline, f"stuck: {json.dumps(state)[:2000]}"
        time.sleep(0.2)


def trace(name: str) -> dict[str, Any]:
    """Return a trace whose prompt occurs nowhere else."""
    return {
        "trace_version": "1.0",
        "prompt": f"What is the number of {name}?",
        "steps": [{"i": 0, "type": "read", "content": f"It is written: {name}."}],
        "final_answer": name,
    }


def _ingest(service: Service, told: Told, over: threading.Event) -> None:
    """Send uploads until they are answered, however often that takes, and batches once each."""
    number = 0
    while not over.is_set():
        number += 1
        rows = [trace(f"upload {number} row {row}") for row in range(ROWS)]
        body = "".join(json.dumps(row) + "\n" for row in rows)
        answer = _until_taken(service, number, body)
        assert answer["rows_read"] == ROWS, answer
        told.acknowledged |= {row["prompt"] for row in rows}
        batch = [trace(f"batch {number} row {row}") for row in range(BATCH)]
        prompts = [row["prompt"] for row in batch]
        if _once(service, batch):
            told.acknowledged |= set(prompts)
        else:
            told.batches.append(prompts)


def _until_taken(service: Service, number: int, body: str) -> Any:
    deadline = time.monotonic() + 300
    while True:
        answer = service.ask(
            "POST",
            "/api/datasets/ingest",
            content=body,
            params={"source_name": f"upload-{number}.jsonl"},
            headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": f"upload-{number}"},
        )
        if answer.is_success:
            return answer.json()
        # An attempt that was cut off may still be at work.
        assert answer.status_code == 409, answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)


def _once(service: Service, batch: list[dict[str, Any]]) -> bool:
    try:
        answer = service.client.post("/api/traces/batch", json=batch)
    except httpx2.TransportError:
        return False
    assert answer.status_code in (201, 503), answer.text
    return answer.status_code == 201


def losses(told: Told) -> list[str]:
    """Return what is wrong with the traces that are there at the end; nothing, if all is well."""
    found = [f"lost: {prompt}" for prompt in told.acknowledged if not told.prompts[prompt]]
    found += [f"doubled: {prompt}" for prompt, count in told.prompts.items() if count > 1]
    for batch in told.batches:
        there = sum(told.prompts[prompt] > 0 for prompt in batch)
        if there not in (0, len(batch)):
            found.append(f"half there: {batch[0]}")
    return found
