"""Tasks of this machine: known by name, and told with what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tunix_rt import tasks as engine
from tunix_rt_backend.errors import Unprocessable
from tunix_rt_backend.services import tasks


def register(home: Path) -> Path:
    file = home / "gsm8k.jsonl"
    home.mkdir(exist_ok=True)
    file.write_text(json.dumps({"question": "What is 2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"}) + "\n")
    engine.register_path(home, "gsm8k", file)
    return file


def test_file_task_is_known_once_it_is_registered(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match="tunix-rt tasks register"):
        tasks.check(tmp_path, "gsm8k")
    assert "gsm8k" not in {row.name for row in tasks.list_tasks(tmp_path)}
    register(tmp_path)
    tasks.check(tmp_path, "gsm8k")
    assert {row.name: row.items for row in tasks.list_tasks(tmp_path)}["gsm8k"] == 1


def test_file_that_changed_is_listed_with_its_problem(tmp_path: Path) -> None:
    register(tmp_path).write_text("{}\n")
    row = next(row for row in tasks.list_tasks(tmp_path) if row.name == "gsm8k")
    assert row.items is None
    assert row.problem is not None
    assert "changed since" in row.problem


def test_data_sets_of_reasoning_gym_are_known_by_name(tmp_path: Path) -> None:
    tasks.check(tmp_path, "reasoning-gym:gcd")
    with pytest.raises(Unprocessable, match="reasoning-gym:gcd"):
        tasks.check(tmp_path, "reasoning-gym:gdc")
