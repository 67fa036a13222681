"""A service to attack, with a secret beside what it may serve, and what every answer to an attack must be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, log_metrics, new_run
from tunix_rt_backend.app import create_app
from tunix_rt_backend.services import index
from tunix_rt_backend.settings import Settings

SECRET = "canary-5f1c"
RUN = "victim-1"
NOTHING = "00000000-0000-0000-0000-000000000000"
JSON = {"Content-Type": "application/json"}

PATHS = [
    "../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt", "..\\..\\secret.txt", "..%5c..%5csecret.txt", "/etc/passwd", "%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini", "secret.txt%00.jsonl", "....//....//secret.txt", "..;/secret.txt",
    "file:%2f%2f%2fetc%2fpasswd",
    "~root", "%EF%BC%8E%EF%BC%8E%2fsecret.txt", "%c0%ae%c0%ae%2fsecret.txt", "a%0d%0aX-Evil:%201",
    "." * 5000, ".tunix_rt.db",
]  # fmt: skip
"""Ways to write a path that leads elsewhere."""
NAMES = [
    "../../secret.txt", "..\\..\\secret.txt", "/etc/passwd", "C:\\Windows\\win.ini", "file:///etc/passwd",
    "secret\u0000.txt",
    "http://169.254.169.254/latest/meta-data", "http://localhost:1/x", "~root", "a/../../b", "．．/secret.txt", "-rf",
    "$(id)",
    "x" * 10_000, "a\nb", "\ud800", "google/gemma-2b", "hf://google/gemma", "gs://bucket/x", "",
]  # fmt: skip
"""Names in a body that are none: paths, addresses, words for a shell."""
TEXTS = [
    "' OR 1=1 --", "'; DROP TABLE traces; --", '" OR ""="', "%' AND 1=(SELECT 1) --", "\\", '"', '"unclosed',
    "a AND", "NEAR(",
    "prompt:x", "*", "a* OR b*", "-a", "^a", "{a b}", "(" * 500, "a:*b", "a & | !", "<->", "NOT", "'", "%", "_",
    "\u200b", "🤖",
    "x" * 512,
]  # fmt: skip
"""Words that mean something to a database or to its full-text search."""
NUMBERS = ["9223372036854775808", "-9223372036854775809", "1" * 400, "-1", "1e309", "NaN", "0x10", "1_000", "١", ""]
"""Numbers that are none, or that no column holds."""


@dataclass
class World:
    """A service with a run in it, and a secret outside of what it may serve."""

    root: Path
    app: FastAPI
    client: TestClient
    paths: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Every operation: method, path, description."""

    def snapshot(self) -> dict[str, Any]:
        """Return what lies on the disk, less what every request may touch: the database."""
        files = [path for path in self.root.rglob("*") if not path.name.startswith("tunix_rt.db")]
        return {str(path): path.lstat().st_size if path.is_file() else None for path in files}


@contextmanager
def served(root: Path, settings: Settings) -> Iterator[World]:
    """Yield a service over a home with a run whose folder somebody has laid traps into."""
    (root / "secret.txt").write_text(SECRET)
    run = new_run(settings.home, "sft", "small", config=SFTConfig(seed=7), run_id=RUN)
    with attempt(run):
        log_metrics(run, step=1, loss=0.5)
        run.adapter.mkdir()
        (run.adapter / "weights").write_bytes(b"\x00\x01")
        (run.adapter / "manifest.json").write_text("{}")  # a run that has trained can be measured
    (run.path / "link.txt").symlink_to(root / "secret.txt")
    (run.path / "folder").symlink_to(root)
    os.mkfifo(run.path / "pipe")
    app = create_app(settings)
    with app.state.sessions() as session:
        index.index_run(session, run.path)
        session.commit()
    paths = [
        (method.upper(), path, operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    ]
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False, follow_redirects=False) as client:
        yield World(root, app, client, paths)


def check(world: World, answer: Any, *, refused: bool = True) -> None:
    """Fail if an answer gives anything away or says that something broke; `refused`: or that it was done."""
    shown = f"{answer.request.method} {answer.request.url} → {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, shown
    assert answer.status_code >= 400 or not refused, shown
    assert SECRET not in answer.text, shown
    assert "root:x:0" not in answer.text, shown
    assert "Traceback" not in answer.text, shown
    assert "x-evil" not in answer.headers, shown
