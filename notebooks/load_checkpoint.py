"""Load an exported checkpoint with plain Tunix and write the same greedy tokens: python load_checkpoint.py EXPORT.

EXPORT is a folder `exports/orbax` of a run; `reference.json` beside it holds what the trained model wrote.
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from orbax import checkpoint as ocp
from tunix.generate.sampler import CacheConfig, Sampler
from tunix.models.gemma import model as gemma2
from tunix.models.gemma3 import model as gemma3

# 1. The model: sizes from the folder, weights from its Orbax checkpoint, spread over all chips.
root = Path(sys.argv[1]).resolve()
sizes = json.loads((root / "model_config.json").read_text())
dtype = jnp.dtype(json.loads((root / "manifest.json").read_text())["dtype"])
if sizes.pop("family") == "gemma3":
    build, config = gemma3.Gemma3, gemma3.ModelConfig(**sizes, param_dtype=dtype)
else:
    kinds = tuple(gemma2.AttentionType[name] for name in sizes.pop("attention_types"))
    build, config = gemma2.Gemma, gemma2.ModelConfig(**sizes, attention_types=kinds)
mesh = jax.sharding.Mesh(np.array(jax.devices()).reshape(-1, 1), ("fsdp", "tp"))
graph, state = nnx.split(nnx.eval_shape(lambda: build(config, rngs=nnx.Rngs(0))))
places = nnx.get_named_sharding(state, mesh)
shaped = jax.tree.map(lambda x, place: jax.ShapeDtypeStruct(x.shape, dtype, sharding=place), state, places)
model = nnx.merge(graph, ocp.StandardCheckpointer().restore(root / "state", target=shaped))

# 2. Tunix's own sampler, greedy, on the stored prompts. They are given as token ids, so that no tokenizer is needed.
reference = json.loads((root.parent / "reference.json").read_text())


class Ids:
    """A tokenizer whose texts are token ids with spaces between them."""

    def encode(self, text: str) -> list[int]:
        return [int(word) for word in text.split()]

    def decode(self, ids: list[int]) -> str:
        return " ".join(map(str, ids))

    def bos_id(self) -> int:
        return reference["prompt_ids"][0][0]

    def eos_id(self) -> int:
        return 1

    def pad_id(self) -> int:
        return 0


prompts = [" ".join(map(str, ids)) for ids in reference["prompt_ids"]]
longest, new = max(map(len, reference["prompt_ids"])), reference["max_new_tokens"]
cache = CacheConfig(longest + new + 8, config.num_layers, config.num_kv_heads, config.head_dim)
with jax.set_mesh(mesh):
    found = Sampler(model, Ids(), cache)(prompts, new, max_prompt_length=longest, forbidden_tokens=(0,)).tokens

# 3. Compare: the sampler leaves end tokens out and goes on after an end of turn, so the common part counts.
same = 0
for ids, stored in zip(found, reference["completions"], strict=True):
    expected = stored["token_ids"][: -1 if stored["finish"] == "stop" else None]
    same += [int(token) for token in ids][: len(expected)] == expected
print(f"plain Tunix wrote the same greedy tokens on {same} of {len(prompts)} prompts")
