"""What lies in a run's folder, over HTTP, and the live stream of a run from a real server."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient

import written
from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, log_metrics, new_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.app import create_app
from tunix_rt_backend.routers import run_files
from tunix_rt_backend.services import access, tails
from tunix_rt_backend.services.lines import MOST_BYTES
from tunix_rt_backend.services.pages import encode_cursor
from tunix_rt_backend.serving import listen
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Run, Token, utc_now

BASE = "/api/tunix/runs/r"
WEIGHTS = bytes(range(256)) * 5000
"""More than one piece of a download."""


@pytest.fixture
def made(sqlite_settings: Settings) -> RunDir:
    """A run that ended, with weights two folders deep and things that must not be served."""
    run = new_run(sqlite_settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    with attempt(run):
        run.adapter.joinpath("deep").mkdir(parents=True)
        run.adapter.joinpath("deep", "a b.safetensors").write_bytes(WEIGHTS)
        run.report.write_text("<script>document.title = 1</script>")
        for step in range(3000):
            run.metrics.open("ab").write(orjson.dumps({"step": step, "loss": 1 / (step + 1), "x": step % 5}) + b"\n")
    (run.path / "passwd").symlink_to("/etc/passwd")
    (run.path / "etc").symlink_to("/etc")
    os.mkfifo(run.path / "fifo")
    return run


def add_row(app: FastAPI, run_id: str) -> None:
    with app.state.sessions() as session:
        values: dict[str, Any] = {"kind": "sft", "mode": "async", "stage": "queued", "model_id": "nano", "seed": 0}
        session.add(Run(run_id=run_id, status="queued", created_at=utc_now(), results={}, config={}, **values))
        session.commit()


def test_artifacts_lists_files_at_any_depth_with_their_digests(sqlite_client: TestClient, made: RunDir) -> None:
    body = sqlite_client.get(f"{BASE}/artifacts").json()
    found = {one["path"]: one for one in body["artifacts"]}
    assert found["adapter/deep/a b.safetensors"] | {"digest": None} == {
        "name": "a b.safetensors",
        "size": len(WEIGHTS),
        "path": "adapter/deep/a b.safetensors",
        "digest": None,
    }
    assert found["adapter/deep/a b.safetensors"]["digest"].startswith("sha256:")
    assert not {"passwd", "etc", "fifo", ".lock"} & set(found)
    first = sqlite_client.get(f"{BASE}/artifacts?limit=2").json()
    rest = sqlite_client.get(f"{BASE}/artifacts?offset={first['pagination']['next_offset']}").json()
    assert first["artifacts"] + rest["artifacts"] == body["artifacts"]
    assert first["total"] == len(body["artifacts"])


@pytest.mark.parametrize("path", ["artifacts", "metrics", "samples", "logs?format=text", "logs", "events"])
def test_unknown_run_is_not_found(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(f"/api/tunix/runs/absent/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert sqlite_client.get(f"/api/tunix/runs/..absent/{path}").status_code == 404


def test_queued_run_has_nothing_yet(sqlite_client: TestClient, sqlite_app: FastAPI) -> None:
    add_row(sqlite_app, "r")
    assert sqlite_client.get(f"{BASE}/artifacts").json()["artifacts"] == []
    assert sqlite_client.get(f"{BASE}/metrics").json() == []
    assert sqlite_client.get(f"{BASE}/samples").json()["data"] == []
    assert sqlite_client.get(f"{BASE}/logs?format=text").text == ""
    assert sqlite_client.get(f"{BASE}/artifacts/config.json").status_code == 404


@pytest.mark.parametrize("tail", ["", "/download"])
def test_artifact_is_served_whole_in_part_and_not_twice(sqlite_client: TestClient, made: RunDir, tail: str) -> None:
    path = f"{BASE}/artifacts/adapter/deep/a b.safetensors{tail}"
    whole = sqlite_client.get(path)
    assert (whole.status_code, whole.content) == (200, WEIGHTS)
    assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.safetensors"
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = sqlite_client.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(WEIGHTS)))
    etag = whole.headers["etag"]
    assert head.headers["etag"] == etag
    assert sqlite_client.get(path, headers={"If-None-Match": etag}).status_code == 304
    size = len(WEIGHTS)
    for asked, first, end in (
        ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), (f"bytes={size - 3}-", size - 3, size), ("bytes=-4", size - 4, size),
        (f"bytes=7-{size * 2}", 7, size), (f"bytes=-{size * 2}", 0, size),
    ):  # fmt: skip
        part = sqlite_client.get(path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, WEIGHTS[first:end]), asked
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", "bytes=9-5", "bytes=-0", "bytes=-", "bytes=a-b", "bytes=1", "bytes=--1"):
        refused = sqlite_client.get(path, headers={"Range": asked})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}"), asked
    for headers in ({"Range": "lines=1-2"}, {"Range": "bytes=0-1,3-4"}, {"Range": "bytes=0-1", "If-Range": '"other"'}):
        assert sqlite_client.get(path, headers=headers).status_code == 200
    for same in (etag, whole.headers["last-modified"]):
        assert sqlite_client.get(path, headers={"Range": "bytes=0-1", "If-Range": same}).status_code == 206


def test_empty_artifact_is_served(sqlite_client: TestClient, made: RunDir) -> None:
    (made.path / "empty").touch()
    assert sqlite_client.get(f"{BASE}/artifacts/empty").content == b""
    assert sqlite_client.get(f"{BASE}/artifacts/empty", headers={"Range": "bytes=0-"}).status_code == 416


def test_report_is_shown_in_a_sandbox_alone(sqlite_client: TestClient, made: RunDir) -> None:
    saved = sqlite_client.get(f"{BASE}/artifacts/report.html")
    assert saved.headers["content-disposition"].startswith("attachment")
    shown = sqlite_client.get(f"{BASE}/artifacts/report.html?inline=1")
    assert shown.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert shown.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "passwd", "etc/passwd", "fifo", "../r/config.json", "%2e%2e/%2e%2e/tunix_rt.db", "..%2f..%2ftunix_rt.db",
        "/etc/passwd",
        "%2fetc%2fpasswd", "..%5c..%5ctunix_rt.db", "%00", "config.json%00.txt", "adapter", ".lock", "%ff", "%ed%a0%80",
        "%252e%252e/tunix_rt.db", "a" * 300, "a/" * 60 + "a", "file:///etc/passwd", "~/.bashrc",
        "adapter/../../../tunix_rt.db",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", "/download"])
def test_attacks_on_artifacts_are_refused(sqlite_client: TestClient, made: RunDir, path: str, tail: str) -> None:
    answer = sqlite_client.get(f"{BASE}/artifacts/{path}{tail}")
    assert answer.status_code in (400, 404), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "root:" not in answer.text
    assert str(made.home) not in answer.text


@pytest.mark.parametrize(
    "run_id", ["..", "%2e%2e", "a%2fb", ".hidden", "a..b", "-x", "a%00", "é", "a b", "a" * 201, "r%0a"]
)
def test_run_ids_that_are_no_names_are_refused(sqlite_client: TestClient, run_id: str) -> None:
    assert sqlite_client.get(f"/api/tunix/runs/{run_id}/artifacts/config.json").status_code in (400, 404, 422)


def test_linked_run_is_not_served(sqlite_client: TestClient, made: RunDir) -> None:
    (made.home / "runs" / "linked").symlink_to(made.path)
    assert sqlite_client.get("/api/tunix/runs/linked/artifacts/config.json").status_code == 404
    assert sqlite_client.get("/api/tunix/runs/linked/metrics").status_code == 404


def test_metrics_are_thinned_packed_and_not_sent_twice(sqlite_client: TestClient, made: RunDir) -> None:
    whole = sqlite_client.get(f"{BASE}/metrics?points=10000", headers={"Accept-Encoding": "identity"})
    assert [row["step"] for row in whole.json()] == [*range(3000)]
    few = sqlite_client.get(f"{BASE}/metrics?points=100")
    assert few.headers["content-encoding"] == "gzip"
    assert len(few.json()) <= 100
    assert sqlite_client.get(f"{BASE}/metrics").json()[0] == {"step": 0, "loss": 1.0, "x": 0}
    assert sqlite_client.get(f"{BASE}/metrics", headers={"If-None-Match": few.headers["etag"]}).status_code == 304
    late = sqlite_client.get(f"{BASE}/metrics?since_step=2997&keys=x").json()
    assert late == [{"step": 2998, "x": 3}, {"step": 2999, "x": 4}]
    part = sqlite_client.get(f"{BASE}/metrics?since_step=99&until_step=101&keys=x").json()
    assert part == [{"step": 100, "x": 0}, {"step": 101, "x": 1}]
    for wrong in (
        "points=9",
        "points=10001",
        "since_step=nan",
        "until_step=-1",
        "points=10&keys=a&keys=b&keys=c",
        "keys=",
    ):
        assert sqlite_client.get(f"{BASE}/metrics?{wrong}").status_code == 422, wrong


def _samples(step: int) -> bytes:
    return written.samples(step).model_dump_json().encode() + b"\n"


def test_line_that_is_no_sample_is_named(sqlite_client: TestClient, made: RunDir) -> None:
    made.samples.write_bytes(_samples(0) + b'{"step": 1, "samples": []}\n')
    answer = sqlite_client.get(f"{BASE}/samples")
    assert answer.status_code == 409
    assert "row 1 of samples.jsonl is no samples of a step: samples" in answer.json()["detail"]


def test_preview_is_what_the_engine_wrote_and_a_file_that_is_none_is_a_sentence(
    sqlite_client: TestClient, made: RunDir
) -> None:
    missing = sqlite_client.get(f"{BASE}/preview")
    assert (missing.status_code, "before its first update" in missing.json()["detail"]) == (404, True)
    made.preview.write_text(written.PREVIEW)
    [example] = sqlite_client.get(f"{BASE}/preview").json()["examples"]
    assert "".join(token["text"] for token in example["tokens"] if token["trained"]).startswith("<reasoning>\n9-8=1")
    for text in ("{}", '{"examples": null}', '{"examples": [{"name": "a", "tokens": [{"text": {}}]}]}', "[1", "\0"):
        made.preview.write_text(text)
        refused = sqlite_client.get(f"{BASE}/preview")
        assert (refused.status_code, "preview.json is no preview" in refused.json()["detail"]) == (409, True), text
    made.preview.write_text(" " * 2**23 + "{}")
    assert "more than" in sqlite_client.get(f"{BASE}/preview").json()["detail"]


def test_samples_come_in_pages(sqlite_client: TestClient, made: RunDir) -> None:
    lines = [_samples(step) for step in range(6)] + [_samples(6)[:40]]
    made.samples.write_bytes(b"".join(lines))
    told, cursor = [], ""
    while cursor is not None:
        page = sqlite_client.get(f"{BASE}/samples?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        told += [row["step"] for row in page["data"]]
        before, cursor = cursor, page["pagination"]["next_cursor"]
        assert cursor != before
    assert told == [0, 1, 2, 3, 4, 5]
    for place in (-5, 0, 3, 2**62, 2**63 - 1, 2**63, "x"):  # no line ends before any of them
        answer = sqlite_client.get(f"{BASE}/samples?cursor={encode_cursor(['samples.jsonl', place, 1])}")
        assert answer.status_code == 404, place
    assert sqlite_client.get(f"{BASE}/samples?cursor=abc").status_code == 404


def test_log_as_text_in_parts(sqlite_client: TestClient, made: RunDir) -> None:
    text = sqlite_client.get(f"{BASE}/logs?format=text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "run started" in text.text
    assert sqlite_client.get(f"{BASE}/logs?format=text&offset=5&limit=7").text == text.text[5:12]
    last = sqlite_client.get(f"{BASE}/logs?format=text&tail=1")
    assert last.text == text.text.splitlines(keepends=True)[-1]
    start, end = map(int, last.headers["log-range"].split("-"))
    assert (end, end - start) == (len(text.content), len(last.content))


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """A test's thread gets no signals."""


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    server = _Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def events_of(response: httpx2.Response) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        else:
            yield event
            event = {}


def test_log_streams_to_its_end_and_resumes_exactly(sqlite_app: FastAPI, sqlite_settings: Settings) -> None:
    run = new_run(sqlite_settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    go_on = threading.Event()

    def write() -> None:
        with attempt(run):
            go_on.wait(10)
            log_metrics(run, step=1, loss=0.5)
            with run.log(1).open("ab") as stream:
                stream.write(b"10%\r20%\r" + b"x" * 200_000 + b"\n\xff\n")

    writer = threading.Thread(target=write)
    with serving(sqlite_app) as address, httpx2.Client(base_url=address, timeout=10) as client:
        writer.start()
        with client.stream("GET", f"{BASE}/logs") as response:
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            stream = events_of(response)
            assert next(stream) == {"retry": "2000"}
            first = next(event for event in stream if event.get("event") == "log")
            assert "run started" in orjson.loads(first["data"])["chunk"]
        go_on.set()
        with client.stream("GET", f"{BASE}/logs", headers={"Last-Event-ID": first["id"]}) as response:
            events = list(events_of(response))
        writer.join()
        with client.stream("GET", f"{BASE}/logs?since_seq={first['id']}") as response:
            again = list(events_of(response))
        with client.stream("GET", f"{BASE}/events") as response:
            both = list(events_of(response))
    said = run.log(1).read_bytes()
    for seen in (events, again):
        chunks = [orjson.loads(event["data"]) for event in seen if event.get("event") == "log"]
        assert "".join(chunk["chunk"] for chunk in chunks) == said[int(first["id"]) :].decode(errors="replace")
        assert {*chunks[0]} == {"seq", "stream", "chunk", "created_at"}
        assert seen[-2]["event"] == "status"
        assert (seen[-1]["event"], orjson.loads(seen[-1]["data"])) == (
            "end",
            {"status": "completed", "exit_code": None},
        )
        assert seen[-1]["id"] == str(len(said))
    rows = [row for event in both if event.get("event") == "metrics" for row in orjson.loads(event["data"])["rows"]]
    assert rows == [{"step": 1, "loss": 0.5}]
    assert both[-1]["id"] == f"{len(said)}-{run.metrics.stat().st_size}"


@pytest.mark.parametrize("part", ["logs", "events"])
@pytest.mark.parametrize("ended", ["revoked", "has expired", "session has ended"])
def test_stream_ends_with_the_token_that_opened_it(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, part: str, ended: str
) -> None:
    monkeypatch.setattr(tails, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(run_files, "_ASK_AGAIN_SECONDS", 0.2)
    settings = sqlite_settings.model_copy(update={"sse_poll_seconds": 0.05})
    new_run(settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    app = create_app(settings, open_access=False)
    add_row(app, "r")
    with app.state.sessions() as session:
        token, secret = access.create_token(session, "ann", "read", None)
        session.commit()
    with serving(app) as address, httpx2.Client(base_url=address, timeout=10) as client:
        if ended.startswith("session"):
            csrf = client.post("/api/session", json={"token": secret}).json()["csrf_token"]
        else:
            client.headers["Authorization"] = f"Bearer {secret}"
        with client.stream("GET", f"{BASE}/{part}") as response:
            stream = events_of(response)
            seen = [next(stream).get("event") for _ in range(9)]
            assert seen.count("heartbeat") > 6  # it is asked again, and goes on
            if ended.startswith("session"):
                client.delete("/api/session", headers={"X-CSRF-Token": csrf})
            else:
                with app.state.sessions() as session:
                    change = {"revoked_at" if ended == "revoked" else "expires_at": utc_now()}
                    session.execute(update(Token).where(Token.id == token.id).values(change))
                    session.commit()
            last = list(stream)[-1]
        assert last["event"] == "closed"
        assert ended in orjson.loads(last["data"])["reason"]
        assert client.get(f"{BASE}/{part}").status_code == 401


def test_service_ends_at_once_though_streams_are_open(sqlite_settings: Settings, made: RunDir) -> None:
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    listening.close()
    new_run(sqlite_settings.home, "sft", "x", config=SFTConfig(), run_id="waiting")
    code = (
        "import sys; from pathlib import Path; from tunix_rt_backend.app import create_app;"
        "from tunix_rt_backend.serving import listen, serve; from tunix_rt_backend.settings import Settings;"
        "serve(create_app(Settings(home=Path(sys.argv[1]))), listen('127.0.0.1', int(sys.argv[2])), None)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(sqlite_settings.home), str(port)])
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=1).read()
                break
            except OSError:
                time.sleep(0.1)
        with httpx2.stream("GET", f"http://127.0.0.1:{port}/api/tunix/runs/waiting/events", timeout=10) as response:
            stream = events_of(response)
            assert [next(stream).get("event") for _ in range(2)] == [None, "status"]
            process.send_signal(signal.SIGTERM)
            assert list(stream) == []  # a proper end: a server that is tired of waiting breaks the answer off
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_packed_metrics_are_the_plain_ones(sqlite_client: TestClient, made: RunDir) -> None:
    plain = sqlite_client.get(f"{BASE}/metrics", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    kept = Path(made.home / "cache" / "metrics" / "r.answer")
    sqlite_client.app.state.metrics.precompute("r")  # type: ignore[attr-defined]
    assert gzip.decompress(kept.read_bytes().split(b"\n", 1)[1]) == plain.content


def test_sample_that_is_longer_than_a_page_is_a_sentence(sqlite_client: TestClient, made: RunDir) -> None:
    made.samples.write_bytes(_samples(0) + b'{"step": 1, "samples": "' + b"x" * MOST_BYTES)
    page = sqlite_client.get(f"{BASE}/samples?limit=1").json()
    assert [row["step"] for row in page["data"]] == [0]
    answer = sqlite_client.get(f"{BASE}/samples?cursor={page['pagination']['next_cursor']}")
    assert (answer.status_code, "row 1 of samples.jsonl" in answer.json()["detail"]) == (409, True)
