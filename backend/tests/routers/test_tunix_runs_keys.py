"""Idempotency keys of runs: one key is one request, with its verb and its body, whatever became of it since."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import RUN, make_run
from starting import ASK, BASE, end, start, work
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt_backend.tables import Job
from uploading import as_lines, gsm8k, send

KEY = {"idempotency-key": "k"}


def test_key_with_another_verb_is_refused_and_says_so(client: TestClient, session: Session, home: Path) -> None:
    made = client.post("/api/tunix/run", json=ASK, headers=KEY).json()
    run_id = made["run_id"]
    work(home, run_id, "stopped")
    end(session, run_id, "stopped")
    asked = [("resume", f"{BASE}/{run_id}/resume", None), ("retry", f"{BASE}/{run_id}/retry", None)]
    for verb, path, body in (*asked, ("evaluate", "/api/evaluations", {"model": "nano"})):
        answer = client.post(path, json=body, headers=KEY)
        assert answer.status_code == 409, answer.text
        assert f"to start, and this one asks to {verb}" in answer.json()["detail"]
        assert made["job_id"] in answer.json()["detail"]
    assert len(session.scalars(select(Job)).all()) == 1


def test_key_with_another_body_is_refused_and_says_so(client: TestClient, home: Path) -> None:
    assert client.post("/api/tunix/run", json=ASK, headers=KEY).status_code == 202
    for changes in ({"seed": 1}, {"priority": 1}, {"device": "cpu"}):
        answer = client.post("/api/tunix/run", json=ASK | changes, headers=KEY)
        assert answer.status_code == 409, changes
        assert "to start something else" in answer.json()["detail"]


def test_key_of_one_run_is_not_that_of_another(client: TestClient, session: Session, home: Path) -> None:
    first, second = (start(client)["run_id"] for _ in range(2))
    for run_id in (first, second):
        work(home, run_id, "stopped")
        end(session, run_id, "stopped")
    for verb in ("resume", "retry"):
        key = {"idempotency-key": verb}
        assert client.post(f"{BASE}/{first}/{verb}", headers=key).status_code == (202 if verb == "resume" else 409)
        answer = client.post(f"{BASE}/{second}/{verb}", headers=key)
        assert answer.status_code == (409 if verb == "resume" else 202)
    # The run that a retry made is another one, too, though it was made under the same key.
    made = client.post(f"{BASE}/{second}/retry", headers={"idempotency-key": "retry"}).json()["run_id"]
    end(session, made, "failed")
    assert client.post(f"{BASE}/{made}/retry", headers={"idempotency-key": "retry"}).status_code == 409


@pytest.mark.parametrize("begun", [False, True])
def test_ended_job_that_a_key_finds_is_called_what_it_is(
    client: TestClient, session: Session, home: Path, begun: bool
) -> None:
    run_id = client.post("/api/tunix/run", json=ASK, headers=KEY).json()["run_id"]
    client.post(f"{BASE}/{run_id}/cancel")
    if begun:
        work(home, run_id, "cancelled")
        write_text(home / "runs" / run_id / "checkpoints" / "4" / MANIFEST, "{}\n")
    answer = client.post("/api/tunix/run", json=ASK, headers=KEY)
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    message = answer.json()["message"]
    assert "its job is cancelled" in message
    assert "waits for a worker" not in message
    assert ("resume" in message) == begun, "there is a checkpoint to go on from only if it began"
    assert ("resume" in client.get(f"{BASE}/{run_id}").json()["message"]) == begun
    assert client.post(f"{BASE}/{run_id}/resume").status_code == (202 if begun else 409)


def test_repeated_request_is_answered_though_its_dataset_is_gone(client: TestClient, home: Path) -> None:
    first = client.post("/api/tunix/run", json=ASK, headers=KEY).json()
    (home / "datasets" / "few-v1").rename(home / "datasets" / "gone-v1")
    assert client.post("/api/tunix/run", json=ASK, headers=KEY).json() == first


def test_completed_run_says_what_can_be_done_instead(client: TestClient, home: Path) -> None:
    make_run(home)
    for verb in ("retry", "resume"):
        answer = client.post(f"{BASE}/{RUN}/{verb}")
        assert answer.status_code == 409
        for words in ("is completed", f"POST {BASE}/{RUN}/evaluate", "POST /api/tunix/run starts"):
            assert words in answer.json()["detail"], answer.text


@pytest.mark.parametrize("key", ["5b3f0c7e-2f43-4a51-9c0e-8f1d3f6f2a10", "x" * 128, "a.b_c~d+e/f=g-h"])
def test_same_keys_are_taken_everywhere(client: TestClient, home: Path, key: str) -> None:
    headers = {"idempotency-key": key}
    assert client.post("/api/tunix/run", json=ASK, headers=headers).status_code == 202
    assert send(client, as_lines(gsm8k(2)), key=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 129, "a:b", "a b", '"quoted"', "ключ".encode()])
def test_same_keys_are_refused_everywhere(client: TestClient, home: Path, key: str | bytes) -> None:
    headers = {"idempotency-key": key}
    for path, body in (("/api/tunix/run", ASK), ("/api/evaluations", {"model": "nano"})):
        assert client.post(path, json=body, headers=headers).status_code == 422, path
    form = {"file": ("rows.jsonl", as_lines(gsm8k(2)))}
    assert client.post("/api/datasets/ingest", files=form, headers=headers).status_code == 422
