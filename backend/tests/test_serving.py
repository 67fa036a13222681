"""`tunix-rt serve`: one service and one worker, both ended by one Ctrl-C; a worker that dies comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import nano
from postgresql import free_port
from service import Service, environment, running
from tunix_rt import leftovers
from tunix_rt.cli import app as commands
from tunix_rt.errors import TunixRtError, UsageError
from tunix_rt_backend import db, serving
from tunix_rt_backend.services import jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.worker.loop import check_tables

SECONDS = 120


def refused(*words: str, home: Path, url: str | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tunix_rt", *words],
        env=environment(home, url),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()[-1]


def test_killed_worker_comes_back_and_ctrl_c_ends_both(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    with running(service):
        deadline = time.monotonic() + SECONDS
        while (first := service.worker()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGKILL)
        while (second := service.worker()) is None or second.pid == first.pid:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while not any(
            worker["pid"] == second.pid and worker["alive"] for worker in service.json("GET", "/api/workers")["data"]
        ):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert service.stop() == 0
        assert not second.is_running()


def test_open_stream_does_not_keep_the_service_from_ending(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    with running(service), socket.create_connection(("127.0.0.1", service.port)) as idle:
        idle.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 60


def test_ctrl_c_says_at_once_what_is_waited_for(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    engine = db.make_engine(Settings(home=service.home))
    with running(service):
        with db.make_sessions(engine)() as session:
            db.writing(session)
            jobs.enqueue(session, kind="sft", run_id="mine", spec={"config": nano.config()}, actor="test")
            session.commit()
        deadline = time.monotonic() + SECONDS
        while '"message":"job started' not in service.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert service.stop() == 0
    engine.dispose()
    said = service.log.read_text()
    waiting, ended, done = map(
        said.index, ("saving 1 run, up to 20 s; Ctrl-C again", '"message":"job ended', "saved 1")
    )
    assert waiting < ended < done


def test_second_ctrl_c_leaves_no_trace(tmp_path: Path) -> None:
    service = Service(tmp_path / "home", worker=False)
    with running(service):
        assert service.process is not None
        service.process.send_signal(signal.SIGINT)
        time.sleep(0.03)  # the server closes its connections for 0.1 seconds
        assert service.stop() == 0
    assert "Traceback" not in service.log.read_text()


def test_leftovers_of_killed_processes_are_removed_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    settings = Settings(home=tmp_path)
    left = tmp_path / "datasets" / ".sums-v1.0123abcd.tmp"
    left.mkdir(parents=True)
    (left / "train.jsonl").write_bytes(b"x" * 100_000)
    serving.sweep(settings, said.append)
    assert said == []  # somebody may be at work on what is younger than a day
    monkeypatch.setattr(leftovers, "AGE", 0.0)
    time.sleep(0.01)
    serving.sweep(settings, said.append)
    assert len(said) == 1
    assert said[0].startswith("removed 1 leftovers of killed processes, 10")
    assert not left.exists()


def test_worker_ends_with_the_service_that_is_killed(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    with running(service):
        deadline = time.monotonic() + SECONDS
        while (worker := service.worker()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        service.kill()
        worker.wait(SECONDS)


def test_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = refused("serve", f"--port={port}", home=tmp_path)
    assert code == 1
    assert words.startswith(f"error: cannot listen on 127.0.0.1, port {port}")
    assert "--port" in words


def test_address_that_others_reach_needs_a_token(tmp_path: Path) -> None:
    code, words = refused("serve", "--host=0.0.0.0", f"--port={free_port()}", home=tmp_path)
    assert code == 2
    assert "tunix-rt token create" in words


def test_database_that_does_not_answer_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://tunix:secret@127.0.0.1:{free_port()}/tunix"
    code, words = refused("serve", f"--port={free_port()}", home=tmp_path, url=url)
    assert code == 1
    assert "TUNIX_RT_DATABASE_URL" in words
    assert "secret" not in words


def test_worker_refuses_tables_of_another_version(tmp_path: Path) -> None:
    code, words = refused("worker", "--drain", home=tmp_path)
    assert code == 2
    assert "tunix-rt migrate" in words


def test_unknown_host_is_refused() -> None:
    with pytest.raises(TunixRtError, match="cannot listen on"):
        serving.listen("no.such.host.invalid", 80)


def test_tables_are_made_once(tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(home=tmp_path / "home")
    serving.prepare_database(settings, said.append)
    serving.prepare_database(settings, said.append)
    assert [line.split(": ")[-1] for line in said] == ["tables are made"]


def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    db.migrate(settings)
    engine = db.make_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (lambda: serving.prepare_database(settings, print), lambda: check_tables(settings)):
        with pytest.raises(UsageError, match=r"at revision 9999, .* run the newer version"):
            ask()
    assert db.revisions(engine)[0] == "9999"
    engine.dispose()


@pytest.mark.parametrize("command", ["index", "migrate", "token list", "serve --port=0"])
def test_a_database_that_is_down_is_said_in_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(tmp_path))
    monkeypatch.setenv("TUNIX_RT_DATABASE_URL", "postgresql://ann:secret@127.0.0.1:1/rows")
    done = CliRunner().invoke(commands, command.split())
    said = done.stderr.splitlines()[-1]
    assert done.exit_code == 1
    assert "postgresql database postgresql+psycopg://ann:***@127.0.0.1:1/rows does not answer: " in said
    assert said.endswith("start it or correct TUNIX_RT_DATABASE_URL")
    assert "sqlalche.me" not in done.stderr
