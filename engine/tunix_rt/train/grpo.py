"""Reinforcement learning: Tunix's GRPOLearner with our sampler, our rewards and our clock, as one recipe.

It does not know how a completion is drawn or graded, how an update is computed or how files are laid out.
"""

from __future__ import annotations

import itertools
import logging
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import jax
from flax import nnx
from tunix.rl.grpo.grpo_learner import GRPOLearner

from tunix_rt.config import EvalConfig, GRPOConfig
from tunix_rt.errors import BudgetError
from tunix_rt.evaluation import ModelRef, evaluate
from tunix_rt.formats import Format, read_jsonl, write_format
from tunix_rt.pace import Speed
from tunix_rt.progress import Reporter
from tunix_rt.prompt import contract_form, trace_name
from tunix_rt.rewards import Rewards
from tunix_rt.rewards.reachability import Reachability, check_reachable, reachability
from tunix_rt.rollouts import truncate_rollouts
from tunix_rt.run import Stopped, log_metrics, open_run
from tunix_rt.run_folder import RunDir
from tunix_rt.sampling import SamplingConfig
from tunix_rt.tasks import Task
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train import checkpoint
from tunix_rt.train.adapter import save_adapter
from tunix_rt.train.feed import Finish, StopRequest, stopping_between_updates
from tunix_rt.train.groups import Groups
from tunix_rt.train.grpo_feed import PromptFeed, StepRecorder
from tunix_rt.train.grpo_plan import GRPOPlan, Prepared, make_plan, prepare
from tunix_rt.train.memory import keep_pages
from tunix_rt.train.policy import (
    adapter_shape,
    check_division,
    keep_checkpoints,
    make_algorithm,
    make_cluster,
    make_models,
)
from tunix_rt.train.prompts import Prompts, without
from tunix_rt.train.rollout import PolicyRollout, rollout_seed
from tunix_rt.train.sampler import enable_compilation_cache
from tunix_rt.train.trained import Trained, load_named
from tunix_rt.train.trainer import compile_steps

logger = logging.getLogger(__name__)

_DISK = 200e6
"""Bytes a second that a disk is expected to take, hashing included."""
_UPDATE = 2.0
"""Seconds of an update for each second of its rollouts that are expected before one was timed."""


class GRPOResult(Format):
    """What became of a reinforcement learning."""

    run: str
    """Id of the run."""
    steps: int
    """Optimiser updates made, those before a resume included."""
    planned_steps: int
    """Optimiser updates planned."""
    finish: Finish
    """`planned`: every update was made; `deadline`: the time was over; `signal`: somebody asked it to stop."""
    reward: float | None
    """Mean reward of the completions of the last step in this attempt; None if there was none."""
    groups: int
    """Groups drawn for training."""
    groups_without_signal: int
    """Groups whose completions all earned the same, so that nothing was learned from them."""
    groups_all_wrong: int
    """Groups without one right answer."""
    strict_before: float | None
    """Strict accuracy of the start policy on the measured items; None if it was not measured."""
    strict: float | None
    """Strict accuracy as last measured."""
    eval_items: int
    """Items of a measurement."""
    tokens: int
    """Tokens generated for training."""
    seconds: float
    """Wall-clock seconds of this attempt, loading included."""
    peak_memory_bytes: int
    """Largest resident memory of the process so far."""
    adapter: str
    """Digest of the trained weights."""


def train_grpo(
    config: GRPOConfig,
    run: RunDir,
    *,
    deadline: float | None = None,
    progress: Reporter | None = None,
    start: Trained | None = None,
) -> GRPOResult:
    """Train a policy on verifiable rewards; write checkpoints, metrics, rollouts and the trained weights into the run.

    A run that has a checkpoint goes on from it and ends with the same weights, bit for bit, as if it had not been cut.
    SIGTERM and Ctrl-C end it between two steps with everything saved, and are then raised (`Stopped`).

    Args:
        config: What to train and how, as `with_start` returns it; `dataset` is a key under the run's home, or a folder.
        run: Where everything goes.
        deadline: A `time.monotonic()` by which everything is written; as many updates are made as fit.
        progress: Told what happens.
        start: The start policy, if it is in memory already; its trained weights are changed.

    Raises:
        UsageError: hardly any group of the start policy carries signal, and `force` is not set.
        BudgetError: there is no time for a single step.
        DigestError: the dataset or the base model changed on disk.
    """
    began = time.monotonic()
    keep_pages()
    enable_compilation_cache(run.home)
    say = progress.say if progress else logger.info
    start = start or load_start(config, run.home, say)
    base, lora = start.base, adapter_shape(config, start)
    check_division(config, base.mesh)
    prepared = prepare(config, run.home, base.tokenizer)
    whole, problems = checkpoint.settle(run.checkpoints)
    for problem in problems:
        say(f"checkpoint not used: {problem}")

    with base.mesh, stopping_between_updates() as stop:
        actor, reference = make_models(config, start)
        cluster = make_cluster(config, actor, reference, base, lora, prompt_tokens=prepared.longest)
        trainer, rollout = cluster.actor_trainer, cluster.rollout
        speed = _expected_speed(actor)
        plan = _settled_plan(config, run, prepared, rollout, speed, deadline, say)
        speed.step, speed.compiling = plan.step_seconds, plan.compile_seconds
        say(
            f"{plan.steps} updates, {plan.prompts:,} prompts ({plan.too_long} too long, {len(plan.dropped)} never or"
            f" always solved), {config.prompts_per_step} x {config.num_generations} completions a step"
        )
        trainer_step = keep_checkpoints(trainer, config, run)
        prompts = Prompts(
            list(without(prepared.traces, plan.dropped)), per_step=config.prompts_per_step, seed=config.seed
        )
        groups = Groups(prompts, _rewards(config, prepared), rollout, run, config.num_generations)
        if whole:
            groups.restore(whole.manifest.position["groups"])
        truncate_rollouts(run.rollouts, trainer_step)
        learner = GRPOLearner(cluster, make_algorithm(config), reward_fns=[groups.reward], metric_fns=[groups.record])
        cluster.global_steps = trainer_step // config.num_iterations
        step, _ = compile_steps(trainer, base.mesh)
        trainer.create_train_step_fn = lambda: step
        trainer.with_rl_metrics_to_log(dict.fromkeys(("kl", "entropy", "pg_clipfrac"), _mean))
        recorder = StepRecorder(config, run, groups, speed, deadline, progress)
        trainer.metrics_logger = recorder
        trainer.with_training_hooks(recorder)
        meter = Meter(config, run, prepared.task, rollout, start, speed, deadline, stop, say)

        def between(done: int) -> None:
            recorder.between(done)
            trainer._write_train_metrics()  # else they come an update later, and a kill after the seal loses them
            checkpoint.seal(run.checkpoints, lambda step: prompts.position(step) | {"groups": groups.state()})
            if done % config.eval_every_steps == 0:
                recorder.leave_out(meter.measure(done))
            rollout.at(done)

        feed = PromptFeed(prompts, config, trainer, speed, deadline, stop, between)
        batches = iter(feed)
        first = next(batches, None)
        if first is None:
            cluster.close()
        else:
            learner.train(itertools.chain([first], batches), skip_jit=True)
        done = trainer.train_steps
        checkpoint.seal(run.checkpoints, lambda step: prompts.position(step) | {"groups": groups.state()})
        if feed.finish != "signal":
            meter.measure(done)
    adapter = save_adapter(actor, run.adapter, base=base.files, lora=lora, step=done)
    result = GRPOResult(
        run=run.id,
        steps=done,
        planned_steps=plan.steps,
        finish=feed.finish,
        reward=recorder.rewards[max(recorder.rewards)] if recorder.rewards else None,
        groups=groups.counts["groups"],
        groups_without_signal=groups.counts["without_signal"],
        groups_all_wrong=groups.counts["all_wrong"],
        strict_before=meter.strict.get(0),
        strict=meter.strict[max(meter.strict)] if meter.strict else None,
        eval_items=plan.eval_items,
        tokens=groups.counts["tokens"],
        seconds=round(time.monotonic() - began, 2),
        peak_memory_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        adapter=adapter.digest,
    )
    if stop.signal is not None and feed.finish == "signal":
        say(f"stopped after update {done} of {plan.steps}; everything is saved, resume to go on")
        raise Stopped(stop.signal, result)
    return result


def load_start(config: GRPOConfig, home: Path, say: Callable[[str], None]) -> Trained:
    """Return the policy that a configuration starts from: what a run trained, or the base model itself."""
    name = open_run(home, config.start) if config.start else config.base_model
    return load_named(name, home, path=config.model_path, dtype=config.dtype, say=say)


@dataclass
class Meter:
    """Measures the policy greedily on held-out items between two steps."""

    config: GRPOConfig
    run: RunDir
    task: Task | None
    rollout: PolicyRollout
    start: Trained
    speed: Speed
    deadline: float | None
    stop: StopRequest
    say: Callable[[str], None]
    strict: dict[int, float] = field(default_factory=dict)
    """Strict accuracy by update; what an earlier attempt measured is not measured again."""

    def __post_init__(self) -> None:
        records = read_jsonl(self.run.metrics) if self.run.metrics.is_file() else ()
        self.strict |= {record["step"]: record["eval/strict"] for record in records if "eval/strict" in record}

    def measure(self, done: int) -> float:
        """Measure the policy after update `done`, if it was not yet, and write the metrics; return the seconds."""
        if self.task is None or done in self.strict or self.stop.signal is not None:
            return 0.0
        began = time.monotonic()
        found = evaluate(
            self.rollout.at(done),
            self.task,
            EvalConfig(task=self.task.name, max_new_tokens=self.config.max_new_tokens, batch_size=self.config.max_rows),
            model=ModelRef(name=self.start.base.files.name, digest=self.start.base.files.digest, run=self.run.id),
            deadline=None if self.deadline is None else self.deadline - self.speed.closing,
        ).manifest.metrics
        seconds = time.monotonic() - began
        self.speed.evaluation = max(seconds, 0.8 * self.speed.evaluation)
        shares = {name: getattr(found, name) for name in ("strict", "lenient", "format", "stop", "truncated", "tokens")}
        values = {f"eval/{name}": share.value for name, share in shares.items() if share}
        log_metrics(self.run, step=done, **values, **{"eval/n": found.n, "time/eval": round(seconds, 4)})
        if found.strict:
            self.strict[done] = found.strict.value
            self.say(f"after update {done}: strict {100 * found.strict.value:.1f} % of {found.n} held-out items")
        return seconds


def _settled_plan(
    config: GRPOConfig,
    run: RunDir,
    prepared: Prepared,
    rollout: PolicyRollout,
    speed: Speed,
    deadline: float | None,
    say: Callable[[str], None],
) -> GRPOPlan:
    """Return the plan that the run began with; if it has none, ask the start policy and make it."""
    if run.plan.is_file():
        return GRPOPlan.read(run.plan)
    asked = prepared.traces[: config.probe_prompts]
    found = _probe(config, asked, prepared, rollout, speed) if asked else None
    if found:
        say(
            f"start policy: {found.signal.value:.0%} of {len(asked)} groups carry signal, "
            f"{found.never} prompts never solved, {found.always} always"
        )
        check_reachable(found, force=config.force)
    if deadline is not None:
        needed = speed.needed(config, 0)
        if time.monotonic() + needed > deadline:
            left = max(0.0, deadline - time.monotonic())
            raise BudgetError(
                f"{left:.0f} s are left for training and one step with its measurement and weights needs about "
                f"{needed:.0f} s; give it more time, or fewer prompts_per_step, num_generations or max_new_tokens",
                missing=needed - left,
            )
    plan = make_plan(config, prepared, found, speed)
    write_format(run.plan, plan)
    return plan


def _probe(
    config: GRPOConfig, asked: list[ReasoningTrace], prepared: Prepared, rollout: PolicyRollout, speed: Speed
) -> Reachability:
    """Return what the start policy earns on some prompts; a step's time is expected from it."""
    form, size = contract_form(), config.num_generations
    sampling = SamplingConfig(
        max_new_tokens=config.max_new_tokens, temperature=config.temperature, seed=rollout_seed(config.seed, -1)
    )
    began = time.monotonic()
    texts = [form.render(trace.prompt) for trace in asked for _ in range(size)]
    drawn = rollout.at(0).generate(texts, sampling, shared_prefix=form.prefix)
    seconds = time.monotonic() - began
    speed.step = (1 + _UPDATE) * seconds * config.prompts_per_step / len(asked)
    speed.compiling = seconds  # these seconds hold the compilation of the rollouts; that of an update takes as long
    scored = _rewards(config, prepared).score([trace for trace in asked for _ in range(size)], drawn)
    return reachability([(trace_name(trace), scored[at * size : (at + 1) * size]) for at, trace in enumerate(asked)])


def _rewards(config: GRPOConfig, prepared: Prepared) -> Rewards:
    corpus = [trace.prompt for trace in prepared.traces]
    return Rewards(config.rewards, contract_form(), config.max_new_tokens, corpus=corpus)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _expected_speed(actor: nnx.Module) -> Speed:
    # Weights and two moments are written and hashed; at the end the weights once more.
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(checkpoint.trained_state(actor)))
    saving = 0.3 + 3 * size / _DISK
    return Speed(step=0.0, evaluation=0.0, checkpoint=saving, closing=2.0 + saving + size / _DISK)
