"""Which devices JAX computes on; it does not choose any."""

from __future__ import annotations

import jax


def device_names() -> list[str]:
    """Return one name a device, such as `cpu` or `TPU v5 lite`."""
    return [device.device_kind for device in jax.devices()]
