"""The policy and Tunix's machinery around it: actor and reference, the algorithm, the cluster, its checkpoints.

It does not know prompts, rewards or the clock.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import Mesh
from orbax import checkpoint as ocp
from tunix.rl.grpo import grpo_learner
from tunix.rl.rl_cluster import ClusterConfig, RLCluster, RLTrainingConfig, Role
from tunix.rl.rollout.base_rollout import RolloutConfig
from tunix.sft.checkpoint_manager import CheckpointManager

from tunix_rt.config import GRPOConfig, LoRAConfig
from tunix_rt.errors import ConfigError
from tunix_rt.run_folder import RunDir
from tunix_rt.train.model import LoadedModel, add_lora
from tunix_rt.train.policy_loss import POLICY_LOSS, ReferenceWorker
from tunix_rt.train.rollout import PolicyRollout
from tunix_rt.train.tokenizer import Tokenizer, TunixTokenizer
from tunix_rt.train.trained import Trained

_CLIP_HIGHER = 0.28
"""Upper clip of DAPO (arXiv 2503.14476, section 3.1)."""


@dataclasses.dataclass(kw_only=True)
class Algorithm(grpo_learner.GRPOConfig):  # type: ignore[misc]
    """Tunix's GRPOConfig with the upper clip that its loss reads and its own class does not have."""

    epsilon_high: float = 0.2


def make_algorithm(config: GRPOConfig) -> Algorithm:
    """Return the algorithm of a configuration in Tunix's words.

        grpo        advantage (r - mean) / std; loss averaged over tokens, then over completions (arXiv 2402.03300)
        drgrpo      advantage r - mean; loss summed over tokens and divided by max_new_tokens (arXiv 2503.20783)
        gspo-token  one importance ratio a completion: the geometric mean over its tokens (arXiv 2507.18071)
        dapo        upper clip 0.28; loss averaged over all tokens of a micro-batch (arXiv 2503.14476)

    The penalty is the estimator `exp(d) - d - 1` of the divergence from the reference, d = log p_ref - log p: Tunix's
    default has no gradient in expectation while the policy is the one that was sampled from.
    """
    by_name = {
        "grpo": {},
        "drgrpo": {"advantage_estimator": "drgrpo", "loss_agg_mode": "sequence-mean-token-scale"},
        "gspo-token": {"loss_algo": "gspo-token"},
        "dapo": {"loss_agg_mode": "token-mean"},
    }
    high = _CLIP_HIGHER if config.algorithm == "dapo" else config.epsilon
    return Algorithm(
        num_generations=config.num_generations,
        num_iterations=config.num_iterations,
        beta=config.beta,
        kl_loss_mode="low_var_kl",
        policy_loss_fn=POLICY_LOSS,
        epsilon=config.epsilon,
        epsilon_high=high if config.epsilon_high is None else config.epsilon_high,
        **by_name[config.algorithm],
    )


def adapter_shape(config: GRPOConfig, start: Trained) -> LoRAConfig | None:
    """Return the shape of the policy's adapter: that of the start policy, if it was trained; None for all weights."""
    if start.adapter is not None:
        return start.lora
    return config.lora if config.method == "lora" else None


def make_models(config: GRPOConfig, start: Trained) -> tuple[nnx.Module, nnx.Module | None]:
    """Return the policy and its reference, which is the policy as it starts; None for a reference with beta 0.

    The reference shares every array that training does not change: with LoRA all but the adapter.
    """
    shape = None if start.adapter else adapter_shape(config, start)
    actor = add_lora(start.base.model, shape, seed=config.seed) if shape else start.model
    return actor, frozen_copy(actor) if config.beta else None


def frozen_copy(model: nnx.Module) -> nnx.Module:
    """Return the model with copies of the weights that training changes; all others are shared."""
    lora = nnx.state(model, nnx.LoRAParam).flat_state()
    graph, trained, rest = nnx.split(model, nnx.LoRAParam if lora else nnx.Param, ...)
    copied: nnx.Module = nnx.merge(graph, jax.tree.map(jnp.copy, trained), rest)
    return copied


def make_cluster(
    config: GRPOConfig,
    actor: nnx.Module,
    reference: nnx.Module | None,
    base: LoadedModel,
    lora: LoRAConfig | None,
    *,
    prompt_tokens: int,
) -> RLCluster:
    """Return Tunix's cluster: actor, reference and rollout on one mesh, with one copy of the weights.

    `prompt_tokens` are those of the longest prompt that will be asked: Tunix computes every prompt at that length.
    """
    tokenizer: Tokenizer = base.tokenizer
    engine = functools.partial(
        PolicyRollout,
        own_tokenizer=tokenizer,
        lora=lora,
        seed=config.seed,
        max_rows=min(config.prompts_per_step * config.num_generations, config.max_rows),
        max_context=config.max_prompt_tokens + config.max_new_tokens,
        group=config.num_generations,
    )
    micro = config.prompts_per_batch or config.prompts_per_step
    training = RLTrainingConfig(
        actor_optimizer=make_optimizer(config),
        eval_every_n_steps=config.max_steps + 1,  # we measure ourselves, greedily
        max_steps=config.max_steps,
        mini_batch_size=config.prompts_per_step,
        train_micro_batch_size=micro,
        rollout_micro_batch_size=config.prompts_per_step,
        compute_logps_micro_batch_size=micro,
    )
    rollout = RolloutConfig(
        max_prompt_length=prompt_tokens,
        max_tokens_to_generate=config.max_new_tokens,
        kv_cache_size=prompt_tokens + config.max_new_tokens,
        temperature=config.temperature,
        top_p=1.0,
        top_k=None,
        eos_tokens=list(tokenizer.eos_ids),
        return_logprobs=True,
    )
    cluster = RLCluster(
        actor=actor,
        reference=reference,
        tokenizer=TunixTokenizer(tokenizer),
        cluster_config=ClusterConfig(
            role_to_mesh=dict.fromkeys((Role.ACTOR, Role.REFERENCE, Role.ROLLOUT), base.mesh),
            rollout_engine=engine,
            training_config=training,
            rollout_config=rollout,
        ),
    )
    if reference is not None:
        cluster._inference_worker = ReferenceWorker(reference, config.num_generations)
    cluster._anchor_policy_state = None  # a second copy of every weight, for Tunix's agents alone
    cluster.actor_trainer.config.max_steps = None  # else a bar of its own is drawn over our progress
    return cluster


def make_optimizer(config: GRPOConfig) -> optax.GradientTransformation:
    """Return AdamW behind a clip of the global norm; the learning rate is a number in its state, set from outside."""

    def build(learning_rate: float) -> optax.GradientTransformation:
        return optax.chain(
            optax.clip_by_global_norm(config.clip_norm),
            optax.adamw(learning_rate, b2=config.beta2, weight_decay=config.weight_decay),
        )

    return optax.inject_hyperparams(build)(learning_rate=0.0)


def keep_checkpoints(trainer: Any, config: GRPOConfig, run: RunDir) -> int:
    """Let Tunix's trainer write checkpoints into the run; restore the newest one and return its step, 0 if none.

    Tunix would put them into a folder `actor` and go by its own metadata, which the last checkpoint of a run lacks.
    """
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    every = config.checkpoint_every_steps
    trainer.checkpoint_manager = CheckpointManager(
        str(run.checkpoints.resolve()),
        ocp.CheckpointManagerOptions(
            should_save_fn=lambda step, _: step % every == 0,
            max_to_keep=config.keep_checkpoints,
            enable_async_checkpointing=False,  # Orbax would delete an old checkpoint while we seal it
        ),
    )
    lora = bool(nnx.state(trainer.model, nnx.LoRAParam).flat_state())
    step, _ = trainer.checkpoint_manager.maybe_restore(trainer.model, trainer.optimizer, restore_only_lora_params=lora)
    trainer._train_steps = step
    trainer._iter_steps = step * (trainer.config.gradient_accumulation_steps or 1)
    return int(step)


def check_division(config: GRPOConfig, mesh: Mesh) -> None:
    """Raise ConfigError if a micro-batch cannot be divided evenly over the devices."""
    rows = (config.prompts_per_batch or config.prompts_per_step) * config.num_generations
    devices = mesh.shape["fsdp"]
    if rows % devices:
        raise ConfigError(
            f"a micro-batch has {rows} completions (prompts x num_generations), which {devices} devices cannot share "
            f"evenly; choose prompts_per_batch and num_generations so that {devices} divides their product"
        )
