"""`tunix-rt rewards`: what a completion earns, whether it deserves it, and what other rewards would have taught."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunix_rt.cli.options import Json, fields, home, say, show, show_json, table

if TYPE_CHECKING:
    from tunix_rt.config import GRPOConfig
    from tunix_rt.rewards import RewardsConfig
    from tunix_rt.rewards.checking import MutationResult, RewardsCheck
    from tunix_rt.rewards.mutations import Subject
    from tunix_rt.rewards.replay import Replay

app = typer.Typer(
    help="See what completions earn, test it before training, score old rollouts again.", no_args_is_help=True
)

RewardsFile = Annotated[
    Path | None, typer.Option("--rewards", metavar="FILE", help="YAML file of the rewards; without it, the defaults.")
]
_EXPECTED = {"full": "all", "less": "less", "little": "at most half"}


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the terms: what each pays, how it can be gamed, which options it has."""
    from tunix_rt.rewards.config import OPTIONS
    from tunix_rt.rewards.terms import DESCRIPTIONS

    terms: list[dict[str, Any]] = [
        {
            "term": kind,
            **description._asdict(),
            "options": {
                name: {
                    "required": field.is_required(),
                    "default": None if field.is_required() else field.default,
                    "meaning": field.description,
                }
                for name, field in OPTIONS[kind].model_fields.items()
            },
        }
        for kind, description in DESCRIPTIONS.items()
    ]
    if as_json:
        show_json({"terms": terms})
        return
    show("\n\n".join(_described(term) for term in terms))
    say("a file of rewards: `tunix-rt rewards show`; a test of one: `tunix-rt rewards check --rewards FILE`")


def _described(term: dict[str, Any]) -> str:
    lines = {"pays": term["pays"], "gamed by": term["games"]}
    for name, option in term["options"].items():
        lines[f"{name}:"] = option["meaning"] + ("" if option["required"] else f" Default: {option['default']}.")
    return f"{term['term']}  {term['values']}\n" + "\n".join("  " + line for line in fields(lines).splitlines())


@app.command("show")
def show_(rewards: RewardsFile = None, as_json: Json = False) -> None:
    """Show rewards with all their options, as a file that can be edited."""
    config = _load(rewards)
    terms = [term.model_copy(update={"options": term.read_options().model_dump()}) for term in config.terms]
    if as_json:
        show_json(config.model_dump(mode="json") | {"terms": [t.model_dump() for t in terms], "digest": config.digest})
        return
    lines = ["kind: rewards", "terms:"]
    for term in terms:
        lines += [f"  - kind: {term.kind}", f"    weight: {term.weight:g}"]
        lines += ["    options:"] if term.options else []
        lines += [f"      {name}: {'null' if value is None else value}" for name, value in term.options.items()]
    lines.append(f"clip: {list(config.clip) if config.clip else 'null'}")
    show("\n".join(lines))
    say(f"digest {config.digest}")


@app.command()
def check(
    rewards: RewardsFile = None,
    task: Annotated[str | None, typer.Option(help="Task whose items are answered, from `tasks list`.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset whose training split is used instead of a task.")] = None,
    limit: Annotated[int, typer.Option(min=2, help="Use only the first so many items.")] = 200,
    max_rate: Annotated[float, typer.Option(min=0, max=1, help="Highest rate of wrong payments that passes.")] = 0.02,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn to make answers wrong.")] = 0,
    as_json: Json = False,
) -> None:
    """Test rewards before training on them: answer real items in ways that should and should not be paid.

    Exit code 1 if one way of answering is paid wrongly more often than --max-rate.
    """
    from tunix_rt.rewards.checking import check_rewards

    config = _load(rewards)
    done = check_rewards(config, _subjects(task, dataset, limit), limit=max_rate, seed=seed)
    if as_json:
        show_json(done)
    else:
        _show_check(done)
    if not done.passed:
        raise typer.Exit(1)


@app.command()
def replay(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    rewards: RewardsFile = None,
    step: Annotated[int | None, typer.Option(min=1, help="Score only the rollouts of this update.")] = None,
    as_json: Json = False,
) -> None:
    """Score the stored rollouts of a run with other rewards, and show how rewards and advantages change."""
    from tunix_rt.errors import UsageError
    from tunix_rt.prompt import contract_form
    from tunix_rt.rewards.replay import checked
    from tunix_rt.rewards.replay import replay as score_again
    from tunix_rt.rollouts import read_rollouts
    from tunix_rt.run import open_run
    from tunix_rt.session import rollouts_path

    config = _load(rewards)
    run = open_run(home(), run_id)
    path = rollouts_path(run)
    if not path.is_file():
        raise UsageError(f"run {run.id} has no rollouts; expected a run of kind grpo, or a session with that phase")
    trained = _trained_with(run)
    prompts = {group.prompt for group in read_rollouts(path)}
    groups = checked(read_rollouts(path, step=step), trained.rewards)
    done = score_again(
        groups, config, contract_form(), trained.max_new_tokens, trained.estimator, corpus=sorted(prompts)
    )
    if as_json:
        show_json(done)
    else:
        _show_replay(run.id, done)


def _load(path: Path | None) -> RewardsConfig:
    from tunix_rt.config import load_config
    from tunix_rt.rewards import RewardsConfig

    return load_config(RewardsConfig, path)


def _subjects(task: str | None, dataset: str | None, limit: int) -> list[Subject]:
    from itertools import islice

    from tunix_rt import dataset as datasets
    from tunix_rt import tasks
    from tunix_rt.errors import UsageError
    from tunix_rt.rewards.checking import subjects_of_items, subjects_of_traces

    if task and dataset:
        raise UsageError("name either --task or --dataset, not both")
    if dataset:
        return subjects_of_traces(list(islice(datasets.load(home(), dataset).traces("train"), limit)))
    items = tasks.load(task or "dev-reasoning-v1", home=home(), limit=limit).items
    subjects = subjects_of_items(items)
    if not subjects:
        raise UsageError(f"task {task} has no gold traces to make answers from; take another one, or --dataset")
    return subjects


def _trained_with(run: Any) -> GRPOConfig:
    """Return what the run that drew the rollouts was trained with."""
    from tunix_rt.config import GRPOConfig
    from tunix_rt.errors import UsageError
    from tunix_rt.run import read_run_config

    whole = read_run_config(run)
    config = whole if isinstance(whole, GRPOConfig) else getattr(whole, "grpo", None)
    if not isinstance(config, GRPOConfig):
        raise UsageError(f"run {run.id} says nothing of reinforcement learning; expected a run of kind grpo")
    return config


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _show_check(done: RewardsCheck) -> None:
    looked = [result for result in done.mutations if result.rate]
    rows = [[r.name, _EXPECTED[r.expected], *_earned(r), r.n, r.wrong, *_range(r.rate)] for r in looked]
    show(table(["answer", "should earn", "earns", "n", "wrong", "rate", "95 % interval"], rows))
    show(
        "\n"
        + table(
            ["term", "paid wrongly", "rate", "95 % interval", "missed", "rate", "95 % interval", "silent", "faults"],
            [
                [
                    t.term,
                    f"{t.false_positives} of {t.should_not_pay}",
                    *_range(t.false_positive_rate),
                    f"{t.false_negatives} of {t.should_pay}",
                    *_range(t.false_negative_rate),
                    t.abstained,
                    t.faults,
                ]
                for t in done.terms
            ],
        )
    )
    unseen = [r for r in done.mutations if not r.rate]
    if unseen:
        show("\nNothing in these rewards looks at, or no item is fit for:")
        show("\n".join(f"  {r.name} (seen by {', '.join(r.seen_by)})" for r in unseen))
    if done.first_fault:
        show(f"\nFirst fault: {done.first_fault}")
    for result in done.failed:
        if result.example:
            text = " ⏎ ".join(result.example.text.splitlines())
            earned = f"earned {result.example.share:.0%} of the gold completion"
            show(f"\n{result.name}, item {result.example.id}, {earned}:\n  {text[:200]}")
    names = ", ".join(result.name for result in done.failed)
    say(
        f"{done.items:,} items, {done.completions:,} completions: "
        + (
            f"no answer is paid wrongly in more than {done.limit:.1%} of its items"
            if done.passed
            else f"paid wrongly in more than {done.limit:.1%} of their items: {names}"
        )
    )


def _earned(result: MutationResult) -> list[str | None]:
    return [None if result.mean_share is None else f"{result.mean_share:.0%}"]


def _range(interval: Any) -> list[str | None]:
    if interval is None:
        return [None, None]
    return [_percent(interval.value), f"{_percent(interval.low)} to {_percent(interval.high)}"]


def _show_replay(run_id: str, done: Replay) -> None:
    (before, after), (old, new) = done.signal, done.mean_reward
    show(
        fields(
            {
                "run": run_id,
                "rewards": done.rewards,
                "groups": f"{done.groups:,} with {done.completions:,} completions",
                "mean reward": f"{old:.4g} before, {new:.4g} after",
                "groups with signal": f"{' '.join(_said(before))} before, {' '.join(_said(after))} after",
                "mean advantage change": f"{done.mean_advantage_change:.4g} ({done.estimator})",
                "pushed the other way": " ".join(_said(done.flipped)),
            }
        )
    )
    rows = [[name, change.before, change.after, change.abstained, change.faults] for name, change in done.terms.items()]
    show("\n" + table(["term", "mean before", "mean after", "silent", "faults"], rows))
    show("\n" + table(["sign of the advantage", "completions"], list(done.signs.items())))
    if done.largest:
        show("\nLargest changes of an advantage:")
    for change in done.largest:
        place = f"update {change.step}, {change.trace_id}, completion {change.index + 1}"
        moved = f"{change.advantage[0]:+.3f} to {change.advantage[1]:+.3f}"
        show(f"  {moved}  {place}\n    {' ⏎ '.join(change.text.splitlines())[:160]}")


def _said(interval: Any) -> list[str]:
    return [_percent(interval.value), f"({_percent(interval.low)} to {_percent(interval.high)})"]
