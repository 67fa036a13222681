"""Evaluations over HTTP: queued, listed, compared and deleted; tasks, and the leaderboard of what was measured."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from evaluated import make_task
from measured import TASK, make_run, measure
from tunix_rt.comparison import compare
from tunix_rt.evaluation.folder import SAMPLES
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt_backend.services import index, jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, EvaluationRow, Job


def test_evaluating_a_run_queues_a_job(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    asked = {"task": "nano-arithmetic:heldout", "limit": 50, "prompt": "few_shot", "priority": 3, "dtype": "bfloat16"}
    answer = client.post(f"/api/tunix/runs/{run.id}/evaluate", json=asked)
    assert answer.status_code == 202, answer.text
    job = session.scalars(select(Job)).one()
    assert answer.json() == {"job_id": str(job.id), "run_id": run.id, "status": "queued"}
    assert (job.kind, job.run_id, job.priority, job.spec["run"]) == ("eval", run.id, 3, run.id)
    assert (job.spec["dtype"], job.spec["few_shot_pool"]) == ("bfloat16", "dev-reasoning-v1")
    assert job.spec["config"]["limit"] == 50
    assert job.spec["config"]["task_path"] is None
    assert session.scalars(select(AuditEntry.action)).all() == ["evaluate_run"]
    assert client.post(f"/api/tunix/runs/{run.id}/evaluate").status_code == 202  # prior clients send no body
    assert client.post(f"/api/tunix/runs/{run.id}/evaluate", json={"judge_override": None}).status_code == 202


def test_evaluation_is_queued_once_under_one_idempotency_key(client: TestClient) -> None:
    answers = [
        client.post("/api/evaluations", json={"model": "nano"}, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    other = client.post("/api/evaluations", json={"model": "nano", "limit": 3}, headers={"idempotency-key": "once"})
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"judge_override": "gemma-judge"}, "judge_override"),
        ({"judge_override": "mock-judge"}, "judge_override"),
        ({"task": "no-such-task"}, "nano-arithmetic:heldout"),
        ({"task": "gsm8k"}, "tunix-rt tasks register"),
        ({"task": "../../etc/passwd"}, "task"),
        ({"task_path": "/etc/passwd"}, "task_path"),
        ({"few_shot_pool": "no-such-task"}, "no task"),
        ({"num_samples": 4}, "temperature above 0"),
        ({"limit": 2**70}, "limit"),
        ({"seed": -1}, "seed"),
        ({"temperature": 1e999}, ""),
    ],
)
def test_impossible_evaluation_is_refused_with_what_is_possible(
    client: TestClient, session: Session, settings: Settings, body: dict[str, object], words: str
) -> None:
    run = make_run(session, settings.home)
    sent = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
    answer = client.post(f"/api/tunix/runs/{run.id}/evaluate", **sent)
    assert answer.status_code in (400, 422), answer.text
    assert words in answer.json()["detail"]
    assert not session.scalars(select(Job)).all()


def test_run_that_is_unknown_or_has_no_weights_cannot_be_evaluated(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home, trained=False)
    assert client.post("/api/tunix/runs/none/evaluate").status_code == 404
    answer = client.post(f"/api/tunix/runs/{run.id}/evaluate")
    assert answer.status_code == 409
    assert "no trained weights" in answer.json()["detail"]


@pytest.mark.parametrize("status", ["queued", "running"])
def test_run_that_goes_on_is_not_evaluated(
    client: TestClient, session: Session, settings: Settings, status: str
) -> None:
    run = make_run(session, settings.home)
    job = jobs.enqueue(session, kind="sft", run_id=run.id, spec={"config": {}}, actor="local")
    job.status = status
    session.commit()
    answer = client.post(f"/api/tunix/runs/{run.id}/evaluate")
    assert answer.status_code == 409
    assert f"is {status}, and its trained weights may change; wait for its end" in answer.json()["detail"]


def test_evaluation_of_weights_that_are_gone_says_so(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    done = measure(session, settings.home, run=run.id)
    assert client.get(f"/api/tunix/runs/{run.id}/evaluation").json()["stale"] is False
    write_text(run.adapter / MANIFEST, '{"digest": "sha256:0"}')
    index.index_run(session, run.path)
    session.commit()
    assert client.get(f"/api/tunix/runs/{run.id}/evaluation").json()["stale"] is True
    assert client.get("/api/evaluations").json()["data"][0]["stale"] is True
    assert client.get("/api/leaderboard").json()["data"] == []
    shown = client.get("/api/leaderboard", params={"all": True}).json()["data"]
    assert [(row["evaluation_id"], row["stale"]) for row in shown] == [(done.id, True)]


def test_unknown_base_model_is_refused_with_the_known_ones(client: TestClient) -> None:
    answer = client.post("/api/evaluations", json={"model": "gemma-9000"})
    assert answer.status_code == 422
    assert "gemma3-270m" in answer.json()["detail"]
    assert client.post("/api/evaluations", json={"model": "http://169.254.169.254/"}).status_code == 422


def test_newest_evaluation_of_a_run_keeps_the_names_of_the_earlier_system(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    missing = client.get(f"/api/tunix/runs/{run.id}/evaluation")
    assert missing.status_code == 404
    assert "was not measured yet" in missing.json()["detail"]
    assert client.get("/api/tunix/runs/none/evaluation").status_code == 404
    done = measure(session, settings.home, run=run.id)
    found = client.get(f"/api/tunix/runs/{run.id}/evaluation").json()
    strict = done.manifest.metrics.strict
    assert strict is not None
    assert set(found) == {
        *("evaluation_id", "run_id", "score", "primary_score", "verdict"),
        *("metrics", "detailed_metrics", "judge", "evaluated_at", "stale"),
    }
    assert found["score"] == pytest.approx(100 * strict.value)
    assert found["primary_score"] == found["metrics"]["strict"] == strict.value
    assert found["detailed_metrics"][0] == {"name": "strict", **strict.model_dump()}
    assert f"of {strict.n} items (95 % interval" in found["verdict"]
    assert found["judge"]["name"] == "exact-match-contract"


def test_evaluations_are_listed_filtered_and_paged(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    other = make_task(16, name="other")
    made = [
        measure(session, settings.home),
        measure(session, settings.home, run=run.id),
        measure(session, settings.home, run=run.id, task=other),
        measure(session, settings.home, prompt="few_shot"),
    ]
    ids = {done.id for done in made}

    def listed(**params: object) -> list[str]:
        answer = client.get("/api/evaluations", params=params)
        assert answer.status_code == 200, answer.text
        return [row["evaluation_id"] for row in answer.json()["data"]]

    assert set(listed()) == ids
    assert set(listed(run_id=run.id)) == {made[1].id, made[2].id}
    assert set(listed(dataset_key="small-v1")) == {made[1].id, made[2].id}
    assert listed(task="other") == [made[2].id]
    assert listed(task_digest=other.digest) == [made[2].id]
    assert listed(model="gemma3-270m") == []
    assert listed(date_from="2999-01-01T00:00:00Z") == []
    assert set(listed(date_to="2999-01-01T00:00:00Z")) == ids
    walked, cursor = [], None
    while True:
        answer = client.get("/api/evaluations", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        walked += [row["evaluation_id"] for row in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert walked == listed()


@pytest.mark.parametrize(
    "query",
    [
        "run_id=%00",
        "run_id=..",
        "model=a%2Fb",
        "task=%ED%A0%80",
        "task_digest=sha256:xyz",
        "limit=0",
        "offset=-1",
    ],
)
def test_bad_filters_are_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/evaluations?{query}")
    assert answer.status_code in (400, 422), answer.text


def test_moments_at_the_ends_of_the_calendar_are_answered(
    client: TestClient, session: Session, settings: Settings
) -> None:
    measure(session, settings.home)
    for query in ("date_from=0001-01-01T00:00:00%2B14:00", "date_to=9999-12-31T23:59:59-14:00"):
        assert len(client.get(f"/api/evaluations?{query}").json()["data"]) == 1
    for query in ("date_to=0001-01-01T00:00:00%2B14:00", "date_from=9999-12-31T23:59:59-14:00"):
        assert client.get(f"/api/leaderboard?{query}").json()["data"] == []


@pytest.mark.parametrize("cursor", ["eyJ9", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwiXHUwMDAwIl0", "WzEuMF0"])
@pytest.mark.parametrize("path", ["/api/evaluations", "/api/leaderboard", "/api/tunix/evaluations"])
def test_foreign_cursor_is_no_page(
    client: TestClient, session: Session, settings: Settings, path: str, cursor: str
) -> None:
    measure(session, settings.home)
    assert client.get(path, params={"cursor": cursor}).status_code == 404


def test_manifest_is_answered_once_and_then_not_modified(
    client: TestClient, session: Session, settings: Settings
) -> None:
    done = measure(session, settings.home)
    first = client.get(f"/api/evaluations/{done.id}")
    assert first.json() == json.loads(done.manifest.to_json())
    again = client.get(f"/api/evaluations/{done.id}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/evaluations/none").status_code == 404


def test_samples_are_paged_by_offset_and_filtered(client: TestClient, session: Session, settings: Settings) -> None:
    done = measure(session, settings.home)
    path = f"/api/evaluations/{done.id}/samples"
    walked, cursor = [], None
    while True:
        answer = client.get(path, params={"limit": 7, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        walked += answer.json()["data"]
        cursor = answer.json()["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert walked == [json.loads(sample.model_dump_json()) for sample in done.samples]
    assert {"completion", "steps", "checks", "target", "answer"} <= set(walked[0])

    def count(**params: str) -> int:
        return len(client.get(path, params=params).json()["data"])

    right = sum(sample.strict.value == 1 for sample in done.samples)
    assert count(verdict="right") == right
    assert count(verdict="wrong") == len(done.samples) - right
    assert count(verdict="unscored") == 0
    assert count(sample=done.samples[3].id) == 1
    assert count(sample="nobody") == 0
    assert count(family="addition") == 10
    assert count(domain="reading") == 20
    assert count(finish="length") == sum(sample.finish == "length" for sample in done.samples)
    assert count(q="ADA HAS") == 40
    assert count(q=TASK.items[3].prompt) == 1
    assert client.get(path, params={"cursor": "WzNd"}).status_code == 404
    assert client.get(path, params={"cursor": "Wy0xXQ"}).status_code == 404
    assert client.get("/api/evaluations/none/samples").status_code == 404


def test_samples_behind_a_link_or_of_another_version_are_refused(
    client: TestClient, session: Session, settings: Settings
) -> None:
    done = measure(session, settings.home)
    samples = settings.home / "evaluations" / done.id / SAMPLES
    write_text(samples, '{"id": "from another version"}\n')
    answer = client.get(f"/api/evaluations/{done.id}/samples")
    assert answer.status_code == 422
    assert "cannot be read by this version" in answer.json()["detail"]
    samples.unlink()
    samples.symlink_to("/etc/passwd")
    assert client.get(f"/api/evaluations/{done.id}/samples").status_code == 404


def test_comparison_is_the_one_of_the_engine(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    base = measure(session, settings.home, prompt="few_shot", skill=0.1)
    tuned = measure(session, settings.home, run=run.id, skill=0.9)
    params = {"a": base.id, "b": tuned.id, "a_score": "lenient"}
    answer = client.get("/api/evaluations/compare", params=params)
    assert answer.json() == json.loads(compare(base, tuned, a_score="lenient").to_json())
    again = client.get("/api/evaluations/compare", params=params, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_comparison_of_different_items_is_refused_and_says_why(
    client: TestClient, session: Session, settings: Settings
) -> None:
    a = measure(session, settings.home)
    b = measure(session, settings.home, task=make_task(12, seed=5))
    answer = client.get("/api/evaluations/compare", params={"a": a.id, "b": b.id})
    assert answer.status_code == 409
    assert "asked different items" in answer.json()["detail"]
    assert client.get("/api/evaluations/compare", params={"a": a.id, "b": "none"}).status_code == 404


def test_deleted_evaluation_is_gone_from_disk_index_and_leaderboard(
    client: TestClient, session: Session, settings: Settings
) -> None:
    done = measure(session, settings.home)
    assert client.get("/api/leaderboard").json()["total"] == 1
    assert client.delete(f"/api/evaluations/{done.id}").status_code == 204
    assert client.delete(f"/api/evaluations/{done.id}").status_code == 404
    assert list((settings.home / "evaluations").iterdir()) == []
    assert client.get("/api/leaderboard").json()["data"] == []


def test_tasks_are_listed_with_their_digests(client: TestClient) -> None:
    rows = {row["name"]: row for row in client.get("/api/tasks").json()}
    assert rows["nano-arithmetic:heldout"]["items"] == 400
    assert all(row["digest"].startswith("sha256:") and row["problem"] is None for row in rows.values())


def test_leaderboard_ranks_the_tuned_model_above_its_base(
    app: FastAPI, client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    empty = client.get("/api/leaderboard").json()
    assert (empty["data"], empty["task"], empty["total"]) == ([], None, 0)
    base = measure(session, settings.home, prompt="few_shot", skill=0.05)
    tuned = measure(session, settings.home, run=run.id, skill=0.9)
    board = client.get("/api/leaderboard", params={"task": "small"}).json()
    assert [row["evaluation_id"] for row in board["data"]] == [tuned.id, base.id]
    first, second = board["data"]
    assert (first["rank"], first["is_base"], first["run_id"], first["dataset_key"]) == (1, False, run.id, "small-v1")
    assert (second["rank"], second["is_base"], second["prompt"]) == (2, True, "few_shot_plain")
    assert first["strict"]["low"] <= first["primary_score"] <= first["strict"]["high"]
    assert first["score"] == pytest.approx(100 * first["primary_score"])
    assert first["n"] == first["scorecard"]["n_scored"] == 40
    assert board["task_digest"] == TASK.digest
    assert "McNemar" in board["method"]
    prior = client.get("/api/tunix/evaluations", params={"dataset_key": "small-v1", "model_id": "nano"}).json()
    assert [(row["evaluation_id"], row["rank"]) for row in prior["data"]] == [(tuned.id, 1)]
    assert {"data", "pagination"} <= set(prior)


def test_leaderboard_shows_ties_as_ties_and_a_repeated_measurement_once(
    client: TestClient, session: Session, settings: Settings
) -> None:
    one = measure(session, settings.home, run="one", skill=0.60)
    two = measure(session, settings.home, run="two", skill=0.62)
    again = measure(session, settings.home, run="one", skill=0.60, seed=7)
    assert one.id != again.id
    session.get_one(EvaluationRow, again.id).created_at += timedelta(seconds=1)  # manifests tell whole seconds
    session.commit()
    board = client.get("/api/leaderboard").json()
    assert {row["evaluation_id"] for row in board["data"]} == {two.id, again.id}
    assert [(row["rank"], row["tied"]) for row in board["data"]] == [(1, 1), (1, 1)]
    assert [row["p"] is None for row in board["data"]] == [True, False]
    every = client.get("/api/leaderboard", params={"all": "true"}).json()
    assert every["total"] == 3
    walked, cursor = [], None
    for _ in range(3):
        page = client.get("/api/leaderboard", params={"all": "1", "limit": 1, **({"cursor": cursor} if cursor else {})})
        walked += [row["evaluation_id"] for row in page.json()["data"]]
        cursor = page.json()["pagination"]["next_cursor"]
    assert cursor is None
    assert walked == [row["evaluation_id"] for row in every["data"]]


@pytest.mark.parametrize("path", ["/api/leaderboard", "/api/tunix/evaluations"])
def test_short_evaluation_does_not_hide_the_full_board(
    client: TestClient, session: Session, settings: Settings, path: str
) -> None:
    full = measure(session, settings.home)
    short = measure(session, settings.home, task=make_task(8), skill=0.9)
    for name, later in ((full.id, 0), (short.id, 1)):  # manifests tell whole seconds
        session.get_one(EvaluationRow, name).created_at += timedelta(seconds=later)
    session.commit()
    for params in ({}, {"task": "small"}):
        board = client.get(path, params=params).json()
        assert [row["evaluation_id"] for row in board["data"]] == [full.id]
        assert board["task_digest"] == full.manifest.task.digest
        (other,) = board["other_digests"]
        assert (other["task_digest"], other["n"], other["evaluations"]) == (short.manifest.task.digest, 8, 1)
    there = client.get("/api/leaderboard", params={"task_digest": other["task_digest"]}).json()
    assert [row["evaluation_id"] for row in there["data"]] == [short.id]
    assert there["data"][0]["evaluated_at"] == other["newest"]
    assert [one["task_digest"] for one in there["other_digests"]] == [full.manifest.task.digest]
    equal = measure(session, settings.home, task=make_task(40, seed=1))
    session.get_one(EvaluationRow, equal.id).created_at += timedelta(seconds=2)
    session.commit()
    assert client.get(path).json()["task_digest"] == equal.manifest.task.digest
    assert len(client.get(path, params={"task": "small"}).json()["other_digests"]) == 2


@pytest.mark.parametrize("path", ["/api/leaderboard", "/api/tunix/evaluations"])
def test_unknown_task_has_no_leaderboard_and_the_known_ones_are_named(
    client: TestClient, session: Session, settings: Settings, path: str
) -> None:
    measure(session, settings.home)
    answer = client.get(path, params={"task": "smal"})
    assert answer.status_code == 404
    assert all(word in answer.json()["detail"] for word in ("'smal'", "small", "GET /api/tasks", "tasks register"))
    assert "nano-arithmetic:heldout" in client.get(path, params={"task": "none"}).json()["detail"]
    empty = client.get(path, params={"task": "nano-arithmetic:heldout"})
    assert (empty.status_code, empty.json()["data"], empty.json()["other_digests"]) == (200, [], [])
    assert empty.json()["task"] == "nano-arithmetic:heldout"
    elsewhere = client.get("/api/leaderboard", params={"task": "small", "contract": "sha256:" + "0" * 64})
    assert (elsewhere.status_code, elsewhere.json()["data"]) == (200, [])


def test_leaderboard_never_mixes_tasks_or_contracts(client: TestClient, session: Session, settings: Settings) -> None:
    measure(session, settings.home)
    other = measure(session, settings.home, task=make_task(12, seed=5))
    board = client.get("/api/leaderboard", params={"task_digest": other.manifest.task.digest}).json()
    assert [row["evaluation_id"] for row in board["data"]] == [other.id]
    assert client.get("/api/leaderboard", params={"contract": "sha256:" + "0" * 64}).json()["data"] == []
    assert client.get("/api/leaderboard", params={"score": "vibes"}).status_code == 422
