"""Attacks in the address: paths, queries, cursors, ranges; none reads or writes elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from attacked import NAMES, NUMBERS, PATHS, RUN, TEXTS, World, check


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
