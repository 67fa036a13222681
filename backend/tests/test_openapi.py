"""The HTTP interface as clients know it: paths, tags and operation ids, frozen in a file beside this one.

A change here is a change for every client: read it, then write the file again with
`python backend/tests/test_openapi.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tunix_rt_backend.app import create_app
from tunix_rt_backend.deps import Caller
from tunix_rt_backend.routers import ROUTERS, TAGS
from tunix_rt_backend.settings import Settings

SNAPSHOT = Path(__file__).parent / "openapi.txt"
WITHOUT_CALL = {"read_health", "read_readiness", "create_session", "read_session", "delete_session"}
"""Operations that ask nobody who they are, or ask in their own way."""
READING_POSTS = {
    "export_sft", "make_sft_manifest", "replay_run_rollouts", "plan_submission", "select_traces", "verify_submission",
}  # fmt: skip
"""Operations that send a body but change nothing."""
PRIOR = """
GET /api/health
GET /metrics
POST /api/traces
POST /api/traces/batch
GET /api/traces/compare
GET /api/traces/{trace_id}
GET /api/traces
POST /api/traces/{trace_id}/score
POST /api/datasets/build
POST /api/datasets/ingest
GET /api/datasets/{dataset_key}/export.jsonl
GET /api/tunix/status
POST /api/tunix/sft/export
POST /api/tunix/sft/manifest
POST /api/tunix/run
GET /api/tunix/runs
GET /api/tunix/runs/{run_id}
GET /api/tunix/runs/{run_id}/status
GET /api/tunix/runs/{run_id}/logs
POST /api/tunix/runs/{run_id}/cancel
GET /api/tunix/runs/{run_id}/artifacts
GET /api/tunix/runs/{run_id}/metrics
POST /api/tunix/runs/{run_id}/evaluate
GET /api/tunix/runs/{run_id}/evaluation
GET /api/tunix/evaluations
""".split("\n")[1:-1]
"""Paths that clients of the earlier system call."""


def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations() -> list[str]:
    lines = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            lines.append(f"{operation['tags'][0]:<12} {operation['operationId']:<28} {method.upper()} {path}")
    return lines


def test_paths_tags_and_operation_ids_are_the_known_ones() -> None:
    assert operations() == SNAPSHOT.read_text().splitlines()


def test_operation_ids_are_unique_and_every_tag_is_described_in_the_order_of_the_flow() -> None:
    found = operations()
    ids = [line.split()[1] for line in found]
    assert len(set(ids)) == len(ids)
    order = [tag["name"] for tag in TAGS]
    assert {line.split()[0] for line in found} == set(order)


def test_every_path_of_the_earlier_system_is_there() -> None:
    there = {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods}
    assert set(PRIOR) <= there


def test_every_operation_is_explained_and_says_how_it_fails() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} says nothing"
            assert {"401", "422", "503"} <= set(operation["responses"]), f"{method} {path}"


def test_every_change_needs_the_right_to_write_and_leaves_an_audit_entry() -> None:
    """A route that changes something takes a Call of scope write or admin; only those audit what they do."""
    for route in [route for router in ROUTERS for route in router.routes]:
        if route.name in WITHOUT_CALL:
            continue
        dependant = route.dependant
        scopes = {one.call.scope for one in dependant.dependencies if isinstance(one.call, Caller)}
        if route.methods & {"POST", "PUT", "PATCH", "DELETE"} and route.name not in READING_POSTS:
            assert scopes & {"write", "admin"}, f"{route.name} needs no right to write"
        else:
            assert scopes, f"{route.name} asks nobody who they are"


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(operations()) + "\n")
