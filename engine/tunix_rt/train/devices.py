"""Which devices JAX computes on; it does not choose any, but says how a CPU takes calls."""

from __future__ import annotations

import jax

from tunix_rt.errors import MissingError


def find_devices() -> list[jax.Device]:
    """Return the devices; a CPU computes a call in the thread that makes it, where its inputs are there.

    By default JAX computes in a thread of its own and calls a result ready some time before it frees what the call
    needed meanwhile. The next update then finds that memory taken and asks for as much again (docs/experiments.md). JAX
    asks for this when it makes its backend, so the first to look for devices decides.
    """
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    return list(jax.devices())


def device_names() -> list[str]:
    """Return one name a device, such as `cpu` or `TPU v5 lite`.

    Raises MissingError if the kind of device that JAX_PLATFORMS asks for is not here.
    """
    try:
        return [device.device_kind for device in find_devices()]
    except (AssertionError, RuntimeError) as error:  # of a CUDA device that is missing JAX only asserts
        wanted: str | None = jax.config.jax_platforms  # type: ignore[attr-defined]  # made at import
        if not wanted:
            raise
        raise MissingError(
            f"there is no {wanted} device here; JAX finds {_present(wanted)}; leave the device out (JAX_PLATFORMS "
            "unset) to compute on that"
        ) from error


def _present(wanted: str) -> str:
    """Return the kind of device that JAX takes if it is free to choose."""
    try:
        jax.config.update("jax_platforms", None)
        return str(jax.default_backend())
    finally:
        jax.config.update("jax_platforms", wanted)
