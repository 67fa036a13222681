"""Base models on disk, each in one folder of its own with one layout, checked by digest. It does not load them.

    <home>/models/<name>/
        model.safetensors  config.json  tokenizer.model (nano: char_tokenizer.json)  NOTICE.txt  manifest.json

Whatever form a model comes in (a Python package, a Hugging Face or Kaggle folder, the hub), it is converted once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tunix_rt.architecture import Architecture, read_config
from tunix_rt.base_models import BASE_MODELS, BaseModel
from tunix_rt.errors import ConfigError, DataError, DigestError, MissingError
from tunix_rt.formats import MANIFEST, Format, check_digests, digest_files, digest_value, staged_folder, write_format
from tunix_rt.train.safetensors_file import Array, write_tensors
from tunix_rt.train.tokenizer import Tokenizer, load_tokenizer

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
NOTICE = "NOTICE.txt"
TERMS = "TERMS.html"
"""The licence as a page, where the source has it; whoever passes Gemma on must pass it on as well."""

Progress = Callable[[str], None]
"""Takes one line of words for a person."""

_log = logging.getLogger(__name__)


class ModelManifest(Format):
    """What a model folder holds; written last."""

    format_version: Literal[1] = 1
    """Version of this format."""
    name: str
    """Name of the base model."""
    family: str
    """`gemma3` or `gemma2`."""
    parameters: int
    """Number of weights."""
    source: str
    """Where the weights came from."""
    licence: str
    """Licence of the weights."""
    files: dict[str, str]
    """Digest of every file of the folder."""
    digest: str
    """Digest over `files`: the identity of the model."""


@dataclass(frozen=True)
class ModelFiles:
    """A base model on disk, complete and checked."""

    folder: Path
    manifest: ModelManifest

    @property
    def name(self) -> str:
        """Name of the base model."""
        return self.manifest.name

    @property
    def digest(self) -> str:
        """Identity of the model: it changes with any byte of its files."""
        return self.manifest.digest

    @property
    def weights(self) -> Path:
        """The safetensors file with Hugging Face names."""
        return self.folder / WEIGHTS

    @property
    def notice(self) -> str:
        """The licence notice, as shown at the first fetch."""
        return (self.folder / NOTICE).read_text()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The parsed Hugging Face `config.json`."""
        config: dict[str, Any] = json.loads((self.folder / CONFIG).read_bytes())
        return config

    @cached_property
    def architecture(self) -> Architecture:
        """Sizes of the model."""
        return read_config(self.config, str(self.folder / CONFIG))


@dataclass(frozen=True)
class Outline:
    """What is known of a base model without its weights: all that a plan needs."""

    architecture: Architecture
    """Its sizes."""
    tokenizer: Tokenizer
    """Its tokenizer."""


@contextlib.contextmanager
def _waiting_lock(path: Path) -> Iterator[None]:
    # Two sessions that need the same model: the second waits and then finds it, so this lock blocks.
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


_verified: dict[Path, tuple[str, tuple[tuple[str, int, int], ...]]] = {}


def verify_model(folder: Path, *, again: bool = False) -> ModelFiles:
    """Return a model folder whose every file has its recorded digest; raise DigestError naming the one that has not.

    A folder is hashed once in a process, and again if the size or time of a file changed or `again` is true.
    """
    if not (folder / MANIFEST).is_file():
        raise MissingError(f"{folder} is no complete model folder ({MANIFEST} is missing); fetch the model again")
    manifest = ModelManifest.read(folder / MANIFEST)
    if manifest.digest != digest_value(manifest.files):
        raise DigestError(
            f"{folder / MANIFEST} changed: its digest does not cover its list of files; fetch the model again"
        )
    paths = [folder / name for name in sorted(manifest.files)]
    stats = tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths if path.is_file())
    if again or _verified.get(folder.resolve()) != (manifest.digest, stats):
        check_digests(folder, manifest.files)
        _verified[folder.resolve()] = (manifest.digest, stats)
    return ModelFiles(folder, manifest)


def write_model(
    target: Path,
    *,
    name: str,
    source: str,
    licence: str,
    notice: str,
    architecture: Architecture,
    tensors: Iterable[tuple[str, Array]],
    dtype: str,
    tokenizer: Mapping[str, bytes],
    terms: bytes | None = None,
) -> ModelFiles:
    """Write a model folder in our layout and return it; it appears under its name only when complete.

    `tensors` yields every tensor of the architecture under its Hugging Face name; `dtype` is a safetensors name
    (`F32`, `BF16`); `tokenizer` gives the tokenizer's files by name, `terms` the licence as a page, if it came along.
    """
    with staged_folder(target) as stage:
        for file, data in tokenizer.items():
            (stage / file).write_bytes(data)
        tokens = load_tokenizer(stage)
        if tokens.vocab_size > architecture.vocab_size:
            raise DataError(f"{source}: {tokens.vocab_size} tokens but only {architecture.vocab_size} embeddings")
        torch_dtype = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}[dtype]
        config = architecture.to_config(torch_dtype, tokens.eos_ids, tokens.bos_id, tokens.pad_id)
        (stage / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        (stage / NOTICE).write_text(notice + "\n")
        if terms is not None:
            (stage / TERMS).write_bytes(terms)
        write_tensors(stage / WEIGHTS, architecture.shapes(), tensors, dtype)
        files = digest_files(stage)
        manifest = ModelManifest(
            name=name,
            family=architecture.family,
            parameters=architecture.parameters,
            source=source,
            licence=licence,
            files=files,
            digest=digest_value(files),
        )
        write_format(stage / MANIFEST, manifest)
    return verify_model(target)


def fetch(name: str, home: Path, *, path: Path | None = None, progress: Progress | None = None) -> ModelFiles:
    """Return a base model by name, converting it at the first call; a later call checks its digests.

    `path` names a local Hugging Face or Kaggle folder to take the weights from. Raises ConfigError for an unknown
    name, MissingError with what to do when the weights are nowhere, DigestError when a file changed on disk.
    """
    base, target = _named(name, path), home / "models" / name
    if not (target / MANIFEST).is_file():
        with _waiting_lock(home / "models" / f".{name}.lock"):
            if not (target / MANIFEST).is_file():
                say = progress or _log.info
                say(base.notice)
                say(f"converting {name} into {target} (once)")
                _convert(base, target, path, say)
    found = verify_model(target)
    if path is not None and not found.manifest.source.endswith(f" {path.resolve()}"):
        raise ConfigError(
            f"{name} was converted before, from {found.manifest.source}, not from {path}; use it without a path, or "
            f"remove {target} to convert it anew"
        )
    return found


def _named(name: str, path: Path | None) -> BaseModel:
    if name not in BASE_MODELS:
        raise ConfigError(f"unknown base model {name!r}; expected one of {', '.join(BASE_MODELS)}")
    if path is not None and name == "nano":
        raise ConfigError(f"nano is made from a seed and takes no path (found {path}); leave the path out")
    return BASE_MODELS[name]


def outline(name: str, home: Path, *, path: Path | None = None) -> Outline:
    """Return the sizes and the tokenizer of a base model; one that is not here yet is neither converted nor downloaded.

    The tokenizer of one that a package ships is kept under `home`, since it takes seconds to read.
    `path` is that of `fetch`, whose errors are raised; MissingError, too, for a model that would be downloaded.
    """
    from tunix_rt.train import model_sources

    base = _named(name, path)
    if (home / "models" / name / MANIFEST).is_file():
        files = fetch(name, home, path=path)
        return Outline(files.architecture, load_tokenizer(files.folder))
    if name == "nano":
        return model_sources.outline_of_nano()
    if path is not None:
        return model_sources.outline_of_folder(base, path)
    if base.repository is None:
        return model_sources.outline_of_package(base, home / "cache" / "tokenizers")
    raise MissingError(f"{name} is not on this machine; fetch it first: `tunix-rt models fetch {name}`")


def _convert(base: BaseModel, target: Path, path: Path | None, say: Progress) -> None:
    from tunix_rt.train import model_sources

    if base.name == "nano":
        model_sources.make_nano(base, target)
    elif path is not None:
        model_sources.from_folder(base, target, path)
    elif base.repository is None:
        model_sources.from_package(base, target)
    else:
        model_sources.from_hub(base, target, say)
