"""A session on a clock that only moves when told: the real planner, budget and pace, with work that just takes time.

The order of the phases, and what each asks the planner, is that of `tunix_rt.train.session`. The machine slows down,
stalls and is killed at times that a seed decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tunix_rt.config import SFTConfig
from tunix_rt.errors import BudgetError
from tunix_rt.pace import Speed, steps_in_time
from tunix_rt.session_planner import SessionPlanner, export_seconds

SHARES = {
    "dataset": 0.02,
    "model": 0.06,
    "base": 0.16,
    "sft": 0.2,
    "grpo": 0.34,
    "tuned": 0.12,
    "export": 0.07,
    "report": 0.03,
}
COURSE = SFTConfig(eval_every_steps=25, checkpoint_every_steps=25)


class Killed(Exception):
    """The machine was switched off."""


@dataclass
class Machine:
    """A clock, and how long work takes on it at which time."""

    now: float = 0.0
    slow_from: float = float("inf")
    slow_until: float = float("inf")
    factor: float = 1.0
    """How many times as long work takes between these two times."""
    stalls: list[tuple[float, float]] = field(default_factory=list)
    """Times at which all stands still, and for how long."""
    dies_at: float = float("inf")

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        """Do work that takes so many seconds when nothing is in the way."""
        left = seconds
        while left > 1e-9:
            slow = self.slow_from <= self.now < self.slow_until
            edges = [edge for edge in (self.slow_from, self.slow_until) if edge > self.now]
            factor = self.factor if slow else 1.0
            part = min([left * factor, *(edge - self.now for edge in edges)])
            self.now += part
            left -= part / factor
            while self.stalls and self.stalls[0][0] <= self.now:
                self.now += self.stalls.pop(0)[1]
            if self.now >= self.dies_at:
                raise Killed


@dataclass(frozen=True)
class Load:
    """How long the parts of a session take on an undisturbed machine, in seconds."""

    dataset: float
    model: float
    compiling: float
    item: float
    """One item of an evaluation."""
    items: int
    sft_step: float
    sft_most: int
    """Updates that the configuration asks for."""
    grpo_step: float
    checkpoint: float
    export: float
    report: float
    weight_bytes: int


@dataclass
class Kept:
    """What is on disk: what a resumed session goes on from."""

    done: set[str] = field(default_factory=set)
    sft_planned: int | None = None
    steps: dict[str, int] = field(default_factory=lambda: {"sft": 0, "grpo": 0})
    """Updates in the newest checkpoint."""
    scored: dict[str, int] = field(default_factory=dict)
    weights: bool = False
    """Whether trained weights were written whole."""
    exports: int = 0
    report: bool = False


@dataclass
class Attempt:
    """One process of a session."""

    planner: SessionPlanner
    machine: Machine
    load: Load
    kept: Kept

    @contextmanager
    def phase(self, name: str) -> Iterator[float]:
        with self.planner.budget.phase(name) as deadline:
            yield deadline
        self.kept.done.add(name)

    def run(self) -> None:
        """Go through all phases, as `tunix_rt.train.session._work` does."""
        load, kept = self.load, self.kept
        with self.phase("dataset"):
            self.machine.work(0 if "dataset" in kept.done else load.dataset)
        with self.phase("model"):
            self.planner.expect_exports(load.weight_bytes, 3)
            self.machine.work(load.model + load.compiling)
            items = self.planner.items(load.items, min(40, load.items), 1 / load.item, 1)
        with self.phase("base") as deadline:
            began = self.machine()
            self.evaluate("base_contract", items, self.planner.first_base_deadline(deadline))
            between = self.machine()
            self.evaluate("base_few_shot", items, deadline)
            took = min(between - began, self.machine() - between)
        self.planner.expect_measurement("tuned", took or items * load.item)
        for name, most in (("sft", load.sft_most), ("grpo", 10**9)):
            with self.phase(name) as deadline:
                if name == "grpo":
                    deadline = self.measure_sft(items, deadline)
                if name not in kept.done:
                    try:
                        self.train(name, most, deadline)
                    except BudgetError as error:
                        if name == "sft":
                            raise self.planner.too_short(name, error) from error
        with self.phase("tuned") as deadline:
            self.evaluate("tuned", items, deadline)
        with self.phase("export") as deadline:
            expected = export_seconds(load.weight_bytes)
            while kept.exports < 3 and deadline - self.machine() >= expected:
                began = self.machine()
                self.machine.work(load.export)
                expected = export_seconds(0, self.machine() - began)
                kept.exports += 1
        with self.phase("report"):
            self.machine.work(load.report)
            kept.report = True

    def evaluate(self, role: str, items: int, deadline: float) -> None:
        """Score items, ten at a time, until the deadline; a measurement that was made is not made again."""
        if role in self.kept.scored:
            return
        scored = 0
        while scored < items and self.machine() < deadline:
            size = min(10, items - scored)
            self.machine.work(size * self.load.item)
            scored += size
        self.kept.scored[role] = scored

    def measure_sft(self, items: int, deadline: float) -> float:
        """Measure the fine-tuned model; return the deadline of the training after it."""
        now, new = self.machine(), "sft" not in self.kept.scored
        self.evaluate("sft", items, now + 0.25 * (deadline - now))
        if not new or self.kept.scored["sft"] < items:
            return deadline
        self.planner.expect_measurement("tuned", self.machine() - now)
        return self.planner.budget.extended()

    def train(self, name: str, most: int, deadline: float) -> None:
        """Compile, time a few updates, plan, train from the newest checkpoint, and write the weights."""
        kept, machine = self.kept, self.machine
        step = self.load.sft_step if name == "sft" else self.load.grpo_step
        saving = 1.5 * self.load.checkpoint
        if name == "sft":
            machine.work(self.load.compiling)
            took, compiling = timed(machine, lambda: machine.work(step)), 0.0
        else:  # a probe of eight steps' prompts, its rollouts compiled; the update is compiled by the first one
            probe = timed(machine, lambda: machine.work(self.load.compiling + 8 * step / 3))
            took, compiling = 3 * probe / 8, probe
        speed = Speed(took, 0.0, saving, 1 + saving, compiling)
        if name == "sft":
            if kept.sft_planned is None:
                left = 0.96 * (deadline - machine() - speed.closing)
                kept.sft_planned = min(most, steps_in_time(COURSE, left, took, 0.0, saving))
            most = kept.sft_planned
        elif machine() + speed.needed(COURSE, 0) > deadline and not kept.steps[name]:
            left = deadline - machine()
            raise BudgetError("no step fits", missing=speed.needed(COURSE, 0) - left)
        done = kept.steps[name]
        while done < most and machine() + speed.needed(COURSE, done) <= deadline:
            if speed.compiling:
                machine.work(self.load.compiling + step)
                speed.compiling = 0.0
            else:
                speed.step = max(timed(machine, lambda: machine.work(step)), 0.8 * speed.step)
            done += 1
            if done % COURSE.checkpoint_every_steps == 0:
                machine.work(self.load.checkpoint)
                kept.steps[name] = done
        machine.work(self.load.checkpoint)
        kept.steps[name], kept.weights = done, True


def timed(machine: Machine, work: Callable[[], None]) -> float:
    """Return how long some work took."""
    began = machine()
    work()
    return machine() - began


@dataclass(frozen=True)
class Outcome:
    """What became of a simulated session."""

    minutes: float
    seed: int
    attempts: int
    used: float
    """Part of its budget that the last attempt used."""
    longest: float
    """Largest part of its budget that any attempt used, those that were killed included."""
    kept: Kept


def make_load(draw: random.Random, seconds: float) -> Load:
    """Draw how long the parts take for a budget of so many seconds: a model that suits it, more or less."""
    size = int(draw.uniform(0.2, 1.0) * seconds * 0.01 * 100e6)
    step = seconds * draw.uniform(0.0002, 0.004)
    return Load(
        dataset=seconds * draw.uniform(0.001, 0.015),
        model=seconds * draw.uniform(0.005, 0.04),
        compiling=seconds * draw.uniform(0.002, 0.015),
        item=seconds * draw.uniform(0.00005, 0.0005),
        items=draw.randint(60, 400),
        sft_step=step,
        sft_most=draw.choice([40, 200, 10_000]),
        grpo_step=seconds * draw.uniform(0.0005, 0.01),
        checkpoint=seconds * draw.uniform(0.0001, 0.002),
        export=draw.uniform(0.15, 0.5) * export_seconds(size),
        report=seconds * draw.uniform(0.0005, 0.004),
        weight_bytes=size,
    )


def simulate(seed: int) -> Outcome:
    """Run one session with its disturbances, and resume it for as long as it is killed."""
    draw = random.Random(seed)
    minutes = draw.choice([10, 15, 30, 60, 180, 540])
    seconds = 60.0 * minutes
    load, kept = make_load(draw, seconds), Kept()
    kills = draw.choice([0, 0, 0, 1, 2])
    attempts, longest = 0, 0.0
    while True:
        attempts += 1
        began = draw.uniform(0, 1e6)
        machine = Machine(began)
        if draw.random() < 0.6:
            machine.slow_from = began + seconds * draw.random()
            machine.slow_until = machine.slow_from + seconds * draw.choice([0.05, 0.2, 1.0])
            machine.factor = draw.uniform(1.5, 3.0)
        if draw.random() < 0.5:
            at = began + seconds * draw.random()
            late = at > began + 0.75 * seconds
            machine.stalls = [(at, seconds * draw.uniform(0.0, 0.01 if late else 0.15))]
        if attempts <= kills:
            machine.dies_at = began + seconds * draw.uniform(0.02, 1.0)
        planner = SessionPlanner(minutes, SHARES, started=began, clock=machine)
        ended = True
        try:
            Attempt(planner, machine, load, kept).run()
        except Killed:
            ended = False
        used = (machine() - began) / seconds
        longest = max(longest, used if ended else 0.0)
        if ended:
            return Outcome(minutes, seed, attempts, used, longest, kept)
