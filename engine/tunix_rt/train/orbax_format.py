"""A whole model as an Orbax checkpoint that plain Tunix code loads. It does not know LoRA or runs.

<folder>/{state/, model_config.json, README.md}
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from tunix_rt.architecture import Architecture
from tunix_rt.train.model import config_values
from tunix_rt.train.safetensors_file import Array


def load_state(folder: str, mesh: jax.sharding.Mesh, dtype: str = "float32") -> Any:
    """Return the model of this folder on a mesh; needs google-tunix and nothing of the project that wrote it."""
    import json
    import pathlib

    import jax.numpy as jnp
    from flax import nnx
    from orbax import checkpoint as ocp
    from tunix.models.gemma import model as gemma2
    from tunix.models.gemma3 import model as gemma3

    root = pathlib.Path(folder).resolve()
    sizes = json.loads((root / "model_config.json").read_text())
    if sizes.pop("family") == "gemma3":
        model_class, config = gemma3.Gemma3, gemma3.ModelConfig(**sizes, param_dtype=jnp.dtype(dtype))
    else:
        kinds = tuple(gemma2.AttentionType[name] for name in sizes.pop("attention_types"))
        model_class, config = gemma2.Gemma, gemma2.ModelConfig(**sizes, attention_types=kinds)
    graph, state = nnx.split(nnx.eval_shape(lambda: model_class(config, rngs=nnx.Rngs(0))))
    places = nnx.get_named_sharding(state, mesh)
    shaped = jax.tree.map(
        lambda x, place: jax.ShapeDtypeStruct(x.shape, jnp.dtype(dtype), sharding=place), state, places
    )
    state = ocp.StandardCheckpointer().restore(root / "state", target=shaped)
    return nnx.merge(graph, state)


README = """# A fine-tuned Gemma as a Tunix checkpoint

`state/` is an Orbax checkpoint of the whole model (`nnx.state(model)`, LoRA weights merged). To load it with
google-tunix {tunix}, flax {flax} and orbax-checkpoint {orbax}:

```python
from typing import Any

import jax
import numpy as np


{code}

mesh = jax.sharding.Mesh(np.array(jax.devices()).reshape(-1, 1), ("fsdp", "tp"))
model = load_state(".", mesh)  # the path of this folder
```

The text of prompts and answers follows the prompt contract in `prompt_contract.json`.
"""

_PACKAGES = {"tunix": "google-tunix", "flax": "flax", "orbax": "orbax-checkpoint"}


def save_state(folder: Path, weights: Iterable[tuple[tuple[Any, ...], Array]], architecture: Architecture) -> None:
    """Write the weights of a whole model, given by their paths in Tunix's model, into a staged folder."""
    from orbax import checkpoint as ocp

    sizes = {"family": architecture.family, **config_values(architecture)}
    (folder / "model_config.json").write_text(json.dumps(sizes, indent=2) + "\n")
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    (folder / "README.md").write_text(README.format(code=inspect.getsource(load_state), **versions))
    tree: dict[str, Any] = {}
    for path, weight in weights:
        inner = tree
        for part in path[:-1]:
            inner = inner.setdefault(str(part), {})
        # An nnx.Variable is saved as a leaf with the key `value`.
        inner[str(path[-1])] = {"value": weight}
    with ocp.StandardCheckpointer() as writer:
        writer.save((folder / "state").resolve(), tree)
