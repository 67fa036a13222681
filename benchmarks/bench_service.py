"""Whether the service keeps its promises at full size, part by part, in one run on one machine: `make bench-service`.

    ingest   1,000,000 traces by HTTP against the driver's own `executemany`, and the memory meanwhile
    queries  every list, filter, search, run, metrics and leaderboard over a full database, 50 requests in flight,
             beside a FastAPI route that returns a constant
    sse      1,000 viewers of one log, and how fast the service answers meanwhile
    mlflow   the same questions to an MLflow tracking server that holds the same runs, where one is installed

It prints a table for each part and, as the last line, one JSON object: every figure, each target with what was reached,
what was left out and why, and `targets_met`. A home folder that is named is filled once and kept; one that is not named
is removed. `TUNIX_RT_MLFLOW_PYTHON` names the Python of an environment with MLflow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend" / "tests"))

import bench_ingest
import bench_sse
import mlflow_side
import service_rows
from load import Timed, get, measure, middle
from service_questions import RUNS, ask, beside_mlflow, questions
from sqlalchemy import func, select
from targets import Report

from postgresql import Server, free_port
from service import environment
from tunix_rt_backend.db import make_engine
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import EvaluationRow, Run, Trace

PARTS = ("ingest", "queries", "sse", "mlflow")
P99_MS, BARE_RATIO = 50.0, 10.0
"""Most milliseconds of the 99th percentile of a query or, where the machine is too slow, times that of a constant."""
SSE_P99_MS = 200.0
INGEST_RATIO, INGEST_MB = 0.5, 500.0
MLFLOW = "TUNIX_RT_MLFLOW_PYTHON"
"""The variable that names MLflow's Python."""
MLFLOW_IN_FLIGHT = (1, 8, 50)
WHOLE = "metric of a long run, whole"
"""Asked once, by one: MLflow needs half a minute for it."""


@contextlib.contextmanager
def started(words: list[str], log: Path, port: int, path: str, variables: dict[str, str]) -> Iterator[None]:
    """Start a server, wait until a path of it answers, and end it."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, *words], env=variables, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                ask(port, path)
                break
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            process.kill()
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(words)} did not start: {log.read_text()[-3000:]}")
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """Start `tunix-rt serve` as a user does, without a worker, and yield its port."""
    port = free_port()
    url = settings.database_url.get_secret_value() if settings.database_url else None
    words = ["-m", "tunix_rt", "serve", "--no-worker", f"--port={port}"]
    with started(words, settings.home / "service.log", port, "/api/health", environment(settings.home, url)):
        yield port


def bare(folder: Path, in_flight: int, seconds: float) -> dict[str, Timed]:
    """Measure a FastAPI route that returns a constant, from the thread pool and from the event loop."""
    port = free_port()
    words = [str(Path(__file__).with_name("bare_service.py")), str(port)]
    with started(words, folder / "bare.log", port, "/def", dict(os.environ)):
        return {
            path: measure(port, [get(f"/{path}")], in_flight=in_flight, seconds=seconds)
            for path in ("def", "async-def")
        }


def check_size(settings: Settings, asked: argparse.Namespace) -> None:
    """Fill a home folder that is empty; refuse one that holds something else than was asked for."""
    engine = make_engine(settings)
    wanted = {"traces": asked.traces, "runs": asked.runs, "evaluations": asked.evaluations}
    if not (settings.home / "runs").exists():
        print(f"filling {settings.home}: {wanted} …", flush=True)
        service_rows.fill(settings, asked.traces, asked.runs, asked.long_runs, asked.evaluations)
    with engine.connect() as connection:
        tables = {"traces": Trace.seq, "runs": Run.run_id, "evaluations": EvaluationRow.evaluation_id}
        found = {name: connection.scalar(select(func.count(column))) for name, column in tables.items()}
    engine.dispose()
    if found != wanted:
        raise SystemExit(f"{settings.home} holds {found}; wanted are {wanted}: name another --home, or other numbers")


def measure_queries(settings: Settings, asked: argparse.Namespace, report: Report, name: str) -> None:
    """Ask every question in several rounds, each with a constant at its beginning, and print a table of medians."""
    with serving(settings) as port:
        first = time.perf_counter()
        for number in range(asked.long_runs):
            ask(port, f"{RUNS}/{service_rows.run_id(number)}/metrics?points={asked.points}")
        first = (time.perf_counter() - first) / asked.long_runs
        wanted = questions(port, asked.runs, asked.long_runs, asked.points)

        def all_of(in_flight: int) -> tuple[dict[str, Timed], dict[str, Timed]]:
            constant = bare(settings.home, in_flight, asked.seconds)
            return constant, {
                question: measure(port, requests, in_flight=in_flight, seconds=asked.seconds)
                for question, requests in wanted.items()
            }

        alone = all_of(1)
        rounds = [all_of(asked.in_flight) for _ in range(asked.rounds)]
    constant, found = (
        {
            key: {"1": middle([alone[part][key]]), str(asked.in_flight): middle([one[part][key] for one in rounds])}
            for key in alone[part]
        }
        for part in (0, 1)
    )
    print(
        f"\nQUERIES, {name}: {asked.traces:,} traces, {asked.runs:,} runs, {asked.long_runs} of them with 1,000,000 "
        f"points; {asked.in_flight} in flight, medians of {asked.rounds} rounds\n{'':<30}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'worst':>9}{'req/s':>9}{'bytes':>9}{'p99/def':>9}{'p99/async':>10}{'alone p50':>11}{'alone p99':>10}"
    )
    many, limit = str(asked.in_flight), f"< {P99_MS:.0f} ms or <= {BARE_RATIO:.0f} x a constant, medians"
    for path, one in constant.items():
        show(f"constant, {path}", one, many, constant)
    for question, one in found.items():
        p99 = one[many]["p99_ms"]
        one["ratio_to_def"] = round(p99 / constant["def"][many]["p99_ms"], 2)
        one["ratio_to_async_def"] = round(p99 / constant["async-def"][many]["p99_ms"], 2)
        met = (p99 < P99_MS or one["ratio_to_def"] <= BARE_RATIO) and not any(one[n]["wrong"] for n in ("1", many))
        report.target(f"{name}: {question}", p99, limit, met)
        show(question, one, many, constant, "" if met else "  MISSED")
    print(f"first answer for a run of 1,000,000 points: {1000 * first:,.0f} ms")
    report.parts.setdefault("queries", {})[name] = {
        "in_flight": asked.in_flight, "constant": constant, "questions": found,
        "first_metrics_ms": round(1000 * first, 1),
    }  # fmt: skip


def show(name: str, one: dict[str, Any], many: str, constant: dict[str, Any], mark: str = "") -> None:
    """Print one line of the table of queries."""
    full, alone = one[many], one["1"]
    ratios = [full["p99_ms"] / constant[path][many]["p99_ms"] for path in ("def", "async-def")]
    wrong = "".join(f"  WRONG {one[n]['wrong']}" for n in ("1", many) if one[n]["wrong"])
    print(
        f"{name:<30}{full['p50_ms']:>9,}{full['p99_ms']:>9,}{max(full['p99_ms_of_rounds']):>9,}"
        f"{full['requests_per_second']:>9,.0f}{full['mean_bytes']:>9,.0f}{ratios[0]:>9.1f}{ratios[1]:>10.1f}"
        f"{alone['p50_ms']:>11,}{alone['p99_ms']:>10,}{mark}{wrong}",
        flush=True,
    )


def measure_mlflow(settings: Settings, python: Path, folder: Path, asked: argparse.Namespace, report: Report) -> None:
    """Ask MLflow and ours the same, and print both."""
    size = {"runs": asked.runs, "long": asked.long_runs}
    if not (folder / "mlflow.db").exists():
        print(f"filling MLflow's database in {folder}: {size} …", flush=True)
        mlflow_side.fill(python, folder, asked.runs, asked.long_runs)
    if mlflow_side.filled(folder) != size:
        raise SystemExit(f"{folder} holds {mlflow_side.filled(folder)}, wanted is {size}: name another --mlflow-home")

    def all_of(port: int, wanted: dict[str, list[bytes]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for question, requests in wanted.items():
            found[question] = {}
            for n in (1,) if question == WHOLE else MLFLOW_IN_FLIGHT:
                timed = measure(port, requests, in_flight=n, seconds=asked.seconds, warm_up=question != WHOLE)
                found[question][str(n)] = timed.record() | {"wrong": timed.wrong}
        return found

    with mlflow_side.serving(python, folder) as port:
        mlflow_side.check(python, port, asked.runs - 1, 1_000)
        theirs = all_of(port, mlflow_side.questions(asked.runs, asked.long_runs, asked.points))
    with serving(settings) as port:
        ours = all_of(port, beside_mlflow(asked.runs, asked.long_runs, asked.points))
    version = mlflow_side.version(python)
    print(
        f"\nMLFLOW {version}: {asked.runs:,} runs with 1,000 points, {asked.long_runs} of them with 1,000,000\n"
        f"{'':<32}{'in flight':>10}{'p50 ms':>9}{'MLflow':>10}{'ratio':>9}{'p99 ms':>10}{'MLflow':>10}{'ratio':>9}"
    )
    for question in theirs:
        for n in theirs[question]:
            our, their = ours[question][n], theirs[question][n]
            ratios = [round(their[key] / our[key], 1) for key in ("p50_ms", "p99_ms")]
            met = min(ratios) > 1 and not our["wrong"]
            failed = f"  MLflow failed {sum(their['wrong'].values())} times" if their["wrong"] else ""
            report.target(f"MLflow, {question}, {n} in flight", min(ratios), "> 1 x", met)
            print(
                f"{question:<32}{n:>10}{our['p50_ms']:>9,}{their['p50_ms']:>10,}{ratios[0]:>9,}"
                f"{our['p99_ms']:>10,}{their['p99_ms']:>10,}{ratios[1]:>9,}{'' if met else '  MISSED'}{failed}"
            )
    report.parts["mlflow"] = {"version": version, "ours": ours, "mlflow": theirs}


def measure_ingest(databases: list[str], folder: Path, asked: argparse.Namespace, report: Report) -> None:
    """Take traces in on each database."""
    found = report.parts["ingest"] = {name: bench_ingest.measure(name, asked.ingest_rows, folder) for name in databases}
    print(f"\nINGEST: {asked.ingest_rows:,} traces\n{'':<36}{'rows/s':>10}{'of raw':>9}{'memory':>12}")
    for name, one in found.items():
        print(f"{name + ', raw executemany':<36}{one['raw']['rows_per_second']:>10,}{1:>9.0%}")
        for way in ("fail", "skip"):
            ratio, memory = one[way]["ratio"], one[way]["memory_mib"] * 2**20 / 1e6
            label = f"{name}, upload, on_error={way}"
            print(f"{label:<36}{one[way]['rows_per_second']:>10,}{ratio:>9.0%}{memory:>9,.0f} MB")
            report.target(label, ratio, f">= {INGEST_RATIO} x executemany", ratio >= INGEST_RATIO)
            report.target(f"{label}, memory", memory, f"< {INGEST_MB:.0f} MB", memory < INGEST_MB)


def measure_sse(asked: argparse.Namespace, report: Report) -> None:
    """Let viewers follow one log."""
    found = report.parts["sse"] = bench_sse.measure(asked.viewers, 20.0, 2000, 8)
    print("\nSSE")
    bench_sse.show(found)
    said, p99 = found["viewers"], found["with_viewers"]["p99_ms"]
    report.target("sse: API while viewers follow", p99, f"< {SSE_P99_MS:.0f} ms", p99 < SSE_P99_MS)
    whole = said["ended"] == said["viewers"] and said["in_order"] and said["equal"]
    report.target("sse: viewers that saw the end", said["ended"], f"all {said['viewers']}, every line once", whole)


@contextlib.contextmanager
def database(name: str, asked: argparse.Namespace, folder: Path) -> Iterator[Settings]:
    """Yield the settings of a full service over one kind of database; start a server for it where none is named."""
    server = Server(durable=True) if name == "postgresql" and not asked.database_url else None
    try:
        url = server.create("bench") if server else asked.database_url
        settings = Settings(home=(asked.home or folder / name).absolute(), database_url=url)
        settings.home.mkdir(parents=True, exist_ok=True)
        check_size(settings, asked)
        yield settings
    finally:
        if server:
            server.close()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", action="append", choices=PARTS, default=[], help="leave a part out")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--home", type=Path, help="folder of one full service, kept; with --database sqlite, or a URL")
    parser.add_argument("--database-url", help="PostgreSQL database that belongs to --home")
    parser.add_argument("--mlflow-home", type=Path, help="folder of a full MLflow, kept")
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--long-runs", type=int, default=10, help="so many of the runs have 1,000,000 points")
    parser.add_argument("--evaluations", type=int, default=2_000)
    parser.add_argument("--ingest-rows", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=2_000, help="points of a run that are asked for")
    parser.add_argument("--viewers", type=int, default=1_000)
    parser.add_argument("--in-flight", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=4.0, help="time of each question at each number in flight")
    parser.add_argument("--rounds", type=int, default=3, help="so often all are asked at that number; medians count")
    asked = parser.parse_args()
    if asked.rounds < 1:
        parser.error("--rounds must be at least 1")
    if asked.home and asked.database != ("postgresql" if asked.database_url else "sqlite"):
        parser.error("a --home has one database: say --database sqlite, or --database postgresql and --database-url")
    return asked


def main() -> None:
    """Measure each part, print its table, and one JSON object as the last line."""
    asked, report = arguments(), Report()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    databases = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    python = os.environ.get(MLFLOW)
    ours = f"Python {platform.python_version()} of {sys.base_prefix}"
    print(f"{os.cpu_count()} cores, {ours}, {time.strftime('%Y-%m-%d %H:%M')}")
    for part in asked.without:
        report.skip(part, "it was left out by --without")
    if not python and "mlflow" not in asked.without:
        report.skip("mlflow", f"{MLFLOW} does not name the Python of an environment with MLflow")
    with tempfile.TemporaryDirectory(prefix="tunix-rt-bench-") as temporary:
        folder = Path(temporary)
        if "ingest" not in report.skipped:
            with tempfile.TemporaryDirectory(dir=folder) as inner:
                measure_ingest(databases, Path(inner), asked, report)
        if "sse" not in report.skipped:
            measure_sse(asked, report)
        for name in databases:
            beside = name == databases[0] and "mlflow" not in report.skipped
            if "queries" in report.skipped and not beside:
                continue
            with database(name, asked, folder) as settings:
                if "queries" not in report.skipped:
                    measure_queries(settings, asked, report, name)
                if beside:
                    assert python is not None
                    measure_mlflow(settings, Path(python), asked.mlflow_home or folder / "mlflow", asked, report)
    found = report.record()
    print("\nmissed: " + ("; ".join(found["missed"]) or "nothing"))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
