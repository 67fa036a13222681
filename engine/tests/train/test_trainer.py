"""The compiled step: Tunix's numbers, without a copy of what did not change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from tunix.sft import sharding_utils
from tunix.sft.peft_trainer import PeftTrainer, TrainingConfig

from tunix_rt.config import LoRAConfig, SFTConfig
from tunix_rt.run_folder import RunDir
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.batches import Example, PackedData
from tunix_rt.train.checkpoint import trained_state
from tunix_rt.train.feed import set_learning_rate
from tunix_rt.train.loss import packed_loss
from tunix_rt.train.model import LoadedModel, add_lora, load_model
from tunix_rt.train.sft import make_optimizer, make_trainer

RNG = np.random.default_rng(0)
EXAMPLES = [Example(str(n), RNG.integers(4, 260, 12).astype(np.int32), 5) for n in range(20)]
DATA = PackedData(EXAMPLES, max_length=40, batch_size=2)
CONFIG = SFTConfig(accumulation=1, max_length=40, batch_size=2, checkpoint_every_steps=100)


def pointers(base: LoadedModel) -> list[int]:
    leaves = jax.tree.leaves(nnx.state(base.model, nnx.Param))
    return [leaf.addressable_data(0).unsafe_buffer_pointer() for leaf in leaves]


def test_steps_equal_those_of_tunix_and_leave_the_base_where_it_lies(nano_files: ModelFiles, tmp_path: Path) -> None:
    base = load_model(nano_files)
    where = pointers(base)
    results: list[tuple[list[float], Any]] = []
    for own in (True, False):
        model = add_lora(base.model, LoRAConfig(rank=4), seed=1)
        with base.mesh:
            if own:
                trainer = make_trainer(CONFIG, RunDir(tmp_path), model)
                step, measure = trainer.compile_steps(base.mesh)
            else:
                trainer = PeftTrainer(model, make_optimizer(CONFIG), TrainingConfig(eval_every_n_steps=100))
                step, measure = trainer.with_loss_fn(packed_loss).jit_train_and_eval_step(cache_nnx_graph=True)
            set_learning_rate(trainer.optimizer, 1e-2)
            batches = [sharding_utils.shard_input(DATA.batch(number), ("fsdp",)) for number in range(3)]
            losses = [float(step(batch)[0]) for batch in batches] + [float(measure(batches[0])[0])]
        results.append((losses, jax.tree.leaves(trained_state(model))))
    (ours, weights), (theirs, their_weights) = results
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert ours[3] < ours[0]
    for weight, other in zip(weights, their_weights, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=1e-6)
    assert pointers(base) == where


def test_tunix_itself_is_whole_for_who_asks_for_it() -> None:
    code = """
import sys
import tunix_rt.train.sft
assert "pandas" not in sys.modules, "what imports it takes half a second"
from tunix import PeftTrainer, RLCluster
import tunix
from tunix.sft.peft_trainer import PeftTrainer as the_same
assert tunix.PeftTrainer is PeftTrainer is the_same
assert not hasattr(tunix, "absent")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
