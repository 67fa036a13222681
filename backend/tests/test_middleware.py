from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY
from starlette.responses import FileResponse
from starlette.testclient import TestClient

from tunix_rt_backend.app import create_app
from tunix_rt_backend.middleware.bodies import check_json, depth_exceeds
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.telemetry import REQUEST_ID, JsonLines

LOGGER = "tunix_rt_backend.middleware.requests"


@pytest.fixture
def small(sqlite_settings: Settings) -> Settings:
    """Settings with small limits."""
    return sqlite_settings.model_copy(
        update={"trace_max_bytes": 1024, "batch_max_bytes": 4096, "upload_max_bytes": 8192, "request_seconds": 0.2}
    )


@pytest.fixture
def echo(small: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """The application with routes beside its own that tell what reached them."""
    with TestClient(with_echo(small, tmp_path), base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


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


# --- ids, log, figures ---


def test_request_id_is_made_or_taken_over(echo: TestClient) -> None:
    assert len(echo.get("/api/health").headers["x-request-id"]) == 32
    assert echo.get("/api/health", headers={"X-Request-Id": "a.b-c_9"}).headers["x-request-id"] == "a.b-c_9"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "{}", "é"])
def test_odd_request_id_is_replaced(echo: TestClient, given: str) -> None:
    answer = echo.get("/api/health", headers={"X-Request-Id": given.encode()})
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 32


def test_problem_carries_the_request_id(echo: TestClient) -> None:
    answer = echo.get("/api/nothing", headers={"X-Request-Id": "mine"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == "mine"


def test_request_is_one_line_in_the_log(echo: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        echo.get("/echo/some?q=secret", headers={"X-Request-Id": "mine"})
    (record,) = [one for one in caplog.records if one.name == LOGGER]
    REQUEST_ID.set("mine")
    line = json.loads(JsonLines().format(record))
    REQUEST_ID.set("")
    assert line.pop("ms") > 0
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info", "logger": LOGGER, "message": "GET /echo/{name} 200", "request_id": "mine",
        "method": "GET", "route": "/echo/{name}", "status": 200, "actor": None,
    }  # fmt: skip


def test_log_names_who_asked(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        client.get("/api/session")
    assert [one.fields["actor"] for one in caplog.records if one.name == LOGGER] == ["local"]  # type: ignore[attr-defined]


def test_error_is_answered_without_a_word_of_it_and_logged(echo: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = echo.get("/echo-broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "the secret is 42" in caplog.text


def count(**labels: str) -> float:
    return REGISTRY.get_sample_value("tunix_rt_requests_total", labels) or 0.0


def test_requests_are_counted_by_route_template(echo: TestClient) -> None:
    before = count(method="GET", route="/echo/{name}", status="200")
    for name in ("a", "b", "c"):
        echo.get(f"/echo/{name}")
    assert count(method="GET", route="/echo/{name}", status="200") == before + 3


def test_unknown_paths_and_methods_make_no_new_series(echo: TestClient) -> None:
    before = count(method="GET", route="unmatched", status="404")
    for number in range(5):
        echo.get(f"/api/unknown-{number}")
    assert count(method="GET", route="unmatched", status="404") == before + 5
    echo.request("BREW", "/api/health")
    assert count(method="OTHER", route="/api/health", status="405") >= 1


# --- headers of answers ---


def test_answers_carry_what_keeps_a_browser_safe(echo: TestClient) -> None:
    headers = echo.get("/api/health").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "private, no-cache"
    assert "server" not in headers


def test_refusals_carry_them_too(echo: TestClient) -> None:
    headers = echo.get("/api/health", headers={"Host": "evil.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/api/docs"])
def test_pages_load_nothing_from_elsewhere(echo: TestClient, path: str) -> None:
    answer = echo.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in answer.text
    assert "https:" not in answer.text


@pytest.mark.parametrize("name", ["swagger-ui.css", "swagger-ui-bundle.js", "favicon.png", "start.js"])
def test_files_of_the_api_page_come_from_here(echo: TestClient, name: str) -> None:
    assert name in echo.get("/api/docs").text
    answer = echo.get(f"/api/docs/{name}")
    assert answer.status_code == 200
    assert len(answer.content) > 100


def test_no_other_file_comes_with_the_api_page(echo: TestClient) -> None:
    for name in ("core.py", "__init__.py", "..%2f__init__.py", "redoc.standalone.js"):
        assert echo.get(f"/api/docs/{name}").status_code in (400, 404)


# --- the web app ---


@pytest.fixture
def built(sqlite_settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service with a web app."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>app</title>")
    (folder / "assets" / "app-1a2b3c.js").write_text("let x = 1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = create_app(sqlite_settings.model_copy(update={"web": folder}))
    with TestClient(app, base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/one", "/index.html"])
def test_web_app_answers_its_own_addresses(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert "<title>app" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_hashed_file_of_the_web_app_is_kept_for_ever(built: TestClient) -> None:
    assert "immutable" in built.get("/assets/app-1a2b3c.js").headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/api/nothing", "/link.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt"]
)
def test_web_app_has_nothing_else(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_web_app_leaves_the_methods_of_the_api_alone(built: TestClient) -> None:
    assert built.delete("/api/health").status_code == 405
    assert built.post("/runs").status_code == 404


# --- gzip ---


def test_answer_is_packed_for_those_who_ask(echo: TestClient) -> None:
    answer = echo.get("/echo-large", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert len(answer.json()["text"]) == 5000
    assert "content-encoding" not in echo.get("/echo-large", headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("path", ["/echo-stream", "/echo-file"])
def test_streams_and_files_with_ranges_are_not_packed(echo: TestClient, path: str) -> None:
    answer = echo.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


# --- bodies ---


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


# --- JSON ---


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


# --- hosts, origins, framing, paths ---


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]", "[::1]:8000"])
def test_loopback_names_are_answered(echo: TestClient, host: str) -> None:
    assert echo.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "evil.example:8000", "localhost@evil.example",
    "localhost, evil.example",
     "localhost:", "localhost:99999999", "[::1", "[::2]", "127.0.0.1.nip.io", "0.0.0.0", "localhost/x",
     "user@localhost"],
)  # fmt: skip
def test_other_names_are_refused(echo: TestClient, host: str) -> None:
    assert echo.get("/api/health", headers={"Host": host}).status_code == 400


def test_two_hosts_are_refused(echo: TestClient) -> None:
    assert echo.get("/api/health", headers=[("Host", "localhost"), ("Host", "localhost")]).status_code == 400


@pytest.fixture
def shared(sqlite_settings: Settings) -> Iterator[TestClient]:
    """A client of a service that another page may call."""
    settings = sqlite_settings.model_copy(update={"allowed_origins": ("https://lab.example",)})
    with TestClient(create_app(settings), base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


def test_other_origins_may_nothing_by_default(echo: TestClient) -> None:
    ask = {"Origin": "https://lab.example", "Access-Control-Request-Method": "POST"}
    preflight = echo.options("/api/tokens", headers=ask)
    assert preflight.status_code == 405
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in echo.get("/api/health", headers=ask).headers


def test_allowed_origin_may_call_without_a_cookie(shared: TestClient) -> None:
    ask = {"Origin": "https://lab.example", "Access-Control-Request-Method": "POST"}
    preflight = shared.options("/api/tokens", headers=ask)
    assert preflight.headers["access-control-allow-origin"] == "https://lab.example"
    assert "access-control-allow-credentials" not in preflight.headers
    cross = {"Origin": "https://lab.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    # It may ask, but like everybody who does not sit at this machine it has to show a token.
    assert shared.post("/api/tokens", json={"name": "a"}, headers=cross).status_code == 401
    token = shared.post("/api/tokens", json={"name": "a", "scope": "admin"}).json()["token"]
    shown = {**cross, "Authorization": f"Bearer {token}"}
    assert shared.post("/api/tokens", json={"name": "b"}, headers=shown).status_code == 201
    assert shared.get("/api/health", headers=cross).headers["access-control-allow-origin"] == "https://lab.example"
    other = {**cross, "Origin": "https://evil.example"}
    assert shared.post("/api/tokens", json={"name": "b"}, headers=other).status_code == 403
    assert shared.options("/api/tokens", headers={**ask, "Origin": "https://evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"Origin": "http://localhost"}, 200), ({"Origin": "https://localhost"}, 200),
        ({"Origin": "http://localhost:3000"}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403), ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200), ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
    ],
)  # fmt: skip
def test_change_that_another_page_asks_for_is_refused(echo: TestClient, headers: dict[str, str], status: int) -> None:
    assert echo.post("/echo/a", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
    ],
)
def test_another_page_may_link_here_and_no_more(echo: TestClient, headers: dict[str, str], status: int) -> None:
    assert echo.get("/echo/a", headers=headers).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "1"), ("Content-Length", "1")], [("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
        [("Content-Length", "+1")], [("Content-Length", "1e3")], [("Content-Length", "9" * 30)],
        [("Content-Length", "-1")],
        [("Transfer-Encoding", "gzip, chunked")], [("Transfer-Encoding", "identity")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
    ],
)  # fmt: skip
def test_body_with_two_readings_is_refused(echo: TestClient, headers: list[tuple[str, str]]) -> None:
    request = echo.build_request("POST", "/echo/a", headers=[("Host", "localhost"), *headers])
    assert echo.send(request).status_code == 400


@pytest.mark.parametrize("path", ["/echo/%00", "/echo/a%0d%0ab", "/echo/%5c", "/echo/%2e%2e", "/%2e/echo/a",
                                  "/echo/%2e%2e%2fx", "/echo/%ff", "/echo/a?q=%00"])  # fmt: skip
def test_odd_path_is_refused(echo: TestClient, path: str) -> None:
    assert echo.get(f"http://localhost{path}").status_code == 400


@pytest.mark.parametrize("path", ["/echo/a..b", "/echo/...", "/echo/.hidden", "/echo/é", "/echo/%F0%9F%98%80"])
def test_harmless_path_passes(echo: TestClient, path: str) -> None:
    assert echo.get(path).status_code == 200


def test_huge_head_is_refused(echo: TestClient) -> None:
    assert echo.get("/api/health", headers={"X-Padding": "x" * 40_000}).status_code == 431
    assert echo.get("/api/health?" + "x" * 40_000).status_code == 431


PROXIES = [
    {"X-Forwarded-For": "10.0.0.1"},
    {"X-Forwarded-Proto": "https"},
    {"Via": "1.1 proxy"},
    {"CF-Connecting-IP": "10.0.0.1"},
]


@pytest.mark.parametrize("headers", [*PROXIES, {"Origin": "https://pages.example"}], ids=str)
def test_only_who_sits_at_this_machine_needs_no_token(sqlite_settings: Settings, headers: dict[str, str]) -> None:
    """A proxy here brings the requests of others, and an allowed page is another site's."""
    settings = sqlite_settings.model_copy(update={"allowed_origins": ("https://pages.example",)})
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        assert client.get("/api/tokens").status_code == 200
        assert client.get("/api/tokens", headers=headers).status_code == 401


def test_who_names_another_host_lets_nobody_in_without_a_token(sqlite_settings: Settings) -> None:
    settings = sqlite_settings.model_copy(update={"allowed_hosts": ("tunix.example",)})
    for base_url in ("http://localhost", "http://tunix.example"):
        with TestClient(create_app(settings), base_url=base_url) as client:
            assert client.get("/api/traces").status_code == 401


def test_a_body_of_two_kinds_is_refused(sqlite_settings: Settings) -> None:
    """One layer would read it as JSON, and the one that bounds its depth as a text."""
    with TestClient(create_app(sqlite_settings), base_url="http://localhost") as client:
        kinds = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
        assert client.post("/api/traces", content=b"{}", headers=kinds).status_code == 400
