"""Generated requests against the real service: schemathesis with every check; it knows no rule of the service.

    python backend/tests/fuzz.py --database postgresql --max-examples 500

The service runs without a worker, so that what is asked for waits in the queue. Half of the names in the requests are
those of a dataset, runs and evaluations that are there. The last line is one JSON object; exit code 1: a failure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "engine" / "tests"))

from prometheus_client.parser import text_string_to_metric_families

import arithmetic_rows
import made
import reinforced
from nano import DATASET
from postgresql import Server
from service import Service, running
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import bundle
from tunix_rt_backend import db
from tunix_rt_backend.services.index import index_dataset, index_evaluation, index_run, index_submission
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import WorkerRow

CONFIG = Path(__file__).parents[2] / "schemathesis.toml"
SHARE = 0.5
"""Share of the names in requests that are names of something."""
Names = dict[str, list[str]]


def write_folders(settings: Settings, runs: int = 8) -> Names:
    """Write a dataset, runs on it, measurements, rollouts, a submission, and a worker said to be alive for ever."""
    home, never = settings.home, datetime(2999, 1, 1, tzinfo=UTC)
    ids = [f"2026-01-05-sft-few-v1-7f3a{number:04x}" for number in range(runs)]
    evaluations = []
    engine = db.make_engine(settings)
    with db.make_sessions(engine)() as session:
        for run_id in ids:
            run = made.make_run(home, run_id)
            evaluations.append(made.make_evaluation(home, run_id))
            index_run(session, run.path)
            index_evaluation(session, home / "evaluations" / evaluations[-1])
        for number in range(4):
            groups = [reinforced.group(step, f"pears-{step % 3}") for step in range(1, 9)]
            ids.append(f"2026-01-05-grpo-few-v1-7f3b{number:04x}")
            index_run(session, reinforced.make_run(home, groups, ids[-1]).path)
        submission = bundle(home, RunDir(home / "runs" / ids[0]))
        index_submission(session, home / "submissions" / submission.id)
        index_dataset(session, home / "datasets" / DATASET)
        worker = WorkerRow(id=uuid.uuid4(), host="nowhere", pid=1, version="0", slots=1, started_at=datetime.now(UTC))
        worker.heartbeat_at = never
        session.add(worker)
        session.commit()
    engine.dispose()
    return {"runs": ids, "evaluations": evaluations, "datasets": [DATASET], "submissions": [submission.id]}


def write_by_http(service: Service, names: Names) -> Names:
    """Send traces, an upload, builds and orders, as a client does; return all names that there are now."""
    traces = [trace.model_dump(mode="json") for trace in arithmetic_rows.traces(20)]
    kept = service.json("POST", "/api/traces/batch", json=traces)["traces"]
    lines = "".join(json.dumps(row) + "\n" for row in arithmetic_rows.gsm8k(40, start=100)).encode()
    headers = {"content-type": "application/x-ndjson"}
    upload = service.json("POST", "/api/datasets/ingest", content=lines, headers=headers)["upload_id"]
    keys = []
    for version in ("v1", "v2", "v3", "v4"):
        body = {"dataset_name": "asked", "dataset_version": version, "upload_id": upload}
        keys.append(service.json("POST", "/api/datasets/build", json=body)["dataset_key"])
    asked = {"model_id": "nano", "dataset_key": DATASET, "dry_run": False}
    waiting = [service.json("POST", "/api/tunix/run", json=asked) for _ in range(4)]
    return {
        "runs": names["runs"] + [one["run_id"] for one in waiting],
        "evaluations": names["evaluations"],
        "datasets": names["datasets"] + keys,
        "traces": [trace["id"] for trace in kept],
        "uploads": [upload],
        "submissions": names["submissions"],
        "jobs": [one["job_id"] for one in waiting],
        "paths": ["metrics.jsonl", "manifest.json", "adapter/manifest.json"],
        "prompts": ["pears-0", "pears-1", "pears-2"],
        "ranges": ["bytes=0-3", "bytes=-5"],
    }


def config_text(names: Names) -> str:
    """Return the committed configuration with names that are there; what deletes gets half of them."""
    lines = [CONFIG.read_text()]
    places = {
        "path.run_id": "runs",
        "path.evaluation_id": "evaluations",
        "path.dataset_key": "datasets",
        "path.trace_id": "traces",
        "path.upload_id": "uploads",
        "path.submission_id": "submissions",
        "path.job_id": "jobs",
        "path.path": "paths",
        "header.Range": "ranges",
    }
    of_operations = {
        "compare_datasets": {"query.other": "datasets"},
        "compare_traces": {"query.base": "traces", "query.other": "traces"},
        "compare_evaluations": {"query.a": "evaluations", "query.b": "evaluations"},
        "create_submission": {"body.run_id": "runs"},
        "make_sft_manifest": {"body.dataset_key": "datasets"},
        "start_run": {"body.dataset_key": "datasets", "body.start": "runs"},
        "list_run_rollouts": {"query.trace_id": "prompts"},
    }
    spare = {place: f"spare_{kind}" for place, kind in places.items() if place.endswith(("_id", "_key"))}
    lists = names | {f"spare_{kind}": found[len(found) // 2 :] for kind, found in names.items()}
    lines += [f"[dictionaries.{kind}]\nvalues = {json.dumps(found)}" for kind, found in lists.items()]
    lines += ["[parameters]", *_bound(places)]
    lines += ['[[operations]]\ninclude-method = "DELETE"', "[operations.parameters]", *_bound(spare)]
    for operation, bound in of_operations.items():
        lines += [f'[[operations]]\ninclude-operation-id = "{operation}"', "[operations.parameters]", *_bound(bound)]
    return "\n".join(lines) + "\n"


def _bound(places: dict[str, str]) -> list[str]:
    return [f'"{place}" = {{ dictionary = "{kind}", probability = {SHARE} }}' for place, kind in places.items()]


def answered(service: Service) -> Counter[str]:
    """Return how many requests the service has answered, by status, as it says itself."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(service.ask("GET", "/metrics").text):
        for sample in family.samples:
            if sample.name == "tunix_rt_requests_total":
                found[sample.labels["status"]] += int(sample.value)
    return found


def fuzz(folder: Path, database_url: str | None, *, max_examples: int, seed: int, words: Sequence[str] = ()) -> Any:
    """Send generated requests to a service with something in it; return what came of them."""
    settings = Settings(home=folder / "home", database_url=database_url)
    settings.home.mkdir(parents=True)
    db.migrate(settings)
    names = write_folders(settings)
    report, config = folder / "report.json", folder / "schemathesis.toml"
    with running(Service(settings.home, database_url, worker=False)) as service:
        config.write_text(config_text(write_by_http(service, names)))
        service.json("GET", "/api/openapi.json")  # it is made once, which takes a while on a busy machine
        before, began = answered(service), time.monotonic()
        command = [
            sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run",
            f"http://127.0.0.1:{service.port}/api/openapi.json", "--checks=all", f"--max-examples={max_examples}",
            f"--seed={seed}", "--report=json", f"--report-json-path={report}", "--continue-on-failure", *words,
        ]  # fmt: skip
        # What it says goes to stderr: the last line of stdout is the record.
        done = subprocess.run(command, cwd=folder, stdout=sys.stderr.fileno(), check=False)
        seconds = time.monotonic() - began
        statuses = answered(service) - before
    said = json.loads(report.read_text())
    operations = said["operations"] or {"tested": 0, "total": 0}  # none: the run did not begin
    return {
        "database": "postgresql" if database_url else "sqlite",
        "requests": statuses.total(),
        "failures": said["test_cases"]["unique_failures"] + len(said["errors"]) + (done.returncode not in (0, 1)),
        "operations": operations["tested"],
        "of_operations": operations["total"],
        "seconds": round(seconds, 1),
        "seed": seed,
        "statuses": dict(sorted(statuses.items())),
    }


def main() -> int:
    """Run it from the command line; words that it does not know go to schemathesis."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--max-examples", type=int, default=500, help="generated requests of an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    asked, words = parser.parse_known_args()
    server = Server() if asked.database == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory(prefix="tunix-rt-fuzz-") as folder:
            url = server.create("fuzz") if server else None
            told = fuzz(Path(folder), url, max_examples=asked.max_examples, seed=asked.seed, words=words)
    finally:
        if server:
            server.close()
    sys.stdout.write(json.dumps(told) + "\n")
    whole = told["operations"] == told["of_operations"] or bool(words)
    return int(told["failures"] > 0 or not told["requests"] or not whole)


if __name__ == "__main__":
    sys.exit(main())
