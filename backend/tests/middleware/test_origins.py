"""Origins: hosts, pages of other sites, framing, odd paths, proxies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings


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
