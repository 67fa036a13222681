"""Configurations: from a request to a checked one, and back to a file; none that came over HTTP names a path.

It does not know who asks, or what is done with a configuration.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from tunix_rt import tasks
from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import CONFIGS, GRPOConfig, RewardsConfig, SessionConfig, SFTConfig, load_config
from tunix_rt.errors import ConfigError, TunixRtError
from tunix_rt.formats import Format
from tunix_rt.run import read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.errors import Conflict, NotFound, Unprocessable
from tunix_rt_backend.schemas.names import DatasetKey, RunId, TaskName
from tunix_rt_backend.schemas.runs import RunRequest
from tunix_rt_backend.services import kept

_LARGEST = 2**53
"""Beyond it JSON numbers are not read alike everywhere."""
_LONGEST_TEXT = 1024
_FIELDS = {
    "learning_rate": "learning_rate",
    "weight_decay": "weight_decay",
    "num_epochs": "epochs",
    "batch_size": "batch_size",
    "max_seq_length": "max_length",
    "method": "method",
    "lora_rank": "lora.rank",
    "overlong": "overlong",
    "max_steps": "max_steps",
    "max_examples": "max_examples",
    "time_budget_minutes": "time_budget_minutes",
    "seed": "seed",
}
"""Fields of a request by their key in an SFTConfig; those that a GRPOConfig has too mean the same there."""
_OF_SESSION = {"max_examples": "dataset.max_examples", "time_budget_minutes": "budget_minutes", "seed": "seed"}
"""Fields that a session has a key of its own for; the others are keys of its fine-tuning."""
RunConfig = SFTConfig | GRPOConfig | SessionConfig
"""What a run follows."""
_dataset_key = TypeAdapter(DatasetKey)
_run_id = TypeAdapter(RunId)
_task_name = TypeAdapter(TaskName)


def resolve(request: RunRequest, home: Path) -> RunConfig:
    """Return the configuration that a request asks for.

    Raises Unprocessable for an unknown key or base model, an impossible value, and anything that names a path; NotFound
    or Conflict if the run that it starts from is not here, or cannot be read.
    """
    values = {key: value for key, value in _leaves(request.config) if value is not None}
    kind = CONFIGS[request.kind]
    session = kind is SessionConfig
    for name, key in _FIELDS.items():
        value = getattr(request, name)
        if value is None:
            continue
        if not session and key.partition(".")[0] not in kind.model_fields:
            raise Unprocessable(f"{name} is no setting of kind {request.kind}; leave it out")
        values[_OF_SESSION.get(name, f"sft.{key}") if session else key] = value
    if session and request.max_steps is not None and any(key.partition(".")[0] == "grpo" for key in values):
        values["grpo.max_steps"] = request.max_steps  # it limits every training
    values["sft.base_model" if session else "base_model"] = request.model_id
    if request.start is not None and kind is not GRPOConfig:
        raise Unprocessable("start is for kind grpo: a session trains its own model further, sft starts from the base")
    if request.dataset_key is not None and session:
        raise Unprocessable(
            "a session builds its dataset: leave dataset_key out, and name tasks in config.dataset.sources"
        )
    if request.dataset_key is None and not session:
        raise Unprocessable("dataset_key is missing; expected the key of a dataset, as GET /api/datasets lists them")
    if not session:
        values["dataset"] = request.dataset_key
    if kind is GRPOConfig:
        values |= _of_start(request.start or values.get("start"), values, home)
    try:
        config = load_config(kind, flags=values)
    except ConfigError as error:
        raise Unprocessable(str(error)[:2000], errors=_fields(error.__cause__)) from error
    check_names(config)
    assert isinstance(config, SFTConfig | GRPOConfig | SessionConfig)
    return config


def _fields(error: BaseException | None) -> list[dict[str, Any]]:
    """Return each wrong key of a configuration, as the answer to a request that cannot be read names its fields."""
    return [
        {
            "field": ".".join(str(part) for part in ("body", "config", *one["loc"])),
            "message": one["msg"].removeprefix("Value error, "),
            "kind": one["type"],
        }
        for one in (error.errors() if isinstance(error, ValidationError) else ())
    ]


def _of_start(start: Any, values: Mapping[str, Any], home: Path) -> dict[str, Any]:
    """Return what a policy has of the run that it starts from: the method, and the shape of the adapter."""
    if start is None:
        return {}
    _check(_run_id, start, "start", "the id of a run, as GET /api/tunix/runs lists them")
    if any(key.partition(".")[0] == "lora" for key in values):
        raise Unprocessable(f"the adapter of run {start} is trained further as it is; leave lora out")
    run = RunDir(home / "runs" / start)
    if not run.manifest.is_file():
        raise NotFound(f"there is no run {start!r} to start from; GET /api/tunix/runs lists them")
    try:
        begun = read_run_config(run)
    except TunixRtError as error:
        raise Conflict(f"run {start} cannot be read: {error}".replace(f"{home}/", "")) from error
    trained = begun.sft if isinstance(begun, SessionConfig) else begun
    if not isinstance(trained, SFTConfig | GRPOConfig):
        raise Conflict(f"run {start} trains no model; start from another one")
    for name, key in (("model_id", "base_model"), ("method", "method")):
        own = getattr(trained, key)
        if values.get(key, own) != own:
            raise Unprocessable(
                f"{name} is {values[key]!r}, and run {start}, which it starts from, has {own[:200]!r}; say the same"
            )
    return {"start": start, "method": trained.method, "lora": trained.lora.model_dump()}


def in_words_of_a_request(text: str) -> str:
    """Return what the engine said, with the fields of a request in the place of the engine's keys."""
    for name, key in _FIELDS.items():
        if name != key and "_" in key:  # others are words, too
            text = re.sub(rf"\b{key}\b", name, text)
    return text


def check_names(config: Format) -> None:
    """Raise Unprocessable if a configuration names a file, a folder, or a model or task that is not known here.

    A request may not point at anything on this machine but datasets, base models and tasks by their names.
    """
    if isinstance(config, SFTConfig | GRPOConfig):
        _check_model(config)
        _check(_dataset_key, config.dataset, "dataset", "the key of a dataset, as GET /api/datasets lists them")
    if isinstance(config, GRPOConfig):
        if config.start is not None:
            _check(_run_id, config.start, "start", "the id of a run, as GET /api/tunix/runs lists them")
        _check_grpo(config)
    elif isinstance(config, SessionConfig):
        _check_model(config.sft)
        if config.sft.dataset is not None:
            raise Unprocessable("sft.dataset must be null: a session builds its own dataset")
        if config.eval.task_path is not None:
            raise Unprocessable("eval.task_path must be null: a request names no file of the server")
        key = f"{config.dataset.name}-{config.dataset.version}"
        _check(_dataset_key, key, "dataset", "a name and version of at most 200 letters, digits, dots and dashes")
        for name in (*config.dataset.sources, config.eval.task, config.few_shot_pool):
            _check_task(name)
        if config.grpo is not None:
            _check_model(config.grpo)
            for key in ("dataset", "start"):
                if getattr(config.grpo, key) is not None:
                    raise Unprocessable(
                        f"grpo.{key} must be null: a session trains its own model further, on its own dataset"
                    )
            _check_grpo(config.grpo)


def _check_grpo(config: GRPOConfig) -> None:
    if config.eval_task is not None:
        _check_task(config.eval_task)
    check_rewards(config.rewards)


def check_rewards(rewards: RewardsConfig) -> None:
    """Raise Unprocessable if rewards ask a judge."""
    if any(term.kind == "judge" for term in rewards.terms):
        raise Unprocessable(
            "the rewards have a term of kind judge: a request sends this server to no address; leave it out"
        )


def from_record(values: Mapping[str, Any], row: str) -> Format:
    """Return a configuration as an index row keeps it; raise Conflict if another version of tunix-rt wrote it."""
    kind = CONFIGS.get(str(values.get("kind")))
    if kind is None:
        raise Conflict(
            f"the row of {row} was kept by another version of tunix-rt (kind is {values.get('kind')!r}); {kept.AGAIN}"
        )
    return kept.whole(kind, dict(values), row)


def to_yaml(values: Mapping[str, Any]) -> str:
    """Return a configuration as a YAML file; its first comment is the command that runs it."""
    verb = "session run" if values["kind"] == "session" else f"train {values['kind']}"
    text = io.StringIO()
    text.write(f"# tunix-rt {verb} config.yaml\n")
    YAML(typ="safe", pure=True).dump(dict(values), text)
    return text.getvalue()


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and value of everything in nested settings; an empty object is a value."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            _check_size(f"{prefix}{name}", value)
            yield prefix + name, value


def _check_size(key: str, value: Any) -> None:
    if isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_size(key, inner)
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        raise Unprocessable(f"config.{key[:80]} has {len(value):,} characters; at most {_LONGEST_TEXT:,} are read")
    if isinstance(value, int | float) and not abs(value) <= _LARGEST:
        raise Unprocessable(f"config.{key[:80]} is no number from -2^53 to 2^53; choose another one")


def _check_model(config: SFTConfig | GRPOConfig) -> None:
    if config.base_model not in BASE_MODELS:
        close = difflib.get_close_matches(config.base_model, BASE_MODELS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(BASE_MODELS)}"
        raise Unprocessable(f"{config.base_model[:200]!r} is no base model here; {hint}")
    if config.model_path is not None:
        raise Unprocessable("model_path must be null: a request names no folder of the server; fetch the model there")


def _check_task(name: str) -> None:
    _check(_task_name, name, "task", "the name of a task, from `tunix-rt tasks list`")
    package = name.partition(":")[0]
    if name not in tasks.names() and not any(known.startswith(f"{package}:<") for known in tasks.names()):
        close = difflib.get_close_matches(name, tasks.names(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(tasks.names())}"
        raise Unprocessable(f"{name!r} is no task; {hint}")


def _check(names: TypeAdapter[str], value: str | None, key: str, expected: str) -> None:
    try:
        names.validate_python(value)
    except ValidationError as error:
        raise Unprocessable(f"{key} is {str(value)[:200]!r}; expected {expected}") from error


def dataset_key(config: Mapping[str, Any]) -> str | None:
    """Return the key of the dataset that a configuration names or will build."""
    if config["kind"] == "session":
        return f"{config['dataset']['name']}-{config['dataset']['version']}"
    named = config.get("dataset")
    return None if named is None else Path(named).name


def base_model(config: Mapping[str, Any]) -> str:
    """Return the name of the base model in a configuration."""
    name: str = (config["sft"] if config["kind"] == "session" else config)["base_model"]
    return name


def folder_of(home: Path, config: Format) -> Path | None:
    """Return the folder of the dataset that must be there before a run can start; None: it builds its own."""
    return home / "datasets" / str(config.dataset) if isinstance(config, SFTConfig | GRPOConfig) else None
