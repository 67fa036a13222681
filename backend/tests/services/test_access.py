"""Tokens, lockout and loopback: what is kept, whom it lets in and for how long, and the commands that make it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tunix_rt.cli import app as cli
from tunix_rt.errors import UsageError
from tunix_rt_backend.app import create_app
from tunix_rt_backend.errors import Conflict, Locked, NotFound, Unauthorized
from tunix_rt_backend.services import access
from tunix_rt_backend.services.access import LastUse, Lockout, Principal
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, Token, utc_now

HERE = "127.0.0.1"


def make_token(session: Session, name: str = "ann", scope: access.Scope = "read", days: float | None = None) -> str:
    _, secret = access.create_token(session, name, scope, days)
    session.commit()
    return secret


def make_lockout(**changes: Any) -> Lockout:
    return Lockout(Settings(**{"failures_before_lockout": 3, **changes}))


def test_token_is_kept_as_a_digest_only(session: Session) -> None:
    secret = make_token(session)
    kept = session.execute(text("SELECT * FROM tokens")).one()
    assert secret.startswith("trt_")
    assert len(secret) == access.TOKEN_LENGTH
    assert secret not in str(kept)
    assert hashlib.sha256(secret.encode()).hexdigest() in str(kept)


def test_token_text_differs_each_time(session: Session) -> None:
    assert make_token(session, "ann") != make_token(session, "ben")


def test_token_is_verified_until_it_is_revoked(session: Session) -> None:
    secret, lockout = make_token(session), make_lockout()
    assert access.verify(session, secret, HERE, lockout).name == "ann"
    access.revoke_token(session, "ann")
    with pytest.raises(Unauthorized, match="revoked"):
        access.verify(session, secret, HERE, lockout)


def test_token_is_verified_until_it_expires(session: Session) -> None:
    secret, lockout = make_token(session, days=1), make_lockout()
    assert access.verify(session, secret, HERE, lockout).name == "ann"
    token = session.query(Token).one()
    token.expires_at = utc_now() - timedelta(seconds=1)
    with pytest.raises(Unauthorized, match="expired"):
        access.verify(session, secret, HERE, lockout)


def test_revoking_twice_keeps_the_first_moment(session: Session) -> None:
    make_token(session)
    first = access.revoke_token(session, "ann").revoked_at
    assert access.revoke_token(session, "ann").revoked_at == first


def test_revoking_an_unknown_token_is_refused(session: Session) -> None:
    with pytest.raises(NotFound, match="nobody"):
        access.revoke_token(session, "nobody")


def test_token_name_is_never_used_twice(session: Session) -> None:
    make_token(session)
    access.revoke_token(session, "ann")
    with pytest.raises(Conflict, match="ann"):
        make_token(session)


@pytest.mark.parametrize("name", sorted(access.RESERVED))
def test_token_name_with_a_meaning_in_the_audit_log_is_refused(session: Session, name: str) -> None:
    with pytest.raises(Conflict, match="audit"):
        make_token(session, name)


def test_scope_includes_the_ones_before_it() -> None:
    may = {have: [want for want in ("read", "write", "admin") if Principal("x", have).may(want)]
           for have in ("read", "write", "admin")}  # fmt: skip
    assert may == {"read": ["read"], "write": ["read", "write"], "admin": ["read", "write", "admin"]}


def test_wrong_tokens_lock_the_address_out_even_with_the_right_one(session: Session) -> None:
    secret, lockout = make_token(session), make_lockout()
    for _ in range(3):
        with pytest.raises(Unauthorized):
            access.verify(session, "trt_" + "x" * 43, HERE, lockout)
    with pytest.raises(Locked) as refused:
        access.verify(session, secret, HERE, lockout)
    assert 0 < int(refused.value.headers["Retry-After"]) <= 61
    assert access.verify(session, secret, "192.0.2.7", lockout).name == "ann"


def test_expired_token_is_no_guess(session: Session) -> None:
    secret, lockout = make_token(session), make_lockout()
    access.revoke_token(session, "ann")
    for _ in range(10):
        with pytest.raises(Unauthorized):
            access.verify(session, secret, HERE, lockout)


def test_lockout_ends() -> None:
    lockout = make_lockout(lockout_seconds=0.05)
    for _ in range(3):
        lockout.fail(HERE)
    with pytest.raises(Locked):
        lockout.check(HERE)
    time.sleep(0.06)
    lockout.check(HERE)
    lockout.fail(HERE)
    lockout.check(HERE)  # and counting began anew


def test_lockout_keeps_a_bounded_number_of_addresses() -> None:
    lockout = make_lockout()
    for number in range(10_100):
        lockout.fail(str(number))
    assert len(lockout.failures) == 10_000


def test_last_use_is_written_once_a_minute(app: FastAPI, session: Session) -> None:
    make_token(session)
    token = session.query(Token).one()
    last_use = LastUse(app.state.sessions)
    last_use.note(token.id)
    last_use.note(token.id)
    last_use.thread.shutdown(wait=True)
    session.rollback()  # see what was written meanwhile
    session.refresh(token)
    assert token.last_used_at is not None
    assert len(last_use.seen) == 1


def test_last_use_never_slows_a_request(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings)
    with app.state.sessions() as session:
        make_token(session)
        token_id = session.query(Token).one().id
    other = sqlite3.connect(sqlite_settings.home / "tunix_rt.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # as a long upload holds the lock
    began = time.perf_counter()
    app.state.last_use.note(token_id)
    assert time.perf_counter() - began < 0.1
    other.execute("ROLLBACK")
    other.close()
    app.state.last_use.close()
    app.state.engine.dispose()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False), ("::", False), ("", False), ("192.0.2.1", False), ("a" * 300, False), ("no.such.invalid",
        False),
    ],
)  # fmt: skip
def test_loopback_is_told_from_every_other_address(host: str, expected: bool) -> None:
    assert access.is_loopback(host) is expected


def test_bind_to_loopback_is_open(app: FastAPI) -> None:
    assert access.check_bind("127.0.0.1", app.state.sessions) is True


def test_bind_elsewhere_needs_a_valid_token(app: FastAPI, session: Session) -> None:
    with pytest.raises(UsageError, match="token create"):
        access.check_bind("0.0.0.0", app.state.sessions)
    make_token(session)
    assert access.check_bind("0.0.0.0", app.state.sessions) is False
    access.revoke_token(session, "ann")
    session.commit()
    with pytest.raises(UsageError, match="token create"):
        access.check_bind("0.0.0.0", app.state.sessions)


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_audit_log_only_grows(session: Session, change: str) -> None:
    session.add(AuditEntry(at=utc_now(), actor="ann", action="create_trace", target="x", request_id="1", detail={}))
    session.commit()
    with pytest.raises(DBAPIError, match="only grows"):
        session.execute(text(change))
    session.rollback()
    assert session.query(AuditEntry).one().actor == "ann"


def test_csrf_token_does_not_give_the_session_away() -> None:
    assert "secret" not in access.csrf_token("secret")
    assert access.csrf_token("secret") != access.csrf_token("secreT")


def run_cli(*words: str) -> Any:
    return CliRunner().invoke(cli, ["token", *words])


def test_token_commands_make_list_and_revoke(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(sqlite_settings.home))
    made = json.loads(run_cli("create", "ann", "--scope", "write", "--expires-days", "2", "--json").stdout)
    assert (made["name"], made["scope"]) == ("ann", "write")
    assert made["expires_at"] is not None
    plain = run_cli("create", "ben").stdout.strip()
    assert len(plain) == access.TOKEN_LENGTH
    listed = run_cli("list", "--json").stdout
    assert [one["name"] for one in json.loads(listed)["tokens"]] == ["ben", "ann"]
    assert made["token"] not in listed
    assert "ann" in run_cli("list").stdout
    assert json.loads(run_cli("revoke", "ann", "--json").stdout)["revoked_at"] is not None
    app = create_app(sqlite_settings)
    with app.state.sessions() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.seq).all()
        assert [(one.actor, one.action, one.target) for one in entries] == [
            ("cli", "create_token", "ann"),
            ("cli", "create_token", "ben"),
            ("cli", "revoke_token", "ann"),
        ]
    app.state.engine.dispose()


@pytest.mark.parametrize(
    "words", [("create", "a b"), ("create", "cli"), ("create", "a", "--scope", "root"),
    ("create", "a", "--expires-days", "0"),
              ("revoke", "nobody")],
)  # fmt: skip
def test_token_command_refuses_with_one_line(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(sqlite_settings.home))
    refused = run_cli(*words)
    assert refused.exit_code != 0
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1


def test_first_token_makes_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(tmp_path / "new"))
    assert run_cli("create", "ann").exit_code == 0


def test_service_answers_to_the_address_that_it_listens_on(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings.answering_to("192.0.2.7"), open_access=False)
    with TestClient(app, base_url="http://192.0.2.7:8000") as client:
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/health", headers={"Host": "192.0.2.8"}).status_code == 400
