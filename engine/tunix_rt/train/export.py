"""Export a trained model in forms that other tools load, each checked by loading it again. It knows no training.

    merged        the whole model, LoRA merged, as Hugging Face loads it
    peft          the LoRA adapter alone, as PEFT loads it
    orbax         the whole model, LoRA merged, as Tunix loads it

An export counts only if the model read back from it writes the same greedy tokens as the model it was made from.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from flax import nnx

from tunix_rt.architecture import read_config
from tunix_rt.config import LoRAConfig
from tunix_rt.errors import ConfigError, ExportError
from tunix_rt.formats import MANIFEST, Format, digest_files, digest_value, staged_folder, write_format
from tunix_rt.run_folder import RunDir
from tunix_rt.sampling import Completion, SamplingConfig
from tunix_rt.trace import CONTRACT_DIGEST, CONTRACT_VERSION, END_OF_TURN, PROMPT_PREFIX, START_OF_TURN, render_prompt
from tunix_rt.train.adapter import load_adapter, put_weights, read_adapter
from tunix_rt.train.base_models import CONFIG, NOTICE, TERMS, WEIGHTS
from tunix_rt.train.huggingface_names import lora_from_peft, merged_tensors, merged_weights, peft_tensors
from tunix_rt.train.model import LoadedModel, add_lora, load_model, read_model, tunix_config
from tunix_rt.train.orbax_format import load_state, save_state
from tunix_rt.train.safetensors_file import read_tensors, write_tensors
from tunix_rt.train.sampler import TunixRtSampler
from tunix_rt.train.tokenizer import CHARS_FILE, SENTENCEPIECE_FILE

ExportFormat = Literal["merged", "peft", "orbax"]

PARITY_TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Log-probabilities may differ this much, and tokens only where the best two lie closer than this."""

REFERENCE = "reference.json"

PARITY_QUESTIONS = (
    "What is 3 + 4?",
    "What is 12 - 5?",
    "Which is larger, 17 or 71?",
    "How many letters are in the word house?",
    "What day comes after Tuesday?",
    "Sort these numbers: 9, 2, 5.",
    "How many minutes are in 2 hours?",
    "What comes next: 2, 4, 6, 8?",
    "Tom has 5 apples and eats 2. How many are left?",
    "Write the word cat backwards.",
    "What is half of 10?",
    "Is 8 an even number?",
    "Name the first letter of the word table.",
    "What is 6 times 3?",
    "Anna is older than Ben. Who is younger?",
    "At which temperature does water freeze, in degrees Celsius?",
)
"""Sixteen questions for the check, short so that it is cheap."""


class Parity(Format):
    """How the model read back compares with the model it was made from."""

    prompts: int
    """Prompts completed greedily by both."""
    tokens: int
    """Tokens compared."""
    ties: int
    """Prompts on which both part at a token whose best two candidates were equally likely, within the tolerance."""
    largest_difference: float
    """Largest difference of the log-probability of a token."""


class ExportManifest(Format):
    """What an export holds; written last."""

    format_version: Literal[1] = 1
    """Version of this format."""
    format: ExportFormat
    """`merged`, `peft` or `orbax`."""
    base_model: str
    """Name of the base model."""
    base_digest: str
    """Its digest."""
    source: str | None
    """Digest of the adapter that was exported, if the caller named it."""
    dtype: str
    """Type of the weights in it."""
    contract_digest: str = CONTRACT_DIGEST
    """The prompt contract that the model was trained under."""
    parity: Parity
    """The check that was passed."""
    seconds: float
    """Time to write and check it."""
    files: dict[str, str]
    """Digest of every file."""
    digest: str
    """Digest over `files`."""

    @property
    def note(self) -> str:
        """The check in words."""
        checked = self.parity
        return (
            f"read back, the same greedy tokens on {checked.prompts} prompts ({checked.tokens} tokens, "
            f"{checked.ties} ties, log-probabilities within {checked.largest_difference:.0e}), {self.seconds:.0f} s"
        )


class Reference(Format):
    """What the model that is exported writes."""

    asked: str
    """Digest of the trained weights and the questions: it is made again when one of them changes."""
    prompts: list[str]
    """Rendered prompts."""
    prompt_ids: list[list[int]] = []
    """Their tokens, begin of text included: with these, other code can write the completions again."""
    max_new_tokens: int
    """Longest completion, in tokens."""
    completions: list[Completion]
    """Greedy, with log-probabilities."""


def export_model(
    run: RunDir,
    base: LoadedModel,
    name: ExportFormat,
    *,
    prompts: Sequence[str] = PARITY_QUESTIONS,
    max_new_tokens: int = 24,
) -> ExportManifest:
    """Write `exports/<name>` of a run from its adapter; the folder appears only once it has passed its check.

    `base` is the base model that the run trained, `prompts` the questions of the check. Raises ConfigError for format
    peft after full fine-tuning, ExportError if the model read back differs.
    """
    adapter = read_adapter(run.adapter)
    model = load_adapter(run.adapter, base)
    asked = digest_value([adapter.digest, list(prompts), max_new_tokens])
    known = run.exports / REFERENCE
    reference = Reference.read(known) if known.is_file() else None
    if reference is None or reference.asked != asked or not reference.prompt_ids:
        reference = make_reference(model, base, adapter.lora, prompts, max_new_tokens, asked=asked)
        write_format(known, reference)
    return export(model, base, run.exports / name, name, lora=adapter.lora, reference=reference, source=adapter.digest)


def make_reference(
    model: nnx.Module,
    base: LoadedModel,
    lora: LoRAConfig | None,
    prompts: Sequence[str] = PARITY_QUESTIONS,
    max_new_tokens: int = 24,
    *,
    asked: str = "",
) -> Reference:
    """Return the greedy completions that every export of a model must give again."""
    rendered = [render_prompt(prompt) for prompt in prompts]
    completions = _complete(model, base, lora, rendered, max_new_tokens)
    ids = [[base.tokenizer.bos_id, *tokens] for tokens in base.tokenizer.encode_batch(rendered)]
    return Reference(
        asked=asked, prompts=rendered, prompt_ids=ids, max_new_tokens=max_new_tokens, completions=completions
    )


def export(
    model: nnx.Module,
    base: LoadedModel,
    target: Path,
    name: ExportFormat,
    *,
    lora: LoRAConfig | None,
    reference: Reference,
    source: str | None = None,
) -> ExportManifest:
    """Write a model in one format into the folder `target`, read it back, and keep it only if it is the same model.

    `lora` is the shape of the adapter in `model`; None: there is none, all weights were trained.
    """
    if lora is None and name == "peft":
        raise ConfigError("format peft needs a LoRA adapter; this model was trained in full: use merged or orbax")
    started = time.monotonic()
    with staged_folder(target, replace=True) as stage:
        _WRITERS[name](stage, model, base, lora)
        _write_common(stage, base)
        _write_tokenizer(stage, base)
        files = digest_files(stage)
        loaded, shape = _READERS[name](stage, base)
        found = _complete(loaded, base, shape, reference.prompts, reference.max_new_tokens)
        del loaded
        gc.collect()
        manifest = ExportManifest(
            format=name,
            base_model=base.files.name,
            base_digest=base.files.digest,
            source=source,
            dtype=base.dtype,
            parity=compare_completions(reference.completions, found, PARITY_TOLERANCE[base.dtype], f"export {name}"),
            seconds=round(time.monotonic() - started, 2),
            files=files,
            digest=digest_value(files),
        )
        write_format(stage / MANIFEST, manifest)
    return manifest


def _complete(
    model: Any, base: LoadedModel, lora: LoRAConfig | None, prompts: Sequence[str], max_new_tokens: int
) -> list[Completion]:
    sampler = TunixRtSampler(model, base.tokenizer, lora=lora, max_rows=len(prompts), with_logps=True)
    return sampler.generate(prompts, SamplingConfig(max_new_tokens=max_new_tokens))


def compare_completions(
    expected: Sequence[Completion], found: Sequence[Completion], tolerance: float, what: str
) -> Parity:
    """Return how two lists of greedy completions compare; raise ExportError at a difference that is no tie.

    Up to the first token that differs, every log-probability must agree within the tolerance. At that token the two
    models saw the same text, so that nearly equal log-probabilities of two tokens mean a tie, not another model.
    """
    tokens, ties, largest = 0, 0, 0.0
    for index, (ours, theirs) in enumerate(zip(expected, found, strict=True)):
        pairs = zip(ours.token_ids, theirs.token_ids, ours.logps or (), theirs.logps or (), strict=False)
        parted = False
        for place, (token, other, logp, other_logp) in enumerate(pairs):
            tokens, parted = tokens + 1, token != other
            largest = max(largest, abs(logp - other_logp))
            if not abs(logp - other_logp) <= tolerance:
                raise ExportError(
                    f"{what}: prompt {index}, token {place}: expected {token} with log-probability {logp:.5f}, "
                    f"the model read back wrote {other} with {other_logp:.5f}; the export was not kept"
                )
            if parted:
                ties += 1
                break
        if not parted and len(ours.token_ids) != len(theirs.token_ids):
            raise ExportError(f"{what}: prompt {index} ended after another number of tokens; the export was not kept")
    return Parity(prompts=len(expected), tokens=tokens, ties=ties, largest_difference=largest)


# --- What every export has ---------------------------------------------------------------------------------------


def _write_common(stage: Path, base: LoadedModel) -> None:
    notice = f"{base.files.notice}Modified: fine-tuned with tunix-rt from {base.files.name} ({base.files.digest}).\n"
    (stage / NOTICE).write_text(notice)
    if (base.files.folder / TERMS).is_file():
        (stage / TERMS).write_bytes((base.files.folder / TERMS).read_bytes())
    contract = {
        "version": CONTRACT_VERSION,
        "digest": CONTRACT_DIGEST,
        "prompt": render_prompt("{prompt}"),
        "completion": "<reasoning>\n{step}\n{step}\n</reasoning>\n<answer>{answer}</answer>" + END_OF_TURN,
    }
    (stage / "prompt_contract.json").write_text(json.dumps(contract, indent=2) + "\n")


def _write_tokenizer(stage: Path, base: LoadedModel) -> None:
    tokenizer = base.tokenizer
    for name in (SENTENCEPIECE_FILE, CHARS_FILE):
        if (base.files.folder / name).is_file():
            (stage / name).write_bytes((base.files.folder / name).read_bytes())
    if (stage / SENTENCEPIECE_FILE).is_file():
        # The template writes the prompt contract, so that apply_chat_template gives the text the model was trained on.
        template = (
            "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
            f"{{{{ {json.dumps(PROMPT_PREFIX)} + message['content'] + {json.dumps(END_OF_TURN + chr(10))} }}}}"
            f"{{% else %}}{{{{ {json.dumps(START_OF_TURN + 'model' + chr(10))} + message['content'] + "
            f"{json.dumps(END_OF_TURN + chr(10))} }}}}{{% endif %}}{{% endfor %}}"
            f"{{% if add_generation_prompt %}}{{{{ {json.dumps(START_OF_TURN + 'model' + chr(10))} }}}}{{% endif %}}"
        )
        config = {
            "tokenizer_class": "GemmaTokenizer",
            "add_bos_token": True,
            "add_eos_token": False,
            "bos_token": tokenizer.piece(tokenizer.bos_id),
            "eos_token": tokenizer.piece(tokenizer.eos_id),
            "pad_token": tokenizer.piece(tokenizer.pad_id),
            "unk_token": "<unk>",
            "clean_up_tokenization_spaces": False,
            "spaces_between_special_tokens": False,
            "model_max_length": base.files.architecture.max_positions,
            "chat_template": template,
        }
        (stage / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


# --- merged ------------------------------------------------------------------------------------------------------


def _write_merged(stage: Path, model: nnx.Module, base: LoadedModel, lora: LoRAConfig | None) -> None:
    architecture, tokenizer = base.files.architecture, base.tokenizer
    kind = "BF16" if base.dtype == "bfloat16" else "F32"
    write_tensors(stage / WEIGHTS, architecture.shapes(), merged_tensors(model, lora), kind)
    config = architecture.to_config(base.dtype, tokenizer.eos_ids, tokenizer.bos_id, tokenizer.pad_id)
    (stage / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    generation = {
        "bos_token_id": tokenizer.bos_id,
        "eos_token_id": list(tokenizer.eos_ids),
        "pad_token_id": tokenizer.pad_id,
        "do_sample": False,
    }
    (stage / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def _read_merged(stage: Path, base: LoadedModel) -> tuple[nnx.Module, None]:
    architecture = read_config(json.loads((stage / CONFIG).read_bytes()), str(stage))
    return read_model(stage, architecture, tunix_config(architecture, base.dtype), base.mesh, base.dtype), None


# --- PEFT --------------------------------------------------------------------------------------------------------

PEFT_WEIGHTS, PEFT_CONFIG = "adapter_model.safetensors", "adapter_config.json"


def _write_peft(stage: Path, model: nnx.Module, base: LoadedModel, lora: LoRAConfig | None) -> None:
    assert lora is not None  # export_model refuses the other case
    tensors = dict(peft_tensors(model))
    write_tensors(
        stage / PEFT_WEIGHTS, {name: tensor.shape for name, tensor in tensors.items()}, tensors.items(), "F32"
    )
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base.files.name,
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": 0.0,
        "target_modules": sorted(lora.modules),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
    (stage / PEFT_CONFIG).write_text(json.dumps(config, indent=2) + "\n")


def _read_peft(stage: Path, base: LoadedModel) -> tuple[nnx.Module, LoRAConfig]:
    config = json.loads((stage / PEFT_CONFIG).read_bytes())
    lora = LoRAConfig(rank=config["r"], alpha=config["lora_alpha"], modules=tuple(config["target_modules"]))
    model = add_lora(load_model(base.files, dtype=base.dtype, mesh=base.mesh).model, lora)
    put_weights(model, lora_from_peft(model, read_tensors(stage / PEFT_WEIGHTS)), str(stage))
    return model, lora


# --- Orbax -------------------------------------------------------------------------------------------------------


def _write_orbax(stage: Path, model: nnx.Module, base: LoadedModel, lora: LoRAConfig | None) -> None:
    save_state(stage, merged_weights(model, lora), base.files.architecture)


def _read_orbax(stage: Path, base: LoadedModel) -> tuple[nnx.Module, None]:
    return load_state(str(stage), base.mesh, base.dtype), None


_WRITERS: dict[ExportFormat, Callable[[Path, nnx.Module, LoadedModel, LoRAConfig | None], None]] = {
    "merged": _write_merged,
    "peft": _write_peft,
    "orbax": _write_orbax,
}
_READERS: dict[ExportFormat, Callable[[Path, LoadedModel], tuple[nnx.Module, LoRAConfig | None]]] = {
    "merged": _read_merged,
    "peft": _read_peft,
    "orbax": _read_orbax,
}
