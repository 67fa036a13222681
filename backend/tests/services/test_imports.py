"""Runs from elsewhere: taken in whole, checked byte for byte, and never trusted with a path."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from typer.testing import CliRunner

from evaluated import forge
from made import RUN, digest_of, make_evaluation, make_run, reindex, zipped
from tunix_rt.cli import app as commands
from tunix_rt.evaluation import ModelRef
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.run import read_run, update_run, verify_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.services import imports, runs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, DatasetRow, EvaluationRow, Run

URL = "/api/tunix/runs/import"
ZIP = {"content-type": "application/zip"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A home folder on another machine, with one run and all that belongs to it."""
    home = tmp_path / "elsewhere"
    make_run(home)
    make_evaluation(home)
    return home


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as opened:
        for name, data in entries:
            opened.writestr(name, data)
    return packed.getvalue()


def send(client: TestClient, body: bytes, **headers: str) -> Any:
    return client.post(URL, content=body, headers=ZIP | headers)


def assert_nothing_came_in(settings: Settings) -> None:
    assert not (settings.home / "runs").exists() or list((settings.home / "runs").iterdir()) == []
    assert list((settings.home / "cache" / "imports").glob("*")) == []


def test_zip_of_a_run_is_taken_in(client: TestClient, session: Session, settings: Settings, elsewhere: Path) -> None:
    answer = send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run"))
    assert answer.status_code == 201, answer.text
    taken = answer.json()["runs"][0]
    assert (taken["run_id"], taken["replayed"], taken["verified"]) == (RUN, False, ["manifest", "config", "own files"])
    assert [missing.split()[:2] for missing in taken["missing_upstream"]] == [["dataset", "few-v1"]]
    detail = client.get(f"/api/tunix/runs/{RUN}").json()
    assert (detail["mode"], detail["status"], detail["results"]) == ("import", "completed", {"steps": 1, "loss": 2.5})
    assert digest_of(RunDir(settings.home / "runs" / RUN)) == digest_of(RunDir(elsewhere / "runs" / RUN))
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.detail) == ("import_run", {"runs": [RUN]})
    reindex(session, settings.home)
    assert session.scalars(select(Run.mode)).all() == ["import"]
    assert list((settings.home / "cache" / "imports").iterdir()) == []


def test_home_folder_brings_its_datasets_and_evaluations(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    answer = send(client, zipped(elsewhere, elsewhere.parent / "home"))
    assert answer.status_code == 201, answer.text
    assert answer.json()["datasets"] == ["few-v1"]
    assert answer.json()["runs"][0]["missing_upstream"] == []
    assert session.scalars(select(DatasetRow.key)).all() == ["few-v1"]
    assert session.scalars(select(EvaluationRow.dataset_key)).all() == ["few-v1"]
    assert verify_run(RunDir(settings.home / "runs" / RUN)).checked == ["dataset few-v1", "output " + RUN, "config"]
    again = send(client, zipped(elsewhere, elsewhere.parent / "home"))
    assert (again.status_code, again.json()["runs"][0]["replayed"]) == (201, True)
    assert again.json()["datasets"] == []


def test_evaluation_that_does_not_follow_from_its_samples_is_refused(
    client: TestClient, settings: Settings, elsewhere: Path
) -> None:
    folder = next((elsewhere / "evaluations").iterdir())
    forge(folder, metrics=forge(folder).manifest.metrics.model_copy(update={"n": 6_000}))
    answer = send(client, zipped(elsewhere, elsewhere.parent / "home"))
    assert answer.status_code == 422
    assert "metrics.n is 6000, and they give 6" in answer.json()["detail"]
    assert_nothing_came_in(settings)


def test_evaluation_from_elsewhere_says_so_on_the_leaderboard(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    send(client, zipped(elsewhere, elsewhere.parent / "home"))
    there, here = os.listdir(elsewhere / "evaluations")[0], make_evaluation(settings.home, "run-of-ours")
    for _ in range(2):  # as it came in, and as it is found again
        reindex(session, settings.home)
        session.commit()
        for path in ("/api/evaluations", "/api/leaderboard?all=true"):
            rows = client.get(path).json()["data"]
            assert {row["evaluation_id"]: row["imported"] for row in rows} == {there: True, here: False}, path


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": ModelRef(name="m" * 300)}, "model_name has 300 characters"),
        ({"model": ModelRef(name="m\0")}, "NUL"),
        ({"created": "0001-01-01T00:00:00+23:59"}, "is no moment"),
        ({"created": "9999-12-31T23:59:59Z"}, "yet to come"),
    ],
)
def test_refused_import_leaves_nothing_however_often_it_is_sent(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path, changes: Any, problem: str
) -> None:
    forge(next((elsewhere / "evaluations").iterdir()), **changes)
    body = zipped(elsewhere, elsewhere.parent / "home")
    for _ in range(2):
        answer = send(client, body)
        assert (answer.status_code, problem in answer.text) == (422, True), answer.text
        assert_nothing_came_in(settings)
        assert not (settings.home / "datasets").exists()
    assert session.scalars(select(AuditEntry)).all() == []


def test_import_whose_rows_cannot_be_written_is_taken_away_again(
    client: TestClient, settings: Settings, elsewhere: Path, tmp_path: Path
) -> None:
    found = imports.check(settings.home, elsewhere)
    with pytest.raises(RuntimeError), imports.placed(settings.home, found):
        assert (settings.home / "runs" / RUN / MANIFEST).is_file()
        raise RuntimeError
    for part in imports.PARTS:
        assert list((settings.home / part).iterdir()) == []


def test_folders_without_rows_get_them_from_the_next_import_which_is_told(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    body = zipped(elsewhere, elsewhere.parent / "home")
    with imports.placed(settings.home, imports.check(settings.home, elsewhere)):
        pass  # as if it had been killed here
    assert send(client, body).status_code == 201
    assert len(session.scalars(select(EvaluationRow)).all()) == 1
    assert [entry.action for entry in session.scalars(select(AuditEntry))] == ["import_run"]
    assert send(client, body).status_code == 201
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_other_run_of_the_same_name_is_a_conflict(client: TestClient, settings: Settings, elsewhere: Path) -> None:
    here = make_run(settings.home)
    update_run(here, results={"steps": 2})
    answer = send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run"))
    assert answer.status_code == 409
    assert "other content" in answer.json()["detail"]
    assert read_run(here).results == {"steps": 2}


def test_other_dataset_of_the_same_name_is_a_conflict_and_nothing_comes_in(
    client: TestClient, settings: Settings, elsewhere: Path
) -> None:
    from tunix_rt import dataset, tasks

    dataset.build([tasks.load("nano-arithmetic", limit=30)], name="few", version="v1", home=settings.home)
    assert send(client, zipped(elsewhere, elsewhere.parent / "home")).status_code == 409
    assert_nothing_came_in(settings)
    # The run alone comes in, and says that its dataset is not the one that is here.
    answer = send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run"))
    assert answer.status_code == 201
    assert len(answer.json()["runs"][0]["missing_upstream"]) == 1


def test_queued_run_of_the_same_name_is_a_conflict(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    from tunix_rt_backend.services import jobs

    jobs.enqueue(session, kind="sft", run_id=RUN, spec={"config": {}}, actor="local")
    session.commit()
    assert send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run")).status_code == 409
    assert_nothing_came_in(settings)


@pytest.mark.parametrize("name", ["config.json", "adapter/weights.safetensors", "metrics.jsonl", MANIFEST])
def test_changed_byte_is_refused(client: TestClient, settings: Settings, elsewhere: Path, name: str) -> None:
    path = elsewhere / "runs" / RUN / name
    text = path.read_text()
    path.write_text(text.replace('"seed": 0', '"seed": 1') if name in ("config.json", MANIFEST) else text + " ")
    answer = send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run"))
    assert answer.status_code == 422, answer.text
    assert str(settings.home) not in answer.text
    assert_nothing_came_in(settings)


def test_manifest_that_lists_a_file_elsewhere_is_refused(
    client: TestClient, settings: Settings, elsewhere: Path
) -> None:
    run = RunDir(elsewhere / "runs" / RUN)
    own = read_run(run).outputs["run"]
    from tunix_rt.formats import digest_value

    listed = own.files | {"../../../../../../etc/passwd": "sha256:" + "0" * 64}
    lying = own.model_copy(update={"files": listed, "digest": digest_value(listed)})
    update_run(run, outputs={"run": lying.model_dump()})
    answer = send(client, zipped(run.path, elsewhere.parent / "run"))
    assert answer.status_code == 422
    assert "missing" in answer.json()["detail"]


def test_run_without_a_plain_name_is_refused(client: TestClient, settings: Settings, elsewhere: Path) -> None:
    update_run(RunDir(elsewhere / "runs" / RUN), id="../../escaped")
    assert send(client, zipped(elsewhere / "runs" / RUN, elsewhere.parent / "run")).status_code == 422
    assert_nothing_came_in(settings)
    assert not (settings.home.parent / "escaped").exists()


def symlink(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def fifo(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFIFO | 0o666) << 16
    return entry


def encrypted() -> bytes:
    packed = bytearray(archive(("a.txt", b"x")))
    packed[6] |= 1
    packed[packed.rfind(b"PK\1\2") + 8] |= 1
    return bytes(packed)


def many(entries: int) -> bytes:
    """Return the end of an archive that says that it lists so many files."""
    return archive(("a", b""))[:-14] + struct.pack("<HHLLH", 65535, 65535, entries * 50, 0, 0)[:14]


HOSTILE = [
    (archive(("../manifest.json", b"{}")), 422),
    (archive(("a/../../manifest.json", b"{}")), 422),
    (archive(("/etc/manifest.json", b"{}")), 422),
    (archive(("a\\..\\b.json", b"{}")), 422),
    (archive(("a/./b", b"{}")), 422),
    (archive(("a\x07b", b"{}")), 422),
    (archive(("/".join("a" * 40), b"{}")), 422),
    (archive(("a" * 300, b"{}")), 422),
    (archive((symlink("manifest.json"), b"/etc/passwd")), 422),
    (archive((fifo("manifest.json"), b"")), 422),
    (archive(("a", b"1"), ("A", b"2")), 422),
    (archive(("a", b"1"), ("a/b", b"2")), 422),
    (archive(("a/b", b"2"), ("a", b"1")), 422),
    (archive(("a.txt", b"x"), method=zipfile.ZIP_BZIP2), 422),
    (archive(("a.txt", b"nothing that is a run")), 422),
    (archive(), 422),
    (archive(("manifest.json", b"{}")), 422),
    (archive(("manifest.json", b"[" * 100_000)), 422),
    (archive(("a", b"\0" * 40_000_000)), 413),
    (encrypted(), 422),
    (many(10**6), 413),
    (b"", 422),
    (b"PK", 422),
    (b"{}", 422),
    (archive(("a.txt", b"x" * 5000))[:-30], 422),
    (archive(("a.txt", os.urandom(5000)))[100:], 422),
]


def test_hostile_archive_is_refused(client: TestClient, settings: Settings) -> None:
    for number, (body, status) in enumerate(HOSTILE):
        answer = send(client, body)
        assert answer.status_code == status, f"{number}: {body[:60]!r}: {answer.text}"
        assert_nothing_came_in(settings)


def test_record_too_long_to_be_read_whole_is_named(client: TestClient) -> None:
    long = os.urandom(9_000_000).hex().encode()
    assert "manifest.json has" in send(client, archive(("manifest.json", b'"' + long + b'"'))).text
    assert "has a line" in send(client, archive(("manifest.json", b"{}"), ("samples.jsonl", long))).text


def test_duplicate_names_in_an_archive_are_refused(client: TestClient, settings: Settings) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        body = archive(("a", b"1"), ("a", b"2"))
    assert send(client, body).status_code == 422


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_only_a_zip_is_read(client: TestClient, kind: str) -> None:
    answer = client.post(URL, content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert "--data-binary @run.zip" in answer.json()["detail"]
    assert send(client, b"x", **{"content-encoding": "gzip"}).status_code == 415


def test_folder_is_imported_by_command(
    settings: Settings, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(settings.home))
    if settings.database_url:
        monkeypatch.setenv("TUNIX_RT_DATABASE_URL", settings.database_url.get_secret_value())
    (elsewhere / "models").mkdir()
    os.symlink("/etc", elsewhere / "models" / "link")  # what is not taken in is not looked at
    done = CliRunner().invoke(commands, ["import-run", str(elsewhere), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["datasets"] == ["few-v1"]
    packed = tmp_path / "run.zip"
    packed.write_bytes(zipped(elsewhere / "runs" / RUN, tmp_path / "again"))
    done = CliRunner().invoke(commands, ["import-run", str(packed), "--json"])
    assert json.loads(done.stdout.splitlines()[-1])["runs"][0]["replayed"] is True
    done = CliRunner().invoke(commands, ["index", "--json"])
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "datasets": 1, "runs": 1, "evaluations": 1, "submissions": 0, "broken": [],
    }  # fmt: skip
    os.symlink("/etc/passwd", elsewhere / "runs" / RUN / "link")
    done = CliRunner().invoke(commands, ["import-run", str(elsewhere / "runs" / RUN)])
    assert done.exit_code == 2
    assert "link" in done.stderr
    assert CliRunner().invoke(commands, ["import-run", str(tmp_path / "nothing")]).exit_code == 1
    (tmp_path / "rows.jsonl").write_text("{}\n")
    done = CliRunner().invoke(commands, ["import-run", str(tmp_path / "rows.jsonl")])
    assert (done.exit_code, "rows.jsonl is no zip" in done.stderr, "body" in done.stderr) == (2, True, False)


def test_imported_run_is_resumed_like_any_other(
    client: TestClient, session: Session, settings: Settings, elsewhere: Path
) -> None:
    update_run(RunDir(elsewhere / "runs" / RUN), status="stopped")
    assert send(client, zipped(elsewhere, elsewhere.parent / "home")).status_code == 201
    assert client.post(f"/api/tunix/runs/{RUN}/resume").status_code == 202
    assert runs.find(session, settings.home, RUN).row.mode == "import"


def test_what_a_killed_import_left_is_removed(client: TestClient, settings: Settings) -> None:
    left = settings.home / "cache" / "imports" / "old"
    left.mkdir(parents=True)
    write_text(left / "archive.zip", "half")
    assert send(client, b"x").status_code == 422
    assert not left.exists()
    shutil.rmtree(settings.home / "cache")
