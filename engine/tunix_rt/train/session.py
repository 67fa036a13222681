"""The session recipe: a dataset, the base measured, SFT, the tuned model measured, exports, a report; in one budget.

    dataset ─▶ model ─▶ base ─▶ sft ─▶ (grpo) ─▶ tuned ─▶ export ─▶ report

Each phase gets a deadline from the budget, and leaves what it made in the run's state, so that a session that was cut
off goes on after its last whole phase. This module does not know how any phase does its work.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tunix_rt import dataset, tasks
from tunix_rt.comparison import Comparison, compare_with_base
from tunix_rt.config import EvalConfig, GRPOConfig, SessionConfig, SFTConfig
from tunix_rt.dataset import Dataset, Source
from tunix_rt.errors import BudgetError
from tunix_rt.evaluation import Evaluation, ModelRef, evaluate, force_start, load_evaluation, write_evaluation
from tunix_rt.formats import write_format
from tunix_rt.progress import Reporter
from tunix_rt.provenance import folder_ref, provenance
from tunix_rt.report.session import write_session_report
from tunix_rt.run import attempt, check_inputs, new_run, read_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt.session import ExportOutcome, SessionResult, SessionState, TrainingOutcome, session_result
from tunix_rt.session_planner import SessionPlanner, export_seconds
from tunix_rt.tasks import Task
from tunix_rt.train.adapter import load_adapter, read_adapter
from tunix_rt.train.base_models import fetch
from tunix_rt.train.devices import device_names
from tunix_rt.train.export import export_model
from tunix_rt.train.model import LoadedModel, load_model, make_mesh
from tunix_rt.train.reinforcing import reinforce, reinforcement_config
from tunix_rt.train.sampler import TunixRtSampler, enable_compilation_cache
from tunix_rt.train.sft import train_sft

logger = logging.getLogger(__name__)

_PROBE_PROMPTS, _PROBE_TOKENS = 32, 16


@dataclass
class _Session:
    """What every phase of a session needs."""

    config: SessionConfig
    home: Path
    run: RunDir
    planner: SessionPlanner
    progress: Reporter
    state: SessionState
    task: Task | None = None
    evaluations: dict[str, Evaluation] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[float]:
        """Work on a phase: its deadline, its line of progress, its place in the manifest, its time."""
        update_run(self.run, stage=name)
        with self.planner.budget.phase(name) as deadline, self.progress.phase(name, deadline=deadline):
            yield deadline
        timings = read_run(self.run).timings
        used = self.planner.budget.report().phases[name].used or 0.0
        update_run(self.run, timings=timings | {name: round(timings.get(name, 0.0) + used, 1)})

    def keep(self, **changes: object) -> None:
        """Record what a phase made; the session goes on from here if it is cut off."""
        self.state = SessionState.model_validate(self.state.model_dump() | changes)
        write_format(self.run.state, self.state)


def run_session(
    config: SessionConfig,
    home: Path,
    *,
    progress: Reporter,
    resume: RunDir | None = None,
    run_id: str | None = None,
    started: float | None = None,
) -> SessionResult:
    """Run a session, or go on with one (`resume`), and return its result; a new one may be named by `run_id`.

    The budget counts from `started`, a `time.monotonic()` (None: now); a session that is resumed gets its budget anew.

    Raises:
        BudgetError: the budget is too small for the work.
        DigestError: something that the session was made from has changed since it began.
        MissingError: the device that is asked for is not here.
    """
    device_names()  # before anything is made
    run = resume or new_run(home, "session", config.name, config=config, run_id=run_id)
    if resume:
        check_inputs(resume)
    progress.say(f"run {run.id}")
    planner = SessionPlanner(config.budget_minutes, config.phases.planned, started=started)
    enable_compilation_cache(home)
    with attempt(run):
        state = SessionState.read(run.state) if run.state.is_file() else SessionState()
        result = _work(_Session(config, home, run, planner, progress, state))
    # The files of the run were hashed after the result was written; that time counts as well.
    return result.model_copy(update={"budget": planner.budget.report()})


def _work(session: _Session) -> SessionResult:
    config, run = session.config, session.run
    with session.phase("dataset"):
        frozen = _dataset(session)
    with session.phase("model"):
        base = _base_model(session)
        update_run(run, provenance=provenance(device=device_names()[0], dtype=base.dtype))
        sampler = TunixRtSampler(base.model, base.tokenizer, max_rows=config.eval.batch_size)
        session.task = _task(session, sampler)
    with session.phase("base") as deadline:
        first = session.planner.first_base_deadline(deadline)
        _measure(session, "base_contract", sampler, base, prompt="contract", deadline=first)
        _measure(session, "base_few_shot", sampler, base, prompt="few_shot", deadline=deadline)
    took = [session.evaluations[role].manifest.timings for role in ("base_contract", "base_few_shot")]
    session.planner.expect_measurement("tuned", min(one.generate_seconds + one.grade_seconds for one in took))
    del sampler
    with session.phase("sft") as deadline:
        if session.state.training is None:
            part = _sft_config(config, frozen)
            try:
                done = train_sft(part, run, deadline=deadline, progress=session.progress, base=base)
            except BudgetError as error:
                raise session.planner.too_short("sft", error) from error
            session.keep(training=done.model_dump(include=set(TrainingOutcome.model_fields)))
    if config.grpo is not None:
        with session.phase("grpo") as deadline:
            _reinforce(session, base, reinforcement_config(config, frozen.manifest.key), deadline)
    with session.phase("tuned") as deadline:
        _measure_trained(session, "tuned", base, deadline)
    with session.phase("export") as deadline:
        _export(session, base, deadline)
    with session.phase("report"):
        comparison = _compare(session)
        result = session_result(
            run,
            frozen=frozen.manifest,
            base_model=base.files.name,
            evaluations=session.evaluations,
            comparison=comparison,
            training=session.state.training,
            exports=session.state.exports,
            reinforced=session.state.grpo,
            forced=session.state.forced,
            budget=session.planner.budget.report(),
        )
        write_session_report(
            config, run, frozen=frozen, evaluations=session.evaluations, comparison=comparison, result=result
        )
    result = result.model_copy(update={"budget": session.planner.budget.report()})
    write_format(run.result, result)
    update_run(run, stage="done", results=result.headline)
    return result


def _dataset(session: _Session) -> Dataset:
    """Build the dataset, checked against the session's task and every evaluation task; record it as an input."""
    config = session.config.dataset
    if session.state.dataset is None:
        manifest = dataset.build(
            [_source(source, session.home) for source in config.sources],
            name=config.name,
            version=config.version,
            home=session.home,
            seed=session.config.seed,
            max_examples=config.max_examples,
            valid_fraction=config.valid_fraction,
            near_duplicate=config.near_duplicate,
            against=_evaluation_tasks(session),
            progress=session.progress.part,
        )
        session.keep(dataset=manifest.key)
    frozen = dataset.load(session.home, session.state.dataset or "")
    _record_input(session, "dataset", frozen.manifest.key, frozen.folder)
    session.progress.say(
        f"dataset {frozen.manifest.key}: "
        + ", ".join(f"{count} {split}" for split, count in frozen.manifest.splits.items())
        + f", {frozen.manifest.digest[:19]}"
    )
    return frozen


def _evaluation_tasks(session: _Session) -> list[Task]:
    """Return every registered evaluation task and the one that this session measures."""
    config = session.config.eval
    if config.task_path:
        tasks.register_path(session.home, config.task, config.task_path)
    known = tasks.registered(session.home)
    if config.task in {task.name for task in known}:
        return known
    return [*known, tasks.load(config.task, home=session.home, limit=config.limit, seed=config.seed)]


def _source(source: str, home: Path) -> Source:
    """Return a source by its name: a file or folder if there is one, else a task."""
    return Path(source) if Path(source).exists() else tasks.load(source, home=home)


def _base_model(session: _Session) -> LoadedModel:
    config = session.config.sft
    files = fetch(config.base_model, session.home, path=config.model_path, progress=session.progress.say)
    _record_input(session, "base_model", files.name, files.folder)
    session.planner.expect_exports(files.weights.stat().st_size, len(session.config.exports))
    mesh = make_mesh(tensor_parallel=config.tensor_parallel)
    return load_model(files, dtype=config.dtype, mesh=mesh, remat=config.remat)


def _task(session: _Session, sampler: TunixRtSampler) -> Task:
    """Return the evaluated items: as many as the measured speed leaves time for, never fewer than `min_items`."""
    config = session.config.eval
    if session.state.items is None:
        whole = tasks.load(config.task, path=config.task_path, home=session.home, limit=config.limit, seed=config.seed)
        speed = _tokens_per_second(sampler, whole, config)
        items = session.planner.items(len(whole.items), session.config.min_items, speed, config.max_new_tokens)
        logger.info("items: %d of %d (%.0f tokens/s)", items, len(whole.items), speed)
        session.keep(items=items, decode_tokens_per_second=round(speed, 1))
    task = tasks.load(
        config.task, path=config.task_path, home=session.home, limit=session.state.items, seed=config.seed
    )
    session.progress.say(
        f"task {task.name}: {len(task.items)} items, {session.state.decode_tokens_per_second} tokens/s"
    )
    return task


def _tokens_per_second(sampler: TunixRtSampler, task: Task, config: EvalConfig) -> float:
    """Measure how fast the sampler decodes; the first call compiles, the second is timed."""
    from tunix_rt.prompt import contract_form
    from tunix_rt.sampling import SamplingConfig

    form = contract_form()
    prompts = [form.render(item.prompt) for item in task.items[: min(_PROBE_PROMPTS, config.batch_size)]]
    drawn = SamplingConfig(max_new_tokens=min(_PROBE_TOKENS, config.max_new_tokens))
    sampler.generate(prompts, drawn, shared_prefix=form.prefix)
    began = time.monotonic()
    completions = sampler.generate(prompts, drawn, shared_prefix=form.prefix)
    return sum(len(completion.token_ids) for completion in completions) / (time.monotonic() - began)


def _measure(
    session: _Session, role: str, sampler: TunixRtSampler, base: LoadedModel, *, prompt: str, deadline: float
) -> None:
    """Measure a model once; a measurement that is in the state is read, not made again."""
    assert session.task is not None
    known = getattr(session.state, role)
    folder = session.home / "evaluations" / known if known else None
    if folder is None:
        config = session.config.eval.model_copy(update={"prompt": prompt})
        pool = tasks.load(session.config.few_shot_pool, home=session.home).traces if prompt == "few_shot" else ()
        adapter = read_adapter(session.run.adapter) if role in ("sft", "tuned") else None
        done = evaluate(
            sampler,
            session.task,
            config,
            model=ModelRef(
                name=base.files.name,
                digest=base.files.digest,
                run=session.run.id if adapter else None,
                adapter_digest=adapter.digest if adapter else None,
            ),
            few_shot_pool=pool,
            device=device_names()[0],
            dtype=base.dtype,
            progress=session.progress.update,
            deadline=deadline,
        )
        folder = write_evaluation(session.home / "evaluations", done)
        session.keep(**{role: done.id})
    session.evaluations[role] = load_evaluation(folder)
    _record_output(session, role, folder)
    session.progress.say(f"{role.replace('_', ' ')}: {_words(session.evaluations[role])}")


def _words(evaluation: Evaluation) -> str:
    metrics = evaluation.manifest.metrics
    parts = [f"n {metrics.n}"]
    for name in ("strict", "lenient", "format", "stop"):
        found = getattr(metrics, name)
        if found is not None:
            parts.append(f"{name} {100 * found.value:.1f} %")
    return ", ".join(parts) + f", {evaluation.manifest.timings.tokens_per_second:.0f} tokens/s"


def _measure_trained(session: _Session, role: Literal["sft", "tuned"], base: LoadedModel, deadline: float) -> None:
    """Measure the weights that are the run's now; beside reinforcement learning also with the reasoning begun."""
    config, adapter = session.config, read_adapter(session.run.adapter)
    policy = load_adapter(session.run.adapter, base)
    sampler = TunixRtSampler(policy, base.tokenizer, lora=adapter.lora, max_rows=config.eval.batch_size)
    _measure(session, role, sampler, base, prompt="contract", deadline=deadline)
    if config.grpo is not None and role not in session.state.forced:
        assert session.task is not None
        found = force_start(sampler, session.task, config.eval.max_new_tokens, deadline=deadline)
        session.keep(forced=session.state.forced | {role: found})


def _reinforce(session: _Session, base: LoadedModel, config: GRPOConfig, deadline: float) -> None:
    """Measure the fine-tuned model, then train it further; the measurement gets a quarter of the time at most.

    How long it took says what the last measurement needs; training gets the rest of what was promised to that.
    """
    now, new = time.monotonic(), session.state.sft is None
    _measure_trained(session, "sft", base, now + 0.25 * (deadline - now))
    if new and session.evaluations["sft"].manifest.metrics.n == session.state.items:
        session.planner.expect_measurement("tuned", time.monotonic() - now)
        deadline = session.planner.budget.extended()
        session.progress.extend(deadline)
    if session.state.grpo is None:
        session.keep(grpo=reinforce(config, session.run, base, deadline=deadline, progress=session.progress))


def _sft_config(config: SessionConfig, frozen: Dataset) -> SFTConfig:
    return config.sft.model_copy(update={"dataset": frozen.manifest.key, "time_budget_minutes": None})


def _export(session: _Session, base: LoadedModel, deadline: float) -> None:
    """Export in every format that there is time for; one that is left out says so."""
    assert session.task is not None
    outcomes = dict(session.state.exports)
    prompts = [item.prompt for item in session.task.items[:16]]
    longest = export_seconds(base.files.weights.stat().st_size)
    for name in session.config.exports:
        if name in outcomes and outcomes[name].digest:
            continue
        left = deadline - time.monotonic()
        if left < longest:
            outcomes[name] = ExportOutcome(
                digest=None,
                path=None,
                note=f"not exported: it needs about {longest:.0f} s and {max(left, 0):.0f} s were left; "
                f"run `tunix-rt export {session.run.id} --to {name}`",
            )
            session.progress.say(f"export {name}: {outcomes[name].note}")
        else:
            began = time.monotonic()
            done = export_model(session.run, base, name, prompts=prompts)
            longest = export_seconds(0, time.monotonic() - began)
            outcomes[name] = ExportOutcome(
                digest=done.digest, path=str((session.run.exports / name).relative_to(session.run.path)), note=done.note
            )
            session.progress.say(f"export {name}: {done.note}")
        session.keep(exports=outcomes)


def _compare(session: _Session) -> Comparison:
    found = session.evaluations
    return compare_with_base([found["base_few_shot"], found["base_contract"]], found["tuned"])


def _record_input(session: _Session, part: Literal["dataset", "base_model"], key: str, folder: Path) -> None:
    inputs = read_run(session.run).inputs
    if part not in inputs:
        update_run(session.run, inputs=inputs | {part: folder_ref(part, key, folder, home=session.home)})


def _record_output(session: _Session, part: str, folder: Path) -> None:
    outputs = read_run(session.run).outputs
    if part not in outputs:
        update_run(
            session.run, outputs=outputs | {part: folder_ref("evaluation", folder.name, folder, home=session.home)}
        )
