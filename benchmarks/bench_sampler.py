"""Generation beside Tunix's own sampler, in one run: speed, memory, and whether the tokens are the same.

`make bench-sampler` generates greedily in float32 from prompts of mixed length. Each variant runs alone in a fresh
process. Tunix gets what a careful user gives it: prompts sorted by length, batches padded to a multiple of 64, a cache
of exactly the size needed, several batch sizes of which the best counts. A machine's speed wanders within minutes, so
ours runs before and after each of them, and the median counts (the slower of two). Loading, making our decoding
weights and compiling are timed apart. It knows the samplers only from outside.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from variants import Result, Variants, best_seconds, gflops_ceiling, keep_defaults_of_jax, peak_mib, say

TARGETS = {"speed": 3.0, "memory": 0.5}
"""Tokens a second at least, peak memory at most, as multiples of Tunix's best."""
TIE = 1e-4
"""Two logits this close may change places: sums in another order differ by about as much."""


def count_compilation() -> list[float]:
    """Return a list that gets the seconds of every compilation of this process from now on."""
    import jax

    seconds: list[float] = []

    def listen(event: str, duration: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            seconds.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    return seconds


def load(job: Result) -> Any:
    """Return the model of the benchmark, in float32."""
    from tunix_rt.train.base_models import fetch
    from tunix_rt.train.model import load_model

    return load_model(fetch(job["model"], Path(job["home"]), progress=say), dtype="float32")


def prepare(job: Result) -> Result:
    """Make the prompts, and measure what the machine can do at most."""
    import jax
    import jax.numpy as jnp

    from tunix_rt import tasks

    base = load(job)
    say("  making prompts from our tasks, measuring ceilings …")
    worked = [
        f"{item.prompt}\n"
        + "".join(f"{step.content}\n" for step in item.trace.steps)
        + f"{item.trace.final_answer}\n\n"
        for item in tasks.load("dev-reasoning-v1").items
        if item.trace is not None
    ]
    draw = random.Random(0)
    prompts = []
    for _ in range(job["prompts"]):
        length = draw.randint(job["shortest"], job["longest"]) - 1
        ids: list[int] = []
        while len(ids) < length:
            ids += base.tokenizer.encode(draw.choice(worked))
        text = base.tokenizer.decode(ids[-length:])
        while len(base.tokenizer.encode(text)) > length:  # a text cut elsewhere may take another token or two
            text = text[1:]
        prompts.append(text)
    config = base.config
    heads = config.num_heads + 2 * config.num_kv_heads
    layer = config.embed_dim * (config.head_dim * (heads + config.num_heads) + 3 * config.hidden_dim)

    table = jnp.ones((160, 1024, 1024), jnp.float32)
    total = jax.jit(jnp.sum)
    return {
        "prompts": prompts,
        "ids": [[base.tokenizer.bos_id, *base.tokenizer.encode(prompt)] for prompt in prompts],
        "folder": str(base.files.folder),
        "eos": list(base.tokenizer.eos_ids),
        "forbidden": [base.tokenizer.pad_id, base.tokenizer.bos_id],
        "layer_weights": layer * config.num_layers,
        "head_weights": config.num_embed * config.embed_dim,
        "gflops_ceiling": gflops_ceiling(9),
        "bandwidth_ceiling": table.nbytes / best_seconds(lambda: total(table), 9) / 1e9,
    }


def ours(job: Result) -> Result:
    """Generate with our sampler."""
    from tunix_rt.sampling import SamplingConfig
    from tunix_rt.train.sampler import TunixRtSampler

    base = load(job)
    compilation = count_compilation()
    started = time.perf_counter()
    sampler = TunixRtSampler(base.model, base.tokenizer, max_rows=job["rows"])
    setup, setup_compilation = time.perf_counter() - started, sum(compilation)
    started = time.perf_counter()
    config = SamplingConfig(max_new_tokens=job["new_tokens"])

    first: list[float] = []

    def progress(done: int, total: int, tokens: int) -> None:
        first.append(time.perf_counter() - started - sum(compilation) + setup_compilation)
        say(f"  {done} of {total} prompts, {tokens} tokens, {time.perf_counter() - started:.0f} s")

    completions = sampler.generate(job["texts"], config, progress=progress)
    seconds = time.perf_counter() - started
    stats = sampler.stats
    return {
        "seconds": seconds,
        "compile_seconds": sum(compilation) - setup_compilation,
        "setup_seconds": setup,
        "peak_mib": peak_mib(),
        "tokens": [completion.token_ids for completion in completions],
        "first_token_seconds": first[0],
        "prefill_seconds": stats.prefill_seconds,
        "decode_seconds": stats.decode_seconds,
        "step_seconds": stats.step_seconds,
    }


def batches(lengths: Sequence[int], size: int) -> list[tuple[list[int], int]]:
    """Return batches of indices sorted by length, with the length that each is padded to."""
    order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    parts = [order[at : at + size] for at in range(0, len(order), size)]
    return [(part, -(-lengths[part[-1]] // 64) * 64) for part in parts]


def tunix(job: Result) -> Result:
    """Generate with Tunix's sampler in batches of one size."""
    from tunix.generate.sampler import CacheConfig, Sampler

    from tunix_rt.train.tokenizer import TunixTokenizer

    keep_defaults_of_jax()
    base = load(job)
    config, compilation = base.config, count_compilation()
    tokenizer, new = TunixTokenizer(base.tokenizer), job["new_tokens"]
    tokens: list[list[int]] = [[] for _ in job["texts"]]
    samplers: dict[int, Any] = {}
    first = 0.0
    started = time.perf_counter()
    for number, (part, length) in enumerate(batches([len(ids) for ids in job["ids"]], job["rows"])):
        if length not in samplers:
            cache = CacheConfig(length + new, config.num_layers, config.num_kv_heads, config.head_dim)
            samplers[length] = Sampler(base.model, tokenizer, cache)
        output = samplers[length](
            [job["texts"][index] for index in part],
            max_generation_steps=new,
            max_prompt_length=length,
            eos_tokens=job["eos"],
            forbidden_tokens=job["forbidden"],
        )
        for index, row in zip(part, output.tokens, strict=True):
            tokens[index] = [int(token) for token in row]
        now = time.perf_counter() - started
        first = first or now - sum(compilation)
        say(f"  batch {number + 1}, prompts of up to {length}: {now:.0f} s, {sum(compilation):.0f} s of it compiling")
    return {
        "seconds": time.perf_counter() - started,
        "compile_seconds": sum(compilation),
        "setup_seconds": 0.0,
        "peak_mib": peak_mib(),
        "tokens": tokens,
        "first_token_seconds": first,
    }


def hugging_face(job: Result) -> Result:
    """Generate with Hugging Face's `generate`, in a Python that has torch and transformers but not tunix-rt."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(os.cpu_count() or 1)
    model = AutoModelForCausalLM.from_pretrained(job["folder"], dtype=torch.float32).eval()
    tokens: list[list[int]] = [[] for _ in job["ids"]]
    first = 0.0
    started = time.perf_counter()
    for number, (part, _) in enumerate(batches([len(ids) for ids in job["ids"]], job["rows"])):
        rows = [job["ids"][index] for index in part]
        length = max(map(len, rows))
        padded = torch.tensor([[0] * (length - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (length - len(row)) + [1] * len(row) for row in rows])
        with torch.inference_mode():
            output = model.generate(
                padded, attention_mask=mask, do_sample=False, max_new_tokens=job["new_tokens"], eos_token_id=job["eos"],
                pad_token_id=job["forbidden"][0], suppress_tokens=job["forbidden"],
            )  # fmt: skip
        for index, row in zip(part, output[:, length:].tolist(), strict=True):
            tokens[index] = [token for token in row if token != job["forbidden"][0]]
        first = first or time.perf_counter() - started
        say(f"  batch {number + 1}: {time.perf_counter() - started:.0f} s")
    return {
        "seconds": time.perf_counter() - started,
        "compile_seconds": 0.0,
        "setup_seconds": 0.0,
        "peak_mib": peak_mib(),
        "tokens": tokens,
        "first_token_seconds": first,
    }


def check(job: Result) -> Result:
    """Score every first difference with Tunix's model: a tie of the two best logits, or a wrong token."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    from flax import nnx

    base = load(job)

    @nnx.jit
    def last_logits(model: Any, tokens: jax.Array, at: jax.Array) -> jax.Array:
        length = tokens.shape[1]
        mask = jnp.tril(jnp.ones((1, length, length), bool))
        logits, _ = model(tokens, jnp.arange(length)[None], None, mask)
        return logits[0, at]

    same, ties, wrong = 0, 0, 0
    for index, (generated, theirs) in enumerate(zip(job["mine"], job["theirs"], strict=True)):
        ended = bool(generated) and generated[-1] in job["eos"]
        mine = generated[:-1] if ended else generated  # Tunix's sampler drops the end token
        at = next((at for at, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]), None)
        at = min(len(mine), len(theirs)) if at is None else at
        if at == len(mine) == len(theirs):
            same += 1
            continue
        ids = job["ids"][index] + mine[:at]
        padded = np.zeros((1, -(-len(ids) // 64) * 64), np.int32)
        padded[0, : len(ids)] = ids
        logits = np.array(last_logits(base.model, jnp.asarray(padded), len(ids) - 1))
        logits[job["forbidden"]] = -np.inf
        best = np.sort(logits)[-2:]
        tie = float(best[1] - best[0])
        ties, wrong = ties + (tie <= TIE), wrong + (tie > TIE)
        say(f"  prompt {index}, token {at}: the two best logits are {tie:.1e} apart")
    return {"same": same, "ties": ties, "wrong": wrong}


VARIANTS = Variants(
    __file__, {"prepare": prepare, "ours": ours, "tunix": tunix, "hugging_face": hugging_face, "check": check}
)


def tokens_per_second(result: Result) -> float:
    """Return the speed of a variant without its compiling."""
    return sum(map(len, result["tokens"])) / (result["seconds"] - result["compile_seconds"])


def figures(result: Result, made: Result, prompt_tokens: int) -> Result:
    """Return what the table shows of a variant."""
    tokens = sum(len(row) for row in result["tokens"])
    busy = result["seconds"] - result["compile_seconds"]
    flops = 2 * (prompt_tokens + tokens) * made["layer_weights"] + 2 * tokens * made["head_weights"]
    return {
        "tokens": tokens,
        "seconds": round(result["seconds"], 1),
        "compile_seconds": round(result["compile_seconds"], 1),
        "tokens_per_second": round(tokens_per_second(result), 1),
        "tokens_per_second_with_compilation": round(tokens / (result["seconds"] + result["setup_seconds"]), 1),
        "setup_seconds": round(result["setup_seconds"], 1),
        "first_token_seconds": round(result["first_token_seconds"], 2),
        "peak_mib": round(result["peak_mib"]),
        "matmul_share": round(flops / busy / made["gflops_ceiling"] / 1e9, 3),
    }


def main() -> None:
    """Run every variant, print a table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="gemma3-270m")
    options.add_argument("--prompts", type=int, default=128)
    options.add_argument("--new-tokens", type=int, default=96)
    options.add_argument("--shortest", type=int, default=16, help="tokens of the shortest prompt")
    options.add_argument("--longest", type=int, default=384, help="tokens of the longest prompt")
    options.add_argument("--rows", type=int, default=64, help="our batch")
    options.add_argument("--tunix-batches", default="8,16,32", help="batch sizes to try with Tunix's sampler")
    chosen = VARIANTS.parse(options)
    home = os.environ.get("TUNIX_RT_HOME") or ".tunix_rt"
    job: Result = {name: getattr(chosen, name) for name in ("model", "prompts", "new_tokens", "shortest", "longest")}
    job |= {"home": home, "rows": chosen.rows}
    say(f"{chosen.model}: preparing")
    made = VARIANTS.run("prepare", job)
    job |= {"texts": made["prompts"], **{name: made[name] for name in ("ids", "folder", "eos", "forbidden")}}
    prompt_tokens = sum(len(ids) for ids in made["ids"])
    results: dict[str, Result] = {}
    say(f"tunix-rt, up to {chosen.rows} rows")
    runs = [VARIANTS.run("ours", job)]
    for batch in map(int, chosen.tunix_batches.split(",")):
        say(f"Tunix, batch {batch}")
        results[f"tunix, batch {batch}"] = VARIANTS.run("tunix", job | {"rows": batch})
        say("tunix-rt again")
        runs.append(VARIANTS.run("ours", job))
    runs.sort(key=tokens_per_second, reverse=True)
    mine = runs[len(runs) // 2]
    if any(run["tokens"] != mine["tokens"] for run in runs):
        raise SystemExit("ours drew other tokens in another run")
    results = {"tunix-rt": mine | {"peak_mib": max(run["peak_mib"] for run in runs)}} | results
    side = os.environ.get("TUNIX_RT_SIDE_PYTHON")
    if side:
        say("Hugging Face generate, batch 16")
        results["hugging face, batch 16"] = VARIANTS.run("hugging_face", job | {"rows": 16}, side)
    else:
        say("SKIPPED: Hugging Face generate. Set TUNIX_RT_SIDE_PYTHON to a Python with torch and transformers.")
    shown = {name: figures(result, made, prompt_tokens) for name, result in results.items()}
    best = max((name for name in shown if name.startswith("tunix,")), key=lambda name: shown[name]["tokens_per_second"])
    say(f"comparing tokens with {best}")
    same = VARIANTS.run("check", job | {"mine": mine["tokens"], "theirs": results[best]["tokens"]})
    report(chosen, made, runs, shown, best, same)


def report(
    chosen: argparse.Namespace, made: Result, runs: list[Result], shown: dict[str, Result], best: str, same: Result
) -> None:
    """Print the table and the JSON line; `runs` are ours, fastest first."""
    mine = runs[len(runs) // 2]
    speeds = [round(tokens_per_second(run), 1) for run in runs]
    columns = {
        "tokens/s": "tokens_per_second",
        "with all that": "tokens_per_second_with_compilation",
        "seconds": "seconds",
        "set-up": "setup_seconds",
        "compiling": "compile_seconds",
        "first token s": "first_token_seconds",
        "peak MiB": "peak_mib",
        "of matmul": "matmul_share",
    }
    lengths = [len(ids) for ids in made["ids"]]
    print(
        f"{chosen.model}, float32, greedy: {len(lengths)} prompts of {min(lengths)} to {max(lengths)} tokens,"
        f" up to {chosen.new_tokens} new tokens each"
    )
    print(f"{'':24}" + "".join(f"{name:>16}" for name in columns))
    for name, row in shown.items():
        print(f"{name:24}" + "".join(f"{row[key]:>16,}" for key in columns.values()))
    ours_row, best_row = shown["tunix-rt"], shown[best]
    speed = ours_row["tokens_per_second"] / best_row["tokens_per_second"]
    cold = ours_row["tokens_per_second_with_compilation"] / best_row["tokens_per_second_with_compilation"]
    memory = ours_row["peak_mib"] / best_row["peak_mib"]
    bandwidth = 4 * (made["layer_weights"] + made["head_weights"]) / mine["step_seconds"] / 1e9
    share = bandwidth / made["bandwidth_ceiling"]
    print(f"ours in {len(runs)} runs: {', '.join(map(str, speeds))} tokens/s; the median counts")
    print(
        f"ceilings of this machine: {made['gflops_ceiling']:.0f} GFLOP/s float32 matrix product,"
        f" {made['bandwidth_ceiling']:.0f} GB/s read;"
        f" a step of ours takes {mine['step_seconds'] * 1e3:.0f} ms, so it reads weights at {bandwidth:.0f} GB/s,"
        f" {share:.0%} of that"
    )
    print(
        f"against {best}: {speed:.2f} x tokens/s (target {TARGETS['speed']}), {cold:.2f} x with set-up and compiling,"
        f" {memory:.2f} x peak memory (target {TARGETS['memory']})"
    )
    print(f"tokens: {same['same']} prompts identical, {same['ties']} part at a tie, {same['wrong']} wrong")
    summary = {
        "model": chosen.model,
        "prompts": len(lengths),
        "prompt_tokens": sum(lengths),
        "variants": shown,
        "runs_tokens_per_second": speeds,
        "best_tunix": best,
        "speed_ratio": round(speed, 2),
        "speed_ratio_with_compilation": round(cold, 2),
        "memory_ratio": round(memory, 3),
        "identical": same["same"],
        "ties": same["ties"],
        "wrong": same["wrong"],
        "first_token_seconds": ours_row["first_token_seconds"],
        "gflops_ceiling": round(made["gflops_ceiling"]),
        "bandwidth_ceiling_gb_s": round(made["bandwidth_ceiling"], 1),
        "matmul_share": ours_row["matmul_share"],
        "bandwidth_share": round(share, 3),
        "hugging_face": "hugging face, batch 16" in shown,
        "targets_met": speed >= TARGETS["speed"] and memory <= TARGETS["memory"] and same["wrong"] == 0,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
