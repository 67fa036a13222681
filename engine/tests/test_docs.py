"""The documentation: links lead somewhere, and every command that is shown exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tunix_rt.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]


def page_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.split("#")[0]).exists(), target


def shown_commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of every `tunix-rt …` line of the fenced blocks of a page, and of its inline code."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"```(?:bash|sh|console)?\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    lines += re.findall(r"`(tunix-rt [^`]+)`", text)
    for line in lines:
        plain = line.split(" #")[0].removeprefix("$ ").strip()
        if re.match(r"(\.venv/bin/)?tunix-rt ", plain):
            yield shlex.split(plain)[1:]


def find(words: list[str]) -> Any:
    command: Any = typer.main.get_command(app)
    for word in words:
        children = getattr(command, "commands", None)
        if children is None or word not in children:
            break
        command = children[word]
    return command


@pytest.mark.parametrize("page", WRITTEN, ids=page_name)
def test_shown_commands_exist(page: Path) -> None:
    for words in shown_commands(page):
        if words[0].startswith("-") or words[0] == "…":
            continue
        command = find(words)
        is_group = hasattr(command, "commands")
        assert not is_group or len(words) == 1, f"no such command: {words}"
        known = {option.replace("_", "-") for param in command.params for option in param.opts} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0].replace("_", "-") in known, f"{words} has no {word}"


@pytest.mark.parametrize("page", WRITTEN, ids=page_name)
def test_shown_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for target in re.findall(r"(?:^|`|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        assert target in targets, target


def test_there_is_a_page_for_everything_a_newcomer_needs() -> None:
    wanted = "README.md CONTRIBUTING.md CHANGELOG.md docs/concepts/data-flow.md docs/guides/bring-your-traces.md"
    assert {page_name(page) for page in PAGES} >= set(wanted.split())


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=page_name)
def test_decision_says_why_and_how_it_is_kept(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for heading in ("Context", "Decision", "Consequences", "Alternatives", "Kept by"):
        assert f"## {heading}\n" in text, heading


def test_every_command_is_in_a_guide_or_in_the_readme() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    command: Any = typer.main.get_command(app)
    missing = []
    for group, child in command.commands.items():
        for verb in getattr(child, "commands", {"": None}):
            if f"tunix-rt {group} {verb}".strip() not in text:
                missing.append(f"{group} {verb}".strip())
    assert not missing
