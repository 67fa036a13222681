"""The house: names, sizes, tests beside modules, locks without hosts, one place for each thing."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "engine" / "tunix_rt"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
TEST_FILES = sorted((ROOT / "engine" / "tests").rglob("test_*.py"))
TESTS = {path.stem for path in TEST_FILES}
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

ENVIRONMENT = {"cli/options.py", "cli/doctor.py", "train/huggingface.py", "train/sampler.py"}
"""Modules that may read the environment: the command line, the hub's own variables, and JAX's own."""


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_is_named_after_its_subject_and_fits_on_a_few_screens(path: Path) -> None:
    assert not re.fullmatch(r"(utils?|helpers?|common|core|base|manager|misc)", path.stem)
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 450, f"{name(path)} has {lines} lines; split it by noun"


def subjects(path: Path) -> set[str]:
    """Return the names by which a test can be called after a module: its own, or that of its package."""
    parts = [part for part in Path(name(path)).with_suffix("").parts if not part.startswith("__")]
    return {"_".join(parts), *parts} - {"train", ""}


def test_every_module_has_a_test() -> None:
    imported = "".join(path.read_text() for path in TEST_FILES if path.parent.name == "train")
    missing = []
    for path in MODULES:
        named = any(test == f"test_{s}" or test.startswith(f"test_{s}_") for s in subjects(path) for test in TESTS)
        if path.parent.name == "train":
            # one part of a recipe may be tested through the recipe, or by a test that imports it
            users = [other for other in MODULES if f"tunix_rt.train.{path.stem} import" in other.read_text()]
            named = named or path.stem == "__init__" or f"tunix_rt.train.{path.stem}" in imported or bool(users)
        if subjects(path) and not named:
            missing.append(name(path))
    assert not missing


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_environment_is_read_in_one_place(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")]
    assert not reads or name(path) in ENVIRONMENT


def test_only_the_heavy_half_imports_accelerator_libraries() -> None:
    heavy = {"jax", "jaxlib", "flax", "optax", "orbax", "qwix", "tunix", "grain"}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert name(path).startswith("train/") or not heavy & {module.split(".")[0] for module in imported}, name(path)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_is_hashed_and_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "#" not in text
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert not re.search(r"^(torch|nvidia-\S+|tensorflow|triton)==", text, flags=re.MULTILINE)


def test_smaller_locks_are_part_of_the_largest() -> None:
    pins = {lock.stem: set(re.findall(r"^([a-z0-9-]+==\S+)", lock.read_text(), flags=re.MULTILINE)) for lock in LOCKS}
    assert pins["light"] < pins["train"] < pins["dev"]


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    groups = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    for dependency in [entry for group in groups for entry in group if isinstance(entry, str)]:
        assert re.search(rf'^\s+"{re.escape(dependency)}", # \S+ \S+', text, flags=re.MULTILINE), dependency


def test_every_dependency_of_the_web_app_says_why_and_its_lock_names_no_host() -> None:
    package = json.loads((ROOT / "frontend" / "package.json").read_text())
    assert set(package["why"]) == set(package["dependencies"]) | set(package["devDependencies"])
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    for name, one in lock["packages"].items():
        assert "resolved" not in one, name
        assert not name or one.get("integrity"), name


def test_direct_dependencies_are_locked() -> None:
    def pinned(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / lock).read_text(), flags=re.MULTILINE))

    def names(entries: list[str]) -> set[str]:
        return {re.split(r"[=<>~;\[ ]", entry)[0] for entry in entries}

    assert names(PROJECT["project"]["dependencies"]) <= pinned("light.txt")
    assert names(PROJECT["project"]["optional-dependencies"]["train"]) <= pinned("train.txt")


def test_no_file_names_a_registry_or_is_left_unfinished() -> None:
    done = subprocess.run([sys.executable, ".ci/forbidden"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_forbidden_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("see py" + "pi.org\n# TO" + "DO: later\n")
    subprocess.run("git init -q . && git add a.txt", shell=True, cwd=tmp_path, check=True)
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "forbidden")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2


def test_ci_runs_what_a_person_runs() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "make " in workflow.read_text() or ".ci/run" in workflow.read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    wanted = "setup demo test check fix docs lock clean bench-sft bench-sampler bench-rl bench-data"
    assert targets >= set(wanted.split())


def python_that_says(folder: Path, fact: str) -> Path:
    """Write a command that starts this Python with one fact about it changed; return its path."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(fact)
    command = folder / "python3"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n')
    command.chmod(0o755)
    return command


BUILT = "import sysconfig; sysconfig.get_config_vars()['CONFIG_ARGS'] = '--enable-shared {}'"


@pytest.mark.parametrize(
    ("first", "system", "chosen"),
    [
        (BUILT.format(""), "", "system"),
        (BUILT.format("") + "; print('a greeting')", "print('another')", "system"),
        (BUILT.format("--enable-optimizations"), "", "first"),
        (BUILT.format(""), "import sys; sys.version_info = (3, 9, 2)", "first"),
        (BUILT.format(""), "import sys; sys.modules['ensurepip'] = None", "first"),
        (BUILT.format(""), None, "first"),
    ],
    ids=["slow", "slow, with a greeting", "optimised", "another version", "no ensurepip", "no system's own"],
)
def test_set_up_builds_on_an_optimised_python(tmp_path: Path, first: str, system: str | None, chosen: str) -> None:
    of_path = python_that_says(tmp_path / "first of path", first)
    own = python_that_says(tmp_path / "system's", system) if system is not None else tmp_path / "absent"
    done = subprocess.run([".ci/python", of_path, own], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{own if chosen == 'system' else of_path}\n"
