"""The application with routes beside its own that tell what reached them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.responses import FileResponse

from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings


def with_echo(settings: Settings, folder: Path) -> FastAPI:
    app = create_app(settings)

    @app.api_route("/echo/{name}", methods=["GET", "POST", "DELETE"])
    async def echo(name: str, request: Request) -> dict[str, Any]:
        return {"name": name, "bytes": len(await request.body())}

    @app.get("/echo-stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            for number in range(100):
                yield f"data: {number} {'x' * 100}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/echo-file")
    async def file() -> FileResponse:
        path = folder / "file.txt"
        path.write_text("x" * 5000)
        return FileResponse(path)

    @app.get("/echo-large")
    async def large() -> dict[str, str]:
        return {"text": "x" * 5000}

    @app.get("/echo-broken")
    async def broken() -> None:
        raise ZeroDivisionError("the secret is 42")

    @app.post("/api/datasets/ingest")
    async def ingest(request: Request) -> int:
        return sum([len(part) async for part in request.stream()])

    # The real route of uploads stands before this one, if it is built.
    app.router.routes.insert(0, app.router.routes.pop())
    return app
