"""What `tunix-rt doctor` looks at for the service; it changes nothing, and does not know the rest of the machine."""

from __future__ import annotations

from tunix_rt.cli.check import Check


def checks() -> list[Check]:
    """Return the checks of the service: its packages, its database, its workers."""
    try:
        from tunix_rt_backend.db import make_engine, make_sessions
        from tunix_rt_backend.services.health import readiness
        from tunix_rt_backend.settings import Settings
    except ImportError as error:
        return [Check("service", "note", f"cannot be imported: {error}", "only for `serve`: `make setup`")]
    settings = Settings()
    if settings.database_url is None and not (settings.home / "tunix_rt.db").exists():
        return [Check("service", "note", "no database yet", "only for the service: `tunix-rt serve` makes it")]
    engine = make_engine(settings)
    try:
        parts = readiness(engine, make_sessions(engine), settings)
    finally:
        engine.dispose()
    shown = [part for part in parts if part.name != "disk"]
    return [
        Check(part.name, "ok" if part.ok else "note" if part.name == "worker" else "fail", part.detail)
        for part in shown
    ]
