"""Pages: the web app and the API page, which load nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings


@pytest.fixture
def built(sqlite_settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service with a web app."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>app</title>")
    (folder / "assets" / "app-1a2b3c.js").write_text("let x = 1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = create_app(sqlite_settings.model_copy(update={"web": folder}))
    with TestClient(app, base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/one", "/datasets/sums-v1.0", "/index.html"])
def test_web_app_answers_its_own_addresses(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert "<title>app" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_hashed_file_of_the_web_app_is_kept_for_ever(built: TestClient) -> None:
    assert "immutable" in built.get("/assets/app-1a2b3c.js").headers["cache-control"]


def test_hashed_file_travels_packed_and_is_the_same(built: TestClient) -> None:
    packed = built.get("/assets/app-1a2b3c.js")
    plain = built.get("/assets/app-1a2b3c.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "let x = 1"
    assert packed.headers["content-type"] == plain.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/api/nothing",
        "/link.txt",
        "/secret.txt/scores",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
    ],
)
def test_web_app_has_nothing_else(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_web_app_leaves_the_methods_of_the_api_alone(built: TestClient) -> None:
    assert built.delete("/api/health").status_code == 405
    assert built.post("/runs").status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/docs"])
def test_pages_load_nothing_from_elsewhere(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in answer.text
    assert "https:" not in answer.text


@pytest.mark.parametrize("name", ["swagger-ui.css", "swagger-ui-bundle.js", "favicon.png", "start.js"])
def test_files_of_the_api_page_come_from_here(sqlite_client: TestClient, name: str) -> None:
    assert name in sqlite_client.get("/api/docs").text
    answer = sqlite_client.get(f"/api/docs/{name}")
    assert answer.status_code == 200
    assert len(answer.content) > 100


def test_no_other_file_comes_with_the_api_page(sqlite_client: TestClient) -> None:
    for name in ("core.py", "__init__.py", "..%2f__init__.py", "redoc.standalone.js"):
        assert sqlite_client.get(f"/api/docs/{name}").status_code in (400, 404)
