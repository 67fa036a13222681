"""Bodies: how large, how slow, how deep, and in which letters."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from echo import with_echo
from tunix_rt_backend.middleware.bodies import check_json, depth_exceeds
from tunix_rt_backend.settings import Settings


def test_body_at_the_limit_passes(echo: TestClient) -> None:
    assert echo.post("/echo/a", content=b"x" * 1024).json()["bytes"] == 1024


def test_body_over_the_limit_is_refused(echo: TestClient) -> None:
    answer = echo.post("/echo/a", content=b"x" * 1025)
    assert answer.status_code == 413
    assert "1,024" in answer.json()["detail"]


def parts(number: int, size: int = 512) -> Iterator[bytes]:
    for _ in range(number):
        yield b"x" * size


def test_body_without_a_length_is_counted(echo: TestClient) -> None:
    assert echo.post("/echo/a", content=parts(2)).json()["bytes"] == 1024
    assert echo.post("/echo/a", content=parts(3)).status_code == 413


def test_each_kind_of_route_has_its_limit(echo: TestClient) -> None:
    assert echo.post("/api/traces/batch", content=parts(8)).status_code != 413
    assert echo.post("/api/traces/batch", content=parts(9)).status_code == 413
    assert echo.post("/api/datasets/ingest", content=parts(16)).json() == 8192
    assert echo.post("/api/datasets/ingest", content=parts(17)).status_code == 413
    assert echo.post("/api/datasets/ingest", content=b"x" * 8193).status_code == 413


def test_packed_body_is_read_by_uploads_only(echo: TestClient) -> None:
    packed = gzip.compress(b"x" * 100_000)
    assert echo.post("/echo/a", content=packed, headers={"Content-Encoding": "gzip"}).status_code == 415
    assert echo.post("/echo/a", content=b"x", headers={"Content-Encoding": "identity"}).status_code == 200
    assert echo.post("/api/datasets/ingest", content=packed, headers={"Content-Encoding": "gzip"}).status_code == 200


def call(app: FastAPI, messages: list[Any], path: str, *, wait: float) -> list[Any]:
    """Send a request whose body arrives message by message with a pause before each; return what was answered."""

    async def run() -> list[Any]:
        answers: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(wait)
            return messages.pop(0)

        async def send(message: Any) -> None:
            answers.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "headers": [(b"host", b"localhost"), (b"transfer-encoding", b"chunked")],
        }  # fmt: skip
        await app(scope, receive, send)
        return answers

    return asyncio.run(run())


@pytest.mark.parametrize("path", ["/echo/a", "/api/datasets/ingest"])
def test_slow_body_is_refused(small: Settings, tmp_path: Path, path: str) -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": True}] * 9
    # An upload may take its time, but not stand still.
    answers = call(with_echo(small, tmp_path), body, path, wait=0.1 if path == "/echo/a" else 0.3)
    assert answers[0]["status"] == 408


def test_upload_may_take_longer_than_a_request(small: Settings, tmp_path: Path) -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": True}] * 4
    body.append({"type": "http.request", "body": b"", "more_body": False})
    answers = call(with_echo(small, tmp_path), body, "/api/datasets/ingest", wait=0.1)
    assert answers[0]["status"] == 200


def test_client_that_goes_away_is_no_error(small: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert call(with_echo(small, tmp_path), [{"type": "http.disconnect"}], "/echo/a", wait=0.0) == []
    assert "error" not in caplog.text.lower()


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * 8 + "]" * 8, False), ("[" * 9 + "]" * 9, True), ('{"a":' * 8 + "1" + "}" * 8, False),
        ('{"a":' * 9 + "1" + "}" * 9, True), ('[{"a":' * 4 + "1" + "}]" * 4, False),
        ('[{"a":' * 5 + "1" + "}]" * 5, True),
        ("[" + "[]," * 10_000 + "[]]", False), ('["' + "[" * 100 + '"]', False), (r'["\"' + "[" * 100 + '"]', False),
        (r'["\\",' + "[" * 8 + "]" * 8 + "]", True), (r'["\\\"' + "[" * 100 + '"]', False),
        ("[[],[[],[[],[[],[[],[[],[[],[[],[[]]]]]]]]]]", True), ("[[],[[],[[],[[],[[],[[],[[],[]]]]]]]]", False),
        ("[" * 100, True), ("]" * 100 + "[" * 9, True), ("]" * 100, False), ("", False), ("1", False),
    ],
)  # fmt: skip
def test_depth_of_json_is_that_of_its_brackets(text: str, deep: bool) -> None:
    assert depth_exceeds(text.encode(), 8) is deep


def test_deep_json_is_refused_before_it_is_parsed(client: TestClient) -> None:
    body = b"[" * 200 + b"]" * 200
    answer = client.post("/api/tokens", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "64 levels" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        (b'"a\\u0000"', False), (b'"a\\\\u0000"', True), (b'"a\\\\\\u0000"', False), (b'"\\ud800"', False),
        (b'"\\ud83d\\ude00"', True), (b'"\\\\ud800"', True), (b'"\xed\xa0\x80"', False), (b'"\xff"', False),
        ('"a"'.encode("utf-16"), False), ('"a"'.encode("utf-32-le"), False), ('"é😀"'.encode(), True),
    ],
)  # fmt: skip
def test_text_that_no_database_keeps_is_refused(body: bytes, fine: bool) -> None:
    assert (check_json(body, 8) is None) is fine


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_checking_a_batch_costs_no_more_than_parsing_it_twice() -> None:
    trace = {"prompt": 'a "quoted" [prompt]', "steps": [{"i": i, "content": "x" * 80} for i in range(9)], "meta": {}}
    body = json.dumps([trace] * 10_000).encode()
    checking = min(seconds(lambda: check_json(body, 64)) for _ in range(3))
    assert checking < 2 * min(seconds(lambda: json.loads(body)) for _ in range(3))
