"""Attacks, each a row of a table: every one is refused or does nothing, and none reads or writes elsewhere."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import socket
import stat
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from postgresql import Server
from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, log_metrics, new_run
from tunix_rt_backend.app import create_app
from tunix_rt_backend.middleware import connections
from tunix_rt_backend.middleware.connections import server_options
from tunix_rt_backend.services import access, index
from tunix_rt_backend.settings import Settings

SECRET = "canary-5f1c"
RUN = "victim-1"
NOTHING = "00000000-0000-0000-0000-000000000000"
JSON = {"Content-Type": "application/json"}

PATHS = [
    "../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt", "..\\..\\secret.txt", "..%5c..%5csecret.txt", "/etc/passwd", "%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini", "secret.txt%00.jsonl", "....//....//secret.txt", "..;/secret.txt",
    "file:%2f%2f%2fetc%2fpasswd",
    "~root", "%EF%BC%8E%EF%BC%8E%2fsecret.txt", "%c0%ae%c0%ae%2fsecret.txt", "a%0d%0aX-Evil:%201",
    "." * 5000, ".tunix_rt.db",
]  # fmt: skip
"""Ways to write a path that leads elsewhere."""
NAMES = [
    "../../secret.txt", "..\\..\\secret.txt", "/etc/passwd", "C:\\Windows\\win.ini", "file:///etc/passwd",
    "secret\u0000.txt",
    "http://169.254.169.254/latest/meta-data", "http://localhost:1/x", "~root", "a/../../b", "．．/secret.txt", "-rf",
    "$(id)",
    "x" * 10_000, "a\nb", "\ud800", "google/gemma-2b", "hf://google/gemma", "gs://bucket/x", "",
]  # fmt: skip
"""Names in a body that are none: paths, addresses, words for a shell."""
TEXTS = [
    "' OR 1=1 --", "'; DROP TABLE traces; --", '" OR ""="', "%' AND 1=(SELECT 1) --", "\\", '"', '"unclosed',
    "a AND", "NEAR(",
    "prompt:x", "*", "a* OR b*", "-a", "^a", "{a b}", "(" * 500, "a:*b", "a & | !", "<->", "NOT", "'", "%", "_",
    "\u200b", "🤖",
    "x" * 512,
]  # fmt: skip
"""Words that mean something to a database or to its full-text search."""
NUMBERS = ["9223372036854775808", "-9223372036854775809", "1" * 400, "-1", "1e309", "NaN", "0x10", "1_000", "١", ""]
"""Numbers that are none, or that no column holds."""


@dataclass
class World:
    """A service with a run in it, and a secret outside of what it may serve."""

    root: Path
    app: FastAPI
    client: TestClient
    paths: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Every operation: method, path, description."""

    def snapshot(self) -> dict[str, Any]:
        """Return what lies on the disk, less what every request may touch: the database."""
        files = [path for path in self.root.rglob("*") if not path.name.startswith("tunix_rt.db")]
        return {str(path): path.lstat().st_size if path.is_file() else None for path in files}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One service for all attacks: each leaves it as it was."""
    root = tmp_path_factory.mktemp("world")
    home = root / "home"
    home.mkdir()
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        url = server.create("attacked", template="migrated")
    else:
        (home / "tunix_rt.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(home=home, database_url=url, upload_max_bytes=16 * 2**20, disk_reserve_bytes=0)  # type: ignore[arg-type]
    with served(root, settings) as made:
        yield made
    if request.param == "postgresql":
        server.drop("attacked")


@contextmanager
def served(root: Path, settings: Settings) -> Iterator[World]:
    """Yield a service over a home with a run whose folder somebody has laid traps into."""
    (root / "secret.txt").write_text(SECRET)
    run = new_run(settings.home, "sft", "small", config=SFTConfig(seed=7), run_id=RUN)
    with attempt(run):
        log_metrics(run, step=1, loss=0.5)
        run.adapter.mkdir()
        (run.adapter / "weights").write_bytes(b"\x00\x01")
    (run.path / "link.txt").symlink_to(root / "secret.txt")
    (run.path / "folder").symlink_to(root)
    os.mkfifo(run.path / "pipe")
    app = create_app(settings)
    with app.state.sessions() as session:
        index.index_run(session, run.path)
        session.commit()
    paths = [
        (method.upper(), path, operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    ]
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False, follow_redirects=False) as client:
        yield World(root, app, client, paths)


def check(world: World, answer: Any, *, refused: bool = True) -> None:
    """Fail if an answer gives anything away or says that something broke; `refused`: or that it was done."""
    shown = f"{answer.request.method} {answer.request.url} → {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, shown
    assert answer.status_code >= 400 or not refused, shown
    assert SECRET not in answer.text, shown
    assert "root:x:0" not in answer.text, shown
    assert "Traceback" not in answer.text, shown
    assert "x-evil" not in answer.headers, shown


# --- in every path ---


@pytest.mark.parametrize("attack", PATHS, ids=lambda text: text[:40])
def test_no_path_leads_elsewhere(world: World, attack: str) -> None:
    before = world.snapshot()
    for method, path, operation in world.paths:
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                target = path.replace("{" + parameter["name"] + "}", attack)
                for name in ("{run_id}", "{dataset_key}", "{evaluation_id}", "{submission_id}"):
                    target = target.replace(name, RUN)
                target = target.replace("{path}", "config.json").split("{")[0]
                check(world, world.client.request(method, target))
    assert world.snapshot() == before


def of_type(parameter: dict[str, Any], kind: str) -> bool:
    """Return whether a parameter of the query takes a type."""
    schema = parameter["schema"]
    return parameter["in"] == "query" and kind in {one.get("type") for one in (schema, *schema.get("anyOf", []))}


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_no_query_breaks_anything(world: World, kind: str) -> None:
    before = world.snapshot()
    for method, path, operation in world.paths:
        target = path.replace("{run_id}", RUN).replace("{path}", "config.json")
        if method != "GET" or "{" in target or path.endswith(("/events", "/logs")):  # streams wait for more
            continue
        for parameter in operation.get("parameters", []):
            if not of_type(parameter, kind):
                continue
            every = [*TEXTS, *NAMES] if parameter["name"] == "q" else [*TEXTS[:3], *NAMES[:7]]
            for attack in every if kind == "string" else NUMBERS:
                value = quote(attack, errors="replace")
                check(world, world.client.get(f"{target}?{parameter['name']}={value}"), refused=False)
    assert world.snapshot() == before


def test_search_words_find_only_what_they_say(world: World) -> None:
    trace = {"prompt": "one plus one", "steps": [{"i": 0, "type": "step", "content": "1 + 1 = 2"}], "final_answer": "2"}
    trace_id = world.client.post("/api/traces", json=trace).json()["id"]
    try:
        assert world.client.get("/api/traces", params={"q": "plus"}).json()["data"]
        for text in ("' OR 1=1 --", "zebra' OR 'a'='a", "zebra*) OR (plus"):
            assert world.client.get("/api/traces", params={"q": text}).json().get("data", []) == []
    finally:
        world.client.delete(f"/api/traces/{trace_id}")


@pytest.mark.parametrize("attack", ["W10", "eyJ9", "x" * 512, "bnVsbA", "WzFlOTk5XQ",
"WzkyMjMzNzIwMzY4NTQ3NzU4MDhd", "////",
                                    "Wy0xXQ", "W251bGxd", "WyInOy0tIl0", "WyIyMDI2LTAxLTAxIiwiYSJd",
                                    "W1tbW1tbXV1dXV1d"])  # fmt: skip
def test_no_cursor_but_ours_is_taken(world: World, attack: str) -> None:
    for method, path, operation in world.paths:
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        if method == "GET" and "cursor" in names and "{" not in path:
            check(world, world.client.get(path, params={"cursor": attack}), refused=False)


# --- in every body ---

BODIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/api/tokens", {"name": "a", "scope": "read"}, "name"),
    ("POST", "/api/tokens", {"name": "a", "scope": "read"}, "scope"),
    ("POST", "/api/session", {"token": "trt_x"}, "token"),
    ("POST", "/api/datasets/build", {"dataset_name": "a", "dataset_version": "v1"}, "dataset_name"),
    ("POST", "/api/datasets/build", {"dataset_name": "a", "dataset_version": "v1"}, "dataset_version"),
    ("POST", "/api/tunix/sft/export", {"dataset_key": "a"}, "dataset_key"),
    ("POST", "/api/tunix/sft/manifest", {"dataset_key": "a", "model_id": "nano"}, "dataset_key"),
    ("POST", "/api/tunix/sft/manifest", {"dataset_key": "a", "model_id": "nano"}, "model_id"),
    ("POST", "/api/tunix/sft/manifest", {"dataset_key": "a", "model_id": "nano", "output_dir": "a"}, "output_dir"),
    ("POST", "/api/tunix/run", {"dataset_key": "a", "model_id": "nano"}, "dataset_key"),
    ("POST", "/api/tunix/run", {"dataset_key": "a", "model_id": "nano"}, "model_id"),
    ("POST", "/api/tunix/run", {"dataset_key": "a", "model_id": "nano", "output_dir": "a"}, "output_dir"),
    ("POST", "/api/tunix/run", {"dataset_key": "a", "model_id": "nano", "dry_run": False}, "model_id"),
    ("POST", "/api/tunix/run", {"dataset_key": "a", "model_id": "nano", "config": {"model_path": "/etc"}},
    "config.model_path"),
    ("POST", "/api/tunix/run", {"kind": "session", "model_id": "nano", "config": {}}, "config.eval.task_path"),
    ("POST", "/api/tunix/run", {"kind": "session", "model_id": "nano", "config": {}}, "config.eval.task"),
    ("POST", "/api/tunix/run", {"kind": "session", "model_id": "nano", "config": {}}, "config.name"),
    ("POST", "/api/tunix/run", {"kind": "session", "model_id": "nano", "config": {}}, "config.dataset.name"),
    ("POST", "/api/tunix/run", {"kind": "session", "model_id": "nano", "config": {}}, "config.sft.dataset"),
    ("POST", "/api/evaluations", {"model_name": "nano", "task": "dev-reasoning-v1:heldout"}, "model_name"),
    ("POST", "/api/evaluations", {"model_name": "nano", "task": "dev-reasoning-v1:heldout"}, "task"),
    ("POST", f"/api/tunix/runs/{RUN}/evaluate", {"task": "x"}, "task"),
    ("POST", f"/api/tunix/runs/{RUN}/evaluate", {"task": "x", "few_shot_pool": "x"}, "few_shot_pool"),
    ("POST", f"/api/tunix/runs/{RUN}/evaluate", {}, "judge_override"),
    ("POST", "/api/submissions", {"run_id": RUN}, "run_id"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "where"), BODIES, ids=[f"{one[1]}:{one[3]}" for one in BODIES])
def test_no_name_in_a_body_leads_elsewhere(
    world: World, method: str, path: str, body: dict[str, Any], where: str
) -> None:
    before = world.snapshot()
    for attack in NAMES:
        sent = json.loads(json.dumps(body))
        *outer, last = where.split(".")
        inner = sent
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = attack
        text = json.dumps(sent)
        check(world, world.client.request(method, path, content=text.encode("utf-8", "surrogatepass"), headers=JSON))
    assert world.snapshot() == before


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000, "[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100, '"' + "x" * 2_000_000 + '"', "",
        "null", "[]", "1",
        '"x"', "{", "{]", '{"name": NaN}', '{"name": 1e999}', '{"name": ' + "9" * 5000 + "}", '{"name": "\\ud800"}',
        '{"name": "a\\u0000"}', '{"a": 1, "a": 2}', "\x00", '{"__proto__": {"x": 1}}', "\ufeff{}", "<x/>", "name=a",
        "!!python/x",
    ],
    ids=lambda text: ascii(text)[:30],
)  # fmt: skip
def test_no_json_breaks_anything(world: World, text: str) -> None:
    for method, path, operation in world.paths:
        if "requestBody" in operation and path not in ("/api/datasets/ingest", "/api/tunix/runs/import"):
            target = path.replace("{run_id}", RUN).replace("{trace_id}", NOTHING).split("{")[0]
            # Evaluating and resuming take an empty body for their defaults.
            harmless = text in ("", "null", "{}", "\ufeff{}")
            check(
                world, world.client.request(method, target, content=text.encode(), headers=JSON), refused=not harmless
            )


# --- artifacts ---


def test_artifacts_are_served_at_all(world: World) -> None:
    listed = world.client.get(f"/api/tunix/runs/{RUN}/artifacts").json()["artifacts"]
    names = {one["path"] for one in listed}
    assert {"manifest.json", "adapter/weights"} <= names
    assert not {"link.txt", "pipe"} & names
    assert not any(name.startswith("folder/") for name in names)
    answer = world.client.get(f"/api/tunix/runs/{RUN}/artifacts/adapter/weights/download")
    assert answer.content == b"\x00\x01"


@pytest.mark.parametrize(
    "name",
    ["link.txt", "folder", "folder/secret.txt", "folder/home/tunix_rt.db", "pipe", "adapter", "", ".",
    "adapter/../../../secret.txt",
     "../../tunix_rt.db", "adapter//weights", "adapter/weights/", "/adapter/weights",
     "manifest.json\u2215x"],
)  # fmt: skip
def test_no_artifact_but_a_plain_file_beneath_the_run_is_served(world: World, name: str) -> None:
    for written in (quote(name), quote(name, safe=""), name.replace("..", "%2e%2e"), quote(quote(name, safe=""))):
        check(world, world.client.get(f"/api/tunix/runs/{RUN}/artifacts/{written}/download"), refused=written != ".")


@pytest.mark.parametrize("value", ["bytes=0-99999999999999999999", "bytes=-0", "bytes=5-1",
"bytes=" + "0-0," * 2000, "lines=1-2",
                                   "bytes=a-b", "bytes=-", "bytes=99-", "bytes=0-0,1-1"])  # fmt: skip
def test_no_range_breaks_anything(world: World, value: str) -> None:
    answer = world.client.get(f"/api/tunix/runs/{RUN}/artifacts/adapter/weights/download", headers={"Range": value})
    assert answer.status_code < 500
    assert len(answer.content) < 10_000


# --- uploads ---


def zipped(*entries: tuple[str, bytes, int]) -> bytes:
    """Return a zip; each entry is a name, its content and its Unix mode."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


FILE = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777
BOMB = b"\0" * (64 * 2**20)
ROW = b'{"prompt": "p", "steps": [{"i": 0, "type": "t", "content": "c"}], "final_answer": "a"}\n'

ARCHIVES = {
    "climbs": lambda: zipped(("../../evil.txt", b"x", FILE)),
    "absolute": lambda: zipped(("/tmp/evil.txt", b"x", FILE)),
    "backslashes": lambda: zipped(("..\\..\\evil.txt", b"x", FILE)),
    "drive": lambda: zipped(("C:/evil.txt", b"x", FILE)),
    "link": lambda: zipped(("run/link", b"/etc/passwd", LINK), ("run/manifest.json", b"{}", FILE)),
    "link-then-through": lambda: zipped(("a", b"/tmp", LINK), ("a/evil.txt", b"x", FILE)),
    "bomb": lambda: zipped(("run/manifest.json", BOMB, FILE)),
    "many": lambda: zipped(*((f"f{number}", b"", FILE) for number in range(50_000))),
    "twice": lambda: zipped(("run/manifest.json", b"{}", FILE), ("run/manifest.json", b"[]", FILE)),
    "nul": lambda: zipped(("run/a\0b", b"x", FILE)),
    "no-run": lambda: zipped(("hello.txt", b"x", FILE)),
    "empty": lambda: zipped(),
    "cut": lambda: zipped(("run/manifest.json", b"{}" * 999, FILE))[:-40],
    "no-zip": lambda: b"PK\x03\x04" + b"x" * 500,
    "nothing": lambda: b"",
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ARCHIVES)
def test_no_archive_writes_elsewhere(world: World, name: str) -> None:
    before, began = world.snapshot(), time.monotonic()
    answer = world.client.post(
        "/api/tunix/runs/import", content=ARCHIVES[name](), headers={"Content-Type": "application/zip"}
    )
    check(world, answer)
    assert answer.status_code not in (404, 405)
    assert time.monotonic() - began < 20
    assert {path: size for path, size in world.snapshot().items() if path not in before and Path(path).is_file()} == {}
    assert not Path("/tmp/evil.txt").exists()


UPLOADS: dict[str, tuple[bytes, dict[str, str]]] = {
    "gzip-bomb": (gzip.compress(BOMB), {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}),
    "gzip-bomb-of-rows": (gzip.compress(ROW * 600_000), {"Content-Type": "application/x-ndjson",
    "Content-Encoding": "gzip"}),
    "gzip-that-is-none": (ROW, {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}),
    "gzip-cut-off": (gzip.compress(ROW * 99)[:-9], {"Content-Type": "application/x-ndjson",
    "Content-Encoding": "gzip"}),
    "packed-twice": (gzip.compress(ROW), {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip, gzip"}),
    "other-packing": (ROW, {"Content-Type": "application/x-ndjson", "Content-Encoding": "br"}),
    "zip-bomb": (zipped(("a.jsonl", BOMB, FILE)), {"Content-Type": "application/zip"}),
    "too-large": (b"\n" * (16 * 2**20 + 1), {"Content-Type": "application/x-ndjson"}),
    "path-on-the-server": (b'{"path": "/etc/passwd", "source_name": "x"}', {"Content-Type": "application/json"}),
    "one-endless-line": (b'{"prompt": "' + b"x" * (15 * 2**20), {"Content-Type": "application/x-ndjson"}),
    "deep-row": (b'{"prompt": ' + b"[" * 100_000 + b"\n", {"Content-Type": "application/x-ndjson"}),
    "nul-row": (ROW.replace(b'"p"', b'"p\\u0000"'), {"Content-Type": "application/x-ndjson"}),
    "half-a-surrogate": (ROW.replace(b'"p"', b'"p\\ud800"'), {"Content-Type": "application/x-ndjson"}),
    "not-utf-8": (ROW.replace(b'"p"', b'"p\xff"'), {"Content-Type": "application/x-ndjson"}),
    "huge-number": (ROW.replace(b'"i": 0', b'"i": ' + b"9" * 400), {"Content-Type": "application/x-ndjson"}),
    "nothing": (b"", {"Content-Type": "application/x-ndjson"}),
    "no-boundary": (b"x", {"Content-Type": "multipart/form-data"}),
    "broken-form": (b"--x\r\nnonsense", {"Content-Type": "multipart/form-data; boundary=x"}),
    "form-named-to-climb": (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../../evil.exe"\r\n\r\nx\r\n--x--\r\n',
        {"Content-Type": "multipart/form-data; boundary=x"},
    ),
    "long-boundary": (b"x", {"Content-Type": "multipart/form-data; boundary=" + "x" * 8000}),
}  # fmt: skip


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", UPLOADS)
def test_no_upload_breaks_anything(world: World, name: str) -> None:
    content, headers = UPLOADS[name]
    before, began = world.snapshot(), time.monotonic()
    answer = world.client.post("/api/datasets/ingest", content=content, headers=headers)
    check(world, answer)
    assert answer.status_code not in (404, 405)
    assert time.monotonic() - began < 20
    after = {path for path in world.snapshot() if path not in before and Path(path).is_file()}
    assert after == set()
    assert world.client.get("/api/traces").json()["data"] == []


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("where", ["source_name", "schema", "mapping", "license", "on_error"])
def test_no_option_of_an_upload_leads_elsewhere(world: World, where: str) -> None:
    before = world.snapshot()
    # Any text may be the name of a source or a licence: it is kept, and leads nowhere.
    for attack in NAMES[:3] if where in ("source_name", "license") else NAMES:
        answer = world.client.post(
            f"/api/datasets/ingest?{where}={quote(attack, errors='replace')}",
            content=b'{"no": "trace"}\n',
            headers={"Content-Type": "application/x-ndjson"},
        )
        check(world, answer)
    assert {path for path in world.snapshot() if path not in before and Path(path).is_file()} == set()


# --- who asks, from where ---


@dataclass(frozen=True)
class Attack:
    """One request that someone sends who should not, and what must come back."""

    name: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/api/tokens"


FORGERIES = [
    Attack("change from another site", 403, {"Origin": "https://evil.example"}),
    Attack("change from another port", 403, {"Origin": "http://localhost:3000"}),
    Attack("change from a sandboxed page", 403, {"Origin": "null"}),
    Attack("change from a site that begins like ours", 403, {"Origin": "http://localhost.evil.example"}),
    Attack("change without an origin, from another site", 403, {"Sec-Fetch-Site": "cross-site"}),
    Attack("form of another site", 403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
    Attack("form without a JSON type", 422, {"Content-Type": "text/plain"}),
    Attack("deletion from another site", 403, {"Origin": "https://evil.example"}, "DELETE", f"/api/tunix/runs/{RUN}"),
    Attack("script of another site reads", 403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "GET"),
    Attack("preflight", 405, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, "OPTIONS"),
    Attack("name bound anew to loopback", 400, {"Host": "evil.example"}, "GET"),
    Attack("name bound anew, with our port", 400, {"Host": "evil.example:8000"}, "GET"),
    Attack("name that holds ours", 400, {"Host": "localhost@evil.example"}, "GET"),
    Attack("no name", 400, {"Host": ""}, "GET"),
    Attack("through a proxy", 401, {"X-Forwarded-For": "127.0.0.1"}, "GET"),
    Attack("host forwarded", 401, {"X-Forwarded-Host": "localhost"}, "GET"),
    Attack("no token at all", 401, {"Authorization": "Bearer"}, "GET"),
    Attack("empty token", 401, {"Authorization": "Bearer "}, "GET"),
    Attack("another kind", 401, {"Authorization": "Basic YWRtaW46YWRtaW4="}, "GET"),
    Attack("token in the address", 401, {"X-Forwarded-For": "x"}, "GET", "/api/tokens?token=trt_x&access_token=trt_x"),
    Attack("endless token", 401, {"Authorization": "Bearer trt_" + "x" * 9000}, "GET"),
    Attack("digest in place of the token", 401, {"Authorization": "Bearer " + "0" * 64}, "GET"),
    Attack("SQL in place of the token", 401, {"Authorization": "Bearer trt_' OR '1'='1"}, "GET"),
    Attack("endless header", 431, {"X-Padding": "x" * 60_000}, "GET"),
    Attack("endless address", 431, {}, "GET", "/api/traces?q=" + "x" * 60_000),
    Attack("method in a header", 405, {"X-HTTP-Method-Override": "DELETE"}, "POST", "/api/health"),
    Attack("path in a header", 404, {"X-Original-URL": "/api/tokens", "X-Rewrite-URL": "/api/tokens"}, "GET", "/api/x"),
    Attack("odd method", 405, {}, "TRACE", "/api/health"),
]


@pytest.mark.parametrize("attack", FORGERIES, ids=lambda attack: attack.name)
def test_no_forgery_is_believed(world: World, attack: Attack) -> None:
    world.app.state.lockout.failures.clear()
    before = world.snapshot()
    body = {"content": b'{"name": "evil"}', "headers": {**JSON, **attack.headers}}
    answer = world.client.request(
        attack.method, attack.path, **(body if attack.method == "POST" else {"headers": attack.headers})
    )  # type: ignore[arg-type]
    check(world, answer)
    assert answer.status_code == attack.status, answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert world.snapshot() == before
    assert world.client.get("/api/tokens").json()["data"] == []


def test_guessing_tokens_ends_in_a_lockout(world: World) -> None:
    world.app.state.lockout.failures.clear()
    found = [
        world.client.get("/api/tokens", headers={"Authorization": f"Bearer trt_{number:043d}"}).status_code
        for number in range(30)
    ]
    assert set(found[:10]) == {401}
    assert set(found[10:]) == {429}
    world.app.state.lockout.failures.clear()


def test_cookie_without_its_csrf_token_changes_nothing(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings, open_access=False)
    with app.state.sessions() as session:
        _, secret = access.create_token(session, "ann", "admin", None)
        session.commit()
    with TestClient(app, base_url="http://localhost") as client:
        csrf = client.post("/api/session", json={"token": secret}).json()["csrf_token"]
        for shown in (
            {},
            {"X-CSRF-Token": ""},
            {"X-CSRF-Token": csrf[:-1]},
            {"X-CSRF-Token": client.cookies[access.COOKIE]},
        ):
            for method, path in (
                ("POST", "/api/tokens"),
                ("DELETE", "/api/tokens/ann"),
                ("DELETE", "/api/traces/" + NOTHING),
            ):
                assert client.request(method, path, headers=shown).status_code == 403
        assert [one["revoked_at"] for one in client.get("/api/tokens").json()["data"]] == [None]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_no_token_does_more_than_its_scope(sqlite_settings: Settings, scope: access.Scope) -> None:
    app = create_app(sqlite_settings, open_access=False)
    with app.state.sessions() as session:
        _, secret = access.create_token(session, "ann", scope, None)
        session.commit()
    admin = {"/api/tokens", "/api/tokens/{name}", "/api/audit"}
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        for path, item in app.openapi()["paths"].items():
            for method in item:
                target = re.sub(r"\{[^}]+\}", NOTHING, path)
                guest = client.request(method.upper(), target)
                if path not in ("/api/health", "/api/health/ready", "/api/session"):
                    assert guest.status_code == 401, (method, path)
                if path in admin:
                    shown = {"Authorization": f"Bearer {secret}"}
                    assert client.request(method.upper(), target, headers=shown).status_code in (403, 405), (
                        method,
                        path,
                    )


# --- on the wire ---


@pytest.fixture(scope="module")
def port(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server with our protocol and short patience."""
    root = tmp_path_factory.mktemp("wire")
    home = root / "home"
    home.mkdir()
    (home / "tunix_rt.db").write_bytes(sqlite_template.read_bytes())
    with pytest.MonkeyPatch.context() as patch, served(root, Settings(home=home, request_seconds=0.5)) as world:
        patch.setattr(connections, "HEAD_SECONDS", 0.5)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(world.app, **server_options()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()
        listening.close()


def raw(port: int, *parts: bytes, pause: float = 0.0, wait: float = 1.2) -> bytes:
    """Send bytes as they are, and return what comes back until the server closes or stays silent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(wait)
        found = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while data := connection.recv(65536):
                found += data
        except OSError:
            pass
        return found


H = b"Host: localhost\r\n"
POST = b"POST /api/tokens HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\n"
HIDDEN = b"DELETE /api/tunix/runs/victim-1 HTTP/1.1\r\n" + H + b"\r\n"

WIRE = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}" + HIDDEN,
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "lengths in a list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "odd coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coding with a tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coding before a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "length of 400 digits": POST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}",
    "length of 5 GB, politely": POST + b"Content-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n",
    "chunk of many digits": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
    "chunk that is none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "folded header": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\r\n c: d\r\n\r\n",
    "bare carriage return": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\rX-Evil: 1\r\n\r\n",
    "NUL in a header": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\x00\r\n\r\n",
    "space in a header's name": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X A: b\r\n\r\n",
    "header without a colon": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A\r\n\r\n",
    "no host": b"GET /api/tokens HTTP/1.1\r\n\r\n",
    "no host, in old HTTP": b"GET /api/tokens HTTP/1.0\r\n\r\n",
    "two hosts": b"GET /api/tokens HTTP/1.1\r\n" + H + b"Host: evil.example\r\n\r\n",
    "another host": b"GET /api/tokens HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "whole address of another host": b"GET http://evil.example/api/x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "HTTP/0.9": b"GET /api/tokens\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET /api/tokens HTTP/9.9\r\n" + H + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + H + b"\r\n",
    "path that climbs": b"GET /../../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path of a run that climbs": b"GET /api/tunix/runs/victim-1/artifacts/../../../secret.txt/download HTTP/1.1\r\n"
    + H
    + b"\r\n",
    "path with a dot": b"GET /api/tunix/runs/victim-1/artifacts/./manifest.json HTTP/1.1\r\n" + H + b"\r\n",
    "path that begins twice": b"GET //etc/passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path with a backslash": b"GET /..\\..\\etc\\passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path with raw bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + H + b"\r\n",
    "path with a line end": b"GET /api/x%0d%0aX-Evil:%201 HTTP/1.1\r\n" + H + b"\r\n",
    "endless path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + H + b"\r\n",
    "endless header": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "endless headers": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: b\r\n" * 50_000 + b"\r\n",
    "header that never ends": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: " + b"a" * 300_000,
    "head that never ends": b"GET /api/health HTTP/1.1\r\n" + H,
    "body that never comes": POST + b"Content-Length: 100\r\n\r\n{",
}  # fmt: skip


@pytest.mark.parametrize("name", WIRE)
def test_no_bytes_on_the_wire_fool_the_server(port: int, name: str) -> None:
    waits = name.endswith(("never ends", "never comes"))
    answer = raw(port, WIRE[name], pause=1.0 if waits else 0.0)
    heads = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    # The connection is closed without a word, or with one refusal; what was hidden behind it is not answered.
    assert all(line.split()[1].startswith(b"4") for line in heads), answer[:500]
    assert len(heads) <= 1, answer[:500]
    assert b"\r\nx-evil" not in answer.lower()
    assert SECRET.encode() not in answer
    assert (
        raw(port, b"GET /api/tunix/runs/victim-1 HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n").split()[1] == b"200"
    )


def test_large_body_is_refused_before_it_is_sent(port: int) -> None:
    assert b"100 Continue" not in raw(port, WIRE["length of 5 GB, politely"])


def test_slow_head_is_cut_off(port: int) -> None:
    began = time.monotonic()
    raw(port, *[b"GET /api/health HTTP/1.1\r\n", H, *[b"X-A: b\r\n"] * 60], pause=0.05)
    assert time.monotonic() - began < 4


def test_idle_connections_are_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(5)
        assert b"408" in connection.recv(1000)


def test_websocket_is_not_spoken(port: int) -> None:
    head = b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    answer = raw(port, head + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    assert b" 101 " not in answer
