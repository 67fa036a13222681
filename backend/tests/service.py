"""The real service as a process beside the test: started, spoken to by HTTP, ended, killed; it knows no route."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil

from postgresql import free_port

START_SECONDS = 120
"""A shared machine may be slow."""


def environment(home: Path, database_url: str | None, **settings: object) -> dict[str, str]:
    """Return the environment of a service or worker over a home folder and a database, with short times."""
    values: dict[str, object] = {
        "home": home,
        "database_url": database_url or "",
        "poll_seconds": 0.2,
        "lease_seconds": 5,
        "grace_seconds": 20,
    }
    named = {f"TUNIX_RT_{name.upper()}": str(value) for name, value in (values | settings).items()}
    passed_on = ("PATH", "PYTHONPATH", "JAX_COMPILATION_CACHE_DIR")  # what was compiled once is compiled for all
    kept = {name: os.environ[name] for name in passed_on if name in os.environ}
    return kept | {"LANG": "C.UTF-8"} | named


def start(*words: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `tunix-rt WORDS…`, with what it says in a file."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "tunix_rt", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )


class Service:
    """One `tunix-rt serve`, with a client that tries again while it is down; `worker=False`: its jobs wait."""

    def __init__(self, home: Path, database_url: str | None = None, *, worker: bool = True, **settings: object) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.environment = environment(home, database_url, **settings)
        self.port = free_port()
        self.words = ["serve", f"--port={self.port}", *([] if worker else ["--no-worker"])]
        self.log = home / "service.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = start(*self.words, environment=self.environment, log=self.log)
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(httpx2.TransportError):
                self.client.get("/api/health").raise_for_status()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def worker(self) -> psutil.Process | None:
        """Return the worker that it keeps; None while there is none."""
        if self.process is None:
            return None
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.process.pid).children():
                if "worker" in process.cmdline():
                    return process
        return None

    def kill(self) -> None:
        """End it as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as a person does, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(START_SECONDS)

    def ask(self, method: str, path: str, *, seconds: float = 300, **words: Any) -> httpx2.Response:
        """Send a request until it is answered with something else than "not now"."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx2.TransportError):
                answer = self.client.request(method, path, **words)
                if answer.status_code != 503:
                    return answer
            assert time.monotonic() < deadline, f"{method} {path} was not answered: {self.log.read_text()[-4000:]}"
            time.sleep(0.1)

    def json(self, method: str, path: str, **words: Any) -> Any:
        """Return what a request is answered with, which must be a success."""
        answer = self.ask(method, path, **words)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    """Start a service; whatever happens, nothing of it is left."""
    try:
        service.start()
        yield service
    finally:
        left = [service.process.pid] if service.process and service.process.poll() is None else []
        worker = service.worker()
        for pid in left + ([worker.pid] if worker else []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if service.process is not None:
            service.process.wait()
        service.client.close()
