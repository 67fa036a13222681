"""A private PostgreSQL server on a free loopback port, run by a user without rights; it knows no table of ours."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

OLDEST = 15
"""Oldest major version that the service is tested with."""

MEMORY = "/dev/shm"
"""Folder that lies in memory, on Linux."""
ROOM = 6 * 2**30
"""Bytes that must be free there: the log of changes alone may grow to four GiB."""


def programs() -> Path:
    """Return the folder of the newest server's programs; fail, never skip, where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise RuntimeError(
            f"the tests need PostgreSQL {OLDEST} or newer: install the package postgresql, or put initdb on PATH"
        )
    return (found[-1] if found else Path(str(on_path))).parent


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """One server over a folder of its own; it can be stopped, killed and started again on the same data."""

    def __init__(self, *, durable: bool = False) -> None:
        # Hundreds of small databases come and go: in memory where there is room for files, unless they must last.
        roomy = not durable and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
        self.folder = Path(tempfile.mkdtemp(prefix="tunix-rt-pg-", dir=MEMORY if roomy else None))
        self.data = self.folder / "data"
        self.port = free_port()
        self.bin = programs()
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        # initdb and postgres refuse to run as root; Debian's package brings a user for them.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._run(
            "initdb", "-D", self.data, "-U", "tunix", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        self.settings = (
            [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [self.bin / program, *words], user=self.user, group=self.user, extra_groups=[] if self.user else None,
            capture_output=True, text=True, check=False, cwd=self.folder, env=self.environment,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                    "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=256MB",
                    "-c", "max_wal_size=4GB", *self.settings,
                ],
                user=self.user, group=self.user, extra_groups=[] if self.user else None, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.folder, env=self.environment,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}") from error
                time.sleep(0.05)

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://tunix@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database, as a copy of another one, and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            # Copied as files, since the server's own way, block by block, takes 0.2 s of a core for an empty database.
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def kill(self) -> None:
        """End the server and its children at once, as a crash does."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def close(self) -> None:
        """Stop the server and remove its folder."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
