"""Reinforcement learning over HTTP: asked for as any run is, from a base model or from what another run trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import made
import nano
import reinforced
from starting import ASK, BASE, end, start
from tunix_rt.config import GRPOConfig, SessionConfig, read_config
from tunix_rt.formats import write_text
from tunix_rt_backend.services import index
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job

GRPO: dict[str, Any] = {"kind": "grpo", "config": {"num_generations": 4, "rewards": {"terms": [{"kind": "steps"}]}}}


@pytest.fixture
def sft(home: Path, session: Session) -> str:
    """A run of every weight of nano that ended, with its row."""
    index.index_run(session, made.make_run(home).path)
    session.commit()
    return made.RUN


def test_reinforcement_learning_is_started_listed_shown_and_cancelled(
    client: TestClient, session: Session, home: Path, tmp_path: Path
) -> None:
    found = start(client, **GRPO, learning_rate=1e-4, method="full", seed=3, time_budget_minutes=5)
    assert "-grpo-few-v1-" in found["run_id"]
    job = session.scalars(select(Job)).one()
    config = GRPOConfig.model_validate(job.spec["config"])
    assert (job.kind, config.base_model, config.dataset, config.method) == ("grpo", "nano", "few-v1", "full")
    assert (config.num_generations, config.max_steps, config.seed) == (4, 4, 3)
    assert [term.kind for term in config.rewards.terms] == ["steps"]
    assert [row["kind"] for row in client.get(f"{BASE}?kind=grpo&dataset_key=few-v1&model_id=nano").json()["data"]] == [
        "grpo"
    ]
    path = f"{BASE}/{found['run_id']}"
    assert client.get(path).json()["links"]["rollouts"] == f"{path}/rollouts"
    assert client.get(f"{path}/rollouts").json()["data"] == []
    yaml = client.get(f"{path}/config?format=yaml").text
    assert yaml.startswith("# tunix-rt train grpo ")
    (tmp_path / "config.yaml").write_text(yaml)
    assert read_config(tmp_path / "config.yaml") == config
    assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
    again = client.post(f"{path}/retry").json()
    assert client.get(f"{BASE}/{again['run_id']}").json()["config"] == job.spec["config"]


def test_policy_starts_from_what_a_run_trained(client: TestClient, session: Session, sft: str, home: Path) -> None:
    found = start(client, **GRPO, start=sft)
    config = GRPOConfig.model_validate(session.scalars(select(Job)).one().spec["config"])
    assert (config.start, config.method, config.base_model) == (sft, nano.config()["method"], "nano")
    held = client.delete(f"{BASE}/{sft}")
    assert (held.status_code, found["run_id"] in held.json()["detail"]) == (409, True)
    end(session, found["run_id"], "failed")
    assert client.delete(f"{BASE}/{sft}").status_code == 204
    for verb in ("retry", "resume"):
        assert client.post(f"{BASE}/{found['run_id']}/{verb}").status_code in (404, 409)


IMPOSSIBLE: list[tuple[dict[str, Any], int, str]] = [
    ({"num_epochs": 2}, 422, "num_epochs is no setting of kind grpo"),
    ({"max_seq_length": 64}, 422, "max_seq_length is no setting"),
    ({"dataset_key": None}, 422, "dataset_key is missing"),
    ({"dataset_key": "other-v1"}, 404, "no dataset 'other-v1'"),
    ({"start": "none"}, 404, "no run 'none' to start from"),
    ({"config": {"start": "../x"}}, 422, "start is '../x'"),
    ({"config": {"start": ["x"]}}, 422, "start is"),
    ({"start": made.RUN, "method": "lora"}, 422, "which it starts from, has 'full'"),
    ({"start": made.RUN, "model_id": "gemma3-270m"}, 422, "which it starts from, has 'nano'"),
    ({"start": made.RUN, "lora_rank": 4}, 422, "trained further as it is; leave lora out"),
    ({"start": reinforced.RUN}, 409, "no trained weights"),
    ({"kind": "sft", "start": made.RUN}, 422, "start is for kind grpo"),
    ({"config": {"num_generations": 1}}, 422, "num_generations 1"),
    ({"config": {"prompts_per_step": 8, "prompts_per_batch": 3}}, 422, "does not divide"),
    ({"config": {"rewards": {"terms": [{"kind": "judge", "options": {"url": "http://[::1]/"}}]}}}, 422, "judge"),
    ({"config": {"rewards": {"terms": [{"kind": "steps", "weight": 0}]}}}, 422, "weight above 0"),
    ({"config": {"model_path": "/etc"}}, 422, "model_path must be null"),
    ({"config": {"eval_task": "no-such-task"}}, 422, "no task"),
    ({"config": {"num_generation": 4}}, 422, "did you mean"),
]


def test_impossible_reinforcement_learning_is_refused(
    client: TestClient, session: Session, sft: str, home: Path
) -> None:
    reinforced.make_run(home, [])
    for changes, status, told in IMPOSSIBLE:
        answer = client.post("/api/tunix/run", json=ASK | {"kind": "grpo"} | changes)
        assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.json()["detail"]
        assert str(home) not in answer.text
    assert session.scalars(select(Job)).all() == []


def test_run_that_cannot_be_read_is_no_start(client: TestClient, sft: str, home: Path) -> None:
    write_text(home / "runs" / sft / "config.json", "{}")
    answer = client.post("/api/tunix/run", json=ASK | GRPO | {"start": sft})
    assert (answer.status_code, "cannot be read" in answer.json()["detail"]) == (409, True)
    assert str(home) not in answer.text


def test_steps_of_a_session_limit_its_reinforcement_learning_too(
    client: TestClient, session: Session, home: Path
) -> None:
    config = {"grpo": {"num_generations": 4}, "phases": {"sft": 0.34, "grpo": 0.1}}
    start(client, kind="session", dataset_key=None, config=config)
    found = SessionConfig.model_validate(session.scalars(select(Job)).one().spec["config"])
    assert found.grpo is not None
    assert (found.sft.max_steps, found.grpo.max_steps, found.grpo.num_generations) == (4, 4, 4)


def test_metrics_of_reinforcement_learning_are_read_by_name(client: TestClient, home: Path) -> None:
    run = reinforced.make_run(home, [])
    row = '{"step":1,"time_s":2.0,"reward":0.5,"kl":0.01,"rewards/steps/mean":0.5,"frac_reward_zero_std":0.25}\n'
    write_text(run.metrics, row + row.replace('"step":1', '"step":2'))
    query = {"keys": ["kl", "rewards/steps/mean"]}
    found = client.get(f"{BASE}/{run.id}/metrics", params=query).json()
    assert found[1] == {"step": 2, "time_s": 2.0, "kl": 0.01, "rewards/steps/mean": 0.5}


def test_dry_run_is_the_engines_plan(sqlite_client: TestClient, sqlite_settings: Settings) -> None:
    nano.build_dataset(sqlite_settings.home)
    answer = sqlite_client.post("/api/tunix/run", json=ASK | GRPO | {"dry_run": True})
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert (reply["status"], reply["plan"]["steps"], reply["plan"]["completions"]) == ("completed", 4, 4 * 8 * 4)
    assert reply["plan"]["reachability"] is None
