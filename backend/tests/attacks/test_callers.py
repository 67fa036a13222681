"""Attacks by whoever asks: forged pages, names and tokens, and rights that one does not have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from starlette.testclient import TestClient

from attacked import JSON, NOTHING, RUN, World, check
from tunix_rt_backend.app import create_app
from tunix_rt_backend.services import access
from tunix_rt_backend.settings import Settings


@dataclass(frozen=True)
class Attack:
    """One request that someone sends who should not, and what must come back."""

    name: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/api/tokens"


FORGERIES = [
    Attack("change from another site", 403, {"Origin": "https://evil.example"}),
    Attack("change from another port", 403, {"Origin": "http://localhost:3000"}),
    Attack("change from a sandboxed page", 403, {"Origin": "null"}),
    Attack("change from a site that begins like ours", 403, {"Origin": "http://localhost.evil.example"}),
    Attack("change without an origin, from another site", 403, {"Sec-Fetch-Site": "cross-site"}),
    Attack("form of another site", 403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
    Attack("form without a JSON type", 422, {"Content-Type": "text/plain"}),
    Attack("deletion from another site", 403, {"Origin": "https://evil.example"}, "DELETE", f"/api/tunix/runs/{RUN}"),
    Attack("script of another site reads", 403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "GET"),
    Attack("preflight", 405, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, "OPTIONS"),
    Attack("name bound anew to loopback", 400, {"Host": "evil.example"}, "GET"),
    Attack("name bound anew, with our port", 400, {"Host": "evil.example:8000"}, "GET"),
    Attack("name that holds ours", 400, {"Host": "localhost@evil.example"}, "GET"),
    Attack("no name", 400, {"Host": ""}, "GET"),
    Attack("through a proxy", 401, {"X-Forwarded-For": "127.0.0.1"}, "GET"),
    Attack("host forwarded", 401, {"X-Forwarded-Host": "localhost"}, "GET"),
    Attack("no token at all", 401, {"Authorization": "Bearer"}, "GET"),
    Attack("empty token", 401, {"Authorization": "Bearer "}, "GET"),
    Attack("another kind", 401, {"Authorization": "Basic YWRtaW46YWRtaW4="}, "GET"),
    Attack("token in the address", 401, {"X-Forwarded-For": "x"}, "GET", "/api/tokens?token=trt_x&access_token=trt_x"),
    Attack("endless token", 401, {"Authorization": "Bearer trt_" + "x" * 9000}, "GET"),
    Attack("digest in place of the token", 401, {"Authorization": "Bearer " + "0" * 64}, "GET"),
    Attack("SQL in place of the token", 401, {"Authorization": "Bearer trt_' OR '1'='1"}, "GET"),
    Attack("endless header", 431, {"X-Padding": "x" * 60_000}, "GET"),
    Attack("endless address", 431, {}, "GET", "/api/traces?q=" + "x" * 60_000),
    Attack("method in a header", 405, {"X-HTTP-Method-Override": "DELETE"}, "POST", "/api/health"),
    Attack("path in a header", 404, {"X-Original-URL": "/api/tokens", "X-Rewrite-URL": "/api/tokens"}, "GET", "/api/x"),
    Attack("odd method", 405, {}, "TRACE", "/api/health"),
]


@pytest.mark.parametrize("attack", FORGERIES, ids=lambda attack: attack.name)
def test_no_forgery_is_believed(world: World, attack: Attack) -> None:
    world.app.state.lockout.failures.clear()
    before = world.snapshot()
    body = {"content": b'{"name": "evil"}', "headers": {**JSON, **attack.headers}}
    answer = world.client.request(
        attack.method, attack.path, **(body if attack.method == "POST" else {"headers": attack.headers})
    )  # type: ignore[arg-type]
    check(world, answer)
    assert answer.status_code == attack.status, answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert world.snapshot() == before
    assert world.client.get("/api/tokens").json()["data"] == []


def test_guessing_tokens_ends_in_a_lockout(world: World) -> None:
    world.app.state.lockout.failures.clear()
    found = [
        world.client.get("/api/tokens", headers={"Authorization": f"Bearer trt_{number:043d}"}).status_code
        for number in range(30)
    ]
    assert set(found[:10]) == {401}
    assert set(found[10:]) == {429}
    world.app.state.lockout.failures.clear()


def test_cookie_without_its_csrf_token_changes_nothing(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings, open_access=False)
    with app.state.sessions() as session:
        _, secret = access.create_token(session, "ann", "admin", None)
        session.commit()
    with TestClient(app, base_url="http://localhost") as client:
        csrf = client.post("/api/session", json={"token": secret}).json()["csrf_token"]
        for shown in (
            {},
            {"X-CSRF-Token": ""},
            {"X-CSRF-Token": csrf[:-1]},
            {"X-CSRF-Token": client.cookies[access.COOKIE]},
        ):
            for method, path in (
                ("POST", "/api/tokens"),
                ("DELETE", "/api/tokens/ann"),
                ("DELETE", "/api/traces/" + NOTHING),
            ):
                assert client.request(method, path, headers=shown).status_code == 403
        assert [one["revoked_at"] for one in client.get("/api/tokens").json()["data"]] == [None]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_no_token_does_more_than_its_scope(sqlite_settings: Settings, scope: access.Scope) -> None:
    app = create_app(sqlite_settings, open_access=False)
    with app.state.sessions() as session:
        _, secret = access.create_token(session, "ann", scope, None)
        session.commit()
    admin = {"/api/tokens", "/api/tokens/{name}", "/api/audit"}
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        for path, item in app.openapi()["paths"].items():
            for method in item:
                target = re.sub(r"\{[^}]+\}", NOTHING, path)
                guest = client.request(method.upper(), target)
                if path not in ("/api/health", "/api/health/ready", "/api/session"):
                    assert guest.status_code == 401, (method, path)
                if path in admin:
                    shown = {"Authorization": f"Bearer {secret}"}
                    assert client.request(method.upper(), target, headers=shown).status_code in (403, 405), (
                        method,
                        path,
                    )
