"""Metrics that are thinned out ahead of the first look, and gone with their run."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from made import RUN, make_run, zipped
from tunix_rt.cli import app as commands
from tunix_rt_backend.services.metrics import Metrics
from tunix_rt_backend.settings import Settings

BASE = f"/api/tunix/runs/{RUN}"


def make_long_run(home: Path) -> None:
    """Write a run with so many metrics that reading them takes a while."""
    make_run(home, metrics="".join(f'{{"step":{step},"loss":{step % 9}}}\n' for step in range(20_000)))


def kept(settings: Settings) -> list[str]:
    """Return what is kept of metrics on disk."""
    return sorted(path.name for path in (settings.home / "cache" / "metrics").glob("*"))


def test_deleted_run_leaves_no_curve(sqlite_app: FastAPI, sqlite_client: TestClient) -> None:
    settings: Settings = sqlite_app.state.settings
    metrics: Metrics = sqlite_app.state.metrics
    make_long_run(settings.home)
    metrics.precompute(RUN)
    assert sqlite_client.get(f"{BASE}/metrics").status_code == 200
    assert kept(settings) == [f"{RUN}.answer"]
    assert metrics._answers
    assert sqlite_client.delete(BASE).status_code == 204
    assert kept(settings) == []
    assert not metrics._answers
    assert not metrics._known


def test_imported_run_is_thinned_out(sqlite_app: FastAPI, sqlite_client: TestClient, tmp_path: Path) -> None:
    make_long_run(tmp_path / "elsewhere")
    packed = zipped(tmp_path / "elsewhere" / "runs" / RUN, tmp_path / "run")
    url, kind = "/api/tunix/runs/import", {"content-type": "application/zip"}
    for status in (201, 201):  # the second time it is here already
        answer = sqlite_client.post(url, content=packed, headers=kind)
        assert answer.status_code == status, answer.text
        assert kept(sqlite_app.state.settings) == [f"{RUN}.answer"]
    entries = sqlite_client.get("/api/audit").json()["data"]
    assert [(one["action"], one["target"], one["detail"]) for one in entries] == [("import_run", RUN, {"runs": [RUN]})]


def test_index_thins_out_what_is_long(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(sqlite_settings.home))
    make_long_run(sqlite_settings.home)
    make_run(sqlite_settings.home, "short")
    done = CliRunner().invoke(commands, ["index", "--json"])
    assert done.exit_code == 0, done.output
    assert kept(sqlite_settings) == [f"{RUN}.answer"]
