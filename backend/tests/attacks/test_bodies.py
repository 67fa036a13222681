"""Attacks in the body: names that lead elsewhere, and JSON that is none."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from attacked import JSON, NAMES, NOTHING, RUN, World, check

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
    ("POST", "/api/evaluations", {"model": "nano", "task": "dev-reasoning-v1:heldout"}, "model"),
    ("POST", "/api/evaluations", {"model": "nano", "task": "dev-reasoning-v1:heldout"}, "task"),
    ("POST", f"/api/tunix/runs/{RUN}/evaluate", {"task": "x"}, "task"),
    ("POST", "/api/evaluations", {"model": "nano", "task": "dev-reasoning-v1:heldout"}, "few_shot_pool"),
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
            target = re.sub(r"\{\w+\}", NOTHING, path.replace("{run_id}", RUN))
            # Evaluating and resuming take an empty body for their defaults.
            harmless = text in ("", "null", "{}", "\ufeff{}")
            check(
                world, world.client.request(method, target, content=text.encode(), headers=JSON), refused=not harmless
            )
