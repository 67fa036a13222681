"""Fill a database with generated rows, so that the service can be measured on a full one.

    python benchmarks/service_rows.py --home FOLDER [--database-url URL] --traces 1000000 --runs 10000

Traces go in by `executemany` (SQLite) or COPY (PostgreSQL). Words follow Zipf's law, as in any language: `w0` stands in
nearly every trace, `w100` in one of twenty, and each of the last thousands in a few; `old` stands in the oldest third
alone, `needle` in one of 50,000, and the source `rare` has one trace of 10,000. It does not know what is measured.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import insert
from sqlalchemy.orm import Session

from tunix_rt.config import read_config
from tunix_rt.formats import digest_value
from tunix_rt.run import RunManifest, new_run, read_run
from tunix_rt.run_folder import RunDir
from tunix_rt.stats import wilson
from tunix_rt.trace import CONTRACT_DIGEST, make_trace
from tunix_rt_backend.db import make_engine, make_sessions, migrate
from tunix_rt_backend.services import blocks
from tunix_rt_backend.services.index import run_values
from tunix_rt_backend.services.rows import row_values
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import EvaluationRow, Run, Trace

VOCABULARY = 50_000
UPLOADS = 10
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = [column.name for column in Trace.__table__.columns if column.name != "seq"]


def run_id(number: int) -> str:
    return f"2026-01-05-sft-bench-{number:05}"


def upload_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=(7 << 76) | (2 << 62) | number)


def rows(count: int, *, begin: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the columns of generated traces, the same for the same numbers."""
    draw = np.random.default_rng(begin)
    weights = 1 / (np.arange(VOCABULARY) + 2.0)
    total = np.cumsum(weights / weights.sum())
    words = [f"w{number}" for number in range(VOCABULARY)]
    for number in range(begin, begin + count):
        a, b = int(draw.integers(2, 999)), int(draw.integers(2, 999))
        picked = [words[place] for place in np.searchsorted(total, draw.random(60))]
        marks = ["old"] if number < count // 3 else []
        marks += ["needle"] if number % 50_000 == 7 else []
        steps = [" ".join(picked[20:40]), f"{a} + {b} = {a + b}, " + " ".join(picked[40:])]
        trace = make_trace(
            " ".join([f"question {number}:", *marks, *picked[:20]]), steps, str(a + b),
            source="rare" if number % 10_000 == 11 else ("gsm8k", "generated", "team", "forum")[number % 4],
            license=("apache-2.0", "mit", "cc-by-4.0")[number % 3],
            domain=("math", "code", "logic", "science", "language")[number % 5],
            family=f"family-{number % 50}",
            difficulty="olympiad" if number % 7_000 == 3 else ("easy", "medium", "hard")[number % 3],
        )  # fmt: skip
        moment = BEGAN + timedelta(seconds=number)
        yield row_values(
            trace, created_at=moment, upload_id=upload_id(number * UPLOADS // count), upload_row=number + 1
        )


def plain(row: dict[str, Any], *, sqlite: bool) -> tuple[Any, ...]:
    """Return the values of a row as the driver takes them."""
    row = {**row, "steps": json.dumps(row["steps"]), "meta": json.dumps(row["meta"])}
    if sqlite:
        row |= {"id": row["id"].hex, "upload_id": row["upload_id"].hex}
        row["created_at"] = row["created_at"].strftime("%Y-%m-%d %H:%M:%S.%f")
    return tuple(row[name] for name in COLUMNS)


def uploads(connection: Any, mark: str, *, sqlite: bool) -> None:
    statement = (
        "INSERT INTO uploads (id, source_name, settings, status, bytes, rows_read, rows_rejected, rows_inserted, "
        f"errors, reasons, actor, created_at) VALUES ({mark}, 'generated', '{{}}', 'completed', 0, 0, 0, 0, '[]', "
        f"'{{}}', 'bench', {mark})"
    )
    for number in range(UPLOADS):
        one = upload_id(number)
        moment = BEGAN.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else BEGAN
        connection.execute(statement, (one.hex if sqlite else one, moment))


def fill_traces(settings: Settings, count: int) -> float:
    """Insert traces and return the seconds that it took, generation included."""
    started = time.perf_counter()
    made = rows(count)
    if settings.url.startswith("sqlite"):
        connection = sqlite3.connect(settings.home / "tunix_rt.db", isolation_level=None)
        for statement in ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -262144", "BEGIN"):
            connection.execute(statement)
        uploads(connection, "?", sqlite=True)
        statement = f"INSERT INTO traces ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        while chunk := [plain(row, sqlite=True) for row in itertools.islice(made, 10_000)]:
            connection.executemany(statement, chunk)
            connection.execute("COMMIT")
            connection.execute("BEGIN")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        address = settings.url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address) as connection:
            uploads(connection, "%s", sqlite=False)
            with connection.cursor().copy(f"COPY traces ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                for row in made:
                    copy.write_row(plain(row, sqlite=False))
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE traces")
        sessions = make_sessions(make_engine(settings))
        while blocks.keep_settled(sessions):  # as the worker of a service does, a little at a time
            pass
    return time.perf_counter() - started


def metric_lines(points: int, seed: int) -> bytes:
    """Return the metrics of a run, in the shape that training writes."""
    draw = np.random.default_rng(seed)
    noise = draw.normal(0, 0.05, points)
    lines = (
        f'{{"step":{step},"time_s":{step * 0.5:.1f},"loss":{2.5 * step**-0.2 + noise[step - 1]:.5f},'
        f'"learning_rate":{0.0004 * step / points:.8f},"grad_norm":{1 + noise[step - 1]:.4f},'
        f'"num_tokens":{step * 512}}}'
        for step in range(1, points + 1)
    )
    return "\n".join(lines).encode() + b"\n"


def fill_runs(session: Session, home: Path, count: int, long: int) -> None:
    """Make folders of runs with 1,000 points each, `long` of them with 1,000,000, and index them as `index` does."""
    config = read_config(Path(__file__).parent.parent / "configs" / "sft-nano.yaml")
    first = new_run(home, "sft", "template", config=config)
    template = read_run(first).model_dump(mode="json", exclude={"digest"})
    resolved = first.config.read_bytes()
    short = [metric_lines(1_000, seed) for seed in range(20)]
    rows = []
    for number in range(count):
        run = RunDir(home / "runs" / run_id(number))
        run.path.mkdir(parents=True)
        run.config.write_bytes(resolved)
        run.metrics.write_bytes(metric_lines(1_000_000, number) if number < long else short[number % 20])
        began = BEGAN + timedelta(minutes=number)
        values = {
            **template,
            "id": run.id,
            "status": ("completed", "completed", "completed", "stopped", "failed")[number % 5],
            "stage": "export",
            "created": began.isoformat(),
            "started": began.isoformat(),
            "finished": (began + timedelta(seconds=50)).isoformat(),
            "attempts": 1,
            "results": {"loss": 1.0 + number % 7 / 10},
        }
        run.manifest.write_text(RunManifest(**values, digest=digest_value(values)).to_json())
        rows.append(run_values(run.path, None, None))
    shutil.rmtree(first.path)
    session.execute(insert(Run), rows)
    session.commit()


def fill_evaluations(session: Session, count: int) -> None:
    """Insert rows of evaluations over five tasks of 200 items; their folders are not made."""
    draw = np.random.default_rng(0)
    rows = []
    for number in range(count):
        right = draw.random(200) < 0.2 + 0.6 * (number % 97) / 97
        interval = wilson(int(right.sum()), 200)
        share = {"value": float(right.mean()), "n": 200, "low": interval.low, "high": interval.high}
        name, outcomes = f"bench-{number:05}", bytes(254 if hit else 0 for hit in right)
        digest = digest_value(name)
        task = f"bench-task-{number % 5}"
        rows.append(
            {
                "evaluation_id": name, "digest": digest, "created_at": BEGAN + timedelta(minutes=number),
                "run_id": run_id(number), "model_name": f"model-{number % 40}",
                "adapter_digest": digest, "dataset_key": f"data-v{number % 9}", "task_name": task,
                "task_split": "heldout", "task_digest": digest_value(task), "contract_digest": CONTRACT_DIGEST,
                "prompt_name": "contract", "prompt_digest": digest_value("prompt"), "n": 200,
                "strict": share["value"], "lenient": share["value"],
                "metrics": {
                    "items": 200, "n": 200, "unscored": {}, "strict": share, "lenient": share, "format": share,
                    "stop": share, "truncated": None, "arithmetic": None, "tokens": None, "pass_at": {},
                },
                "strict_outcomes": outcomes, "lenient_outcomes": outcomes,
                "mark": int(digest_value([name, digest]).removeprefix("sha256:")[:10], 16),
                "git_commit": None, "device": "cpu",
            }
        )  # fmt: skip
    session.execute(insert(EvaluationRow), rows)
    session.commit()


def fill(settings: Settings, traces: int, runs: int, long: int, evaluations: int) -> float:
    """Make the tables and all rows and folders; return the seconds that the traces took."""
    settings.home.mkdir(parents=True, exist_ok=True)
    migrate(settings)
    engine = make_engine(settings)
    with make_sessions(engine)() as session:
        fill_runs(session, settings.home, runs, long)
        fill_evaluations(session, evaluations)
    engine.dispose()
    return fill_traces(settings, traces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database-url")
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--long-runs", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=2_000)
    asked = parser.parse_args()
    settings = Settings(home=asked.home, database_url=asked.database_url)
    seconds = fill(settings, asked.traces, asked.runs, asked.long_runs, asked.evaluations)
    print(json.dumps({"traces": asked.traces, "runs": asked.runs, "trace_seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
