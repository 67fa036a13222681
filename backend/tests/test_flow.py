"""The whole flow by HTTP alone: upload, build, train, watch, measure, rank, download; on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from arithmetic_rows import ROWS, arithmetic_file, gsm8k_file
from compiling import ONE_THREAD
from postgresql import Server
from service import Service, running

pytestmark = pytest.mark.train

SUMS, STEPS, ITEMS = 6000, 800, 400
"""Sums to learn from, small updates, which teach most in the least time, and questions: a seventh comes out right."""


@pytest.fixture(scope="module")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """GSM8K's rows, and the digest of the dataset that the command line builds from them."""
    home = tmp_path_factory.mktemp("other")
    path = gsm8k_file(home)
    words = ["data", "build", str(path), "--name", "gsm8k", "--version", "v1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tunix_rt", *words],
        env={**os.environ, "TUNIX_RT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return path, json.loads(done.stdout.splitlines()[-1])["digest"]


@pytest.fixture(params=["postgresql", "sqlite"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The real service and its worker, on a fresh database of each kind."""
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        url = server.create("flow")
    made = Service(tmp_path / "home", url)
    made.environment |= ONE_THREAD
    with running(made):
        yield made
    if url:
        server.drop("flow")


def events(service: Service, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the named events of a stream with their data, up to its end."""
    with service.client.stream("GET", path, headers={"Accept": "text/event-stream"}) as answer:
        assert answer.status_code == 200, answer.read()
        name, data = "message", ""
        for line in answer.iter_lines():
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data += line[5:].strip()
            elif not line and data:
                yield name, json.loads(data)
                name, data = "message", ""


def ended(service: Service, job_id: str) -> str:
    """Return how a job ended, once it has."""
    deadline = time.monotonic() + 300
    while (job := service.json("GET", f"/api/jobs/{job_id}"))["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, job
        time.sleep(0.3)
    return str(job["status"])


def upload(service: Service, path: Path) -> Any:
    """Send a file and return the answer."""
    with path.open("rb") as stream:
        return service.json("POST", "/api/datasets/ingest", files={"file": (path.name, stream)})


def build(service: Service, name: str, upload_id: str) -> Any:
    """Freeze everything that came with an upload."""
    body = {"dataset_name": name, "dataset_version": "v1", "selection_strategy": "all", "upload_id": upload_id}
    return service.json("POST", "/api/datasets/build", json=body)


def reinforce(service: Service, run_id: str, dataset_key: str) -> None:
    """Let rewards go on from a run, and read what was drawn."""
    reinforcement = {
        "kind": "grpo", "start": run_id, "dataset_key": dataset_key, "model_id": "nano",
        "max_steps": 3, "dry_run": False,
        "config": {
            "num_generations": 4, "prompts_per_step": 4, "max_prompt_tokens": 64, "max_new_tokens": 48,
            "probe_prompts": 8, "eval_items": 0, "force": True,
        },
    }  # fmt: skip
    more = service.json("POST", "/api/tunix/run", json=reinforcement)
    assert list(events(service, f"/api/tunix/runs/{more['run_id']}/logs"))[-1][1]["status"] == "completed"
    groups = service.json("GET", f"/api/tunix/runs/{more['run_id']}/rollouts", params={"limit": 100})["data"]
    assert [group["step"] for group in groups] == [1] * 4 + [2] * 4 + [3] * 4
    assert {len(group["completions"]) for group in groups} == {4}
    rewards = [
        row["reward"] for row in service.json("GET", f"/api/tunix/runs/{more['run_id']}/metrics") if "loss" in row
    ]
    assert len(rewards) == 3
    for step, reward in enumerate(rewards, 1):
        drawn = [one["reward"] for group in groups if group["step"] == step for one in group["completions"]]
        assert reward == pytest.approx(sum(drawn) / 16)


def test_traces_become_a_model_that_beats_its_base(
    service: Service, command_line: tuple[Path, str], tmp_path: Path
) -> None:
    # GSM8K: every row comes in, and the dataset is the one that the command line builds.
    path, digest = command_line
    uploaded = upload(service, path)
    assert (uploaded["ingested_count"], uploaded["rows_rejected"]) == (ROWS, 0)
    assert build(service, "gsm8k", uploaded["upload_id"])["digest"] == digest

    # Arithmetic: a dataset that a model of 0.4 M parameters can learn.
    built = build(service, "arithmetic", upload(service, arithmetic_file(tmp_path, SUMS))["upload_id"])
    assert service.json("GET", f"/api/datasets/{built['dataset_key']}")["key"] == "arithmetic-v1"

    # Train, and watch the log to its end.
    recipe = {
        "dataset_key": built["dataset_key"], "model_id": "nano", "method": "full", "learning_rate": 5e-3,
        "weight_decay": 0.01, "max_seq_length": 64, "batch_size": 4, "max_steps": STEPS, "time_budget_minutes": 4,
        "config": {"accumulation": 1, "checkpoint_every_steps": 200, "eval_every_steps": 200},
    }  # fmt: skip
    plan = service.json("POST", "/api/tunix/run", json=recipe)
    assert (plan["status"], plan["plan"]["steps"]) == ("completed", STEPS)
    asked = {"task": "nano-arithmetic:heldout", "limit": ITEMS, "max_new_tokens": 48}
    base = service.json("POST", "/api/evaluations", json={"model": "nano", **asked})
    run = service.json("POST", "/api/tunix/run", json={**recipe, "dry_run": False})
    seen = list(events(service, f"/api/tunix/runs/{run['run_id']}/logs"))
    assert seen[-1] == ("end", seen[-1][1])
    assert seen[-1][1]["status"] == "completed"
    assert "attempt 1" in "".join(data["chunk"] for name, data in seen if name == "log")
    detail = service.json("GET", f"/api/tunix/runs/{run['run_id']}")
    assert (detail["status"], detail["exit_code"], detail["results"]["steps"]) == ("completed", 0, STEPS)
    losses = [row["loss"] for row in service.json("GET", f"/api/tunix/runs/{run['run_id']}/metrics") if "loss" in row]
    assert losses[-1] < losses[0] / 3

    # Measure it, and find it above its base.
    tuned = service.json("POST", f"/api/tunix/runs/{run['run_id']}/evaluate", json=asked)
    for job in (base, tuned):
        assert ended(service, job["job_id"]) == "completed"
    first, second = service.json("GET", "/api/leaderboard?task=nano-arithmetic:heldout")["data"]
    assert (first["run_id"], first["is_base"], first["rank"]) == (run["run_id"], False, 1)
    assert (second["run_id"], second["is_base"], second["rank"]) == (None, True, 2)
    assert first["primary_score"] > second["primary_score"] + 0.1
    compared = service.json(
        "GET", "/api/evaluations/compare", params={"a": second["evaluation_id"], "b": first["evaluation_id"]}
    )
    assert compared["main"]["paired"]["low"] > 0

    reinforce(service, run["run_id"], built["dataset_key"])

    # Download what was trained; it is what the run recorded.
    files = {one["path"]: one for one in service.json("GET", f"/api/tunix/runs/{run['run_id']}/artifacts")["artifacts"]}
    recorded = service.client.get(f"/api/tunix/runs/{run['run_id']}/artifacts/adapter/manifest.json").json()["files"]
    assert recorded
    for name, digest in recorded.items():
        content = service.client.get(f"/api/tunix/runs/{run['run_id']}/artifacts/adapter/{name}").content
        assert "sha256:" + hashlib.sha256(content).hexdigest() == digest
        assert len(content) == files[f"adapter/{name}"]["size"]

    # Meanwhile the worker has kept the words of the first traces, so that searches pass over them.
    if url := service.environment["TUNIX_RT_DATABASE_URL"]:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT min(cardinality(words)) FROM trace_blocks").fetchone() > (100,)
