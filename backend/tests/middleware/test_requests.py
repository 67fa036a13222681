"""Requests as such: ids, log lines, figures."""

from __future__ import annotations

import json
import logging

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from tunix_rt_backend.telemetry import REQUEST_ID, JsonLines

LOGGER = "tunix_rt_backend.middleware.requests"


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
