"""Reinforcement learning beside Tunix's own loop, in one run: rollouts, whole steps, memory, and the same tokens.

`make bench-rl` makes GRPO steps with a LoRA policy of rank 16 in float32 on GSM8K's questions under the prompt
contract. Each variant runs alone in a fresh process on the same prompts and lengths, both in Tunix's GRPOLearner. Tunix
gets its own rollout, its own loss, Qwix's LoRA and a reference that shares the base, the k3 penalty as ours, prompts
padded to the longest of them and no more, a cache of exactly the size needed, all rollouts in one batch, and several
micro-batches of which the best counts. The first step warms up; compiling is told apart. It knows the learners only
from outside.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_sampler import check, count_compilation
from bench_sft import DATA, available_gib, generate_rows
from variants import OutOfMemory, Result, Variants, gflops_ceiling, keep_defaults_of_jax, peak_mib, say

TARGETS = {"rollout": 3.0, "step": 2.0}
"""Rollout tokens a second, and steps a second, at least, as multiples of Tunix's best."""
RANK, ALPHA, LEARNING_RATE = 16, 32.0, 1e-5


def prepare(job: Result) -> Result:
    """Encode the prompts, and measure what the machine can do at most."""
    from tunix_rt.prompt import contract_form
    from tunix_rt.train.base_models import fetch
    from tunix_rt.train.plan import layer_parameters
    from tunix_rt.train.tokenizer import load_tokenizer

    files = fetch(job["model"], Path(job["home"]), progress=say)
    tokenizer, form = load_tokenizer(files.folder), contract_form()
    with Path(job["data"]).open() as stream:
        texts = [form.render(json.loads(line)["question"]) for line in stream]
    wanted = job["prompts"] * (1 + job["steps"])
    ids = [[tokenizer.bos_id, *row] for row in tokenizer.encode_batch(texts[: 4 * wanted])]
    fitting = [at for at, row in enumerate(ids) if len(row) <= job["longest"]][:wanted]
    if len(fitting) < wanted:
        raise SystemExit(f"{job['data']} has {len(fitting)} prompts of up to {job['longest']} tokens, {wanted} needed")
    architecture = files.architecture
    return {
        "folder": str(files.folder),
        "texts": [texts[at] for at in fitting],
        "ids": [ids[at] for at in fitting],
        "eos": list(tokenizer.eos_ids),
        "forbidden": [tokenizer.pad_id, tokenizer.bos_id],
        "layer_weights": layer_parameters(architecture),
        "head_weights": architecture.vocab_size * architecture.embed_dim,
        "vocabulary": architecture.vocab_size,
        "gflops_ceiling": gflops_ceiling(15),
    }


def measure(job: Result, cluster: Any, learner: Any, *, begin: Any = lambda step: None, **options: Any) -> Result:
    """Let a learner make its steps; time each of them and its rollouts, then draw greedily from the start policy."""
    import dataclasses

    import jax
    import numpy as np
    from flax import nnx

    trainer, rollout, size = cluster.actor_trainer, cluster.rollout, job["prompts"]
    marks: list[float] = []
    seconds: list[float] = []
    tokens: list[int] = []
    compilation = count_compilation()

    def now() -> float:
        return time.perf_counter() - sum(compilation)

    begin(0)
    greedy = dataclasses.replace(cluster.cluster_config.rollout_config, temperature=0.0, top_p=None)
    mine = rollout.generate(job["texts"][:size], greedy).tokens
    generate = rollout.generate

    def timed(prompts: Any, config: Any, **others: Any) -> Any:
        output = generate(prompts, config, **others)
        seconds[-1] = now() - marks[-1]
        # Tunix drops the end token of a completion that has one.
        tokens.append(sum(min(len(row) + (row[-1] not in job["eos"]), job["new_tokens"]) for row in output.tokens))
        return output

    rollout.generate = timed

    def batches() -> Iterator[Result]:
        for step in range(1 + job["steps"]):
            jax.block_until_ready(nnx.state(trainer.model, nnx.LoRAParam))
            marks.append(now())
            if step:
                say(f"  step of {tokens[-1]} tokens: {marks[-1] - marks[-2]:.1f} s, rollouts {seconds[-1]:.1f} s")
            seconds.append(0.0)
            begin(step)
            yield {"prompts": np.array(job["texts"][step * size : (step + 1) * size])}
        jax.block_until_ready(nnx.state(trainer.model, nnx.LoRAParam))
        marks.append(now())

    learner.train(batches(), **options)
    return {
        "greedy": [[int(token) for token in row] for row in mine],
        "step_seconds": [after - before for before, after in itertools.pairwise(marks)],
        "rollout_seconds": seconds,
        "tokens": tokens,
        "compile_seconds": sum(compilation),
        "peak_mib": peak_mib(),
    }


def reward(prompts: Any, completions: Any, **_: Any) -> list[float]:
    """Return a reward that differs between completions and costs nothing."""
    return [len(set(text)) / 100 for text in completions]


def ours(job: Result) -> Result:
    """Learn as `tunix-rt train grpo` does."""
    from tunix.rl.grpo.grpo_learner import GRPOLearner

    from tunix_rt.config import GRPOConfig, LoRAConfig
    from tunix_rt.train.base_models import verify_model
    from tunix_rt.train.feed import set_learning_rate
    from tunix_rt.train.memory import keep_pages
    from tunix_rt.train.model import load_model
    from tunix_rt.train.policy import make_algorithm, make_cluster, make_models
    from tunix_rt.train.trained import Trained
    from tunix_rt.train.trainer import compile_steps

    keep_pages()
    base = load_model(verify_model(Path(job["folder"])), dtype="float32")
    longest, lora = max(map(len, job["ids"])), LoRAConfig(rank=RANK, alpha=ALPHA)
    config = GRPOConfig(
        base_model=job["model"], lora=lora, prompts_per_step=job["prompts"], num_generations=job["generations"],
        prompts_per_batch=job["batch"], max_prompt_tokens=longest, max_new_tokens=job["new_tokens"],
        beta=job["beta"], learning_rate=LEARNING_RATE, max_steps=2 + job["steps"],
    )  # fmt: skip
    with base.mesh:
        actor, reference = make_models(config, Trained(base.model, base, None, None))
        cluster = make_cluster(config, actor, reference, base, lora, prompt_tokens=longest)
        learner = GRPOLearner(cluster, make_algorithm(config), reward_fns=[reward])
        trainer = cluster.actor_trainer
        set_learning_rate(trainer.optimizer, LEARNING_RATE)
        step, _ = compile_steps(trainer, base.mesh)
        trainer.create_train_step_fn = lambda: step
        return measure(job, cluster, learner, begin=cluster.rollout.at, skip_jit=True)


def tunix(job: Result) -> Result:
    """Learn as Tunix's examples do."""
    import optax
    import qwix
    from flax import nnx
    from tunix.rl.grpo.grpo_learner import GRPOConfig, GRPOLearner
    from tunix.rl.rl_cluster import ClusterConfig, RLCluster, RLTrainingConfig, Role
    from tunix.rl.rollout.base_rollout import RolloutConfig

    from tunix_rt.train.base_models import verify_model
    from tunix_rt.train.model import load_model
    from tunix_rt.train.tokenizer import TunixTokenizer

    keep_defaults_of_jax()
    base = load_model(verify_model(Path(job["folder"])), dtype="float32")
    modules = ".*q_einsum|.*kv_einsum|.*gate_proj|.*down_proj|.*up_proj|.*attn_vec_einsum"
    provider = qwix.LoraProvider(module_path=modules, rank=RANK, alpha=ALPHA)
    policy = qwix.apply_lora_to_model(base.model, provider, rngs=nnx.Rngs(0), **base.model.get_model_input())
    longest = max(map(len, job["ids"]))
    training = RLTrainingConfig(
        actor_optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(LEARNING_RATE, b2=0.95)),
        eval_every_n_steps=10**9, max_steps=2 + job["steps"], mini_batch_size=job["prompts"],
        train_micro_batch_size=job["batch"], compute_logps_micro_batch_size=job["batch"],
        rollout_micro_batch_size=job["prompts"],
    )  # fmt: skip
    rollout = RolloutConfig(
        max_prompt_length=longest, max_tokens_to_generate=job["new_tokens"], kv_cache_size=longest + job["new_tokens"],
        temperature=1.0, top_p=1.0, top_k=None, eos_tokens=job["eos"],
    )  # fmt: skip
    with base.mesh:
        cluster = RLCluster(
            actor=policy,
            reference=base.model,
            tokenizer=TunixTokenizer(base.tokenizer),
            cluster_config=ClusterConfig(
                role_to_mesh=dict.fromkeys((Role.ACTOR, Role.REFERENCE, Role.ROLLOUT), base.mesh),
                rollout_engine="vanilla",
                training_config=training,
                rollout_config=rollout,
            ),
        )
        algorithm = GRPOConfig(num_generations=job["generations"], beta=job["beta"], kl_loss_mode="low_var_kl")
        return measure(job, cluster, GRPOLearner(cluster, algorithm, reward_fns=[reward]))


VARIANTS = Variants(__file__, {"prepare": prepare, "ours": ours, "tunix": tunix, "check": check})


def useful_flops(job: Result, tokens: float) -> float:
    """Return the floating-point operations that an average step of so many drawn tokens needs.

    A prompt once for its group and each drawn token: 2 P drawing and, with a penalty, 2 P for the reference (P weights
    in the layers), 4 P for the update of an adapter; of each drawn token as many times V D for its logits. Attention,
    LoRA's own and everything that is not a matrix product are left out.
    """
    times = 2 + 4 + (2 if job["beta"] else 0)
    prompts = sum(map(len, job["ids"])) / (1 + job["steps"])
    return times * ((prompts + tokens) * job["layer_weights"] + tokens * job["head_weights"])


def figures(result: Result, job: Result) -> Result:
    """Return what the table shows of a variant; the first step warms it up and does not count."""
    step, rollout = (statistics.median(result[name][1:]) for name in ("step_seconds", "rollout_seconds"))
    tokens = statistics.fmean(result["tokens"][1:])
    return {
        "rollout_tokens_per_second": round(tokens / rollout, 1),
        "step_seconds": round(step, 2),
        "rollout_seconds": round(rollout, 2),
        "tokens_a_step": round(tokens, 1),
        "compile_seconds": round(result["compile_seconds"], 1),
        "peak_mib": round(result["peak_mib"]),
        "matmul_share": round(useful_flops(job, tokens) / step / job["gflops_ceiling"] / 1e9, 3),
    }


def main() -> None:
    """Run every variant, print a table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="gemma3-270m")
    options.add_argument("--data", type=Path, default=DATA, help="rows in GSM8K's schema")
    options.add_argument("--prompts", type=int, default=2, help="prompts a step; Tunix needs 11 GB for two")
    options.add_argument("--generations", type=int, default=8, help="completions of a prompt")
    options.add_argument("--longest", type=int, default=192, help="tokens of the longest prompt that is used")
    options.add_argument("--new-tokens", type=int, default=64)
    options.add_argument("--beta", type=float, default=0.02, help="weight of the divergence; 0: no reference")
    options.add_argument("--steps", type=int, default=2, help="timed steps of each variant")
    options.add_argument("--batches", default="2", help="prompts a micro-batch to try with ours")
    options.add_argument("--tunix-batches", default="1", help="prompts a micro-batch to try with Tunix's loop")
    chosen = VARIANTS.parse(options)
    with tempfile.TemporaryDirectory() as folder:
        if not chosen.data.is_file():
            chosen.data = Path(folder) / "generated.jsonl"
            generate_rows(chosen.data, 4 * chosen.prompts * (1 + chosen.steps))
            say(f"GENERATED rows: {DATA} is not there, so rows of the same schema are made up; --data names a file")
        compare(chosen)


def compare(chosen: argparse.Namespace) -> None:
    """Run every variant and report."""
    names = ("model", "prompts", "generations", "longest", "new_tokens", "beta", "steps")
    job: Result = {name: getattr(chosen, name) for name in names} | {"data": str(chosen.data)}
    job["home"] = os.environ.get("TUNIX_RT_HOME") or ".tunix_rt"
    say(f"{chosen.model}: preparing {chosen.data}")
    job |= VARIANTS.run("prepare", job)
    results: dict[str, Result] = {}

    def add(name: str, variant: str, batch: int) -> None:
        say(name)
        try:
            results[name] = VARIANTS.run(variant, job | {"batch": batch})
        except OutOfMemory:
            say(f"LEFT OUT: {name} needs more memory than this machine has")

    for batch in map(int, chosen.batches.split(",")):
        add(f"tunix-rt, micro-batch {batch}", "ours", batch)
    for batch in map(int, chosen.tunix_batches.split(",")):
        name, rows = f"tunix, micro-batch {batch}", batch * chosen.generations
        logits = 4 * rows * (max(map(len, job["ids"])) + chosen.new_tokens) * job["vocabulary"] / 2**30
        if logits * 5 > available_gib():
            say(f"LEFT OUT: {name} would need about {5 * logits:.0f} GiB; {available_gib():.0f} GiB are free")
        else:
            add(name, "tunix", batch)
    report(job, results)


def report(job: Result, results: dict[str, Result]) -> None:
    """Compare the greedy tokens; print the table and the JSON line."""
    for prefix in ("tunix-rt,", "tunix,"):
        if not any(name.startswith(prefix) for name in results):
            raise SystemExit(f"nothing to compare: no variant of {prefix[:-1]} fits this machine; lower --prompts")
    shown = {name: figures(result, job) for name, result in results.items()}

    def best(prefix: str) -> str:
        return min((n for n in shown if n.startswith(prefix)), key=lambda n: shown[n]["step_seconds"])

    mine, theirs = best("tunix-rt,"), best("tunix,")
    say(f"comparing greedy tokens with {theirs}")
    same = VARIANTS.run("check", job | {"mine": results[mine]["greedy"], "theirs": results[theirs]["greedy"]})
    columns = {
        "rollout tokens/s": "rollout_tokens_per_second",
        "step s": "step_seconds",
        "of it rollouts": "rollout_seconds",
        "tokens a step": "tokens_a_step",
        "compiling s": "compile_seconds",
        "peak MiB": "peak_mib",
        "of matmul": "matmul_share",
    }
    lengths = [len(ids) for ids in job["ids"]]
    print(
        f"{job['model']}, float32, LoRA rank {RANK}, beta {job['beta']}: {job['prompts']} prompts of {min(lengths)} to"
        f" {max(lengths)} tokens x {job['generations']} completions of up to {job['new_tokens']} tokens,"
        f" median of {job['steps']} steps"
    )
    print(f"{'':24}" + "".join(f"{name:>18}" for name in columns))
    for name, row in shown.items():
        print(f"{name:24}" + "".join(f"{row[key]:>18,}" for key in columns.values()))
    print(f"ceiling of this machine: {job['gflops_ceiling']:.0f} GFLOP/s, a float32 matrix product")
    own, other = shown[mine], shown[theirs]
    rollout = own["rollout_tokens_per_second"] / other["rollout_tokens_per_second"]
    step, memory = other["step_seconds"] / own["step_seconds"], own["peak_mib"] / other["peak_mib"]
    print(
        f"{mine} against {theirs}: {rollout:.2f} x rollout tokens/s (target {TARGETS['rollout']}),"
        f" {step:.2f} x steps (target {TARGETS['step']}), {memory:.2f} x peak memory"
    )
    print(f"greedy tokens: {same['same']} prompts identical, {same['ties']} part at a tie, {same['wrong']} wrong")
    summary = {
        "model": job["model"],
        "data": Path(job["data"]).name,
        **{name: job[name] for name in ("prompts", "generations", "new_tokens", "beta", "steps")},
        "prompt_tokens": round(statistics.fmean(lengths), 1),
        "variants": shown,
        "ours": mine,
        "best_tunix": theirs,
        "rollout_ratio": round(rollout, 2),
        "step_ratio": round(step, 2),
        "memory_ratio": round(memory, 3),
        "identical": same["same"],
        "ties": same["ties"],
        "wrong": same["wrong"],
        "gflops_ceiling": round(job["gflops_ceiling"], 1),
        "matmul_share": own["matmul_share"],
        "targets_met": rollout >= TARGETS["rollout"] and step >= TARGETS["step"] and same["wrong"] == 0,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
