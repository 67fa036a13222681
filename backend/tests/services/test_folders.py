"""Folders that are deleted: out of sight first, back after an error, and links without what they lead to."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import RUN, make_evaluation, make_run, reindex
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import bundle
from tunix_rt_backend.services import census, folders
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Run
from tunix_rt_backend.worker.watch import Watch


def test_folder_is_out_of_sight_in_the_block_and_gone_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "file").write_text("x")
    with deleting(folder):
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
    with deleting(folder):
        pass  # there is nothing to delete


def test_error_in_the_block_puts_the_folder_back(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    with pytest.raises(RuntimeError), deleting(folder):
        raise RuntimeError("the database went away")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with deleting(tmp_path / "link"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize("committed", [True, False])
def test_deletion_that_a_crash_cut_off_is_ended(session: Session, settings: Settings, committed: bool) -> None:
    home = settings.home
    make_run(home)
    make_evaluation(home)
    bundle(home, RunDir(home / "runs" / RUN))
    report = reindex(session, home)
    session.commit()
    for part, (table, *_) in census.PARTS.items():
        if committed:  # the crash came after the commit; else before it
            session.execute(delete(table))
        for folder in list((home / part).iterdir()):
            folders.hide(folder)
        assert len(folders.hidden(home / part)) == 1
    session.commit()
    again = reindex(session, home)
    session.commit()
    assert not any(folders.hidden(home / part) for part in census.PARTS)
    assert again == (type(report)() if committed else report)
    assert all(bool(list((home / part).iterdir())) is not committed for part in census.PARTS)


def test_watch_ends_a_deletion_that_a_crash_cut_off(app: FastAPI, session: Session, settings: Settings) -> None:
    run = make_run(settings.home)
    reindex(session, settings.home)
    session.execute(delete(Run))
    session.commit()
    folders.hide(run.path)
    Watch(app.state.sessions, settings.home).look()
    assert list((settings.home / "runs").iterdir()) == []
    assert session.scalars(select(Run)).all() == []


def test_every_kind_of_folder_is_deleted_with_its_row(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(settings.home)
    evaluation = make_evaluation(settings.home)
    submission = bundle(settings.home, run)
    reindex(session, settings.home)
    session.commit()
    for path in (f"submissions/{submission.id}", f"evaluations/{evaluation}", f"tunix/runs/{RUN}", "datasets/few-v1"):
        assert client.delete(f"/api/{path}").status_code == 204
        assert client.delete(f"/api/{path}").status_code == 404
    assert all(not list((settings.home / part).iterdir()) for part in census.PARTS)
