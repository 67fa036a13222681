"""Commands of the service, joined to `tunix-rt` by entry point: serve, worker, migrate, index, import-run, openapi, token.

Nothing heavy is imported at module level, so that `tunix-rt --help` answers at once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of the service to the command line."""
    app.command(name="migrate")(migrate)
    app.command(name="openapi")(openapi)


def migrate(
    revision: Annotated[str, typer.Argument(help="`head`, `base`, `-1`, or a revision's id.")] = "head",
) -> None:
    """Bring the database's tables to the newest revision."""
    from tunix_rt_backend.db import migrate as run
    from tunix_rt_backend.settings import Settings

    run(Settings(), revision)


def openapi() -> None:
    """Print the description of the HTTP interface as JSON."""
    import json
    import sys

    from tunix_rt_backend.app import create_app

    document: Any = create_app().openapi()
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True) + "\n")
