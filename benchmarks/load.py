"""Send prepared HTTP requests over kept-open connections and time each; it does not know what is asked.

A raw client: the ordinary ones cost more time a request than the service does, on the cores that both share.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop


@dataclass
class Timed:
    """What a series of requests took."""

    seconds: list[float] = field(default_factory=list)
    """Latency of each request, in seconds."""
    wall: float = 0.0
    """From the first request to the last answer, in seconds."""
    bytes: int = 0
    """Bytes of all bodies."""
    wrong: dict[int, int] = field(default_factory=dict)
    """How often each status other than 200 came; 0: the server hung up."""

    def quantile(self, share: float) -> float:
        """Return a quantile of the latencies, in milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def record(self) -> dict[str, float]:
        """Return the figures that a table shows."""
        return {
            "requests": len(self.seconds),
            "p50_ms": round(self.quantile(0.5), 2),
            "p99_ms": round(self.quantile(0.99), 2),
            "requests_per_second": round(len(self.seconds) / self.wall, 1),
            "mean_bytes": round(self.bytes / max(1, len(self.seconds))),
        }


def middle(rounds: Sequence[Timed]) -> dict[str, Any]:
    """Return the figures of several series: each the median of theirs, and the 99th percentile of every one."""
    every = [one.record() for one in rounds]
    wrong: Counter[int] = Counter()
    for one in rounds:
        wrong.update(one.wrong)
    return {
        "requests": sum(one["requests"] for one in every),
        **{
            name: round(statistics.median(one[name] for one in every), 2)
            for name in ("p50_ms", "p99_ms", "requests_per_second", "mean_bytes")
        },
        "p99_ms_of_rounds": [one["p99_ms"] for one in every],
        "wrong": dict(wrong),
    }


def get(path: str) -> bytes:
    """Return a GET request for a path that is already encoded."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """Return a POST request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one answer; return its status and the length of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"\r\ntransfer-encoding: chunked" in head:
        length = 0
        while size := int((await reader.readuntil(b"\r\n"))[:-2], 16):
            await reader.readexactly(size + 2)
            length += size
        await reader.readexactly(2)
        return status, length
    start = head.index(b"\r\ncontent-length: ") + 18
    length = int(head[start : head.index(b"\r\n", start)])
    await reader.readexactly(length)
    return status, length


async def drive(port: int, requests: Iterable[bytes], *, in_flight: int) -> Timed:
    """Send every request, `in_flight` at a time, each over one of as many connections."""
    timed = Timed()
    queue = iter(requests)

    async def one(queue: Iterator[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        for request in queue:
            began = time.perf_counter()
            writer.write(request)
            try:
                status, length = await answer(reader)
            except (asyncio.IncompleteReadError, ConnectionError):  # the server hung up: a failure like any other
                status, length = 0, 0
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
            timed.seconds.append(time.perf_counter() - began)
            timed.bytes += length
            if status != 200:
                timed.wrong[status] = timed.wrong.get(status, 0) + 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(queue) for _ in range(in_flight)))
    timed.wall = time.perf_counter() - began
    return timed


def lasting(requests: Sequence[bytes], seconds: float) -> Iterator[bytes]:
    """Yield the requests in turn, again and again, until the time is over."""
    end = time.perf_counter() + seconds
    for request in itertools.cycle(requests):
        if time.perf_counter() > end:
            return
        yield request


def measure(port: int, requests: Sequence[bytes], *, in_flight: int, seconds: float, warm_up: bool = True) -> Timed:
    """Send the requests in turn for so long, after a fifth of that as a warm-up."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if warm_up:
            runner.run(drive(port, lasting(requests, seconds / 5), in_flight=in_flight))
        return runner.run(drive(port, lasting(requests, seconds), in_flight=in_flight))
