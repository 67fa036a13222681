"""Runs over HTTP: planned, started, listed, looked at."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import nano
from made import RUN, make_run
from starting import ASK, BASE, start, work
from tunix_rt.config import SessionConfig, SFTConfig, read_config
from tunix_rt.formats import locked, write_text
from tunix_rt.run import ACTIVE, read_run, update_run
from tunix_rt_backend.app import create_app
from tunix_rt_backend.services import index, plans
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, Job, Run


def test_started_run_waits_in_the_queue(client: TestClient, session: Session, home: Path) -> None:
    found = start(client, learning_rate=1e-3, num_epochs=2, batch_size=2, max_seq_length=64, lora_rank=4, seed=7,
                  config={"lora": {"alpha": 8}, "lora.modules": ["q_proj"]}, priority=5, device="cpu")  # fmt: skip
    job = session.scalars(select(Job)).one()
    assert (str(job.id), job.run_id, job.kind, job.priority) == (found["job_id"], found["run_id"], "sft", 5)
    config = SFTConfig.model_validate(job.spec["config"])
    assert (config.learning_rate, config.epochs, config.batch_size, config.max_length) == (1e-3, 2, 2, 64)
    assert (config.lora.rank, config.lora.alpha, config.lora.modules, config.seed) == (4, 8, ("q_proj",), 7)
    assert (config.max_steps, config.dataset, job.spec["device"]) == (4, "few-v1", "cpu")
    listed = client.get(BASE).json()["data"]
    assert [(row["run_id"], row["status"], row["mode"], row["started_at"]) for row in listed] == [
        (found["run_id"], "queued", "async", None)
    ]
    detail = client.get(f"{BASE}/{found['run_id']}").json()
    assert (detail["status"], detail["output_dir"], detail["job"]["status"]) == ("queued", "", "queued")
    assert detail["config"] == job.spec["config"]
    state = client.get(f"{BASE}/{found['run_id']}/status").json()
    assert state["queued_at"] is not None
    assert state["started_at"] is None, "time in the queue is not working time"
    assert session.scalars(select(AuditEntry.action)).all() == ["start_run"]


def test_prior_fields_are_all_there(client: TestClient, home: Path) -> None:
    run_id = start(client)["run_id"]
    prior = "run_id status mode dataset_key model_id output_dir exit_code stdout stderr duration_seconds started_at"
    assert {*prior.split(), "completed_at", "message"} <= set(client.get(f"{BASE}/{run_id}").json())
    row = "run_id dataset_key model_id mode status started_at duration_seconds metrics"
    assert set(row.split()) <= set(client.get(BASE).json()["data"][0])
    state = "run_id status queued_at started_at completed_at exit_code"
    assert set(state.split()) <= set(client.get(f"{BASE}/{run_id}/status").json())


IMPOSSIBLE: list[tuple[dict[str, Any], int, str]] = [
    ({"output_dir": "/etc"}, 422, "output_dir"),
    ({"dataset_key": "../../etc"}, 422, "dataset_key"),
    ({"dataset_key": "missing-v1"}, 404, "missing-v1"),
    ({"dataset_key": None}, 422, "dataset_key"),
    ({"model_id": "google/gemma-3-1b-it"}, 422, "model_id"),
    ({"model_id": "http://localhost:8000/x"}, 422, "model_id"),
    ({"model_id": "/etc/passwd"}, 422, "model_id"),
    ({"model_id": "gemma3-270"}, 422, "did you mean 'gemma3-270m'"),
    ({"config": {"lora": {"rnk": 8}}}, 422, "did you mean 'rank'"),
    ({"config": {"learning_rte": 1}}, 422, "did you mean 'learning_rate'"),
    ({"config": {"model_path": "/etc"}}, 422, "model_path must be null"),
    ({"config": {"seed": 10**30}}, 422, "config.seed"),
    ({"config": {"eval_every_steps": 1e300}}, 422, "eval_every_steps"),
    ({"config": {"schedule": "x" * 2000}}, 422, "2,000 characters"),
    ({"config": {"a.b.c": {}}}, 422, "unknown key"),
    ({"config": {"": 1}}, 422, "unknown key"),
    ({"kind": "session"}, 422, "builds its dataset"),
    ({"kind": "session", "dataset_key": None, "config": {"dataset": {"sources": ["/etc"]}}}, 422, "task"),
    ({"kind": "session", "dataset_key": None, "config": {"dataset.sources": ["../x.jsonl"]}}, 422, "task"),
    ({"kind": "session", "dataset_key": None, "config": {"eval.task_path": "/etc/passwd"}}, 422, "task_path"),
    ({"kind": "session", "dataset_key": None, "config": {"sft.model_path": "/etc"}}, 422, "model_path"),
    ({"kind": "session", "dataset_key": None, "config": {"sft.dataset": "/etc"}}, 422, "sft.dataset"),
    ({"kind": "session", "dataset_key": None, "config": {"eval.task": "dev-reasoning"}}, 422, "did you mean"),
    ({"learning_rate": 0}, 422, "learning_rate"),
    ({"unknown": 1}, 422, "unknown"),
    ({"mode": "async"}, 422, "mode"),
]


def test_impossible_request_is_refused_with_a_sentence(client: TestClient, session: Session, home: Path) -> None:
    for changes, status, words in IMPOSSIBLE:
        answer = client.post("/api/tunix/run", json=ASK | changes)
        assert answer.status_code == status, f"{changes}: {answer.text}"
        assert words in answer.json()["detail"], changes
    assert session.scalars(select(Job)).all() == []


def test_only_the_queue_starts_runs(client: TestClient, home: Path) -> None:
    assert client.post("/api/tunix/run?mode=async", json=ASK).status_code == 202
    assert client.post("/api/tunix/run?mode=sync", json=ASK).status_code == 422


def test_session_is_started_with_its_own_keys(client: TestClient, session: Session, home: Path) -> None:
    asked = {"dataset_key": None, "kind": "session", "time_budget_minutes": 5, "max_examples": 50, "seed": 3}
    config = {"name": "mine", "dataset": {"name": "nano-arithmetic", "sources": ["nano-arithmetic"]}}
    tasks = {"eval": {"task": "nano-arithmetic:heldout"}, "few_shot_pool": "nano-arithmetic"}
    run_id = start(client, **asked, config=config | tasks)["run_id"]
    assert "-session-mine-" in run_id
    found = SessionConfig.model_validate(session.scalars(select(Job.spec)).one()["config"])
    assert (found.budget_minutes, found.dataset.max_examples, found.sft.base_model) == (5, 50, "nano")
    assert (found.seed, found.sft.seed, found.eval.seed, found.sft.max_steps) == (3, 3, 3, 4)
    assert client.get(f"{BASE}/{run_id}").json()["dataset_key"] == "nano-arithmetic-v1"


@pytest.mark.parametrize(
    ("grpo", "told"),
    [
        ({"model_path": "/etc"}, "model_path must be null"),
        ({"start": "../another"}, "grpo.start must be null"),
        ({"dataset": "/tmp"}, "grpo.dataset must be null"),
        ({"eval_task": "no-such-task"}, "no task"),
        ({"rewards": {"terms": [{"kind": "judge", "options": {"url": "http://127.0.0.1:1/"}}]}}, "of kind judge"),
    ],
)
def test_reinforcement_learning_of_a_request_names_nothing_outside(
    client: TestClient, session: Session, home: Path, grpo: dict[str, Any], told: str
) -> None:
    config = {"name": "mine", "grpo": grpo, "phases": {"sft": 0.34, "grpo": 0.1}}
    ask = ASK | {"dataset_key": None, "kind": "session", "config": config}
    answer = client.post("/api/tunix/run?mode=async", json=ask)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert session.scalars(select(Job)).all() == []


def test_same_key_starts_one_run(client: TestClient, session: Session, home: Path) -> None:
    key = {"idempotency-key": "k1"}
    first, second = (client.post("/api/tunix/run", json=ASK, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert client.post("/api/tunix/run", json=ASK | {"seed": 1}, headers=key).status_code == 409
    assert len(session.scalars(select(Run)).all()) == 1


def test_dry_run_is_the_engines_plan_and_starts_nothing(client: TestClient, session: Session, home: Path) -> None:
    config = {"checkpoint_every_steps": 4, "accumulation": 1}
    answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True, "max_seq_length": 64, "config": config})
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert (reply["status"], reply["exit_code"], reply["mode"], reply["run_id"]) == ("completed", 0, "dry-run", None)
    assert (reply["plan"]["steps"], reply["plan"]["measured"]) == (4, False)
    assert reply["plan"]["memory_bytes"] > 0
    assert session.scalars(select(Job)).all() == []
    assert client.get(BASE).json()["data"] == []
    assert not (home / "models").exists(), "a plan makes no model"


def test_plan_downloads_no_model(client: TestClient, home: Path) -> None:
    answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True, "model_id": "gemma3-1b-it"})
    assert answer.status_code == 409, answer.text
    assert "tunix-rt models fetch gemma3-1b-it" in answer.json()["detail"]


def test_plan_that_cannot_be_made_says_why(client: TestClient, home: Path) -> None:
    answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True, "max_seq_length": 8})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["plan"]) == ("failed", None)
    assert "longer than max_seq_length=8" in answer.json()["message"]
    assert "Raise max_seq_length, or set overlong=drop" in answer.json()["message"]


def test_overlong_is_a_field_as_the_plan_says(client: TestClient, session: Session, home: Path) -> None:
    start(client, overlong="drop")
    assert session.scalars(select(Job)).one().spec["config"]["overlong"] == "drop"


def test_plan_on_a_device_that_is_not_here_says_so(
    client: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True, "max_seq_length": 64, "device": "cuda"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["plan"]) == ("failed", None)
    assert answer.json()["message"].startswith("there is no cuda device here; JAX finds cpu; leave the device out")


def test_third_plan_at_once_is_asked_to_come_back(client: TestClient, home: Path) -> None:
    for _ in range(plans.AT_ONCE):
        plans.places.acquire()
    try:
        answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True})
    finally:
        for _ in range(plans.AT_ONCE):
            plans.places.release()
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def test_plan_that_takes_too_long_is_ended(settings: Settings, home: Path) -> None:
    hurried = create_app(settings.model_copy(update={"request_seconds": 0.2}))
    with TestClient(hurried, base_url="http://localhost") as client:
        began = time.monotonic()
        answer = client.post("/api/tunix/run", json=ASK | {"dry_run": True})
    assert answer.status_code == 503, answer.text
    assert time.monotonic() - began < 15


def test_run_in_every_status_is_listed_and_shown(client: TestClient, session: Session, home: Path) -> None:
    """The earlier service answered 500 for the whole list once one run was cancelled."""
    statuses = ("queued", "preparing", "running", "completed", "stopped", "failed", "cancelled")
    for status in statuses:
        work(home, f"run-{status}", status)
        index.index_run(session, home / "runs" / f"run-{status}")
    session.commit()
    shown = {f"run-{status}": "interrupted" if status in ACTIVE else status for status in statuses}
    assert {one["run_id"]: one["status"] for one in client.get(BASE).json()["data"]} == shown
    for name, status in shown.items():
        for path in ("", "/status", "/config"):
            assert client.get(f"{BASE}/{name}{path}").status_code == 200, name
        assert name in [one["run_id"] for one in client.get(f"{BASE}?status={status}").json()["data"]]


def test_list_is_filtered_and_paged(client: TestClient, session: Session, home: Path) -> None:
    names = [start(client, seed=seed)["run_id"] for seed in range(3)]
    make_run(home)
    index.index_run(session, home / "runs" / RUN)
    session.commit()
    seen, cursor = [], ""
    while True:
        reply = client.get(f"{BASE}?limit=1{cursor}").json()
        seen += [row["run_id"] for row in reply["data"]]
        if reply["pagination"]["next_cursor"] is None:
            break
        cursor = f"&cursor={reply['pagination']['next_cursor']}"
    assert seen == [row["run_id"] for row in client.get(BASE).json()["data"]]
    assert set(seen) == {*names, RUN}
    for query, count in [
        ("status=queued", 3), ("status=completed", 1), ("mode=async", 3), ("mode=local", 1), ("kind=sft", 4),
        ("kind=session", 0), ("dataset_key=few-v1", 4), ("dataset_key=other-v1", 0), ("model_id=nano", 4),
    ]:  # fmt: skip
        assert len(client.get(f"{BASE}?{query}").json()["data"]) == count, query
    for query in ("status=pending", "limit=0", "limit=1001", "cursor=!", "dataset_key=../x", "mode=sync"):
        assert client.get(f"{BASE}?{query}").status_code in (404, 422), query


def test_list_does_not_show_a_dead_process_as_running(client: TestClient, session: Session, home: Path) -> None:
    work(home, "mine", "running")
    run = make_run(home, "held")
    update_run(run, status="running")
    with locked(run.path), locked(home / "runs" / "mine"):
        for name in ("mine", "held"):
            index.index_run(session, home / "runs" / name)
        session.commit()
    with locked(run.path):
        rows = {row["run_id"]: row["status"] for row in client.get(BASE).json()["data"]}
        assert rows == {"mine": "interrupted", "held": "running"}


def test_detail_is_the_folders_word(client: TestClient, home: Path) -> None:
    run = make_run(home)
    detail = client.get(f"{BASE}/{RUN}").json()
    assert (detail["status"], detail["mode"], detail["job"]) == ("completed", "local", None)
    assert detail["results"] == {"steps": 1, "loss": 2.5}
    assert detail["inputs"]["dataset"]["key"] == "few-v1"
    assert detail["outputs"]["run"]["digest"] == read_run(run).outputs["run"].digest
    assert detail["links"]["artifacts"] == f"{BASE}/{RUN}/artifacts"
    assert "resume" not in detail["message"]


def test_detail_of_a_broken_folder_is_what_the_index_remembers(
    client: TestClient, session: Session, home: Path
) -> None:
    run = make_run(home)
    index.index_run(session, run.path)
    session.commit()
    write_text(run.manifest, "{}")
    detail = client.get(f"{BASE}/{RUN}").json()
    assert detail["status"] == "completed"
    assert "RunManifest" in detail["problem"]
    assert str(home) not in detail["problem"]
    make_run(home, "unknown")
    write_text(home / "runs" / "unknown" / "manifest.json", "{}")
    assert client.get(f"{BASE}/unknown").status_code == 404


def test_config_is_json_or_a_file_that_a_command_reads(client: TestClient, home: Path, tmp_path: Path) -> None:
    make_run(home)
    assert client.get(f"{BASE}/{RUN}/config").json() == nano.config()
    by_accept = client.get(f"{BASE}/{RUN}/config", headers={"accept": "application/yaml"})
    by_query = client.get(f"{BASE}/{RUN}/config?format=yaml")
    assert by_accept.text == by_query.text
    assert by_query.text.startswith("# tunix-rt train sft ")
    assert by_query.headers["content-type"].startswith("application/yaml")
    (tmp_path / "config.yaml").write_text(by_query.text)
    assert read_config(tmp_path / "config.yaml") == SFTConfig.model_validate(nano.config())
    assert client.get(f"{BASE}/{RUN}/config?format=toml").status_code == 422


def test_name_that_is_no_name_is_refused(client: TestClient) -> None:
    paths = [
        ("GET", ""),
        ("GET", "/status"),
        ("GET", "/config"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("DELETE", ""),
    ]
    for name in ["%2e%2e", "..%2fx", ".hidden", "a%00b", "x" * 300, "%ff", "a b"]:
        for method, path in paths:
            assert client.request(method, f"{BASE}/{name}{path}").status_code in (400, 404, 405, 422), (name, path)


def test_unknown_run_is_not_found(client: TestClient) -> None:
    for path in ("", "/status", "/config"):
        assert client.get(f"{BASE}/missing{path}").status_code == 404
    for verb in ("cancel", "retry", "resume"):
        assert client.post(f"{BASE}/missing/{verb}").status_code == 404
