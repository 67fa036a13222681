"""Folders made by the engine for tests: a dataset, a run on it, a measurement of the run."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.orm import Session

import nano
from evaluated import make_task, tuned_sampler
from tunix_rt.config import EvalConfig, SFTConfig
from tunix_rt.evaluation import ModelRef, evaluate, write_evaluation
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.provenance import folder_ref
from tunix_rt.run import attempt, new_run, read_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt.samples import StepSamples, append_samples
from tunix_rt_backend.services import census, soundness
from tunix_rt_backend.services.census import IndexReport

RUN = "2026-01-05-sft-few-v1-7f3a0001"


def make_run(
    home: Path, run_id: str = RUN, *, metrics: str = '{"step":1,"loss":2.5}\n', samples: Iterable[StepSamples] = ()
) -> RunDir:
    """Write a run that ended, on the dataset `few-v1`, with metrics, samples, weights and a measurement."""
    if not (home / "datasets" / nano.DATASET).is_dir():
        nano.build_dataset(home)
    dataset = folder_ref("dataset", nano.DATASET, home / "datasets" / nano.DATASET, home=home)
    config = SFTConfig.model_validate(nano.config())
    run = new_run(home, "sft", "few", config=config, inputs={"dataset": dataset}, run_id=run_id)
    with attempt(run):
        write_text(run.metrics, metrics)
        for drawn in samples:
            append_samples(run.samples, drawn)
        write_text(run.adapter / "weights.safetensors", f"weights of {run_id}")
        write_text(run.adapter / MANIFEST, "{}\n")
        update_run(run, stage="done", results={"steps": 1, "loss": 2.5})
    return run


def reindex(session: Session, home: Path) -> IndexReport:
    """Make every row of the index again, as `tunix-rt index` does."""
    soundness.remember(session)
    return census.write(session, census.take(home))


def make_evaluation(home: Path, run_id: str = RUN) -> str:
    """Write a measurement of a run and return its id."""
    task = make_task(6)
    model = ModelRef(name="nano", digest="sha256:" + "b" * 64, run=run_id, adapter_digest="sha256:" + "c" * 64)
    done = evaluate(tuned_sampler(task), task, EvalConfig(), model=model, device="cpu", dtype="float32")
    write_evaluation(home / "evaluations", done)
    return done.id


def zipped(folder: Path, target: Path) -> bytes:
    """Return a folder, under its own name, as a zip."""
    packed = shutil.make_archive(str(target), "zip", folder.parent, folder.name)
    return Path(packed).read_bytes()


def digest_of(run: RunDir) -> str:
    """Return the digest of a run's manifest."""
    return read_run(run).digest
