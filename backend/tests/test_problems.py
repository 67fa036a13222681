"""Problems: each kind has a name of its own that never changes, and says what there is instead."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tunix_rt_backend.errors import BY_STATUS, TYPE_PREFIX, ServiceError

NAMES = {
    400: "bad-request", 401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
    408: "timed-out", 409: "conflict", 413: "too-large", 415: "unsupported-media-type", 416: "range-not-satisfiable",
    422: "unprocessable", 429: "locked", 431: "head-too-large", 503: "unavailable",
}  # fmt: skip


def test_names_are_those_that_clients_know() -> None:
    assert {status: kind.name for status, kind in BY_STATUS.items()} == NAMES
    assert len(BY_STATUS) == len(ServiceError.__subclasses__())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("BREW", "/api/health", "GET"), ("PUT", "/api/traces", "DELETE, GET, POST"),
        ("DELETE", "/api/traces/compare", "GET"), ("POST", "/api/docs", "GET"), ("GET", "/api/tunix/run", "POST"),
    ],
)  # fmt: skip
def test_method_that_is_not_allowed_is_named_with_those_that_are(
    sqlite_client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = sqlite_client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.json()["type"] == TYPE_PREFIX + "method-not-allowed"
    assert f"takes {allowed};" in answer.json()["detail"]


STEP = {"i": 0, "type": "t", "content": "c", "note": "x"}


@pytest.mark.parametrize(
    ("method", "path", "body", "place", "known"),
    [
        ("GET", "/api/traces?sorce=a", None, "query.sorce", "source, license, domain, "),
        ("GET", "/api/leaderboard?tsk=a", None, "query.tsk", "task_digest, contract, "),
        ("GET", "/api/tunix/runs?limt=a", None, "query.limt", "status, dataset_key, "),
        ("POST", "/api/datasets/ingest?on_eror=skip", None, "query.on_eror", "source_name, schema, mapping, "),
        ("GET", "/api/tunix/runs/r/logs?sinc_seq=1", None, "query.sinc_seq", "format, since_seq, "),
        ("POST", "/api/tokens", {"name": "a", "scop": "read"}, "body.scop", "name, scope, expires_days"),
        ("POST", "/api/datasets/build", {"filter": {}}, "body.filter", "filters, facets, upload_id, tag, q, "),
        ("POST", "/api/traces", {"prompt": "p", "steps": [STEP], "final_answer": "a"}, "body.steps.0.note",
         "i, type, content"),
    ],
)  # fmt: skip
def test_unknown_key_is_named_with_those_that_there_are(
    sqlite_client: TestClient, method: str, path: str, body: object, place: str, known: str
) -> None:
    answer = sqlite_client.request(method, path, json=body)
    assert answer.status_code == 422
    said = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert f"there are {known}" in said[place]


def test_unknown_query_is_refused_where_none_is_taken(sqlite_client: TestClient) -> None:
    answer = sqlite_client.get("/api/jobs/00000000-0000-0000-0000-000000000000?verbose=1")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.verbose")
