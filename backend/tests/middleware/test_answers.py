"""Answers: what keeps a browser safe, and what is packed."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


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
