"""Many viewers of one growing log, and how fast the rest of the service answers meanwhile.

    python benchmarks/bench_sse.py [--viewers 1000] [--lines-per-second 20] [--requests 2000] [--in-flight 8]

Three processes share the machine: the service, the viewers, and this one, which writes the log as a run does and asks
for `GET /api/tunix/runs`. Every viewer must get every line once, in order, and the end. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson
from load import Timed, drive, get

from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, new_run
from tunix_rt_backend import db
from tunix_rt_backend.app import create_app
from tunix_rt_backend.serving import listen, serve
from tunix_rt_backend.settings import Settings

RUN = "watched-run"
LIST = "/api/tunix/runs"


async def view(port: int, opened: asyncio.Queue[None], lags: list[tuple[float, float]]) -> tuple[list[int], bool]:
    """Follow the log to its end; return the numbers of the lines that came, and whether the end did.

    `lags` gets, for each line, when it was written and how long it took to come here, in seconds.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(f"GET /api/tunix/runs/{RUN}/logs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    opened.put_nowait(None)
    lines: list[int] = []
    kind = b""
    while True:
        line = await reader.readline()
        if not line:
            return lines, False
        if line.startswith(b"event: "):
            kind = line[7:].strip()
        if line.startswith(b"data: "):
            if kind == b"end":
                writer.close()
                return lines, True
            if kind == b"log":
                now, text = time.time(), orjson.loads(line[6:])["chunk"]
                for one in text.splitlines():
                    if " line " in one:
                        number, said = one.rpartition(" line ")[2].split()
                        lines.append(int(number))
                        lags.append((float(said), now - float(said)))


async def view_all(port: int, viewers: int) -> None:
    """Open all viewers, say `ready`, follow to the end, and print what they saw as JSON."""
    opened: asyncio.Queue[None] = asyncio.Queue()
    lags: list[tuple[float, float]] = []
    tasks = []
    for _ in range(viewers):
        tasks.append(asyncio.create_task(view(port, opened, lags)))
        if len(tasks) % 50 == 0:
            await asyncio.sleep(0.05)
    for _ in range(viewers):
        await opened.get()
    ready = time.time()
    print("ready", flush=True)
    seen = await asyncio.gather(*tasks)
    late = Timed([lag for said, lag in lags if said > ready])
    first = seen[0][0]
    record = {
        "viewers": viewers,
        "lines": len(first),
        "in_order": all(lines == list(range(lines[0], lines[0] + len(lines))) for lines, _ in seen if lines),
        "equal": all(lines == first for lines, _ in seen),
        "ended": sum(end for _, end in seen),
        "lag_p50_ms": round(late.quantile(0.5), 1),
        "lag_p99_ms": round(late.quantile(0.99), 1),
    }
    print(json.dumps(record), flush=True)


def write_log(home: Path, per_second: float, ready: threading.Event, stop: threading.Event) -> int:
    """Write the log of a run, as the engine does, until told to stop; return how many lines."""
    run = new_run(home, "sft", "watched", config=SFTConfig(), run_id=RUN)
    count = 0
    with attempt(run):
        ready.set()
        logger = logging.getLogger("tunix_rt.bench")
        while not stop.wait(1 / per_second):
            logger.info("line %d %.6f", count, time.time())
            count += 1
    return count


def wait_for(port: int) -> None:
    """Wait until the service answers."""
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service does not start")


def measure(viewers: int, lines_per_second: float, requests: int, in_flight: int) -> dict[str, Any]:
    """Return what viewers saw, and how fast a list of runs was answered without and with them."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="tunix-rt-bench-") as folder:
        home = Path(folder)
        db.migrate(Settings(home=home))
        free = listen("127.0.0.1", 0)
        port = free.getsockname()[1]
        free.close()
        me = [sys.executable, os.path.abspath(__file__), "--viewers", str(viewers)]
        ready, stop = threading.Event(), threading.Event()
        written: list[int] = []
        writer = threading.Thread(target=lambda: written.append(write_log(home, lines_per_second, ready, stop)))
        service = subprocess.Popen([*me, "--serve", str(port), str(home)])
        try:
            wait_for(port)
            asked = [get(LIST)] * requests
            asyncio.run(drive(port, asked[:200], in_flight=in_flight))
            before = asyncio.run(drive(port, asked, in_flight=in_flight))
            writer.start()
            ready.wait()
            watching = subprocess.Popen([*me, "--view", str(port)], stdout=subprocess.PIPE, text=True)
            assert watching.stdout is not None
            assert watching.stdout.readline() == "ready\n"
            meanwhile = asyncio.run(drive(port, asked, in_flight=in_flight))
            stop.set()
            writer.join()
            said = json.loads(watching.communicate(timeout=60)[0])
            began = time.monotonic()
        finally:
            stop.set()
            service.terminate()
            service.wait(20)
    return {
        "viewers": said | {"written": written[0], "lines_per_second": lines_per_second},
        "without_viewers": before.record() | {"wrong": before.wrong},
        "with_viewers": meanwhile.record() | {"wrong": meanwhile.wrong},
        "in_flight": in_flight,
        "path": LIST,
        "stop_seconds": round(time.monotonic() - began, 2),
    }


def show(found: dict[str, Any]) -> None:
    """Print what `measure` returned as a table."""
    said = found["viewers"]
    print(f"{'GET ' + LIST:<28}{'p50 ms':>10}{'p99 ms':>10}{'requests/s':>12}")
    for name in ("without_viewers", "with_viewers"):
        one, label = found[name], name.replace("_", f" {said['viewers']} " if name == "with_viewers" else " ")
        print(f"{label:<28}{one['p50_ms']:>10}{one['p99_ms']:>10}{one['requests_per_second']:>12}")
    print(
        f"{said['ended']} of {said['viewers']} viewers saw the end; every line once and in order: {said['in_order']}; "
        f"lag of a line p50 {said['lag_p50_ms']} ms, p99 {said['lag_p99_ms']} ms"
    )


def main() -> None:
    """Measure without and with viewers, and print both."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--viewers", type=int, default=1000)
    words.add_argument("--lines-per-second", type=float, default=20.0)
    words.add_argument("--requests", type=int, default=2000)
    words.add_argument("--in-flight", type=int, default=8)
    words.add_argument("--serve", nargs=2, metavar=("PORT", "HOME"), help=argparse.SUPPRESS)
    words.add_argument("--view", type=int, metavar="PORT", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.serve or asked.view:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if asked.serve:
        serve(create_app(Settings(home=Path(asked.serve[1]))), listen("127.0.0.1", int(asked.serve[0])), None)
    elif asked.view:
        asyncio.run(view_all(asked.view, asked.viewers))
    else:
        found = measure(asked.viewers, asked.lines_per_second, asked.requests, asked.in_flight)
        show(found)
        print(json.dumps(found))


if __name__ == "__main__":
    main()
