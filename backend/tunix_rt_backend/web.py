"""Pages for a browser: the API's own documentation, and the web app when it is built; it knows no data.

Every script and style comes from this service: the pages work without a network, and the content security policy that
they carry allows nothing else.
"""

from __future__ import annotations

import functools
import gzip
import importlib.resources
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from tunix_rt_backend.settings import Settings

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""What a page may load: only what this service sends."""
DOCS_POLICY = POLICY + "; style-src 'self' 'unsafe-inline'"
"""The documentation page writes style attributes; its scripts are still files of ours."""
FOREVER = "public, max-age=31536000, immutable"
"""For files whose name holds a hash of their content."""

_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}
_START = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
follow();
dark.addEventListener("change", follow);
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (window.csrfToken) request.headers["X-CSRF-Token"] = window.csrfToken;
      return request;
    },
  });
  fetch("/api/session").then((answer) => answer.json()).then((who) => { window.csrfToken = who.csrf_token; });
});
"""
_DOCS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tunix-rt: HTTP interface</title>
<link rel="icon" href="/api/docs/favicon.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
</head>
<body>
<div id="docs">This page needs JavaScript; <a href="/api/openapi.json">openapi.json</a> says the same.</div>
</body>
</html>
"""
_STYLE = """:root { color-scheme: light dark; }
body { max-width: 40rem; margin: 12vh auto; padding: 0 1.25rem; font: 1rem/1.6 system-ui, sans-serif; }
h1 { font-size: 1.75rem; letter-spacing: -0.02em; margin-bottom: 0.5rem; }
ul { padding-left: 1.2rem; }
a { color: light-dark(#0b5cad, #7db8f5); }
code { font-size: 0.9em; }
.note { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid light-dark(#d5d9de, #3a3f46); opacity: 0.8; }
"""
_NOT_BUILT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tunix-rt</title>
<link rel="icon" href="/api/docs/favicon.png">
<link rel="stylesheet" href="/api/docs/page.css">
</head>
<body>
<h1>tunix-rt</h1>
<p>This service keeps reasoning traces, builds datasets from them, starts runs and compares what the runs gained.</p>
<ul>
<li><a href="/api/docs">The HTTP interface</a>, with a form to try each request</li>
<li><a href="/api/health/ready">Is everything ready?</a></li>
</ul>
<p class="note">No built web app was found. <code>make web</code> builds it; or set <code>TUNIX_RT_WEB</code> to the
folder of one. Start the service again then. Everything works without it: by HTTP, and by the command
<code>tunix-rt</code>.</p>
</body>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
async def read_docs() -> Response:
    """Return the page that shows the HTTP interface."""
    return _page(_DOCS, DOCS_POLICY)


@router.get("/api/docs/{name}")
async def read_docs_file(name: Annotated[str, PathParameter(max_length=64)]) -> Response:
    """Return one of the files of that page."""
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name == "page.css":
        return Response(_STYLE, media_type="text/css")
    if name not in _FILES:
        raise HTTPException(404, "there is no such file")
    return Response(_packaged(name), media_type=_FILES[name], headers={"Cache-Control": "public, max-age=86400"})


@functools.cache
def _packaged(name: str) -> bytes:
    return importlib.resources.files("fastapi_offline").joinpath("static", name).read_bytes()


class WebApp(StaticFiles):
    """The built web app: its files, and its one page for every address that the app itself knows."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the page for a path that names none."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            first = path.partition("/")[0]
            if error.status_code != 404 or first in ("", "assets") or "." in first:
                raise
            response = await super().get_response("index.html", scope)
        hashed = path.startswith("assets/")
        if hashed and isinstance(response, FileResponse) and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            packed = await run_in_threadpool(_packed, str(response.path))
            response = Response(packed, media_type=response.media_type, headers={"content-encoding": "gzip"})
        response.headers["content-security-policy"] = POLICY
        response.headers["cache-control"] = FOREVER if hashed else "no-cache"
        response.headers["vary"] = "Accept-Encoding"
        return response


@functools.cache
def _packed(path: str) -> bytes:
    """Return a file whose content its name tells, packed once."""
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)


class _NoRoute:
    """What no route answers: a page for a browser, and for everything else a 404."""

    def __init__(self, pages: WebApp | None) -> None:
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix("/")
        page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and path.partition("/")[0] != "api"
        if page and self.pages is not None:
            response = await self.pages.get_response(path or "index.html", scope)
        elif page and not path:
            response = _page(_NOT_BUILT, POLICY)
        else:
            raise HTTPException(404)
        await response(scope, receive, send)


def add_pages(app: FastAPI) -> None:
    """Add the pages to the application."""
    app.include_router(router)
    folder = built_web_app(app.state.settings)
    app.router.default = _NoRoute(WebApp(directory=folder) if folder else None)


def built_web_app(settings: Settings) -> Path | None:
    """Return the folder of the built web app, if there is one."""
    folder = settings.web or Path(__file__).resolve().parents[2] / "frontend" / "dist"
    return folder if (folder / "index.html").is_file() else None


def _page(text: str, policy: str) -> Response:
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})
