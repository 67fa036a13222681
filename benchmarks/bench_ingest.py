"""How fast a file of traces goes in by HTTP, against raw `executemany` into the same table.

For each database, in one run on one machine: a fresh, migrated database takes N prepared rows by the driver's own
`executemany`; then a real server over another fresh database, migrated alike, takes the same N traces as one upload,
once with `on_error=fail` (every row is checked before the first goes in) and once with `on_error=skip`. The ratio is
ours over raw, in rows a second.

The raw run has the best of it: its rows are read from a file in which every value, the words of the search index among
them, is as the driver wants it, and only the time inside `executemany` and `commit` counts. It has the same table,
indexes, triggers and foreign key, the same columns in every row, the same journal and durability, and commits as many
rows at a time as the service does. psycopg's `executemany` is a pipeline, and the service's way in is COPY. Ours is the
whole way: the client sends, the server receives, parses, checks and inserts, and answers.

Memory is the largest resident size of the server and its reader together, looked at ten times a second; meanwhile
another client asks for pages of traces.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend" / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench_data import generate

from postgresql import Server
from service import Service
from tunix_rt.importers import RowError, read
from tunix_rt_backend import db
from tunix_rt_backend.services import parsing, uploads
from tunix_rt_backend.services.rows import COLUMNS
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import utc_now

TARGET = 0.5
"""Least ratio of rows a second, ours over raw."""
MEMORY_TARGET = 500.0
"""Most MiB of the server and its reader."""
UPLOAD = uuid.UUID(int=7 << 76 | 2 << 62)
"""The upload that the rows of the raw run belong to."""


def prepare(source: Path, target: Path) -> None:
    """Write the rows of a file of traces as both drivers take them, one JSON list a line."""
    order = parsing.Order(
        path=source, label="bench", schema_name="gsm8k", mapping=None, license=None, source="bench", dialect="sqlite",
        upload_id=UPLOAD, created_at=utc_now(), skip=0, check_first=False, max_ratio=200,
    )  # fmt: skip
    rows = parsing.Rows(order)
    with target.open("wb") as stream:
        for number, found in read(source, schema="gsm8k"):
            if isinstance(found, RowError):
                raise RuntimeError(str(found))
            stream.write(rows.encode(number, found) + b"\n")


def batches(path: Path) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the prepared rows, some thousand at a time."""
    batch: list[tuple[Any, ...]] = []
    with path.open("rb") as stream:
        for line in stream:
            batch.append(tuple(orjson.loads(line)))
            if len(batch) == parsing.FRAME_ROWS:
                yield batch
                batch = []
    if batch:
        yield batch


def raw(settings: Settings, prepared: Path) -> float:
    """Return the seconds of the driver's `executemany` and of its commits."""
    names, seconds = COLUMNS, 0.0
    # The connection is set up as the service sets its own up: same journal, same durability, same cache.
    engine = db.make_engine(settings)
    with db.make_sessions(engine)() as session:
        uploads.begin(session, UPLOAD, "bench")
        session.commit()
    connection = engine.raw_connection()
    sqlite = engine.dialect.name == "sqlite"
    statement = f"INSERT INTO traces ({', '.join(names)}) VALUES ({', '.join(['?' if sqlite else '%s'] * len(names))})"
    cursor = connection.cursor()
    for batch in batches(prepared):
        started = time.perf_counter()
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(statement, batch)
        connection.commit()
        seconds += time.perf_counter() - started
    connection.close()
    engine.dispose()
    return seconds


class Watch(threading.Thread):
    """The memory of a process and its children over time, in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.seen, self.stopped = psutil.Process(pid), [], threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.1):
            total = 0
            with contextlib.suppress(psutil.Error):
                for one in (self.process, *self.process.children(recursive=True)):
                    if "worker" not in one.cmdline():  # the worker of runs has no part in this
                        total += one.memory_info().rss
                self.seen.append(total / 2**20)

    def stop(self) -> list[float]:
        self.stopped.set()
        self.join()
        return self.seen


def multipart(source: Path, boundary: str, on_error: str) -> Iterator[bytes]:
    """Yield a form with one file, in pieces, so that the client holds no more than one of them."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="on_error"\r\n\r\n{on_error}\r\n'
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="bench.jsonl"\r\n\r\n'
    yield head.encode()
    with source.open("rb") as stream:
        while piece := stream.read(2**18):
            yield piece
    yield f"\r\n--{boundary}--\r\n".encode()


def ours(home: Path, database_url: str | None, source: Path, on_error: str) -> dict[str, Any]:
    """Return the seconds of one upload by HTTP, the server's memory, and how long other requests took meanwhile."""
    service = Service(home, database_url)
    service.start()
    assert service.process is not None
    watch, others = Watch(service.process.pid), []
    before = psutil.Process(service.process.pid).memory_info().rss / 2**20
    done = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=120) as client:
            while not done.wait(0.1):
                started = time.perf_counter()
                client.get("/api/traces", params={"limit": 20}).raise_for_status()
                others.append(1000 * (time.perf_counter() - started))

    try:
        watch.start()
        asking = threading.Thread(target=ask)
        asking.start()
        boundary = uuid.uuid4().hex
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        started = time.perf_counter()
        answer = service.client.post(
            "/api/datasets/ingest", content=multipart(source, boundary, on_error), headers=headers, timeout=None
        )
        seconds = time.perf_counter() - started
        done.set()
        asking.join()
        answer.raise_for_status()
    finally:
        memory = watch.stop()
        worker = service.worker()
        service.kill()
        if worker:
            worker.kill()
    half = len(memory) // 2
    return {
        "seconds": round(seconds, 2),
        "rows": answer.json()["ingested_count"],
        "memory_mib": round(max(memory), 1),
        "memory_idle_mib": round(before, 1),
        "memory_half_mib": [round(max(memory[:half]), 1), round(max(memory[half:]), 1)],
        "other_requests_ms": {
            "n": len(others),
            "p50": round(statistics.median(others), 1),
            "p99": round(sorted(others)[int(0.99 * (len(others) - 1))], 1),
        },
    }


def measure(database: str, rows: int, folder: Path) -> dict[str, Any]:
    """Return the figures of one database, `sqlite` or `postgresql`; the next call uses what is in `folder` again."""
    source, prepared = folder / "bench.jsonl", folder / "prepared.jsonl"
    if not prepared.exists():
        generate(source, rows)
        prepare(source, prepared)
    server = Server(durable=True) if database == "postgresql" else None

    def fresh(which: str) -> Settings:
        home = folder / database / which
        home.mkdir(parents=True)
        settings = Settings(home=home, database_url=server.create(which) if server else None)
        db.migrate(settings)
        return settings

    try:
        settings = fresh("raw")
        found: dict[str, Any] = {"raw": {"seconds": round(raw(settings, prepared), 2)}}
        for on_error in ("fail", "skip"):
            shutil.rmtree(settings.home)
            if server:
                server.drop(settings.home.name)
            settings = fresh(on_error)
            url = settings.database_url.get_secret_value() if settings.database_url else None
            found[on_error] = ours(settings.home, url, source, on_error)
            if found[on_error]["rows"] != rows:
                raise RuntimeError(f"{rows:,} rows were sent, {found[on_error]['rows']:,} went in")
            found[on_error]["ratio"] = round(found["raw"]["seconds"] / found[on_error]["seconds"], 3)
        shutil.rmtree(settings.home)
    finally:
        if server:
            server.close()
    for one in found.values():
        one["rows_per_second"] = round(rows / one["seconds"])
    return found


def show(name: str, figures: dict[str, Any]) -> None:
    """Print the lines of one database."""
    print(f"{name:<12}{'raw executemany':<24}{figures['raw']['rows_per_second']:>10,}{'100 %':>9}")
    for way in ("fail", "skip"):
        one = figures[way]
        print(
            f"{name:<12}{'upload, on_error=' + way:<24}{one['rows_per_second']:>10,}{one['ratio']:>9.0%}"
            f"{one['memory_mib']:>6,.0f} MiB{one['other_requests_ms']['p99']:>9,.0f} ms",
            flush=True,
        )


def main() -> None:
    """Measure, print a table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    arguments = parser.parse_args()
    names = ("sqlite", "postgresql") if arguments.database == "both" else (arguments.database,)
    with tempfile.TemporaryDirectory(prefix="tunix-rt-bench-") as temporary:
        print(f"{arguments.rows:,} traces, {os.cpu_count()} cores")
        print(f"{'database':<12}{'way in':<24}{'rows/s':>10}{'of raw':>9}{'memory':>10}{'others p99':>12}")
        found = {}
        for name in names:
            found[name] = measure(name, arguments.rows, Path(temporary))
            show(name, found[name])
        megabytes = (Path(temporary) / "bench.jsonl").stat().st_size / 1e6
    ways = [figures[way] for figures in found.values() for way in ("fail", "skip")]
    reached = all(one["ratio"] >= TARGET and one["memory_mib"] < MEMORY_TARGET for one in ways)
    print(json.dumps({"rows": arguments.rows, "megabytes": round(megabytes), "reached": reached, **found}))


if __name__ == "__main__":
    main()
