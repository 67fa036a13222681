"""Write docs/reference from the code: the command line, the configurations, the formats, the service.

    python docs/generate.py            writes the pages
    python docs/generate.py --check    exits 1 and names each page that is not what the code says

It does not know any command, key or format by name: it reads them from the package.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import tunix_rt
from tunix_rt.cli import app
from tunix_rt.config import CONFIGS
from tunix_rt.formats import Format
from tunix_rt_backend.app import create_app
from tunix_rt_backend.routers import TAGS
from tunix_rt_backend.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
HEADER = "<!-- Written by docs/generate.py (`make docs`); do not edit. -->\n\n"


def command_line() -> str:
    """Return the page of all commands."""
    parts = [HEADER + "# The command line\n"]
    parts.append(
        "Options may be written with dashes or underscores. Data goes to stdout, words to stderr; with `--json` the\n"
        "last line of stdout is one JSON object. Exit codes: 0 done, 1 failed, 2 wrong request, 130 interrupted,\n"
        "143 told to end.\n"
    )
    for names, command in _commands([], typer.main.get_command(app)):
        parts.append(_command(names, command))
    return "\n".join(parts)


def _commands(names: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield names, command
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from _commands([*names, name], children[name])


def _command(names: list[str], command: Any) -> str:
    lines = [f"## tunix-rt {' '.join(names)}\n", f"{_plain(command.help or '')}\n"]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(_placeholder(argument) for argument in arguments)
    lines.append(f"```\ntunix-rt {' '.join(names)} [OPTIONS] {usage}".rstrip() + "\n```\n")
    rows = [f"| `{_placeholder(a)}` | {_plain(a.help or '')} |" for a in arguments]
    for option in options:
        default = "" if option.default in (None, False) or option.required else f" Default: `{option.default}`."
        rows.append(f"| `{', '.join([*option.opts, *option.secondary_opts])}` | {_plain(option.help or '')}{default} |")
    if rows:
        lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _placeholder(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def configurations() -> str:
    """Return the page of all configuration keys."""
    parts = [HEADER + "# Configurations\n"]
    parts.append(
        "A file is YAML 1.2 and names its `kind`. Later sources win: defaults < file < `--set a.b=c` < flags. An\n"
        "unknown key is an error that names the nearest known one.\n"
    )
    classes: list[type[BaseModel]] = []
    for cls in CONFIGS.values():
        _collect(cls, classes)
    return "\n".join([*parts, *(_format(cls) for cls in classes)])


def _collect(cls: type[BaseModel], found: list[type[BaseModel]]) -> None:
    if cls in found:
        return
    found.append(cls)
    for field in cls.model_fields.values():
        for option in [field.annotation, *typing.get_args(field.annotation)]:
            if isinstance(option, type) and issubclass(option, BaseModel):
                _collect(option, found)


def formats() -> str:
    """Return the page of all formats on disk."""
    parts = [HEADER + "# Formats\n"]
    parts.append(
        "Every shape on disk, by module. All are JSON objects; an unknown key is an error, and a value without a"
        "\nmeasurement is `null`, never NaN.\n"
    )
    configs = {cls.__name__ for cls in CONFIGS.values()}
    for module in _modules(tunix_rt):
        own = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Format) and value.__module__ == module.__name__
        ]
        own = [
            cls
            for cls in own
            if cls is not Format and cls.__name__ not in configs and cls.__module__ != "tunix_rt.config"
        ]
        if own:
            parts.append(f"# {module.__name__}\n")
            parts += [_format(cls) for cls in own]
    return "\n".join(parts)


def service() -> str:
    """Return the page of all settings and routes of the service."""
    parts = [HEADER + "# The service\n"]
    parts.append(
        "`tunix-rt serve` shows these routes with their parameters and shapes at `/api/docs`; `tunix-rt openapi`\n"
        "prints them as one document. Every error is `application/problem+json` with a stable `type`.\n"
    )
    parts += [
        "## Settings\n",
        "Read from the environment.\n",
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = json.dumps(field.default, default=str)
        row = [f"`TUNIX_RT_{name.upper()}`", _type(field.annotation), f"`{default}`", _plain(field.description or "")]
        parts.append(f"| {' | '.join(row)} |")
    operations = list(_operations())
    for tag in TAGS:
        parts += [
            f"\n## {tag['name']}\n",
            f"{tag['description']}\n",
            "| route | operation | what it does |",
            "|---|---|---|",
        ]
        parts += [row for label, row in operations if label == tag["name"]]
    return "\n".join(parts) + "\n"


def _operations() -> Iterator[tuple[str, str]]:
    for path, methods in create_app(Settings()).openapi()["paths"].items():
        for method, operation in methods.items():
            first = _plain(operation.get("description", "").split("\n\n")[0])
            yield operation["tags"][0], f"| `{method.upper()} {path}` | `{operation['operationId']}` | {first} |"


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    names = [info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    for name in sorted(names):
        if name.endswith(".__main__"):
            continue
        if ".train" in name and not _has_format(name):
            continue
        yield importlib.import_module(name)


def _has_format(name: str) -> bool:
    # The heavy half takes seconds to import; only its modules that define a format are read.
    source = importlib.util.find_spec(name)
    text = Path(source.origin).read_text() if source and source.origin else ""
    return "(Format):" in text


def _format(cls: type[BaseModel]) -> str:
    lines = [
        f"## {cls.__name__}\n",
        f"{_plain(cls.__doc__ or '')}\n",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in cls.model_fields.items():
        if field.default_factory is not None:
            default = "empty"
        elif field.default is PydanticUndefined:
            default = "required"
        elif isinstance(field.default, BaseModel):
            default = "see below"
        else:
            default = f"`{json.dumps(field.default, default=str)}`"
        lines.append(f"| `{name}` | {_type(field.annotation)} | {default} | {_plain(field.description or '')} |")
    return "\n".join([*lines, ""])


def _type(annotation: Any) -> str:
    if annotation is None or annotation is type(None):
        return "null"
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, UnionType):
        return " or ".join(_type(option) for option in arguments)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin in (list, tuple, set, frozenset):
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"object of {_type(arguments[1])}"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path", Any: "any"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


PAGES = {"cli.md": command_line, "config.md": configurations, "formats.md": formats, "service.md": service}


def main(check: bool) -> int:
    """Write every page, or compare it with what the code says."""
    stale = 0
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            sys.stderr.write(f"{path} is not what the code says; run `make docs`\n")
            stale += 1
        elif not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
