"""Fill a report from a session: read what its phases left behind, and name what is missing.

It does not know how any of it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tunix_rt.comparison import Comparison, better_base, percent
from tunix_rt.config import SessionConfig, SFTConfig
from tunix_rt.dataset import Dataset
from tunix_rt.evaluation import Evaluation
from tunix_rt.formats import read_jsonl
from tunix_rt.provenance import now
from tunix_rt.report.data import (
    Command,
    DatasetCard,
    Link,
    Missing,
    Preview,
    ReportData,
    Result,
    Role,
    Training,
    curve,
    family_rows,
    measurement,
    preview_tokens,
    trace_pairs,
)
from tunix_rt.report.page import write_report
from tunix_rt.run import RunManifest, read_run
from tunix_rt.run_folder import RunDir
from tunix_rt.session import SessionResult

_ROLES: tuple[Role, ...] = ("base_contract", "base_few_shot", "sft", "tuned")
_PREVIEWS = 3


def write_session_report(
    config: SessionConfig,
    run: RunDir,
    *,
    frozen: Dataset,
    evaluations: Mapping[str, Evaluation],
    comparison: Comparison,
    result: SessionResult,
) -> Path:
    """Write the report of a session whose measurements are all there."""
    return write_report(
        session_report(config, run, frozen=frozen, evaluations=evaluations, comparison=comparison, result=result),
        run.report,
    )


def session_report(
    config: SessionConfig,
    run: RunDir,
    *,
    frozen: Dataset,
    evaluations: Mapping[str, Evaluation],
    comparison: Comparison,
    result: SessionResult,
) -> ReportData:
    """Return the data of a session's report."""
    manifest = read_run(run)
    base, tuned = better_base(evaluations["base_few_shot"], evaluations["base_contract"]), evaluations["tuned"]
    records = list(read_jsonl(run.metrics)) if run.metrics.is_file() else []
    return ReportData(
        title=f"{config.name}: {config.sft.base_model} on {frozen.manifest.key}",
        run=run.id,
        status="complete",
        created=now(),
        model=f"{config.sft.base_model}, {_method(config.sft)}",
        result=Result(
            task=f"{tuned.manifest.task.name} {tuned.manifest.task.version} {tuned.manifest.task.split}",
            measurements=[measurement(role, evaluations[role]) for role in _ROLES if role in evaluations],
            comparison=comparison,
        ),
        families=family_rows(base, tuned),
        traces=trace_pairs(base, tuned, seed=config.seed),
        training=_training(config.sft, records, result),
        previews=_previews(run),
        dataset=_card(frozen),
        budget=result.budget,
        chain=_chain(manifest, frozen, evaluations, result),
        provenance=manifest.provenance,
        commands=_commands(config, run, comparison, tuned),
        limits=_limits(result, tuned),
    )


def _method(config: SFTConfig) -> str:
    return f"LoRA rank {config.lora.rank}" if config.method == "lora" else "full fine-tuning"


def _training(config: SFTConfig, records: list[dict[str, Any]], result: SessionResult) -> Training | Missing:
    outcome, more = result.training, result.reinforcement
    loss = curve(records, "loss")
    if not loss:
        return Missing(missing="No update was made: the time that was left for training was too short.")
    last: dict[str, Any] = {}
    for record in records:
        last |= record
    facts = {
        "method": _method(config),
        "updates": f"{outcome.steps:,} of {outcome.planned_steps:,} planned",
        "ended": "as planned" if outcome.finish == "planned" else "by its deadline",
        "peak memory": f"{outcome.peak_memory_bytes / 2**30:.1f} GiB",
        "learning rate": f"{config.learning_rate:g}, {config.schedule}",
        "batch": f"{config.accumulation} × {config.batch_size} rows of {config.max_length} tokens",
    }
    if "num_tokens" in last:
        facts["tokens seen"] = f"{last['num_tokens']:,}"
    if "epoch" in last:
        facts["epochs"] = f"{last['epoch']:.2f}"
    speeds = [record["tokens_per_second"] for record in records if "tokens_per_second" in record]
    if speeds:
        facts["speed (median)"] = f"{sorted(speeds)[len(speeds) // 2]:,.0f} tokens/s"
    facts["arithmetic"] = config.dtype
    if more:
        facts["reinforcement learning"] = f"{more.outcome.steps:,} updates, {more.outcome.finish}"
        facts["groups without signal"] = f"{more.outcome.groups_without_signal:,} of {more.outcome.groups:,}"
        for role, label in (("sft", "before"), ("tuned", "after")):
            begun = more.forced.get(role)
            if begun and begun.strict:
                low, high = 100 * begun.strict.low, 100 * begun.strict.high
                facts[f"reasoning begun for it, {label}"] = f"{percent(begun.strict.value)} ({low:.1f}–{high:.1f})"
    return Training(
        loss=loss,
        eval_loss=curve(records, "eval/loss"),
        learning_rate=curve(records, "learning_rate"),
        facts=facts,
    )


def _previews(run: RunDir) -> list[Preview] | Missing:
    if not run.preview.is_file():
        return Missing(missing=f"{run.preview.name} is not there; training did not begin.")
    rows = orjson.loads(run.preview.read_bytes())["examples"][:_PREVIEWS]
    return [
        Preview(
            title=row["name"],
            tokens=preview_tokens(
                [token["text"] for token in row["tokens"]], [token["trained"] for token in row["tokens"]]
            ),
        )
        for row in rows
    ]


def _card(frozen: Dataset) -> DatasetCard:
    manifest = frozen.manifest
    counts = manifest.counts.model_dump()
    shown = {name.replace("_", " "): value for name, value in counts.items() if isinstance(value, int)}
    return DatasetCard(
        key=manifest.key,
        digest=manifest.digest,
        counts=shown | dict(manifest.splits),
        families=dict(Counter(str(trace.meta.get("family", "none")) for trace in frozen.traces("train")).most_common()),
        licences=list(manifest.licenses),
    )


def _chain(
    manifest: RunManifest, frozen: Dataset, evaluations: Mapping[str, Evaluation], result: SessionResult
) -> list[Link]:
    base = manifest.inputs["base_model"]
    tuned = evaluations["tuned"].manifest
    links = [
        Link(
            kind="dataset",
            name=frozen.manifest.key,
            digest=frozen.manifest.digest,
            facts={"rows": f"{frozen.size:,}", "sources": ", ".join(s.name for s in frozen.manifest.sources)},
        ),
        Link(kind="base model", name=base.key, digest=base.digest, facts={"files": str(len(base.files))}),
        Link(kind="task", name=tuned.task.name, digest=tuned.task.digest, facts={"items": str(tuned.task.items)}),
        Link(kind="configuration", name="config.json", digest=manifest.config_digest),
    ]
    if tuned.model.adapter_digest:
        links.append(Link(kind="trained weights", name="adapter", digest=tuned.model.adapter_digest))
    for role in [role for role in _ROLES if role in evaluations]:
        links.append(Link(kind="evaluation", name=evaluations[role].id, digest=evaluations[role].manifest.digest))
    for name, outcome in result.exports.items():
        if outcome.digest:
            links.append(Link(kind="export", name=name, digest=outcome.digest, facts={"check": outcome.note}))
    return links


def _commands(config: SessionConfig, run: RunDir, comparison: Comparison, tuned: Evaluation) -> list[Command]:
    chosen = config.eval.model_dump(mode="json", exclude_defaults=True) | {"limit": tuned.manifest.task.items}
    settings = "".join(f" --set {name}={value}" for name, value in chosen.items() if name != "prompt")
    main = comparison.main
    return [
        Command(
            command=f"tunix-rt session run {run.config}",
            purpose="repeat the whole session",
        ),
        Command(command=f"tunix-rt runs verify {run.id}", purpose="hash everything that this report rests on again"),
        Command(
            command=f"tunix-rt compare {comparison.a.id} {comparison.b.id} --a-score {main.a_metric} "
            f"--b-score {main.b_metric}",
            purpose="pair the two evaluations again",
        ),
        Command(
            command=f"tunix-rt eval --run {run.id}{settings}",
            purpose="measure the tuned model again",
        ),
    ]


def _limits(result: SessionResult, tuned: Evaluation) -> list[str]:
    limits = [
        "The held-out items have other wordings and numbers than the training items, but the same families: the gain "
        "is not a gain in general reasoning.",
        "Part of the gain is form: the base model was never trained to write traces. The few-shot measurement, read "
        "leniently, is the fair baseline; the contract measurement alone would not be.",
        "One seed, one run. The interval covers the choice of items, not the choice of seed.",
    ]
    if result.reinforcement:
        limits.insert(0, result.reinforcement.words)
    unscored = sum(tuned.manifest.metrics.unscored.values())
    if unscored:
        limits.append(f"{unscored} open-ended items have no automatic score and count in no accuracy.")
    return limits
