"""Tags by HTTP, on both databases: put on, found again, built from, taken off, and gone with their trace."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import arithmetic_rows
from building import build, keep
from tunix_rt_backend.services.tags import MOST
from tunix_rt_backend.tables import AuditEntry, TraceTag

URL = "/api/traces/tags"
GONE = "00000000-0000-4000-8000-000000000000"


def ids(client: TestClient, **query: Any) -> list[str]:
    return [row["id"] for row in client.get("/api/traces", params={"limit": 100, **query}).json()["data"]]


def tag(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(URL, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_traces_are_tagged_found_and_untagged(client: TestClient, session: Session) -> None:
    keep(session, arithmetic_rows.traces(6, domain="sums"))
    newest = ids(client)
    chosen = [newest[1], newest[4]]
    assert tag(client, trace_ids=[*chosen, GONE], add=["to check", "good"]) == {"matching": 2, "changed": 4}
    assert tag(client, trace_ids=chosen, add=["good"]) == {"matching": 2, "changed": 0}
    assert ids(client, tag="to check") == chosen
    assert ids(client, tag="good", domain="sums", q="many") == chosen, "a search keeps to it as well"
    assert ids(client, tag="nobody has it") == []
    listed = {row["id"]: row["tags"] for row in client.get("/api/traces").json()["data"]}
    assert listed == {one: ["good", "to check"] if one in chosen else [] for one in newest}
    assert client.get(f"/api/traces/{chosen[0]}/tags").json() == ["good", "to check"]
    assert client.get(f"/api/traces/{GONE}/tags").status_code == 404
    counts = [{"value": value, "count": 2, "capped": False} for value in ("good", "to check")]
    assert client.get("/api/traces/facets").json()["tag"] == counts
    assert tag(client, trace_ids=chosen[:1], remove=["good", "never"], add=["bad"]) == {"matching": 1, "changed": 2}
    assert ids(client, tag="good") == chosen[1:]
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "tag_traces").order_by(AuditEntry.seq)
    ).all()
    assert [entry.target for entry in entries] == ["+to check +good", "+bad -good -never"]
    assert entries[1].detail == {"trace_ids": chosen[:1]}


def test_a_tag_may_hold_what_else_parts_words(client: TestClient, session: Session) -> None:
    keep(session, arithmetic_rows.traces(2, domain="sums"))
    (newest, _) = ids(client)
    odd = sorted(["one, two", "three\u2028four", "five\x85six", '"seven"', "NULL"])
    assert tag(client, trace_ids=[newest], add=odd)["changed"] == len(odd)
    for query in ({}, {"q": "many"}, {"q": "many", "domain": "sums"}, {"offset": 0}):
        rows = client.get("/api/traces", params=query).json()["data"]
        assert [row["tags"] for row in rows] == [odd, []], query
    assert client.get(f"/api/traces/{newest}/tags").json() == odd


def test_a_dataset_is_built_from_a_tag_and_tags_go_with_their_trace(client: TestClient, session: Session) -> None:
    keep(session, arithmetic_rows.traces(9))
    tag(client, trace_ids=ids(client)[:5], add=["mine"])
    found = client.post("/api/datasets/select", json={"tag": "mine"}).json()
    assert (found["matching"], found["selected"]) == (5, 5)
    assert build(client, tag="mine", valid_fraction=0)["trace_count"] == 5
    assert client.get("/api/datasets/sums-v1").json()["notes"]["selection"]["tag"] == "mine"
    assert client.delete(f"/api/traces/{ids(client)[0]}").status_code == 204
    assert session.query(TraceTag).count() == 4


def test_a_trace_has_so_many_tags_and_no_more(client: TestClient, session: Session) -> None:
    keep(session, arithmetic_rows.traces(1))
    first = ids(client)
    for start in range(0, MOST, 16):
        tag(client, trace_ids=first, add=[f"tag {n}" for n in range(start, start + 16)])
    refused = client.post(URL, json={"trace_ids": first, "add": ["one more"]})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert "take some off first" in refused.json()["detail"]
    assert tag(client, trace_ids=first, add=["one more"], remove=["tag 0"])["changed"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"add": ["x"]},
        {"trace_ids": [], "add": ["x"]},
        {"trace_ids": [GONE] * 1001, "add": ["x"]},
        {"trace_ids": [GONE]},
        {"trace_ids": [GONE], "add": [f"tag {n}" for n in range(17)]},
        *({"trace_ids": [GONE], "add": [word]} for word in ("", " x", "x\n", "x" * 65)),
    ],
    ids=lambda body: ",".join(body),
)
def test_what_is_not_meant_is_refused(sqlite_client: TestClient, body: dict[str, Any]) -> None:
    assert sqlite_client.post(URL, json=body).status_code == 422
