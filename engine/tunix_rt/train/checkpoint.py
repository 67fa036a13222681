"""Checkpoints of a training run: sealed by digest, listed, checked and restored. It does not know how one is trained.

    checkpoints/<step>/   what Tunix's PeftTrainer saves with Orbax (weights, optimiser state)
        manifest.json     ours, written last: digests of every file and the position in the data

Tunix resumes from the newest folder it finds, whole or not; `settle` therefore leaves it only folders that are whole.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from flax import nnx
from orbax import checkpoint as ocp

from tunix_rt.errors import DataError, DigestError, MissingError
from tunix_rt.formats import MANIFEST, Format, check_digests, digest_files, digest_value, write_format

_log = logging.getLogger(__name__)

Trained = Literal["lora", "full"]


class CheckpointManifest(Format):
    """What a checkpoint holds; written last."""

    format_version: Literal[1] = 1
    """Version of this format."""
    step: int
    """Optimiser updates done."""
    position: dict[str, Any]
    """Where the data stood, in the words of whoever trains: epoch, rows, tokens, …"""
    files: dict[str, str]
    """Digest of every file."""
    digest: str
    """Digest over step, position and files."""


@dataclass(frozen=True)
class Checkpoint:
    """A sealed checkpoint on disk."""

    folder: Path
    manifest: CheckpointManifest

    @property
    def step(self) -> int:
        """Optimiser updates done."""
        return self.manifest.step


def _step_folders(root: Path) -> list[Path]:
    # Orbax renames a folder to its bare number when all is written; anything else is unfinished.
    folders = [path for path in root.iterdir() if path.is_dir() and path.name.isdigit()] if root.is_dir() else []
    return sorted(folders, key=lambda path: int(path.name))


def _digest(step: int, position: dict[str, Any], files: dict[str, str]) -> str:
    return digest_value([step, position, files])


def seal(root: Path, position: Callable[[int], dict[str, Any]]) -> list[int]:
    """Seal every finished checkpoint under `root` that is not sealed yet; return their steps.

    `position` tells where the data stood after a step. Cheap when there is nothing to seal, so that it can be called
    after every step while Orbax writes in the background.
    """
    sealed = []
    for folder in _step_folders(root):
        if not (folder / MANIFEST).is_file():
            step, files = int(folder.name), digest_files(folder)
            where = position(step)
            digest = _digest(step, where, files)
            write_format(folder / MANIFEST, CheckpointManifest(step=step, position=where, files=files, digest=digest))
            sealed.append(step)
    return sealed


def verify(folder: Path) -> Checkpoint:
    """Return a checkpoint whose every byte is as sealed.

    Raises MissingError if it was never sealed, DigestError naming the file that changed.
    """
    if not (folder / MANIFEST).is_file():
        raise MissingError(f"{folder} is no complete checkpoint ({MANIFEST} is missing); use an earlier one")
    try:
        manifest = CheckpointManifest.read(folder / MANIFEST)
    except DataError as error:
        raise DigestError(f"{folder / MANIFEST} is damaged ({error}); use an earlier checkpoint") from error
    if manifest.digest != _digest(manifest.step, manifest.position, manifest.files):
        raise DigestError(f"{folder / MANIFEST} changed: its digest does not cover it; use an earlier checkpoint")
    check_digests(folder, manifest.files)
    return Checkpoint(folder, manifest)


def list_checkpoints(root: Path) -> list[Checkpoint]:
    """Return the sealed checkpoints under `root` by step, without hashing them."""
    folders = [folder for folder in _step_folders(root) if (folder / MANIFEST).is_file()]
    return [Checkpoint(folder, CheckpointManifest.read(folder / MANIFEST)) for folder in folders]


def settle(root: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest whole checkpoint and what was found wrong with newer ones, which are moved out of the way.

    A damaged folder `<step>` becomes `damaged-<step>`, for a person to look at; an unfinished one is removed.
    """
    problems: list[str] = []
    found: Checkpoint | None = None
    if root.is_dir():
        for folder in root.iterdir():
            if folder.is_dir() and ".orbax-checkpoint-tmp" in folder.name:
                shutil.rmtree(folder)
    for folder in reversed(_step_folders(root)):
        try:
            found = verify(folder)
            break
        except MissingError:
            shutil.rmtree(folder)
        except DigestError as error:
            problems.append(str(error))
            _log.warning("checkpoint not used: %s", error)
            aside = root / f"damaged-{folder.name}"
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)
    return found, problems


def restore(checkpoint: Checkpoint, model: nnx.Module) -> None:
    """Put the weights of a checkpoint into a model: the LoRA weights if it has them, else all of them.

    Raises DataError if the checkpoint was made by another kind of model.
    """
    trained = trained_state(model)
    arguments = ocp.checkpoint_utils.construct_restore_args(target=trained)
    try:
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as reader:
            state = reader.restore(
                (checkpoint.folder / "model_params").resolve(),
                args=ocp.args.PyTreeRestore(item=trained, restore_args=arguments),
            )
    except (ValueError, KeyError, FileNotFoundError) as error:
        raise DataError(f"{checkpoint.folder} does not fit this model: {error}") from error
    nnx.update(model, state)


def trained_state(model: nnx.Module) -> Any:
    """Return the weights that training changes: LoRA's, if the model has any, else all."""
    lora = nnx.state(model, nnx.LoRAParam)
    return lora if lora.flat_state() else nnx.state(model, nnx.Param)
