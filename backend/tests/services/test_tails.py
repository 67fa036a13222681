"""Tails: every viewer gets every byte once, from wherever it begins, however slow it is, and then the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, log_metrics, new_run
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.services import jobs, tails
from tunix_rt_backend.services.tails import CHUNK, Event, Position, Tails, read_log, whole_lines
from tunix_rt_backend.tables import Job, utc_now

LOGS_ONLY = Position(0, 2**53)


def make_tails(app: FastAPI) -> Tails:
    return Tails(app.state.settings.home, app.state.sessions, 0.01)


def enqueue(session: Session, run_id: str, status: str = "queued") -> Job:
    job = jobs.enqueue(session, kind="sft", run_id=run_id, spec={}, actor="test")
    job.status = status
    session.commit()
    return job


def output_of(app: FastAPI, job: Job) -> Path:
    path: Path = app.state.settings.home / "jobs" / str(job.id) / "output.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def finish(session: Session, job: Job, status: str = "completed", code: int = 0) -> None:
    job.status, job.exit_code, job.finished_at = status, code, utc_now()
    session.commit()


async def collect(events: AsyncIterator[tuple[Event, Position]], *, pause: float = 0.0) -> list[Event]:
    found = []
    async for event, _ in events:
        found.append(event)
        if pause:
            await asyncio.sleep(pause)
    return found


def text(events: list[Event]) -> str:
    return "".join(str(event.data["chunk"]) for event in events if event.kind == "log")


def run(work: Any) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(bounded())


def test_unknown_run_is_not_found_at_once(sqlite_app: FastAPI) -> None:
    async def work() -> None:
        with pytest.raises(NotFound):
            await make_tails(sqlite_app).follow("absent", Position())

    run(work())


def test_viewer_of_a_queued_run_waits_and_sees_all_of_it(app: FastAPI, session: Session) -> None:
    job = enqueue(session, "r")
    path = output_of(app, job)

    async def work() -> list[Event]:
        watching = asyncio.create_task(collect(await make_tails(app).follow("r", LOGS_ONLY)))
        await asyncio.sleep(0.05)
        job.status = "running"
        session.commit()
        append(path, b"one\ntwo, in ")
        await asyncio.sleep(0.05)
        append(path, b"parts\r 1%\r 50%")
        await asyncio.sleep(0.05)
        append(path, b"\r100%\r\nlast without end \xff")
        finish(session, job, code=3)
        return await watching

    events = run(work())
    assert text(events) == "one\ntwo, in parts\r 1%\r 50%\r100%\r\nlast without end �"
    assert [event.data["status"] for event in events if event.kind == "status"] == ["queued", "preparing", "completed"]
    assert events[-1].data == {"status": "completed", "exit_code": 3}


def test_viewer_who_comes_in_the_middle_sees_the_end(app: FastAPI, session: Session) -> None:
    job = enqueue(session, "r", "running")
    path = output_of(app, job)

    async def work() -> tuple[list[Event], list[Event]]:
        watched = make_tails(app)
        first = asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY)))
        append(path, b"early\n")
        await asyncio.sleep(0.1)
        second = asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY)))
        append(path, b"late\n")
        finish(session, job, "failed", 1)
        return await first, await second

    for events in run(work()):
        assert text(events) == "early\nlate\n"
        assert events[-1].data == {"status": "failed", "exit_code": 1}


@pytest.mark.parametrize("start", [0, 1, 5, 6, 11, 17, 18, 400])
def test_resume_from_any_place_tells_the_rest_alone(sqlite_app: FastAPI, sqlite_session: Session, start: int) -> None:
    job = enqueue(sqlite_session, "r", "running")
    path = output_of(sqlite_app, job)
    said = b"first\nsecond\nlast\n"
    append(path, said)

    async def work() -> list[Event]:
        watching = asyncio.create_task(collect(await make_tails(sqlite_app).follow("r", Position(start, 2**53))))
        await asyncio.sleep(0.05)
        append(path, b"new\n")
        finish(sqlite_session, job)
        return await watching

    assert text(run(work())) == (said + b"new\n")[start:].decode()


def test_slow_viewer_reads_the_file_and_loses_nothing(
    sqlite_app: FastAPI, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "_BUFFERED", 2000)
    job = enqueue(sqlite_session, "r", "running")
    path = output_of(sqlite_app, job)
    lines = [f"line {number} ä".encode() + b"\n" for number in range(3000)]

    async def work() -> tuple[list[Event], list[Event]]:
        watched = make_tails(sqlite_app)
        fast = asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY)))
        slow = asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY), pause=0.03))
        for place in range(0, len(lines), 30):
            append(path, b"".join(lines[place : place + 30]))
            await asyncio.sleep(0.004)
        finish(sqlite_session, job)
        return await fast, await slow

    for events in run(work()):
        assert text(events) == b"".join(lines).decode()
        assert events[-1].kind == "end"


def test_viewer_that_was_passed_by_finds_the_end_before_the_others_are_woken(
    sqlite_app: FastAPI, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "_BUFFERED", 1)
    job = enqueue(sqlite_session, "r", "running")
    append(output_of(sqlite_app, job), b"one\n")

    async def work() -> list[Event]:
        watched = make_tails(sqlite_app)
        stream = await watched.follow("r", LOGS_ONLY)
        seen = [(await anext(stream))[0]]
        tail = watched._tails["r"]
        assert tail.task is not None
        tail.task.cancel()
        append(output_of(sqlite_app, job), b"two\n")
        finish(sqlite_session, job)
        while not tail.has_end:
            tail._publish(*await tail._news())
        return seen + await collect(stream)

    events = run(work())
    assert text(events) == "one\ntwo\n"
    assert events[-1].kind == "end"


def test_line_longer_than_a_chunk_comes_in_parts_of_whole_characters(
    sqlite_app: FastAPI, sqlite_session: Session
) -> None:
    job = enqueue(sqlite_session, "r", "completed")
    said = "€" * 100_000 + "\nend\n"
    append(output_of(sqlite_app, job), said.encode())

    async def work() -> list[Event]:
        return await collect(await make_tails(sqlite_app).follow("r", LOGS_ONLY))

    events = run(work())
    assert text(events) == said
    assert len(events) > 5


def test_logs_of_all_jobs_follow_each_other(sqlite_app: FastAPI, sqlite_session: Session) -> None:
    for words in ("first try\n", "second try\n"):
        job = enqueue(sqlite_session, "r", "failed")
        append(output_of(sqlite_app, job), words.encode())

    async def work() -> list[Event]:
        return await collect(await make_tails(sqlite_app).follow("r", Position(6, 2**53)))

    events = run(work())
    assert text(events) == "try\nsecond try\n"
    assert {event.data["stream"] for event in events if event.kind == "log"} == {"stderr"}, "as in the run's answer"


def test_run_of_the_command_line_tells_its_log_and_metrics(sqlite_app: FastAPI) -> None:
    home = sqlite_app.state.settings.home
    made = new_run(home, "sft", "x", config=SFTConfig(), run_id="mine")

    async def work() -> list[Event]:
        with attempt(made):
            watching = asyncio.create_task(collect(await make_tails(sqlite_app).follow("mine", Position())))
            for step in range(5):
                log_metrics(made, step=step, loss=1.0)
                await asyncio.sleep(0.02)
        return await watching

    events = run(work())
    assert "run started" in text(events)
    assert "run ended" in text(events)
    told = [row for event in events if event.kind == "metrics" for row in event.data["rows"]]  # type: ignore[attr-defined]
    assert [row["step"] for row in told] == [0, 1, 2, 3, 4]
    assert events[-1].data == {"status": "completed", "exit_code": None}


def test_deleted_run_ends_its_streams(sqlite_app: FastAPI, sqlite_session: Session) -> None:
    job = enqueue(sqlite_session, "r")

    async def work() -> list[Event]:
        watching = asyncio.create_task(collect(await make_tails(sqlite_app).follow("r", LOGS_ONLY)))
        await asyncio.sleep(0.05)
        sqlite_session.delete(job)
        sqlite_session.commit()
        return await watching

    assert run(work())[-1].data["status"] == "deleted"


def test_quiet_run_has_a_heartbeat(
    sqlite_app: FastAPI, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "HEARTBEAT_SECONDS", 0.05)
    enqueue(sqlite_session, "r")

    async def work() -> Event:
        async for event, _ in await make_tails(sqlite_app).follow("r", LOGS_ONLY):
            if event.kind == "heartbeat":
                return event
        raise AssertionError("the stream ended")

    assert run(work()).data == {"seq": 0}


def test_closing_ends_every_stream_at_once(sqlite_app: FastAPI, sqlite_session: Session) -> None:
    enqueue(sqlite_session, "r")

    async def work() -> list[list[Event]]:
        watched = make_tails(sqlite_app)
        viewers = [asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY))) for _ in range(40)]
        await asyncio.sleep(0.1)
        watched.close()
        return await asyncio.wait_for(asyncio.gather(*viewers), 0.5)

    assert all(events[-1].kind == "status" for events in run(work()))


def test_tail_ends_when_its_last_viewer_has_left(
    sqlite_app: FastAPI, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "_UNSEEN_SECONDS", 0.05)
    enqueue(sqlite_session, "r")

    async def work() -> None:
        watched = make_tails(sqlite_app)
        viewers = [asyncio.create_task(collect(await watched.follow("r", LOGS_ONLY))) for _ in range(3)]
        await asyncio.sleep(0.2)
        tail = watched._tails["r"]
        assert tail.viewers == 3
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)
        assert tail.task is not None
        await tail.task
        assert not watched._tails

    run(work())


def test_database_that_is_down_only_delays(
    sqlite_app: FastAPI, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = enqueue(sqlite_session, "r", "running")
    database = sqlite_app.state.settings.home / "tunix_rt.db"

    async def work() -> list[Event]:
        watching = asyncio.create_task(collect(await make_tails(sqlite_app).follow("r", LOGS_ONLY)))
        await asyncio.sleep(0.05)
        sqlite_session.close()
        sqlite_app.state.engine.dispose()
        database.rename(database.with_suffix(".away"))
        database.mkdir()
        await asyncio.sleep(0.1)
        assert not watching.done()
        sqlite_app.state.engine.dispose()
        database.rmdir()
        database.with_suffix(".away").rename(database)
        sqlite_session.add(job)
        append(output_of(sqlite_app, job), b"said\n")
        finish(sqlite_session, job)
        return await watching

    assert text(run(work())) == "said\n"


@given(
    st.lists(
        st.sampled_from([b"a", "é".encode(), "€".encode(), "😀".encode(), b"\n", b"\r", b"\r\n", b"\xff"]), max_size=60
    )
)
@settings(max_examples=200, deadline=None)
def test_whole_lines_never_cut_a_line_end_or_a_character(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    end = whole_lines(data, flush=False)
    assert end == 0 or data[end - 1 : end] in (b"\n", b"\r")
    assert data[end - 1 : end + 1] != b"\r\n"
    assert b"\n" not in data[end:]
    assert whole_lines(data, flush=True) == len(data)
    long = (b"x" * CHUNK + data)[-CHUNK:] if b"\n" not in data and b"\r" not in data else b""
    if long and b"\xff" not in data:
        cut = whole_lines(long, flush=False)
        assert len(long) - 4 <= cut <= len(long)
        long[:cut].decode(errors="strict" if data.decode(errors="ignore").encode() == data else "replace")


def test_read_log_joins_its_parts(tmp_path: Path) -> None:
    for name, data in (("a", b"0123"), ("b", b""), ("c", b"4567")):
        (tmp_path / name).write_bytes(data)
    parts = tuple((tmp_path, name) for name in ("a", "absent", "b", "c"))
    for start in range(9):
        for most in range(1, 9):
            assert read_log(parts, start, most)[0] == b"01234567"[start : start + most]
