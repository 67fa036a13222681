"""A home folder that asks much of the web app: 100,000 traces, a run of 20 curves, a long log, and a run that grows."""

from __future__ import annotations

import logging
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import service_rows
from sqlalchemy.orm import Session

import filled
import made
from tunix_rt.config import GRPOConfig
from tunix_rt.run import attempt, log_metrics, new_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend import db
from tunix_rt_backend.services.index import index_run
from tunix_rt_backend.settings import Settings

CURVES = "2026-01-06-grpo-many-v1-7f3a0003"
LOGGED = "2026-01-06-sft-many-v1-7f3a0004"
LIVE = "2026-01-06-grpo-many-v1-7f3a0005"
FEW = 80
"""Traces that `filled.fill` brings."""
KEYS = (
    "loss", "reward", "rewards/answer/mean", "rewards/format/mean", "rewards/steps/mean", "rewards/length/mean",
    "rewards/language/mean", "frac_reward_zero_std", "kl", "entropy", "completions/mean_length",
    "completions/min_length", "completions/max_length", "rollout_tokens_per_second", "train_tokens_per_second",
    "learning_rate", "grad_norm", "time/rollout", "time/reward", "time/train",
)  # fmt: skip
"""The curves of the long run and of the one that grows."""


def last_line(lines: int) -> str:
    """Return how the last line of the long log ends."""
    return f"line {lines - 1} of a long log"


def row(step: int, draw: random.Random) -> dict[str, Any]:
    """Return one row of metrics with every curve."""
    values = {key: round(2 * (step + 1) ** -0.1 + draw.gauss(0, 0.05), 5) for key in KEYS}
    return {"step": step, "time_s": round(0.4 * step, 1), "num_tokens": 900 * step, **values}


def fill(home: Path, say: Callable[[str], None], *, traces: int, points: int, lines: int) -> None:
    """Fill a home folder, with something on every page; one that was filled alike before is kept."""
    sizes = {"traces": traces, "points": points, "lines": lines}
    mark = home / "filled.json"
    if mark.exists() and orjson.loads(mark.read_bytes()) == sizes:
        return
    if home.exists() and any(home.iterdir()):
        raise SystemExit(f"{home} holds something else than {sizes}: name another folder, or delete it")
    say(f"filling {home} …")
    filled.fill(home)
    settings = Settings(home=home)
    service_rows.fill_traces(settings, traces)
    config = GRPOConfig(base_model="nano", dataset="few-v1", num_generations=3, max_new_tokens=40)
    curves = new_run(home, "grpo", "many-v1", config=config, run_id=CURVES)
    draw = random.Random(0)
    with attempt(curves), curves.metrics.open("wb") as stream:
        stream.writelines(orjson.dumps(row(step, draw)) + b"\n" for step in range(1, points + 1))
    made.make_run(home, run_id=LOGGED)
    [log] = (home / "runs" / LOGGED / "logs").iterdir()
    with log.open("a") as stream_of_text:
        for number in range(lines):
            stream_of_text.write(f"12:00:00 INFO tunix_rt: step {number} of training, line {number} of a long log\n")
    index(settings, curves.path, home / "runs" / LOGGED)
    mark.write_bytes(orjson.dumps(sizes))


def index(settings: Settings, *folders: Path) -> None:
    """Write the rows of runs."""
    engine = db.make_engine(settings)
    with Session(engine) as session:
        for folder in folders:
            index_run(session, folder)
        session.commit()
    engine.dispose()


@contextmanager
def growing(home: Path, *, rows_per_second: float, lines_per_second: float, points: int) -> Iterator[None]:
    """Write a run beside the caller, metrics and log, as the engine does; it ends with the block."""
    config = GRPOConfig(base_model="nano", dataset="few-v1", num_generations=3, max_new_tokens=40)
    shutil.rmtree(home / "runs" / LIVE, ignore_errors=True)  # of the measurement before
    run = new_run(home, "grpo", "many-v1", config=config, run_id=LIVE)
    started, stop = threading.Event(), threading.Event()
    writer = threading.Thread(target=_write, args=(run, rows_per_second, lines_per_second, points, started, stop))
    writer.start()
    try:
        started.wait()
        index(Settings(home=home), run.path)
        yield
    finally:
        stop.set()
        writer.join()


def _write(
    run: RunDir, rows: float, lines: float, points: int, started: threading.Event, stop: threading.Event
) -> None:
    draw = random.Random(1)
    logger = logging.getLogger("tunix_rt.bench")
    with attempt(run):
        with run.metrics.open("wb") as stream:
            stream.writelines(orjson.dumps(row(step, draw)) + b"\n" for step in range(1, points + 1))
        started.set()
        step, line = points, 0
        while not stop.wait(1 / max(rows, lines)):
            line += 1
            logger.info("step %d, line %d of a run that is alive", step, line)
            if line * rows >= (step - points + 1) * lines:
                step += 1
                log_metrics(run, **row(step, draw))
