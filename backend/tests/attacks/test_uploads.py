"""Attacks by uploads: archives that climb or explode, and rows that no database keeps."""

from __future__ import annotations

import gzip
import io
import stat
import time
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from attacked import NAMES, World, check


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
