"""The heavy half: the only place that imports JAX, Flax, Orbax, Qwix or Tunix. It knows no CLI and no service.

Letters of tensor shapes: `B` batch (rows), `L` length (tokens), `V` vocabulary, `G` group (completions of one prompt);
inside a layer `D` width, `F` feed-forward width, `N` heads, `K` key/value heads, `H` head width, `r` LoRA rank.
"""
