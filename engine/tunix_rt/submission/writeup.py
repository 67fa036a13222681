"""Write-up: what was done and what came of it, in at most 1,500 words, made from the figures of a run.

It does not know how a figure was measured. An author may put words of their own around the table of results.
"""

from __future__ import annotations

from tunix_rt.comparison import percent, points
from tunix_rt.errors import UsageError
from tunix_rt.evaluation import Sample
from tunix_rt.submission.figures import Figures, results_table
from tunix_rt.submission.words import count_words, shortened
from tunix_rt.trace import INSTRUCTION

MOST_WORDS = 1500
"""Longest write-up that the competition takes, in words."""


def check_length(text: str) -> int:
    """Return the words of a write-up; raise UsageError if they are more than the competition takes."""
    words = count_words(text)
    if words > MOST_WORDS:
        raise UsageError(
            f"the write-up has {words:,} words; the limit is {MOST_WORDS:,}: take {words - MOST_WORDS:,} out"
        )
    return words


def check_results(text: str, figures: Figures) -> None:
    """Raise UsageError if a write-up does not hold the table of results exactly as it was measured."""
    if results_table(figures) not in text:
        raise UsageError(
            "the write-up does not hold the table of results as it was measured; put this into it:\n\n"
            + results_table(figures)
        )


def writeup(figures: Figures) -> str:
    """Return the write-up of a run in Markdown; the same run gives the same text."""
    parts = [
        f"# {figures.base_model} that shows its work: run {figures.run.id}",
        _what(figures),
        "## Data\n\n" + _data(figures),
        "## Prompt\n\n" + _prompt(figures),
        "## Training\n\n" + _training(figures),
        "## Results\n\n" + _results(figures),
        "## One answer\n\n" + _example(figures),
        "## Limits\n\n" + _limits(figures),
        "## How to check this\n\n" + _check(figures),
    ]
    text = "\n\n".join(parts) + "\n"
    check_length(text)
    return text


def _what(figures: Figures) -> str:
    asked = figures.tuned.manifest.task
    return (
        f"One run took {figures.base_model} from reasoning traces to a model that writes its reasoning before its "
        f"answer. On {figures.tuned.manifest.metrics.n} held-out items of {asked.name} it answers "
        f"{percent(figures.score.value)} correctly in the required form (95 % interval "
        f"{percent(figures.score.low)} to {percent(figures.score.high)}). {figures.verdict} Every figure below was "
        "written by the program that measured it."
    )


def _data(figures: Figures) -> str:
    found = figures.dataset
    if found is None:
        return "The run names no dataset."
    kept, counts = ", ".join(f"{rows:,} {split}" for split, rows in found.splits.items()), found.counts
    families = ", ".join(sorted(found.families)[:12]) + (" and others" if len(found.families) > 12 else "")
    return (
        f"Dataset {found.key} was frozen from {', '.join(source.name for source in found.sources)}: {counts.rows:,} "
        f"rows read, {counts.exact_duplicates + counts.near_duplicates:,} duplicates left out, {counts.quarantined:,} "
        f"rows left out because they repeat an item of one of {len(found.contamination)} evaluation tasks, {kept}. "
        f"Families: {families}. "
        f"Licences: {', '.join(sorted(found.licenses))}. The splits are made by {found.split_by}, so that no "
        f"{found.split_by} stands on both sides. Its digest is `{found.digest[:23]}`."
    )


def _prompt(figures: Figures) -> str:
    return (
        "Training, evaluation and serving use one template with Gemma's turns. The instruction is: "
        f'"{INSTRUCTION}" The model writes one step a line between `<reasoning>` and `</reasoning>`, then its answer '
        "between `<answer>` and `</answer>`, and ends its turn; the end-of-turn token is trained, so that it stops. "
        f"The digest of the template is `{figures.tuned.manifest.contract_digest[:23]}`."
    )


def _training(figures: Figures) -> str:
    sft = figures.sft
    lora = sft.get("lora", {})
    method = (
        f"LoRA of rank {lora.get('rank')} and alpha {lora.get('alpha'):g} on {len(lora.get('modules', ()))} projections"
        if sft.get("method") == "lora"
        else "training of every weight"
    )
    lines = [
        f"Supervised fine-tuning by {method}, in {sft.get('dtype')}: packed rows of {sft.get('max_length')} tokens, "
        f"batches of {sft.get('batch_size')}, {sft.get('accumulation')} of them an update, peak learning rate "
        f"{sft.get('learning_rate'):g} ({sft.get('schedule')}, {percent(sft.get('warmup_fraction', 0), 0)} warm-up), "
        f"gradients clipped at {sft.get('clip_norm'):g}, seed {figures.run.seed}. The loss covers the model's own turn "
        "only."
    ]
    training = figures.result.get("training")
    if training:
        lines.append(f"{training['steps']:,} of {training['planned_steps']:,} planned updates were made.")
    grpo = figures.config.get("grpo")
    if grpo:
        lines.append(
            "Then reinforcement learning with verifiable rewards (GRPO): "
            + ", ".join(f"{name} {value}" for name, value in sorted(grpo.items()) if isinstance(value, int | float))
            + "."
        )
    device = figures.run.provenance.device
    lines.append(
        f"All phases together took {figures.minutes:.1f} minutes"
        + (f" on {device}." if device else ".")
        + " The session planner divides one wall-clock budget over the phases, replans from measured speed, and keeps "
        "the time that the final measurement and the export need."
    )
    return " ".join(lines)


def _results(figures: Figures) -> str:
    text = (
        "Greedy decoding; strict counts an answer in its tags only, lenient one found anywhere; 95 % intervals in "
        f"brackets.{_base(figures)}\n\n{results_table(figures)}\n\n{figures.verdict}"
    )
    if figures.reinforced:
        text += f"\n\nReinforcement learning alone. {figures.reinforced}"
    paired = figures.comparison
    if paired is None or not paired.families:
        return text
    order = sorted(paired.families, key=lambda family: family.paired.delta)
    best, worst = order[-1], order[0]
    text += (
        f"\n\nBy family the difference is largest for {best.name} ({points(best.paired.delta)} points, "
        f"n = {best.paired.n}) and smallest for {worst.name} ({points(worst.paired.delta)} points, "
        f"n = {worst.paired.n})."
    )
    return text


def _base(figures: Figures) -> str:
    if not figures.bases:
        return ""
    examples = ", also with worked examples, since a base that was never shown the form is no baseline"
    return f" The base model {figures.base_measured}, by the same code{examples if figures.base_had_examples else ''}."


def _example(figures: Figures) -> str:
    after, before = figures.example
    parts = [
        "The first item in the order of the task that the trained model has right"
        + (" and the base has wrong:" if before is not None and before.lenient.value == 0.0 else ":"),
        _quoted("Asked", after.prompt),
        _quoted("Trained model", after.completion),
    ]
    if before is not None:
        parts.append(_quoted("Base model", before.completion))
    return "\n\n".join(parts) if after.strict.value == 1.0 else _wrong(after)


def _wrong(sample: Sample) -> str:
    asked, wrote = _quoted("Asked", sample.prompt), _quoted("Trained model", sample.completion)
    return f"No answer of the trained model is right; the first one reads:\n\n{asked}\n\n{wrote}"


def _quoted(title: str, text: str) -> str:
    lines = shortened(text, 70).splitlines() or [""]
    return f"{title}:\n\n" + "\n".join(f"    {line}" for line in lines)


def _limits(figures: Figures) -> str:
    asked = figures.tuned.manifest.task
    return (
        f"The items are those of {asked.name} ({asked.split}); other tasks may gain less or lose. One run with one "
        "seed: the intervals cover the choice of items, not of seeds. Answers are graded by rules; the reasoning is "
        "read by people, and only its arithmetic is checked by the program."
    )


def _check(figures: Figures) -> str:
    return (
        "The submission holds the configuration, the trained weights, every evaluated sample and the digest of each "
        "file. `tunix-rt submit verify` hashes them again and grades the stored answers again; "
        f"`tunix-rt eval --run {figures.run.id}` measures the model anew. Code: tunix-rt "
        + figures.run.provenance.tunix_rt
        + (f", commit {figures.run.provenance.git_commit[:12]}." if figures.run.provenance.git_commit else ".")
    )
