"""A configuration file: YAML 1.2 with dotted overrides and flags, checked against a Format. It knows no configuration.

Later sources win: defaults < file < `--set a.b=c` < flags. An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tunix_rt.errors import ConfigError
from tunix_rt.formats import Format

C = TypeVar("C", bound=Format)


def load_config(
    cls: type[C],
    path: Path | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, Any] | None = None,
) -> C:
    """Return a checked configuration: defaults < file < overrides (`a.b=c`) < flags (dotted names; None is not given).

    Raises ConfigError naming the source and the key, with the nearest known key where one is unknown.
    """
    values = read_mapping(path) if path else {}
    kind = cls.model_fields["kind"].default
    if values.get("kind", kind) != kind:
        raise ConfigError(f"{path} is of kind {values['kind']!r}; expected {kind!r}, as this command runs it")
    for override in overrides:
        key, separator, text = override.partition("=")
        if not separator or not key.strip():
            raise ConfigError(f"--set {override}: expected a.b=value")
        _assign(cls, values, key.strip(), parse_yaml(text, f"--set {override}"), f"--set {override}")
    for key, value in (flags or {}).items():
        if value is not None:
            _assign(cls, values, key, value, f"--{key.replace('.', '-')}")
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(cls, error, str(path) if path else "the options")) from error


def parse_yaml(text: str, where: str) -> Any:
    """Return the value of a YAML 1.2 text (`on` and `no` are words there); raise ConfigError naming where it stands."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ConfigError(f"{where} is not YAML: {' '.join(str(error).split())}") from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML file; raise ConfigError if it cannot be read or holds something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a configuration: {error}") from error
    values = parse_yaml(text, str(path))
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds {type(values).__name__}; expected a mapping of keys to values")
    return values


def _nested(annotation: Any) -> type[BaseModel] | None:
    """Return the Format inside an annotation such as `X`, `X | None`; None if there is none."""
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((option for option in options if isinstance(option, type) and issubclass(option, BaseModel)), None)


def _unknown(cls: type[BaseModel], key: str, where: str) -> str:
    known = cls.model_fields
    initials = [name for name in known if "".join(word[0] for word in name.split("_")) == key.lower()]
    close = initials or difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(cls.model_fields)}"
    return f"{where}: unknown key {key!r} of {cls.__name__}; {hint}"


def _assign(cls: type[BaseModel], values: dict[str, Any], dotted: str, value: Any, where: str) -> None:
    """Set one dotted key in nested values, checking each name on the way."""
    *parents, last = dotted.split(".")
    for name in parents:
        field = cls.model_fields.get(name)
        inner = _nested(field.annotation) if field else None
        if inner is None:
            raise ConfigError(_unknown(cls, name, where) if field is None else f"{where}: {name!r} has no keys inside")
        inside = values.setdefault(name, {})
        if not isinstance(inside, dict):
            raise ConfigError(f"{where}: {name!r} is {inside!r}, not a mapping")
        cls, values = inner, inside
    if last not in cls.model_fields:
        raise ConfigError(_unknown(cls, last, where))
    values[last] = value


def _explain(cls: type[BaseModel], error: ValidationError, where: str) -> str:
    """Return one line an error: where, which key, what was expected and what came."""
    lines = []
    for detail in error.errors():
        location = [str(part) for part in detail["loc"]]
        owner: type[BaseModel] = cls
        for name in location[:-1]:
            field = owner.model_fields.get(name)
            owner = (_nested(field.annotation) if field else None) or owner
        if detail["type"] == "extra_forbidden":
            lines.append(_unknown(owner, location[-1], where))
        else:
            got = "" if isinstance(detail["input"], dict) else f"; got {detail['input']!r}"
            message = detail["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {'.'.join(location) or 'the whole'}: {message}{got}")
    return "\n".join(lines)
