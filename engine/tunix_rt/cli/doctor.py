"""`tunix-rt doctor`: does this machine have what the work needs? It changes nothing that it is not told to."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tunix_rt.cli.check import Check, State
from tunix_rt.cli.options import Json, home, show, show_json
from tunix_rt.errors import MissingError

PLUGINS = "tunix_rt.checks"
"""Entry point group by which another package adds checks: each entry names a function that returns Checks."""


def doctor(
    sweep: Annotated[bool, typer.Option("--sweep", help="First remove what killed processes left half done.")] = False,
    as_json: Json = False,
) -> None:
    """Check whether this machine has what the work needs.

    Changes nothing without `--sweep`. A note is worth knowing; a failure stops the work, and the exit code is then 1.
    """
    if sweep:
        from tunix_rt import leftovers

        leftovers.remove(leftovers.find(home()))
    checks = [check() for check in CHECKS]
    for plugin in importlib.metadata.entry_points(group=PLUGINS):
        checks += plugin.load()()
    failed = [check for check in checks if check.state == "fail"]
    if as_json:
        show_json({"ok": not failed, "checks": [check._asdict() for check in checks]})
    else:
        for check in checks:
            show(f"{check.state:<5} {check.name:<13} {check.found}" + (f"  → {check.fix}" if check.fix else ""))
    if failed:
        raise typer.Exit(1)


def _python() -> Check:
    good = sys.version_info >= (3, 11)
    return Check(
        "python", "ok" if good else "fail", platform.python_version(), "" if good else "use Python 3.11 or newer"
    )


def _cores() -> Check:
    from tunix_rt.provenance import available_cpus

    cores = available_cpus()
    return Check(
        "cores", "ok" if cores > 1 else "note", f"{cores}", "" if cores > 1 else "everything takes twice as long"
    )


def _memory() -> Check:
    import psutil

    free = psutil.virtual_memory().available / 2**30
    state: State = "ok" if free >= 8 else "note"
    return Check(
        "memory", state, f"{free:.1f} GiB free", "" if free >= 8 else "Gemma 3 270M needs about 8 GiB; take nano"
    )


def _disk() -> Check:
    place = next(folder for folder in (home(), *home().resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free / 2**30
    state: State = "ok" if free >= 5 else "fail" if free < 1 else "note"
    return Check("disk", state, f"{free:.1f} GiB free for {home()}", "" if free >= 5 else "a session needs up to 5 GiB")


def _home() -> Check:
    folder = home()
    probe = folder / f".doctor-{uuid.uuid4().hex[:8]}"
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        if not existed:
            folder.rmdir()
    except OSError as error:
        return Check(
            "home", "fail", f"{folder} cannot be written: {error.strerror}", "set TUNIX_RT_HOME to another folder"
        )
    return Check("home", "ok", f"{folder.resolve()} can be written")


def _leftovers() -> Check:
    from tunix_rt import leftovers

    found = leftovers.find(home())
    if not found:
        return Check("leftovers", "ok", "no leftovers of killed processes")
    size = sum(one.bytes for one in found) / 2**30
    return Check(
        "leftovers", "note", f"{len(found)} leftovers, {size:.1f} GiB", "`tunix-rt doctor --sweep` removes them"
    )


def _packages() -> Check:
    lock = Path(__file__).parents[3] / "requirements" / "train.txt"
    if not lock.is_file():
        return Check("packages", "note", "no lock beside this installation, nothing to compare with")
    wanted = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock.read_text(), flags=re.MULTILINE))
    other = []
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # another platform's package, or an installation of the light half alone
        if found != version:
            other.append(f"{name} {found} (lock: {version})")
    if other:
        return Check("packages", "note", f"differ from the lock: {', '.join(other)}", "run `make setup`")
    return Check("packages", "ok", f"all as in the lock ({len(wanted)} packages)")


def _devices() -> Check:
    try:
        from tunix_rt.train.devices import device_names
    except ImportError as error:
        return Check("devices", "fail", f"JAX cannot be imported: {error}", "install the extra `train`: `make setup`")
    try:
        return Check("devices", "ok", ", ".join(device_names()))
    except MissingError as error:
        return Check("devices", "fail", str(error), "unset JAX_PLATFORMS")


def _scorers() -> Check:
    try:
        version = importlib.metadata.version("reasoning-gym")
    except importlib.metadata.PackageNotFoundError:
        return Check("reasoning-gym", "note", "not installed", "only for tasks `reasoning-gym:…`: `make setup-dev`")
    return Check("reasoning-gym", "ok", version)


def _side() -> Check:
    from tunix_rt.cli.options import side_environment

    python = side_environment()
    if python is None:
        return Check(
            "side env", "note", "none", "only to time other trainers: set TUNIX_RT_SIDE_PYTHON to their Python"
        )
    return Check(
        "side env", "ok" if python.exists() else "fail", str(python), "" if python.exists() else "it does not exist"
    )


def _credentials() -> Check:
    kept: dict[str, Any] = {
        "hub": bool(os.environ.get("HF_TOKEN")) or Path("~/.cache/huggingface/token").expanduser().exists(),
        "kaggle": bool(os.environ.get("KAGGLE_KEY")) or Path("~/.kaggle/kaggle.json").expanduser().exists(),
    }
    found = ", ".join(f"{name} {'present' if there else 'absent'}" for name, there in kept.items())
    return Check(
        "credentials",
        "ok" if any(kept.values()) else "note",
        found,
        "" if any(kept.values()) else "not needed for gemma3-270m",
    )


CHECKS: tuple[Callable[[], Check], ...] = (
    _python, _cores, _memory, _disk, _home, _leftovers, _packages, _devices, _scorers, _side, _credentials,
)  # fmt: skip
"""All checks, in the order in which they are shown."""
