"""Settings: what the environment says about this service, checked once; nothing else here reads the environment.

It does not know what a setting is used for. Every name is read with the prefix `TUNIX_RT_`: `home` is `TUNIX_RT_HOME`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _parts(value: Any) -> Any:
    """Return a text from the environment as its parts between commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
"""Names; in the environment with commas between them."""
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_parts)]
"""Addresses and networks such as `10.0.0.0/8`; in the environment with commas between them."""


class Settings(BaseSettings):
    """What a person may choose about the service; a wrong value stops it before it starts."""

    model_config = SettingsConfigDict(
        env_prefix="TUNIX_RT_", frozen=True, use_attribute_docstrings=True, extra="ignore", env_ignore_empty=True
    )

    home: Path = Path(".tunix_rt")
    """Folder that datasets, runs, evaluations and the embedded database are kept under."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name`, or None for SQLite in `<home>/tunix_rt.db`."""
    allowed_hosts: Names = ()
    """Host names, without port, that requests may name besides the loopback ones."""
    allowed_origins: Names = ()
    """Origins such as `https://tunix.example` whose pages may call this service; none by default."""
    trusted_proxies: Networks = ()
    """Addresses and networks of proxies whose X-Forwarded-For is believed; none by default."""
    connections_per_address: int = Field(256, ge=1)
    """Most connections that one address may hold at a time; this machine and trusted proxies may hold any number."""
    web: Path | None = None
    """Folder of the built web app; None: `frontend/dist` of this checkout, if it is there."""
    upload_max_bytes: int = Field(4 * 2**30, ge=1024)
    """Largest upload, in bytes as sent."""
    upload_max_ratio: int = Field(200, ge=1)
    """Largest ratio of unpacked to packed bytes of an upload."""
    trace_max_bytes: int = Field(1_048_576, ge=1024, le=10_485_760)
    """Largest body of one trace, and of every request that is no upload or batch, in bytes."""
    batch_max_bytes: int = Field(64 * 2**20, ge=1024)
    """Largest body of a batch of traces, in bytes."""
    json_max_depth: int = Field(64, ge=4, le=1000)
    """Deepest nesting of a JSON body."""
    request_seconds: float = Field(60.0, gt=0)
    """Longest that a body may take to arrive, and a plan to be made, in seconds; streams and uploads have no end."""
    failures_before_lockout: int = Field(10, ge=1)
    """Wrong tokens from one address within a minute before it is refused."""
    lockout_seconds: float = Field(60.0, gt=0)
    """How long such an address is refused, in seconds."""
    session_hours: float = Field(12.0, gt=0)
    """Life of a cookie session of the web app, in hours."""
    threads: int = Field(10, ge=4, le=200)
    """Requests that are worked on at a time; builds, plans and imports take one each for as long as they last."""
    slots: int = Field(1, ge=1, le=64)
    """Runs that one worker carries out at a time."""
    lease_seconds: float = Field(30.0, ge=1)
    """How long a job stays with a worker that says nothing, in seconds."""
    poll_seconds: float = Field(0.5, gt=0, le=60)
    """Time between two looks of an idle worker at the queue, in seconds."""
    grace_seconds: float = Field(30.0, gt=0)
    """Time between SIGTERM and SIGKILL of a cancelled run, in seconds."""
    run_memory_bytes: int | None = Field(None, ge=2**20)
    """Most resident memory of one run, in bytes; None: no limit but the machine's."""
    disk_reserve_bytes: int = Field(2**30, ge=0)
    """Free disk below which the service says that it is not ready, in bytes."""
    sse_poll_seconds: float = Field(0.25, gt=0, le=10)
    """Time between two looks at a growing log or metrics file, in seconds."""

    def answering_to(self, host: str) -> Settings:
        """Return these settings for a service that listens on an address: requests may name it."""
        return self.model_copy(update={"allowed_hosts": (*self.allowed_hosts, host)})

    @property
    def url(self) -> str:
        """The database's address as SQLAlchemy writes it."""
        if self.database_url is None:
            return f"sqlite+pysqlite:///{(self.home / 'tunix_rt.db').absolute()}"
        url = self.database_url.get_secret_value()
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url


_PASSED_ON = frozenset(
    "PATH HOME LANG LANGUAGE TZ TMPDIR USER LOGNAME VIRTUAL_ENV PYTHONPATH LD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR "
    "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy HF_HOME HF_HUB_OFFLINE XDG_CACHE_HOME".split()
)
_PASSED_ON_PREFIXES = tuple("LC_ JAX_ XLA_ PJRT_ OMP_ OPENBLAS_ MKL_ CUDA_ NVIDIA_ TPU_ LIBTPU_".split())


def passed_on_environment() -> dict[str, str]:
    """Return the variables that a run may see: paths, language and accelerators, never a password or a token."""
    return {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def command_environment(home: Path, device: str) -> dict[str, str]:
    """Return the environment of a command that works in a home, on a kind of device (`auto`: any)."""
    platform = {} if device == "auto" else {"JAX_PLATFORMS": device}
    return passed_on_environment() | platform | {"TUNIX_RT_HOME": str(home.absolute())}
