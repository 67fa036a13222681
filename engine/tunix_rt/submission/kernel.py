"""Kernel: the two folders that Kaggle takes, a notebook and a dataset of what the notebook needs without internet.

    <folder>/kernel/     kernel-metadata.json, kaggle_submission.ipynb
    <folder>/dataset/    dataset-metadata.json, recipe.yaml, requirements.txt, wheels.json, load_checkpoint.py
                         and, put there by the person, wheels/*.whl

It uploads nothing. Field names are those of Kaggle's own documentation of kernel and dataset metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunix_rt.config import SessionConfig
from tunix_rt.errors import MissingError, UsageError
from tunix_rt.formats import staged_folder
from tunix_rt.submission.wheels import read_lock

KERNEL_METADATA, DATASET_METADATA = "kernel-metadata.json", "dataset-metadata.json"
MODEL_SOURCES = {
    "gemma3-1b-it": "google/gemma-3/flax/gemma3-1b-it/1",
    "gemma2-2b-it": "google/gemma-2/flax/gemma2-2b-it/1",
}
"""Kaggle's name of each base model's weights, as google-deepmind/gemma's page on checkpoints lists them."""
MACHINE_SHAPE = "TpuV5E8"
"""The eight chips, as `machine_shape` names them."""
_OWNER = re.compile(r"[a-z0-9][a-z0-9-]{2,49}")
_LICENCES = (
    "tunix-rt is Apache-2.0; each wheel keeps the licence in its own metadata. "
    "Made by `tunix-rt submit plan`; requirements.txt holds the hash of every file."
)


def kernel_metadata(config: SessionConfig, owner: str, notebook: str, *, internet: bool) -> dict[str, Any]:
    """Return kernel-metadata.json; Kaggle wants the slug of `id` to be the title in small letters with dashes."""
    slug = _slug(config)
    model = MODEL_SOURCES.get(config.sft.base_model)
    return {
        "id": f"{_checked(owner)}/{slug}",
        "title": slug.replace("-", " "),
        "code_file": notebook,
        "language": "python",
        "kernel_type": "notebook",
        "is_private": "true",
        "enable_gpu": "false",
        "enable_tpu": "true",
        "machine_shape": MACHINE_SHAPE,
        "enable_internet": "true" if internet else "false",
        "dataset_sources": [f"{owner}/{slug}-inputs"],
        "competition_sources": [],
        "kernel_sources": [],
        "model_sources": [model] if model else [],
    }


def dataset_metadata(config: SessionConfig, owner: str) -> dict[str, Any]:
    """Return dataset-metadata.json of the dataset that the notebook reads."""
    slug = f"{_slug(config)}-inputs"
    return {
        "title": slug.replace("-", " "),
        "id": f"{_checked(owner)}/{slug}",
        "subtitle": "Recipe, locked wheels and loader of a tunix-rt session",
        "description": _LICENCES,
        "licenses": [{"name": "other"}],
    }


def _slug(config: SessionConfig) -> str:
    # Slugs and titles have 3 to 50 and 6 to 50 characters; the dataset's has seven more than the kernel's.
    return re.sub(r"[^a-z0-9]+", "-", f"tunix-rt-{config.name}"[:43]).strip("-")


def _checked(owner: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise UsageError(
            f"{owner!r} is no Kaggle user name; expected small letters, digits and dashes, as in its address"
        )
    return owner


def write_kernel(
    folder: Path,
    config: SessionConfig,
    *,
    owner: str,
    recipe: Path,
    notebook: Path,
    loader: Path,
    lock: Path,
    internet: bool = False,
) -> None:
    """Write both folders; `folder` appears only when it is whole.

    `recipe` is the session's YAML file, `lock` the hashed list of packages, `loader` the script that loads the
    checkpoint. Raises MissingError if one of them is not there, UsageError if `folder` is, or for an impossible owner.
    """
    wheels = read_lock(lock)
    for path in (recipe, notebook, loader):
        if not path.is_file():
            raise MissingError(f"{path} does not exist; run this in a checkout of tunix-rt, or name the file")
    kernel = kernel_metadata(config, owner, notebook.name, internet=internet)
    dataset = dataset_metadata(config, owner)
    with staged_folder(folder) as stage:
        for name in ("kernel", "dataset/wheels"):
            (stage / name).mkdir(parents=True)
        _write_json(stage / "kernel" / KERNEL_METADATA, kernel)
        (stage / "kernel" / notebook.name).write_bytes(notebook.read_bytes())
        _write_json(stage / "dataset" / DATASET_METADATA, dataset)
        (stage / "dataset" / "recipe.yaml").write_bytes(recipe.read_bytes())
        (stage / "dataset" / "requirements.txt").write_bytes(lock.read_bytes())
        (stage / "dataset" / loader.name).write_bytes(loader.read_bytes())
        _write_json(stage / "dataset" / "wheels.json", {"wheels": [wheel.model_dump() for wheel in wheels]})


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
