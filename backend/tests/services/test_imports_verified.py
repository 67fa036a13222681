"""Evaluations from elsewhere: without a rank and without a say until their items are known to be the task's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from evaluated import forge, tuned_sampler
from made import make_run, reindex, zipped
from measured import measure
from tunix_rt import tasks
from tunix_rt.config import EvalConfig
from tunix_rt.evaluation import Evaluation, ModelRef, Sample, evaluate, write_evaluation
from tunix_rt.evaluation.metric import figures
from tunix_rt.evaluation.sample import regrade_sample
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.grading import Target
from tunix_rt.provenance import now
from tunix_rt_backend.settings import Settings


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A home folder on another machine, with one run."""
    home = tmp_path / "elsewhere"
    make_run(home)
    return home


def send(client: TestClient, body: bytes) -> Any:
    return client.post("/api/tunix/runs/import", content=body, headers={"content-type": "application/zip"})


def forged(elsewhere: Path, name: str, source: Evaluation, samples: Sequence[Sample], **changes: Any) -> None:
    """Put an evaluation under a new name into the home on the other machine, made by somebody who knows the digests."""
    folder = write_evaluation(elsewhere / "evaluations", source)
    forge(folder, samples, **figures(samples), **changes)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    write_text(folder / MANIFEST, json.dumps(manifest | {"id": name, "created": now()}))
    folder.rename(folder.with_name(name))


def all_right(done: Evaluation) -> list[Sample]:
    """Return samples whose targets are what the model answered, so that they are right."""
    wanted = [
        sample.model_copy(update={"target": Target(kind="number", value=sample.answer or "0")})
        for sample in done.samples
    ]
    return [regrade_sample(one, done.manifest.prompt, done.manifest.sampling.max_new_tokens) for one in wanted]


def test_unverified_evaluation_from_elsewhere_has_no_rank_and_no_say(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    honest = measure(session, settings.home)
    task = honest.manifest.task
    before = client.get("/api/leaderboard").json()
    right, one = all_right(honest), honest.samples[0]
    forged(elsewhere, "leads", honest, right, model=ModelRef(name="other"))
    forged(elsewhere, "replaces", honest, [s.model_copy(update={"family": "x"}) for s in honest.samples])
    for name in ("few-a", "few-b"):
        few = task.model_copy(update={"items": 1})
        forged(elsewhere, name, honest, [one], task=few, model=ModelRef(name=name))
    many = [one.model_copy(update={"id": f"x{number}"}) for number in range(60)]
    forged(elsewhere, "many", honest, many, task=task.model_copy(update={"items": 60, "digest": "sha256:" + "f" * 64}))
    assert send(client, zipped(elsewhere, elsewhere.parent / "home")).status_code == 201
    for path in ("/api/leaderboard", f"/api/leaderboard?task={task.name}"):
        board = client.get(path).json()
        assert board["task_digest"] == before["task_digest"]
        ranks = [(row["evaluation_id"], row["rank"], row["verified"], row["imported"]) for row in board["data"]]
        assert ranks[0] == (honest.id, 1, False, False)
        assert ranks[1:] == [(name, None, False, True) for name in ("few-a", "few-b", "leads", "replaces")]
    page = client.get("/api/leaderboard?limit=2").json()
    rest = client.get("/api/leaderboard", params={"cursor": page["pagination"]["next_cursor"]}).json()
    assert [row["evaluation_id"] for row in rest["data"]] == ["few-b", "leads", "replaces"]


def test_evaluation_from_elsewhere_is_ranked_once_its_task_is_here(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path, tmp_path: Path
) -> None:
    file = tmp_path / "gsm8k.jsonl"
    row = {"question": "What is 2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"}
    other = {"question": "What is 3 + 3?", "answer": "3 + 3 = <<3+3=6>>6\n#### 6"}
    file.write_text(json.dumps(row) + "\n" + json.dumps(other) + "\n")
    task = tasks.load("gsm8k", path=file)
    done = evaluate(tuned_sampler(task, 1), task, EvalConfig(), model=ModelRef(name="nano"))
    write_evaluation(elsewhere / "evaluations", done)
    assert send(client, zipped(elsewhere, elsewhere.parent / "home")).status_code == 201
    (found,) = client.get("/api/leaderboard").json()["data"]
    assert (found["rank"], found["verified"]) == (None, False)
    tasks.register_path(settings.home, "gsm8k", file)
    reindex(session, settings.home)
    session.commit()
    (found,) = client.get("/api/leaderboard").json()["data"]
    assert (found["rank"], found["verified"]) == (1, True)
    shutil.rmtree(elsewhere / "evaluations")
    forged(elsewhere, "forged", done, [s.model_copy(update={"prompt": "What is 1 + 1?"}) for s in done.samples])
    answer = send(client, zipped(elsewhere, elsewhere.parent / "again"))
    assert (answer.status_code, "does not ask what task gsm8k" in answer.text) == (422, True)
