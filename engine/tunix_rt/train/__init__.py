"""The heavy half: the only place that imports JAX, Flax, Orbax, Qwix or Tunix. It knows no CLI and no service.

Letters of tensor shapes: `B` batch (rows), `L` length (tokens), `V` vocabulary, `G` group (completions of one prompt);
inside a layer `D` width, `F` feed-forward width, `N` heads, `K` key/value heads, `H` head width, `r` LoRA rank.
"""

import importlib.util
import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """A package whose `__init__` runs when something is asked of the package itself, not when a module of it is."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        loader, self.__spec__.loader = self.__spec__.loader, None  # it is asked for no name of its own meanwhile
        try:
            loader.exec_module(self)
        finally:
            self.__spec__.loader = loader
        object.__setattr__(self, "__class__", ModuleType)
        return getattr(self, name)


# `tunix/__init__.py` imports all that Tunix has, its agents and pandas too: half a second of the 2.7 that a training
# takes to import. What is used here lies in its modules.
if "tunix" not in sys.modules and (_spec := importlib.util.find_spec("tunix")):
    _package: Any = importlib.util.module_from_spec(_spec)
    _package.__class__ = _Package
    sys.modules["tunix"] = _package
