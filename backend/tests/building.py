"""Datasets as a test asks the service for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.services import traces


def keep(session: Session, found: list[ReasoningTrace]) -> None:
    """Put traces into the database."""
    traces.create(session, found)
    session.commit()


def body(**fields: Any) -> dict[str, Any]:
    """Return what a build is asked for with."""
    return {"dataset_name": "sums", "dataset_version": "v1", "selection_strategy": "all", **fields}


def build(client: TestClient, **fields: Any) -> dict[str, Any]:
    """Build a dataset and return what was answered."""
    answer = client.post("/api/datasets/build", json=body(**fields))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(client: TestClient, status: int, **fields: Any) -> dict[str, Any]:
    """Ask for a build that is refused, and return the problem."""
    answer = client.post("/api/datasets/build", json=body(**fields))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found
