"""What `tunix-rt doctor` looks at for the service; it changes nothing, and does not know the rest of the machine."""

from __future__ import annotations

import resource

from tunix_rt.cli.check import Check

_FILES = 1024
"""Open files below which a few hundred viewers of a log leave none for the database."""


def checks() -> list[Check]:
    """Return the checks of the service: its packages, the files that it may open, its database, its workers."""
    try:
        from tunix_rt_backend.db import make_engine, make_sessions
        from tunix_rt_backend.services.health import readiness
        from tunix_rt_backend.settings import Settings
    except ImportError as error:
        return [Check("service", "note", f"cannot be imported: {error}", "only for `serve`: `make setup`")]
    settings = Settings()
    if settings.database_url is None and not (settings.home / "tunix_rt.db").exists():
        missing = Check("service", "note", "no database yet", "only for the service: `tunix-rt serve` makes it")
        return [_files(), missing]
    engine = make_engine(settings)
    try:
        parts = readiness(engine, make_sessions(engine), settings)
    finally:
        engine.dispose()
    shown = [part for part in parts if part.name != "disk"]
    return [_files()] + [
        Check(part.name, "ok" if part.ok else "note" if part.name == "worker" else "fail", part.detail)
        for part in shown
    ]


def _files() -> Check:
    """Look at how many files a process may hold open: each connection and each viewer of a log takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # `serve` raises its own limit as far as this
    if most == resource.RLIM_INFINITY:
        return Check("open files", "ok", "any number at a time")
    few = most < _FILES
    fix = f"allow at least {_FILES:,}: `ulimit -Hn`, or LimitNOFILE= of the service's unit" if few else ""
    return Check("open files", "note" if few else "ok", f"at most {most:,} at a time", fix)
