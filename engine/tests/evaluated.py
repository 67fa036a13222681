"""Evaluations and a report made from a table of completions: data for tests of evaluation, comparison and report.

`python engine/tests/evaluated.py report.html` writes the report that the tests look at.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tunix_rt.budget import BudgetReport, PhaseTime
from tunix_rt.comparison import better_base, compare_with_base
from tunix_rt.config import EvalConfig
from tunix_rt.evaluation import Evaluation, ModelRef, Sample, evaluate, load_evaluation
from tunix_rt.evaluation.folder import SAMPLES, content_digest, sample_lines
from tunix_rt.formats import MANIFEST, digest_file, write_bytes, write_format
from tunix_rt.grading import Target
from tunix_rt.provenance import Provenance
from tunix_rt.report import (
    Command,
    DatasetCard,
    Link,
    Point,
    Preview,
    ReportData,
    Result,
    Training,
    family_rows,
    measurement,
    preview_tokens,
    trace_pairs,
    write_report,
)
from tunix_rt.sampling import Completion, SamplingConfig, SamplingProgress
from tunix_rt.tasks import Item, Task
from tunix_rt.tasks.task import make_item
from tunix_rt.trace import ReasoningTrace, make_trace, render

FAMILIES = ("addition", "comparing", "word_problem", "calendar")


class TableSampler:
    """A Sampler that looks its completions up: by the last prompt text in a rendered prompt."""

    def __init__(self, answer: Callable[[str, int], Completion]) -> None:
        self.answer = answer
        self.prompts: list[str] = []
        self.shared_prefix: str | None = None

    def generate(
        self,
        prompts: Sequence[str],
        config: SamplingConfig,
        *,
        shared_prefix: str | None = None,
        progress: SamplingProgress | None = None,
        deadline: float | None = None,
    ) -> list[Completion]:
        """Answer every prompt, in order."""
        self.prompts = list(prompts)
        self.shared_prefix = shared_prefix
        found = [self.answer(prompt, position) for position, prompt in enumerate(prompts)]
        if progress:
            progress(len(prompts), len(prompts), sum(len(one.token_ids) for one in found))
        return found


def completion(text: str, *, finish: str = "stop", tokens: int | None = None) -> Completion:
    """Return a completion of so many tokens; one token for four characters if not said."""
    count = max(1, len(text) // 4) if tokens is None else tokens
    return Completion.model_validate(
        {"text": text, "token_ids": list(range(count)), "finish": finish, "prompt_tokens": 60}
    )


def make_task(count: int = 40, *, seed: int = 0, name: str = "small", open_items: int = 0) -> Task:
    """Return items of four families, sums of small numbers in four dresses, the later families harder."""
    dice = random.Random(seed)
    items: list[Item] = []
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        size = 10 ** (1 + number % len(FAMILIES))
        a, b = dice.randrange(1, size), dice.randrange(1, size)
        prompt = f"[{name} {seed}-{number}] {family}: Ada has {a} shells and finds {b} more. How many has she?"
        steps = [f"Ada starts with {a} shells.", f"{a} + {b} = {a + b}"]
        items.append(
            make_item(
                f"{name}-{seed}-{number:04d}",
                prompt,
                steps,
                str(a + b),
                Target(kind="number", value=str(a + b)),
                family=family,
                domain="arithmetic" if number % 2 else "reading",
                difficulty=1 + number % len(FAMILIES),
                source="test",
                license="Apache-2.0",
            )
        )
    for number in range(open_items):
        target = Target(kind="open", value="a story")
        items.append(
            make_item(
                f"{name}-open-{number}",
                f"Think of a short story about shell {number}.",
                ["A shell lies on the beach."],
                "a story",
                target,
                family="ideation",
                domain="writing",
                difficulty=2,
                source="test",
                license="Apache-2.0",
            )
        )
    return Task(name, "v1", "heldout", tuple(items), "Apache-2.0", "test")


def _dice(*parts: object) -> float:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def find(task: Task, prompt: str) -> Item:
    """Return the item that a rendered prompt asks; the last one, since worked examples come before it."""
    return max(task.items, key=lambda item: prompt.rfind(item.prompt))


def _spoilt(text: str) -> str:
    """Make the last number of a text wrong by one."""
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text + "?"
    last = numbers[-1]
    return text[: last.start()] + str(int(last[0]) + 1) + text[last.end() :]


def tuned_sampler(task: Task, skill: float = 0.6) -> TableSampler:
    """Return a sampler that follows the contract and is right on most easy and few hard items."""

    def answer(prompt: str, position: int) -> Completion:
        item = find(task, prompt)
        assert item.trace is not None
        steps, value = [step.content for step in item.trace.steps], item.trace.final_answer
        if _dice("tuned", item.id) > skill * (1.35 - 0.25 * item.difficulty) + 0.15:
            steps[-1], value = _spoilt(steps[-1]), _spoilt(value)
        if _dice("form", item.id) < 0.02:
            return completion("<reasoning>\n" + "\n".join(steps * 6), finish="length", tokens=96)
        return completion(render(make_trace(item.prompt, steps, value)).completion.removesuffix("<end_of_turn>"))

    return TableSampler(answer)


def contract_base_sampler(task: Task) -> TableSampler:
    """Return a sampler that repeats the instruction, as an untrained base model does."""
    text = "Reason step by step inside <reasoning> tags, one step per line.\n" * 6
    return TableSampler(lambda prompt, position: completion(text, finish="length", tokens=96))


def few_shot_base_sampler(task: Task, skill: float = 0.25) -> TableSampler:
    """Return a sampler that follows the plain few-shot form and is seldom right."""

    def answer(prompt: str, position: int) -> Completion:
        item = find(task, prompt)
        assert item.trace is not None
        steps, value = [step.content for step in item.trace.steps], item.trace.final_answer
        if _dice("base", item.id) > skill * (1.5 - 0.25 * item.difficulty):
            steps[-1], value = _spoilt(steps[-1]), _spoilt(value)
        if _dice("loose", item.id) < 0.15:
            return completion(
                "\n".join(steps) + f"\n\nSo the answer is {value}.\n\nSo the answer is {value}.", finish="length"
            )
        return completion("\n".join(steps) + f"\nAnswer: {value}\n")

    return TableSampler(answer)


def pool(count: int = 24) -> list[ReasoningTrace]:
    """Return training traces for worked examples."""
    return make_task(count, seed=99, name="pool").traces


def three_evaluations(task: Task) -> tuple[Evaluation, Evaluation, Evaluation]:
    """Return base under the contract, base few-shot and tuned."""
    base = ModelRef(name="gemma3-270m", digest="sha256:" + "b" * 64)
    after = ModelRef(
        name="gemma3-270m", digest=base.digest, run="2026-01-05-session-demo-7f3a", adapter_digest="sha256:" + "a" * 64
    )
    config = EvalConfig(max_new_tokens=96)
    few = EvalConfig(max_new_tokens=96, prompt="few_shot_plain")
    return (
        evaluate(contract_base_sampler(task), task, config, model=base, device="cpu", dtype="float32"),
        evaluate(
            few_shot_base_sampler(task), task, few, model=base, few_shot_pool=pool(), device="cpu", dtype="float32"
        ),
        evaluate(tuned_sampler(task), task, config, model=after, device="cpu", dtype="float32"),
    )


def forge(folder: Path, samples: Sequence[Sample] | None = None, **changes: object) -> Evaluation:
    """Rewrite an evaluation as somebody does who knows how its digests are made, and return what it then says."""
    done = load_evaluation(folder)
    write_bytes(folder / SAMPLES, sample_lines(done.samples if samples is None else samples))
    manifest = done.manifest.model_copy(update=changes | {"files": {SAMPLES: digest_file(folder / SAMPLES)}})
    write_format(folder / MANIFEST, manifest.model_copy(update={"digest": content_digest(manifest)}))
    return load_evaluation(folder)


def _training() -> Training:
    dice = random.Random(3)
    loss = [
        Point(step=s, value=0.34 + 2.6 * math.exp(-s / 28) + dice.gauss(0, 0.07 + 0.12 * math.exp(-s / 40)))
        for s in range(1, 241)
    ]
    rate = [
        Point(
            step=s, value=5e-4 * (min(s / 12, 1) if s < 12 else 0.05 + 0.475 * (1 + math.cos(math.pi * (s - 12) / 228)))
        )
        for s in range(1, 241)
    ]
    valid = [Point(step=s, value=0.37 + 2.5 * math.exp(-s / 30)) for s in (0, 40, 80, 120, 160, 200, 240)]
    facts = {
        "updates": "240",
        "trained tokens": "402,816",
        "useful tokens/s": "612",
        "peak memory": "3.9 GiB",
        "ended by": "deadline",
    }
    return Training(loss=loss, eval_loss=valid, learning_rate=rate, facts=facts)


def _preview(trace: ReasoningTrace) -> Preview:
    rendered = render(trace)
    split = re.compile(r"<[a-z_/]+>|\n|\d| ?[A-Za-z]+|[^\w\s]| ")
    given, written = split.findall(rendered.prompt), split.findall(rendered.completion)
    tokens = preview_tokens(["<bos>", *given, *written], [False] * (1 + len(given)) + [True] * len(written))
    return Preview(title=f"Row 1, {trace.meta['id']}", tokens=tokens)


def example_report(task: Task | None = None) -> ReportData:
    """Return the data of a whole report; the measured parts come from real evaluations of table samplers."""
    task = task or make_task(160)
    contract, few_shot, tuned = three_evaluations(task)
    base = better_base(contract, few_shot)
    phases = {
        "dataset": PhaseTime(planned=18, allowed=18, used=6.2),
        "model": PhaseTime(planned=54, allowed=66, used=31),
        "base": PhaseTime(planned=234, allowed=280, used=251),
        "sft": PhaseTime(planned=396, allowed=410, used=402),
        "tuned": PhaseTime(planned=108, allowed=110, used=92),
        "export": PhaseTime(planned=63, allowed=70, used=48),
        "report": PhaseTime(planned=27, allowed=40, used=3.4),
    }
    digest = "sha256:" + hashlib.sha256(b"dataset").hexdigest()
    return ReportData(
        title="tunix-rt session: demo",
        run="2026-01-05-session-demo-7f3a",
        status="completed",
        created="2026-01-05T10:31:07Z",
        model="gemma3-270m, LoRA rank 16",
        result=Result(
            task=f"{task.name} {task.version}, {task.split}",
            measurements=[
                measurement("base_contract", contract),
                measurement("base_few_shot", few_shot),
                measurement("tuned", tuned),
            ],
            comparison=compare_with_base([contract, few_shot], tuned),
        ),
        families=family_rows(base, tuned),
        traces=trace_pairs(base, tuned),
        training=_training(),
        previews=[_preview(pool()[0])],
        dataset=DatasetCard(
            key="dev-reasoning-v1",
            digest=digest,
            counts={"rows read": 600, "rejected": 0, "near duplicates": 4, "quarantined": 0, "train": 566, "valid": 30},
            families=dict.fromkeys(FAMILIES, 150),
            licences=["Apache-2.0"],
        ),
        budget=BudgetReport(minutes=15, used=13.9, phases=phases),
        chain=[
            Link(kind="dataset", name="dev-reasoning-v1", digest=digest, facts={"rows": "596"}),
            Link(
                kind="base model",
                name="gemma3-270m",
                digest="sha256:" + "b" * 64,
                facts={"licence": "Gemma terms of use"},
            ),
            Link(
                kind="run",
                name="2026-01-05-session-demo-7f3a",
                digest="sha256:" + "a" * 64,
                facts={"adapter": "LoRA rank 16"},
            ),
            Link(kind="evaluation", name=few_shot.id, digest=few_shot.manifest.digest),
            Link(kind="evaluation", name=tuned.id, digest=tuned.manifest.digest),
            Link(
                kind="export",
                name="merged safetensors",
                digest="sha256:" + "c" * 64,
                facts={"same greedy tokens": "16 of 16 prompts"},
            ),
        ],
        provenance=Provenance(
            tunix_rt="0.1.0",
            git_commit="0123456789abcdef0123456789abcdef01234567",
            git_dirty=False,
            python="3.11.7",
            platform="Linux x86_64",
            cpus=2,
            packages={"google-tunix": "0.1.7", "jax": "0.10.2"},
            device="cpu",
            dtype="float32",
        ),
        commands=[
            Command(purpose="The whole session", command="tunix-rt session run configs/demo.yaml"),
            Command(
                purpose="Hash every input and output again", command="tunix-rt runs verify 2026-01-05-session-demo-7f3a"
            ),
        ],
        limits=[
            "The items come from the families of the training rows, in other words; other tasks may gain less or lose.",
            "One training run with one seed: the interval covers the choice of items, not of seeds.",
        ],
    )


if __name__ == "__main__":
    write_report(example_report(), Path(sys.argv[1]))
