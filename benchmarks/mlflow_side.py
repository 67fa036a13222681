"""An MLflow tracking server that holds the runs of `service_rows`, to be asked beside ours; it knows nothing of ours.

MLflow is no dependency: it lives in an environment of its own, whose Python the caller names. Its tables are made by
MLflow and filled by SQL, for its own API takes hours for 20 million points; the server is started as its guide says,
with its default number of workers. `python benchmarks/mlflow_side.py PYTHON FOLDER` fills a folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psutil
from load import get, post
from service_questions import DRAWN
from service_rows import BEGAN, metric_lines

START_SECONDS = 300
API = "/api/2.0/mlflow"
INTERVAL = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
"""What its user interface draws charts from."""
STATUSES = ("FINISHED", "FINISHED", "FINISHED", "KILLED", "FAILED")
"""Of the runs in turn, as in `service_rows`."""


def run_uuid(number: int) -> str:
    """Return the name of a run, as random as MLflow's own."""
    return uuid.UUID(int=random.Random(number).getrandbits(128), version=4).hex


def version(python: Path) -> str:
    """Return the version of MLflow and the Python it runs on: another build of Python is another speed."""
    asked = "print(m.version('mlflow'), 'on Python', sys.version.split()[0], 'of', sys.base_prefix)"
    words = [python, "-c", f"import importlib.metadata as m, sys; {asked}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def serving(python: Path, folder: Path) -> Iterator[int]:
    """Start the server over a folder, yield its port when it answers, and end it with all its processes."""
    port = free_port()
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--backend-store-uri", f"sqlite:///{folder.absolute() / 'mlflow.db'}"]
    words += ["--artifacts-destination", str(folder.absolute() / "artifacts")]
    kept = {"PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [python, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=kept | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{API}/experiments/get?experiment_id=0").read()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"MLflow did not start: {(folder / 'server.log').read_text()[-3000:]}")
            time.sleep(0.2)
        yield port
    finally:
        family = [process.pid]
        with contextlib.suppress(psutil.Error):
            family += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if number == signal.SIGTERM:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
        process.wait()


def fill(python: Path, folder: Path, runs: int, long: int) -> float:
    """Let MLflow make its tables, insert the runs, and return the seconds that it took."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with serving(python, folder):  # this makes the tables and the first experiment
        pass
    connection = sqlite3.connect(folder / "mlflow.db", isolation_level=None)
    for statement in ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -1048576", "PRAGMA journal_mode = OFF"):
        connection.execute(statement)
    short = [losses(1_000, seed) for seed in range(20)]
    connection.execute("BEGIN")
    for number in range(runs):
        insert(connection, number, losses(1_000_000, number) if number < long else short[number % 20])
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    (folder / "filled.json").write_text(json.dumps({"runs": runs, "long": long}))
    return time.perf_counter() - started


def filled(folder: Path) -> dict[str, int]:
    """Return how many runs a folder holds; nothing where it was not filled."""
    path = folder / "filled.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def losses(points: int, seed: int) -> list[float]:
    """Return the losses of a run of `service_rows`."""
    return [orjson.loads(line)["loss"] for line in metric_lines(points, seed).splitlines()]


def insert(connection: sqlite3.Connection, number: int, values: list[float]) -> None:
    """Insert one run with its losses, as MLflow writes it."""
    run, name = run_uuid(number), f"sft-bench-{number:05}"
    began = int((BEGAN + timedelta(minutes=number)).timestamp() * 1000)
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, "
        "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
        "VALUES (?, ?, 'UNKNOWN', '', '', 'bench', ?, ?, ?, '', 'active', ?, 0)",
        (run, name, STATUSES[number % 5], began, began + 50_000, f"mlflow-artifacts:/0/{run}/artifacts"),
    )
    params = {"model": "nano", "dataset": f"data-v{number % 9}", "seed": number, "learning_rate": 0.0004, "rank": 8}
    tags = {
        "mlflow.runName": name,
        "mlflow.user": "bench",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
    }
    for table, pairs in (("params", params), ("tags", tags)):
        connection.executemany(
            f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)",
            [(key, str(value), run) for key, value in pairs.items()],
        )
    connection.executemany(
        "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES ('loss', ?, ?, ?, 0, ?)",
        ((value, began + 500 * step, step, run) for step, value in enumerate(values, start=1)),
    )
    connection.execute(
        "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES ('loss', ?, ?, ?, 0, ?)",
        (values[-1], began + 500 * len(values), len(values), run),
    )


def check(python: Path, port: int, number: int, points: int) -> None:
    """Read one run by MLflow's own client; raise RuntimeError if it is not as it was inserted."""
    script = (
        "import json, sys; from mlflow import MlflowClient; client = MlflowClient(sys.argv[1]); "
        "run = client.get_run(sys.argv[2]); history = client.get_metric_history(sys.argv[2], 'loss'); "
        "print(json.dumps([run.info.run_name, run.info.status, run.data.params['seed'], run.data.metrics['loss'], "
        "[point.value for point in history]]))"
    )
    words = [python, "-c", script, f"http://127.0.0.1:{port}", run_uuid(number)]
    said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    values = losses(points, number % 20)
    if said != [f"sft-bench-{number:05}", STATUSES[number % 5], str(number), values[-1], values]:
        raise RuntimeError(f"MLflow reads another run than was inserted: {str(said)[:300]}")


def questions(runs: int, long: int, points: int) -> dict[str, list[bytes]]:
    """Return the requests of each question, as MLflow is asked them."""

    def search(**more: Any) -> bytes:
        wanted = {"experiment_ids": ["0"], "max_results": 20, "order_by": ["attributes.start_time DESC"]}
        return post(f"{API}/runs/search", json.dumps(wanted | more).encode())

    def interval(number: int) -> bytes:
        return get(f"{INTERVAL}?run_ids={run_uuid(number)}&metric_key=loss&max_results={points}")

    short = random.Random(1).sample(range(long, runs), min(DRAWN, runs - long))
    return {
        "newest 20 runs": [search()],
        "newest 20 runs of one status": [search(filter="attributes.status = 'FAILED'")],
        "one run": [get(f"{API}/runs/get?run_id={run_uuid(number)}") for number in short],
        "metric of a short run": [
            get(f"{API}/metrics/get-history?run_id={run_uuid(number)}&metric_key=loss") for number in short
        ],
        "metric of a long run, thinned": [interval(number) for number in range(long)],
        "metric of a long run, whole": [get(f"{API}/metrics/get-history?run_id={run_uuid(0)}&metric_key=loss")],
    }


def main() -> None:
    """Fill a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--long-runs", type=int, default=10)
    asked = parser.parse_args()
    seconds = fill(asked.python, asked.folder, asked.runs, asked.long_runs)
    print(json.dumps({"runs": asked.runs, "long": asked.long_runs, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
