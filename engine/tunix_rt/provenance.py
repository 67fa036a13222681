"""Provenance: which inputs, code, packages and machine made a folder; how an input is named so that it can be checked.

It does not know what was made, and it never imports an accelerator library: the heavy half says which device it used.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tunix_rt import __version__
from tunix_rt.errors import DigestError, MissingError
from tunix_rt.formats import Format, check_digests, digest_file, digest_value

RECORDED_PACKAGES = (
    "flax",
    "google-tunix",
    "grain",
    "jax",
    "jaxlib",
    "math-verify",
    "numpy",
    "optax",
    "orbax-checkpoint",
    "pydantic",
    "qwix",
    "reasoning-gym",
    "safetensors",
    "sentencepiece",
)
"""Packages whose version can change a result."""
RefKind = Literal["dataset", "base_model", "evaluation", "run", "task", "output"]
"""What a recorded folder is."""


class Provenance(Format):
    """Who made this: code, packages, machine. It is recorded beside a digest and is never part of one."""

    tunix_rt: str
    """Version of tunix-rt."""
    git_commit: str | None
    """Commit of the source tree; None if the package was not run from a git checkout."""
    git_dirty: bool | None
    """Whether tracked files differed from that commit; None without a checkout."""
    python: str
    """Version of Python."""
    platform: str
    """Operating system and processor architecture."""
    cpus: int
    """Processor cores that this process may use."""
    packages: dict[str, str]
    """Versions of the installed packages that can change a result."""
    device: str | None = None
    """Accelerator or processor that did the arithmetic, as JAX names it; None where none was used."""
    dtype: str | None = None
    """Type of the arithmetic, `float32` or `bfloat16`; None where none was used."""


class FolderRef(Format):
    """A folder or file named by the digests of its content, so that it can be checked at any later time."""

    kind: RefKind
    """What the folder is."""
    key: str
    """Name that a person knows it by."""
    path: str
    """Where it was: relative to the home folder if inside it, else absolute."""
    digest: str
    """Digest of `files`; for a dataset this is not the `digest` in its manifest, which is that of the rows alone."""
    files: dict[str, str]
    """Digest of every file by its path relative to the folder, the manifest included."""


def now() -> str:
    """Return the present time in UTC as ISO 8601 with seconds, as it stands in every manifest."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def package_versions(names: tuple[str, ...] = RECORDED_PACKAGES) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, or no checkout: both are said by None in the record
    return done.stdout.strip()


@functools.cache
def git_state() -> tuple[str | None, bool | None]:
    """Return commit and dirty flag of the checkout that this package runs from; (None, None) if it is none."""
    commit = _git("rev-parse", "HEAD")
    if commit is None or _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None, None
    status = _git("status", "--porcelain", "--untracked-files=no", "--", ":/")
    return commit, None if status is None else bool(status)


def available_cpus() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def provenance(*, device: str | None = None, dtype: str | None = None) -> Provenance:
    """Record the code, packages and machine of this process."""
    commit, dirty = git_state()
    return Provenance(
        tunix_rt=__version__,
        git_commit=commit,
        git_dirty=dirty,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cpus=available_cpus(),
        packages=package_versions(),
        device=device,
        dtype=dtype,
    )


def folder_ref(
    kind: RefKind,
    key: str,
    path: Path,
    *,
    home: Path,
    leave_out: tuple[str, ...] = (".lock",),
) -> FolderRef:
    """Hash a folder (or a single file) and return the record by which it can be checked later."""
    if path.is_file():
        files = {path.name: digest_file(path)}
        path = path.parent
    else:
        inside = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
        files = {name.as_posix(): digest_file(path / name) for name in inside if name.parts[0] not in leave_out}
    if not files:
        raise MissingError(f"{path} holds no file; expected the {kind} {key}")
    place, root = path.resolve(), home.resolve()
    where = place.relative_to(root).as_posix() if place.is_relative_to(root) else str(place)
    return FolderRef(kind=kind, key=key, path=where, digest=digest_value(files), files=files)


def check_ref(ref: FolderRef, home: Path) -> Path:
    """Return the folder of a record; raise DigestError naming the first file that is missing or differs in one byte."""
    folder = home / ref.path
    if not folder.is_dir():
        raise DigestError(f"the {ref.kind} {ref.key} is gone: {folder} does not exist; put it back as it was")
    if digest_value(ref.files) != ref.digest:
        raise DigestError(
            f"the record of the {ref.kind} {ref.key} was edited: its list of files does not give its digest"
        )
    check_digests(folder, ref.files)
    return folder
