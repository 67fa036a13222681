"""Evaluation folders and trained runs for tests of the service, made by the engine from table samplers."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from evaluated import few_shot_base_sampler, make_task, pool, tuned_sampler
from tunix_rt.config import EvalConfig, SFTConfig
from tunix_rt.evaluation import Evaluation, ModelRef, evaluate, write_evaluation
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.provenance import folder_ref
from tunix_rt.run import attempt, new_run
from tunix_rt.run_folder import RunDir
from tunix_rt.tasks import Task
from tunix_rt_backend.services.index import index_evaluation, index_run

TASK = make_task(40)


def measure(
    session: Session,
    home: Path,
    *,
    run: str | None = None,
    skill: float = 0.6,
    task: Task = TASK,
    adapter: str | None = None,
    prompt: str = "contract",
    seed: int = 0,
) -> Evaluation:
    """Write an evaluation with its row: of a run if one is named, else of the base model; commit it."""
    digest = adapter or ("sha256:" + format(abs(hash((run, skill))) % 16**8, "064x") if run else None)
    model = ModelRef(name="nano", digest="sha256:" + "b" * 64, run=run, adapter_digest=digest)
    form = "few_shot_plain" if prompt == "few_shot" else prompt
    sampler = tuned_sampler(task, skill) if prompt == "contract" else few_shot_base_sampler(task, skill)
    config = EvalConfig.model_validate({"prompt": form, "seed": seed, "max_new_tokens": 96})
    done = evaluate(sampler, task, config, model=model, few_shot_pool=pool(), device="cpu", dtype="float32")
    index_evaluation(session, write_evaluation(home / "evaluations", done))
    session.commit()
    return done


def make_run(session: Session, home: Path, slug: str = "small", *, trained: bool = True) -> RunDir:
    """Write a run that ended, with weights if `trained`, and its row; commit it."""
    dataset = home / "datasets" / f"{slug}-v1"
    dataset.mkdir(parents=True)
    (dataset / "train.jsonl").write_text('{"a": 1}\n')
    (dataset / MANIFEST).write_text("{}\n")
    inputs = {"dataset": folder_ref("dataset", f"{slug}-v1", dataset, home=home)}
    run = new_run(home, "sft", slug, config=SFTConfig(base_model="nano", dataset=f"{slug}-v1"), inputs=inputs)
    with attempt(run):
        write_text(run.path / "notes.txt", "notes")
        if trained:
            write_text(run.adapter / "weights.safetensors", "weights")
            write_text(run.adapter / MANIFEST, "{}\n")
    index_run(session, run.path)
    session.commit()
    return run
