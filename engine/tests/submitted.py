"""A run as a session leaves it, with weights, a dataset and measurements: data for tests of submissions."""

from __future__ import annotations

from pathlib import Path

from evaluated import contract_base_sampler, few_shot_base_sampler, make_task, pool, tuned_sampler
from tunix_rt import dataset, tasks
from tunix_rt.config import EvalConfig, SessionConfig
from tunix_rt.evaluation import ModelRef, evaluate, write_evaluation
from tunix_rt.formats import MANIFEST, digest_files, digest_value, write_text
from tunix_rt.provenance import folder_ref
from tunix_rt.run import attempt, new_run, read_run, update_run
from tunix_rt.run_folder import RunDir

ITEMS = 60
EARLIER = "sha256:" + "e" * 64
"""Weights that reinforcement learning started from."""


def finished_run(home: Path, *, measured: bool = True, reinforced: bool = False) -> RunDir:
    """Return a completed session's run.

    With `measured` false its model has no score yet; with `reinforced` it was measured before reinforcement learning.
    """
    run_id = "2026-01-05-session-small-7f3a"
    frozen = dataset.build([tasks.load("nano-arithmetic", limit=40)], name="small", version="v1", home=home)
    rows = folder_ref("dataset", frozen.key, home / "datasets" / frozen.key, home=home)
    run = new_run(home, "session", "small", config=SessionConfig(), inputs={"dataset": rows}, run_id=run_id)
    with attempt(run):
        write_text(run.adapter / "weights.safetensors", "weights")
        adapter = digest_value(digest_files(run.adapter))
        write_text(run.adapter / MANIFEST, f'{{"digest": "{adapter}"}}\n')
        write_text(run.result, '{"training": {"steps": 40, "planned_steps": 50}}\n')
        write_text(run.report, "<html></html>")
        write_text(run.exports / "orbax" / "state", "state")
        update_run(run, timings={"base": 60.0, "sft": 240.5, "tuned": 30.0})
        if measured:
            measure(home, run, adapter, reinforced=reinforced)
    return run


def measure(home: Path, run: RunDir, adapter: str, *, reinforced: bool) -> None:
    """Measure base and trained model on the same items, as a session does."""
    task = make_task(ITEMS)
    base, after = ModelRef(name="gemma3-1b-it"), ModelRef(name="gemma3-1b-it", run=run.id, adapter_digest=adapter)
    few = EvalConfig(prompt="few_shot_plain")
    done = {
        "base_contract": evaluate(contract_base_sampler(task), task, EvalConfig(), model=base),
        "base_few_shot": evaluate(few_shot_base_sampler(task), task, few, model=base, few_shot_pool=pool()),
        "tuned": evaluate(tuned_sampler(task), task, EvalConfig(), model=after),
    }
    if reinforced:
        before = after.model_copy(update={"adapter_digest": EARLIER})
        done["sft"] = evaluate(tuned_sampler(task, skill=0.3), task, EvalConfig(), model=before)
    for role, evaluation in done.items():
        folder = write_evaluation(home / "evaluations", evaluation)
        ref = folder_ref("evaluation", evaluation.id, folder, home=home)
        update_run(run, outputs=read_run(run).outputs | {role: ref})
