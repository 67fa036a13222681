"""Fine-tuning beside Tunix's own loop, in one run: useful tokens a second, peak memory, share of the matrix speed.

`make bench-sft` trains LoRA weights of rank 16 in float32 on GSM8K's training rows under the prompt contract. Each
variant runs alone in a fresh process, on the same rows, with AdamW; compilation is timed apart. Tunix gets its own
PeftTrainer, its default loss, Qwix's LoRA and rows padded to 512, at several batch sizes of which the best counts. A
useful token is one of a trace: prompt or completion, no filler. It knows the trainers only from outside.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from variants import OutOfMemory, Result, Variants, gflops_ceiling, keep_defaults_of_jax, peak_mib, say

TARGETS = {"speed": 3.0, "memory": 0.6}
"""Useful tokens a second at least, peak memory at most, as multiples of Tunix's best."""
LENGTH = 512
RANK, ALPHA, LEARNING_RATE = 16, 32.0, 1e-4
DATA = Path(__file__).parents[2] / "shared" / "data" / "gsm8k-train.jsonl"
LOGITS_GIB = 4 * LENGTH * 262_144 / 2**30
"""One float32 array of logits of one padded row; Tunix's default loss holds several."""


def generate_rows(path: Path, count: int) -> None:
    """Write rows in the schema and about the length of GSM8K, for a clone without the data set."""
    draw = random.Random(0)
    with path.open("w") as stream:
        for _ in range(count):
            numbers = [draw.randint(2, 90) for _ in range(draw.randint(2, 6))]
            total, lines = 0, []
            for number in numbers:
                lines.append(
                    f"Then {number} more letters come in, which makes {total} + {number} = "
                    f"<<{total}+{number}={total + number}>>{total + number} letters on the table."
                )
                total += number
            days = ", ".join(f"{number} letters on day {day}" for day, number in enumerate(numbers, 1))
            question = f"A small office by the river gets {days}. How many letters does it get in all these days?"
            stream.write(json.dumps({"question": question, "answer": "\n".join([*lines, f"#### {total}"])}) + "\n")


def prepare(job: Result) -> Result:
    """Encode the rows, and measure what the machine can do at most."""
    import jax

    from tunix_rt.importers import read
    from tunix_rt.trace import ReasoningTrace
    from tunix_rt.train.base_models import fetch
    from tunix_rt.train.batches import encode, fitting
    from tunix_rt.train.tokenizer import load_tokenizer

    files = fetch(job["model"], Path(job["home"]), progress=say)
    tokenizer = load_tokenizer(files.folder)
    traces = [trace for _, trace in read(Path(job["data"])) if isinstance(trace, ReasoningTrace)]
    random.Random(0).shuffle(traces)
    examples, left_out = fitting(encode(traces[: job["rows"]], tokenizer), LENGTH, drop=True)
    return {
        "folder": str(files.folder),
        "tokens": [example.tokens.tolist() for example in examples],
        "prompts": [example.prompt_length for example in examples],
        "left_out": len(left_out),
        "pad": tokenizer.pad_id,
        "gflops_ceiling": gflops_ceiling(15),
        "device": jax.devices()[0].device_kind,
    }


def examples_of(job: Result) -> list[Any]:
    """Return the rows as our trainer takes them."""
    import numpy as np

    from tunix_rt.train.batches import Example

    pairs = zip(job["tokens"], job["prompts"], strict=True)
    return [Example(str(at), np.array(tokens, np.int32), prompt) for at, (tokens, prompt) in enumerate(pairs)]


def timed(step: Callable[[Any], Any], batches: Iterator[tuple[Any, list[int]]], job: Result) -> Result:
    """Run one step that compiles and some that are timed; each batch says which rows it holds."""
    import jax
    from tunix.sft import sharding_utils

    def run(batch: Any) -> float:
        began = time.perf_counter()
        jax.block_until_ready(step(sharding_utils.shard_input(batch, ("fsdp",))))
        return time.perf_counter() - began

    first = run(next(batches)[0])
    seconds, held = [], []
    for _ in range(job["steps"]):
        batch, rows = next(batches)
        seconds.append(run(batch))
        held.append(rows)
        say(f"  step of {sum(len(job['tokens'][row]) for row in rows)} useful tokens: {seconds[-1]:.2f} s")
    return {"first_step_seconds": first, "step_seconds": seconds, "rows": held, "peak_mib": peak_mib()}


def ours(job: Result) -> Result:
    """Train with tunix-rt: packed rows, tiled loss, our LoRA."""
    from tunix_rt.config import LoRAConfig, SFTConfig
    from tunix_rt.run_folder import RunDir
    from tunix_rt.train.base_models import verify_model
    from tunix_rt.train.batches import PackedData
    from tunix_rt.train.feed import set_learning_rate
    from tunix_rt.train.memory import keep_pages
    from tunix_rt.train.model import add_lora, load_model
    from tunix_rt.train.sft import make_trainer

    keep_pages()
    base = load_model(verify_model(Path(job["folder"])), dtype="float32")
    lora = LoRAConfig(rank=RANK, alpha=ALPHA)
    config = SFTConfig(lora=lora, max_length=LENGTH, batch_size=job["batch"], accumulation=1)
    data = PackedData(examples_of(job), max_length=LENGTH, batch_size=job["batch"])

    def batches() -> Iterator[tuple[Any, list[int]]]:
        for number in range(1 + job["steps"]):
            yield data.batch(number), [int(name) for name in data.names(number)]

    with tempfile.TemporaryDirectory() as folder, base.mesh:
        trainer = make_trainer(config, RunDir(Path(folder)), add_lora(base.model, lora))
        set_learning_rate(trainer.optimizer, LEARNING_RATE)
        step, _ = trainer.compile_steps(base.mesh)
        return timed(step, batches(), job)


def tunix(job: Result) -> Result:
    """Train with Tunix as its own command line does: default loss, Qwix's LoRA, every row padded."""
    import numpy as np
    import optax
    import qwix
    from flax import nnx
    from tunix.sft import utils
    from tunix.sft.peft_trainer import PeftTrainer, TrainingConfig, TrainingInput

    from tunix_rt.train.base_models import verify_model
    from tunix_rt.train.model import load_model

    keep_defaults_of_jax()
    base = load_model(verify_model(Path(job["folder"])), dtype="float32")
    modules = ".*q_einsum|.*kv_einsum|.*gate_proj|.*down_proj|.*up_proj|.*attn_vec_einsum"
    provider = qwix.LoraProvider(module_path=modules, rank=RANK, alpha=ALPHA)
    model = qwix.apply_lora_to_model(base.model, provider, rngs=nnx.Rngs(0), **base.model.get_model_input())

    def inputs(batch: Any) -> dict[str, Any]:
        mask = batch.input_tokens != job["pad"]
        return {
            "input_tokens": batch.input_tokens,
            "input_mask": batch.input_mask,
            "positions": utils.build_positions_from_mask(mask),
            "attention_mask": utils.make_causal_attn_mask(mask),
        }

    def batches() -> Iterator[tuple[Any, list[int]]]:
        for number in range(1 + job["steps"]):
            rows = list(range(number * job["batch"], (number + 1) * job["batch"]))
            tokens = np.full((len(rows), LENGTH), job["pad"], np.int32)
            mask = np.zeros((len(rows), LENGTH), np.bool_)
            for place, row in enumerate(rows):
                length = len(job["tokens"][row])
                tokens[place, :length] = job["tokens"][row]
                mask[place, job["prompts"][row] : length] = True
            yield TrainingInput(input_tokens=tokens, input_mask=mask), rows

    with base.mesh:
        trainer = PeftTrainer(model, optax.adamw(LEARNING_RATE), TrainingConfig(eval_every_n_steps=10**9))
        step, _ = trainer.with_gen_model_input_fn(inputs).jit_train_and_eval_step(cache_nnx_graph=True)
        return timed(step, batches(), job)


def trl(job: Result) -> Result:
    """Train with TRL's SFTTrainer and PEFT, packed, in a Python that has them but not tunix-rt."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from tokenizers import Tokenizer, models
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(os.cpu_count() or 1)
    model = AutoModelForCausalLM.from_pretrained(job["folder"], dtype=torch.float32, attn_implementation="eager")
    words = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<pad>": 0, "<eos>": 1}, unk_token="<pad>")),
        pad_token="<pad>",
        eos_token="<eos>",
    )
    count = job["batch"] * (1 + job["steps"])
    rows = {
        "input_ids": job["tokens"][:count],
        "completion_mask": [
            [int(place >= prompt) for place in range(len(tokens))]
            for tokens, prompt in zip(job["tokens"][:count], job["prompts"], strict=False)
        ],
    }
    marks: list[float] = []

    class Clock(TrainerCallback):
        """Notes when each step ends."""

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            """Note it."""
            marks.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder, per_device_train_batch_size=job["batch"], max_steps=1 + job["steps"], max_length=LENGTH,
            learning_rate=LEARNING_RATE, use_cpu=True, bf16=False, report_to=[], save_strategy="no", logging_steps=1000,
            gradient_checkpointing=False, completion_only_loss=True, shuffle_dataset=False, disable_tqdm=True,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model, args=arguments, train_dataset=Dataset.from_dict(rows), processing_class=words,
            callbacks=[Clock()],
            peft_config=LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM"),
        )  # fmt: skip
        trainer._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(trainer.train_dataset)
        began = time.perf_counter()
        trainer.train()
    held = [list(range(at, at + job["batch"])) for at in range(job["batch"], count, job["batch"])]
    seconds = [after - before for before, after in itertools.pairwise(marks)]
    return {"first_step_seconds": marks[0] - began, "step_seconds": seconds, "rows": held, "peak_mib": peak_mib()}


VARIANTS = Variants(__file__, {"prepare": prepare, "ours": ours, "tunix": tunix, "trl": trl})


def useful_flops(job: Result, row: int) -> float:
    """Return the floating-point operations that one row needs, however it is computed.

    Of a token 4 P (P weights in the layers; forward, and the gradient of its inputs) and 12 n N H a layer for attention
    over a row of n tokens; of a trained token 4 V D more (logits, and the gradient of the hidden states). LoRA's own
    and everything that is not a matrix product are left out.
    """
    from tunix_rt.architecture import read_config
    from tunix_rt.train.plan import layer_parameters

    path = Path(job["folder"]) / "config.json"
    a = read_config(json.loads(path.read_text()), str(path))
    tokens, trained = len(job["tokens"][row]), len(job["tokens"][row]) - job["prompts"][row]
    attention = 12 * tokens * a.num_heads * a.head_dim * a.num_layers
    return float(tokens * (4 * layer_parameters(a) + attention) + trained * 4 * a.vocab_size * a.embed_dim)


def figures(result: Result, job: Result) -> Result:
    """Return what the table shows of a variant."""
    steps = [sum(len(job["tokens"][row]) for row in rows) for rows in result["rows"]]
    flops = [sum(useful_flops(job, row) for row in rows) for rows in result["rows"]]
    seconds = statistics.median(result["step_seconds"])
    return {
        "useful_tokens_per_second": round(statistics.fmean(steps) / seconds, 1),
        "useful_tokens_a_step": round(statistics.fmean(steps), 1),
        "step_seconds": round(seconds, 3),
        "first_step_seconds": round(result["first_step_seconds"], 1),
        "peak_mib": round(result["peak_mib"]),
        "flop_utilisation": round(statistics.fmean(flops) / seconds / job["gflops_ceiling"] / 1e9, 3),
    }


def available_gib() -> float:
    """Return the memory that is free for a new process."""
    text = Path("/proc/meminfo").read_text()
    return int(text.split("MemAvailable:")[1].split()[0]) / 2**20


def main() -> None:
    """Run every variant, print a table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="gemma3-270m")
    options.add_argument("--data", type=Path, default=DATA, help="rows in GSM8K's schema")
    options.add_argument("--rows", type=int, default=600, help="rows of the data that are used")
    options.add_argument("--steps", type=int, default=7, help="timed steps of each variant")
    options.add_argument("--batches", default="1,2", help="packed rows a step to try with ours")
    options.add_argument("--tunix-batches", default="1,2,4", help="padded rows a step to try with Tunix's loop")
    chosen = VARIANTS.parse(options)
    with tempfile.TemporaryDirectory() as folder:
        if not chosen.data.is_file():
            chosen.data = Path(folder) / "generated.jsonl"
            generate_rows(chosen.data, chosen.rows)
            say(f"GENERATED rows: {DATA} is not there, so rows of the same schema are made up; --data names a file")
        compare(chosen)


def compare(chosen: argparse.Namespace) -> None:
    """Run every variant and report."""
    job: Result = {"model": chosen.model, "data": str(chosen.data), "rows": chosen.rows, "steps": chosen.steps}
    job["home"] = os.environ.get("TUNIX_RT_HOME") or ".tunix_rt"
    say(f"{chosen.model}: preparing {chosen.data}")
    job |= VARIANTS.run("prepare", job)
    shown: dict[str, Result] = {}

    def add(name: str, variant: str, batch: int, python: str = sys.executable) -> None:
        say(name)
        try:
            shown[name] = figures(VARIANTS.run(variant, job | {"batch": batch}, python), job)
        except OutOfMemory:
            say(f"LEFT OUT: {name} needs more memory than this machine has")

    for batch in map(int, chosen.batches.split(",")):
        add(f"tunix-rt, {batch} packed", "ours", batch)
    for batch in map(int, chosen.tunix_batches.split(",")):
        name, needed = f"tunix, {batch} padded", 2.5 + 7 * batch * LOGITS_GIB
        if needed > available_gib():
            say(f"LEFT OUT: {name} would need about {needed:.0f} GiB; {available_gib():.0f} GiB are free")
        else:
            add(name, "tunix", batch)
    side = os.environ.get("TUNIX_RT_SIDE_PYTHON")
    known = side and subprocess.run([side, "-c", "import trl, peft, torch"], capture_output=True, check=False)
    if known and known.returncode == 0 and side:
        add("trl, 1 row", "trl", 1, side)
    else:
        say("SKIPPED: TRL. Set TUNIX_RT_SIDE_PYTHON to a Python with torch, peft and trl to time it.")
    report(chosen, job, shown)


def report(chosen: argparse.Namespace, job: Result, shown: dict[str, Result]) -> None:
    """Print the table and the JSON line."""

    def best(prefix: str) -> str:
        return max((n for n in shown if n.startswith(prefix)), key=lambda n: shown[n]["useful_tokens_per_second"])

    mine, theirs = best("tunix-rt,"), best("tunix,")
    lengths = [len(tokens) for tokens in job["tokens"]]
    trained = sum(len(t) - p for t, p in zip(job["tokens"], job["prompts"], strict=True)) / sum(lengths)
    columns = {
        "useful tokens/s": "useful_tokens_per_second",
        "tokens a step": "useful_tokens_a_step",
        "step s": "step_seconds",
        "first step s": "first_step_seconds",
        "peak MiB": "peak_mib",
        "FLOP utilisation": "flop_utilisation",
    }
    print(
        f"{chosen.model}, float32, LoRA rank {RANK}: {len(lengths)} rows of {min(lengths)} to {max(lengths)} tokens"
        f" (mean {statistics.fmean(lengths):.0f}, {trained:.0%} trained), {job['left_out']} longer left out"
    )
    print(f"{'':24}" + "".join(f"{name:>18}" for name in columns))
    for name, row in shown.items():
        print(f"{name:24}" + "".join(f"{row[key]:>18,}" for key in columns.values()))
    print(
        f"ceiling of this machine: {job['gflops_ceiling']:.0f} GFLOP/s, a float32 matrix product of 2048 x 2048 x 2048;"
        " utilisation: operations that the useful tokens need, 4 P + 12 n N H layers each and 4 V D for a trained one,"
        " by step time and ceiling"
    )
    speed = shown[mine]["useful_tokens_per_second"] / shown[theirs]["useful_tokens_per_second"]
    memory = shown[mine]["peak_mib"] / shown[theirs]["peak_mib"]
    print(
        f"{mine} against {theirs}: {speed:.2f} x useful tokens/s (target {TARGETS['speed']}),"
        f" {memory:.2f} x peak memory (target {TARGETS['memory']})"
    )
    summary = {
        "model": chosen.model,
        "device": job["device"],
        "data": Path(job["data"]).name,
        "examples": len(lengths),
        "mean_tokens": round(statistics.fmean(lengths), 1),
        "trained_share": round(trained, 3),
        "gflops_ceiling": round(job["gflops_ceiling"], 1),
        "variants": shown,
        "ours": mine,
        "best_tunix": theirs,
        "speed_ratio": round(speed, 2),
        "memory_ratio": round(memory, 3),
        "flop_utilisation": shown[mine]["flop_utilisation"],
        "trl": "trl, 1 row" in shown,
        "targets_met": speed >= TARGETS["speed"] and memory <= TARGETS["memory"],
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
