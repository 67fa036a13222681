"""Who is let in over HTTP: tokens, cookie sessions, lockout, and the audit log of what they did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient

from tunix_rt_backend.app import create_app
from tunix_rt_backend.db import writing
from tunix_rt_backend.services import access
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, CookieSession, Token, utc_now


@pytest.fixture
def closed(settings: Settings) -> Iterator[FastAPI]:
    """The application as it is where others can reach it: nobody comes in without a token."""
    made = create_app(settings, open_access=False)
    yield made
    made.state.engine.dispose()


@pytest.fixture
def guest(closed: FastAPI) -> Iterator[TestClient]:
    """A client of it that has no token."""
    with TestClient(closed, base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


def token_of(app: FastAPI, scope: access.Scope, name: str | None = None) -> str:
    with app.state.sessions() as session:
        writing(session)  # the time of last use may be written meanwhile
        _, secret = access.create_token(session, name or scope, scope, None)
        session.commit()
    return secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_guest_is_refused_with_what_to_do(guest: TestClient) -> None:
    answer = guest.get("/api/session")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "tunix-rt token create" in answer.json()["detail"]


def test_guest_may_see_that_the_service_is_alive(guest: TestClient) -> None:
    assert guest.get("/api/health").status_code == 200


def test_token_lets_in_and_its_use_is_noted(closed: FastAPI, guest: TestClient) -> None:
    answer = guest.get("/api/session", headers=bearer(token_of(closed, "read")))
    assert answer.status_code == 200
    expected = {"name": "read", "scope": "read", "via": "token", "expires_at": None, "csrf_token": None}
    assert answer.json() == expected
    closed.state.last_use.thread.shutdown(wait=True)
    with closed.state.sessions() as session:
        assert session.scalars(select(Token)).one().last_used_at is not None


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 403), ("admin", 200)])
def test_tokens_are_for_admins(closed: FastAPI, guest: TestClient, scope: access.Scope, status: int) -> None:
    assert guest.get("/api/tokens", headers=bearer(token_of(closed, scope))).status_code == status
    assert guest.get("/api/audit", headers=bearer(token_of(closed, scope, "second"))).status_code == status


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer trt_", "Basic dXNlcjpwYXNz",
    "Bearer " + "a" * 5000, "Bearer trt_" + "é" * 43,
               "Bearer trt_" + "x" * 43],
)  # fmt: skip
def test_wrong_token_is_refused(guest: TestClient, header: str) -> None:
    assert guest.get("/api/session", headers={"Authorization": header.encode()}).status_code == 401


def test_two_tokens_are_refused(closed: FastAPI, guest: TestClient) -> None:
    secret = token_of(closed, "read")
    both = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {secret}")]
    assert guest.get("/api/session", headers=both).status_code == 401


def test_guessing_is_locked_out_and_the_right_token_too(closed: FastAPI, guest: TestClient) -> None:
    secret = token_of(closed, "read")
    answers = [guest.get("/api/session", headers=bearer("trt_" + "x" * 43)).status_code for _ in range(12)]
    assert answers == [401] * 10 + [429] * 2
    refused = guest.get("/api/session", headers=bearer(secret))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert guest.post("/api/session", json={"token": secret}).status_code == 429


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer trt_short", "Basic dXNlcjpwYXNz"])
def test_what_is_no_token_is_no_guess(closed: FastAPI, guest: TestClient, header: str) -> None:
    secret = token_of(closed, "read")
    answers = {guest.get("/api/session", headers={"Authorization": header}).status_code for _ in range(12)}
    answers |= {guest.post("/api/session", json={"token": "trt_short"}).status_code for _ in range(12)}
    assert answers == {401}
    assert guest.get("/api/session", headers=bearer(secret)).status_code == 200


def seen_through(app: FastAPI, proxy: str, client: str, secret: str) -> int:
    """Return how a request is answered that a proxy at an address brings for a client."""
    made = TestClient(app, base_url="http://localhost", client=(proxy, 50000))
    return made.get("/api/session", headers=bearer(secret) | {"X-Forwarded-For": client}).status_code


def test_clients_of_a_trusted_proxy_are_locked_out_one_by_one(sqlite_settings: Settings) -> None:
    proxies = Settings(trusted_proxies="10.0.0.0/8, ::1").trusted_proxies  # type: ignore[arg-type]
    app = create_app(sqlite_settings.model_copy(update={"trusted_proxies": proxies}), open_access=False)
    right, wrong = token_of(app, "read"), "trt_" + "x" * 43
    guesser = "198.51.100.1, 192.0.2.1"  # what stands left of its own address it wrote itself
    assert [seen_through(app, "10.0.0.9", guesser, wrong) for _ in range(11)] == [401] * 10 + [429]
    assert seen_through(app, "10.1.1.1", "192.0.2.1", right) == 429
    for other in ("192.0.2.2", "198.51.100.1", "192.0.2.1, 192.0.2.3", "192.0.2.1, no address"):
        assert seen_through(app, "10.0.0.9", other, right) == 200
    app.state.engine.dispose()


def test_nobody_else_says_whose_a_request_is(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings, open_access=False)
    right, wrong = token_of(app, "read"), "trt_" + "x" * 43
    found = [seen_through(app, "10.0.0.9", f"192.0.2.{number}", wrong) for number in range(11)]
    assert found == [401] * 10 + [429]
    assert seen_through(app, "10.0.0.9", "192.0.2.99", right) == 429
    app.state.engine.dispose()


def test_whoever_sits_at_the_machine_is_never_locked_out(client: TestClient) -> None:
    for _ in range(12):
        client.get("/api/session", headers=bearer("trt_" + "x" * 43))
    assert client.get("/api/session", headers=bearer("trt_" + "x" * 43)).status_code == 429
    assert client.get("/api/session").json()["via"] == "local"
    client.cookies.set(access.COOKIE, "stale")
    for _ in range(12):
        assert client.get("/api/session").json()["via"] == "local"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_brings_is_not_local(client: TestClient, header: str) -> None:
    assert client.get("/api/session", headers={header: "192.0.2.1"}).status_code == 401


def test_allowed_host_is_not_local(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings.model_copy(update={"allowed_hosts": ("tunix.example",)}))
    with TestClient(app, base_url="http://tunix.example") as client:
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/session").status_code == 401


def sign_in(app: FastAPI, client: TestClient, scope: access.Scope = "admin", **headers: str) -> Any:
    answer = client.post("/api/session", json={"token": token_of(app, scope)}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(closed: FastAPI, guest: TestClient) -> None:
    answer = sign_in(closed, guest)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    with closed.state.sessions() as session:
        assert guest.cookies[access.COOKIE] not in session.scalars(select(CookieSession.id_digest)).all()


def test_cookie_is_secure_behind_https(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings.model_copy(update={"allowed_hosts": ("tunix.example",)}), open_access=False)
    with TestClient(app, base_url="http://tunix.example") as client:
        answer = sign_in(app, client, Origin="https://tunix.example")
    assert "secure" in answer.headers["set-cookie"].lower()


def test_cookie_reads_and_changes_only_with_the_csrf_token(closed: FastAPI, guest: TestClient) -> None:
    csrf = sign_in(closed, guest).json()["csrf_token"]
    who = guest.get("/api/session").json()
    assert who["via"] == "cookie"
    assert who["csrf_token"] == csrf
    body = {"name": "new", "scope": "read"}
    assert guest.post("/api/tokens", json=body).status_code == 403
    assert guest.post("/api/tokens", json=body, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert guest.post("/api/tokens", json=body, headers={"X-CSRF-Token": csrf}).status_code == 201


def test_session_ends_when_asked(closed: FastAPI, guest: TestClient) -> None:
    csrf = sign_in(closed, guest).json()["csrf_token"]
    assert guest.delete("/api/session").status_code == 403
    kept = guest.cookies[access.COOKIE]
    assert guest.delete("/api/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert access.COOKIE not in guest.cookies
    guest.cookies.set(access.COOKIE, kept)
    assert guest.get("/api/session").status_code == 401


def test_session_ends_with_its_token(closed: FastAPI, guest: TestClient) -> None:
    csrf = sign_in(closed, guest).json()["csrf_token"]
    assert guest.delete("/api/tokens/admin", headers={"X-CSRF-Token": csrf}).json()["revoked_at"] is not None
    assert guest.get("/api/session").status_code == 401


def test_session_ends_with_time(closed: FastAPI, guest: TestClient) -> None:
    sign_in(closed, guest)
    with closed.state.sessions() as session:
        session.scalars(select(CookieSession)).one().expires_at = utc_now()
        session.commit()
    assert guest.get("/api/session").status_code == 401


def test_session_of_a_wrong_token_is_refused(guest: TestClient) -> None:
    assert guest.post("/api/session", json={"token": "trt_wrong"}).status_code == 401
    assert guest.post("/api/session", json={}).status_code == 422


def test_deleting_no_session_changes_nothing(client: TestClient) -> None:
    assert client.delete("/api/session").status_code == 204


def test_token_made_by_http_works_and_is_seen_once(client: TestClient) -> None:
    made = client.post("/api/tokens", json={"name": "ann", "scope": "write", "expires_days": 1})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert client.get("/api/session", headers=bearer(secret)).json()["name"] == "ann"
    listed = client.get("/api/tokens")
    assert secret not in listed.text
    assert listed.json()["data"][0]["expires_at"] is not None
    assert client.post("/api/tokens", json={"name": "ann"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": ".."}, {"name": "a/b"}, {"name": "a\nb"}, {"name": "x" * 129}, {"name": "a",
    "scope": "root"},
     {"name": "a", "expires_days": 0}, {"name": "a", "expires_days": 1e300}, {"name": "a", "secret_digest": "x"}],
)  # fmt: skip
def test_odd_token_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/tokens", json=body).status_code == 422


def test_token_pages_hold_each_token_once(client: TestClient) -> None:
    names = [f"t{number}" for number in range(7)]
    for name in names:
        client.post("/api/tokens", json={"name": name})
    found: list[str] = []
    cursor = None
    while True:
        page = client.get("/api/tokens", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        found += [row["name"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert found == names[::-1]


def test_revoking_an_unknown_token_is_a_404(client: TestClient) -> None:
    assert client.delete("/api/tokens/nobody").status_code == 404


def test_change_is_in_the_audit_log_with_who_and_which_request(closed: FastAPI, guest: TestClient) -> None:
    secret = token_of(closed, "admin", "ann")
    made = guest.post("/api/tokens", json={"name": "ben"}, headers={**bearer(secret), "X-Request-Id": "my-request"})
    assert made.headers["x-request-id"] == "my-request"
    guest.post("/api/tokens", json={"name": "ben"}, headers=bearer(secret))  # refused: no change, no entry
    entries = guest.get("/api/audit", headers=bearer(secret)).json()["data"]
    assert [(one["actor"], one["action"], one["target"], one["request_id"]) for one in entries] == [
        ("ann", "create_token", "ben", "my-request")
    ]
    assert secret not in str(entries)
    assert made.json()["token"] not in str(entries)


def test_audit_log_is_filtered_and_paged(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        client.post("/api/tokens", json={"name": name})
    client.delete("/api/tokens/a")
    assert [row["target"] for row in client.get("/api/audit", params={"action": "revoke_token"}).json()["data"]] == [
        "a"
    ]
    assert client.get("/api/audit", params={"actor": "nobody"}).json()["data"] == []
    first = client.get("/api/audit", params={"limit": 2, "actor": "local"}).json()
    rest = client.get("/api/audit", params={"limit": 2, "cursor": first["pagination"]["next_cursor"]}).json()
    assert [row["target"] for row in first["data"] + rest["data"]] == ["a", "c", "b", "a"]
    assert rest["pagination"]["next_cursor"] is None


def test_signing_in_and_out_is_in_the_audit_log(closed: FastAPI, guest: TestClient) -> None:
    csrf = sign_in(closed, guest).json()["csrf_token"]
    guest.delete("/api/session", headers={"X-CSRF-Token": csrf})
    with closed.state.sessions() as session:
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all() == [
            "create_session",
            "delete_session",
        ]
        assert session.scalar(select(func.count()).select_from(CookieSession)) == 0
