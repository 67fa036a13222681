"""What leaves for Tunix: the status, rows as rendered texts, and a configuration that really runs."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import arithmetic_rows
from tunix_rt import dataset
from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import CONFIGS, SFTConfig, load_config
from tunix_rt.trace import ReasoningTrace, make_trace, render
from tunix_rt_backend.services import traces
from tunix_rt_backend.settings import Settings


def frozen(settings: Settings, tmp_path: Path) -> dataset.Dataset:
    rows = arithmetic_rows.write(tmp_path / "q.jsonl", arithmetic_rows.gsm8k(20))
    dataset.build([rows], name="sums", version="v1", home=settings.home)
    return dataset.load(settings.home, "sums-v1")


def keep(session: Session, found: list[ReasoningTrace]) -> list[str]:
    made = traces.create(session, found)
    session.commit()
    return [str(row["id"]) for row in made]


def rows_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [orjson.loads(line) for line in answer.content.splitlines()]


def test_status_says_what_is_installed_without_loading_it(sqlite_client: TestClient) -> None:
    status = sqlite_client.get("/api/tunix/status").json()
    assert status["available"] == (status["version"] is not None)
    assert status["runtime_required"] is False
    assert "Tunix" in status["message"]


def keys(form: dict[str, Any]) -> set[str]:
    """Return the dotted keys of the defaults, down to what is no object."""

    def leaves(values: dict[str, Any], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in values.items():
            found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
        return found

    return leaves(form["defaults"])


def test_forms_hold_every_key_of_a_training_and_their_defaults_start_one(client: TestClient) -> None:
    answer = client.get("/api/tunix/forms")
    forms = answer.json()
    assert client.get("/api/tunix/forms", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert [model["name"] for model in forms["base_models"]] == [*BASE_MODELS]
    for kind, form in forms["kinds"].items():
        config = CONFIGS[kind]
        assert config.model_validate(form["defaults"]) == config()
        assert {*form["basic"], *form["advanced"]} <= keys(form)
        assert not {*form["basic"]} & {*form["advanced"]}
        assert not {*form["basic"], *form["advanced"]} & {*form["elsewhere"]}
        told = form["json_schema"]["properties"]
        assert {*told} == {*config.model_fields}
        assert all(field["description"] for field in told.values())


def test_each_wrong_setting_of_a_training_is_named(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    frozen(settings, tmp_path)
    asked = {"lora": {"rank": 0}, "learning_rate": "fast", "lora.modules": ["nose_proj"], "max_steps": 0}
    answer = client.post("/api/tunix/run", json={"dataset_key": "sums-v1", "model_id": "nano", "config": asked})
    assert answer.status_code == 422
    found = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert {*found} >= {"body.config.lora.rank", "body.config.learning_rate", "body.config.max_steps"}
    assert "greater than or equal to 1" in found["body.config.lora.rank"]
    assert "number" in found["body.config.learning_rate"]


def test_export_of_a_dataset_honours_its_limit(
    sqlite_client: TestClient, sqlite_settings: Settings, tmp_path: Path
) -> None:
    found = frozen(sqlite_settings, tmp_path)
    rows = rows_of(sqlite_client.post("/api/tunix/sft/export", json={"dataset_key": "sums-v1", "limit": 3}))
    assert [row["prompts"] for row in rows] == [render(trace).text for trace in list(found.traces())[:3]]
    assert len(rows_of(sqlite_client.post("/api/tunix/sft/export", json={"dataset_key": "sums-v1"}))) == 20


def test_export_of_traces_keeps_their_order(client: TestClient, session: Session) -> None:
    made = arithmetic_rows.traces(5)
    ids = keep(session, made)
    rows = rows_of(client.post("/api/tunix/sft/export", json={"trace_ids": [ids[3], ids[0], ids[3]]}))
    assert [row["id"] for row in rows] == [ids[3], ids[0], ids[3]]
    assert rows[0]["prompts"] == render(made[3]).text
    assert len(rows_of(client.post("/api/tunix/sft/export", json={"trace_ids": ids, "limit": 2}))) == 2
    missing = str(uuid.uuid4())
    answer = client.post("/api/tunix/sft/export", json={"trace_ids": [*ids, missing]})
    assert (answer.status_code, missing in answer.json()["detail"]) == (404, True)
    bad = keep(session, [make_trace("What?", ["<answer>"], "1")])
    assert client.post("/api/tunix/sft/export", json={"trace_ids": bad}).status_code == 422


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422), ({"dataset_key": "a-v1", "trace_ids": [str(uuid.UUID(int=1))]}, 422), ({"trace_ids": []}, 422),
        ({"trace_ids": ["no-uuid"]}, 422), ({"dataset_key": "../../etc"}, 422), ({"dataset_key": "none-v1"}, 404),
        ({"dataset_key": "a-v1", "limit": 0}, 422), ({"dataset_key": "a-v1", "limit": 10_001}, 422),
    ],
)  # fmt: skip
def test_export_of_nothing_is_refused(sqlite_client: TestClient, fields: dict[str, Any], status: int) -> None:
    assert sqlite_client.post("/api/tunix/sft/export", json=fields).status_code == status


def test_manifest_is_a_configuration_that_the_command_line_takes(
    sqlite_client: TestClient, sqlite_settings: Settings, tmp_path: Path
) -> None:
    frozen(sqlite_settings, tmp_path)
    asked = {
        "dataset_key": "sums-v1", "model_id": "nano", "output_dir": "my-run", "learning_rate": 2e-5, "num_epochs": 2,
        "weight_decay": 0.1, "batch_size": 4, "max_seq_length": 256, "device": "cpu",
    }  # fmt: skip
    answer = sqlite_client.post("/api/tunix/sft/manifest", json=asked)
    assert answer.status_code == 201
    made = answer.json()
    assert made["format"] == "tunix_sft"
    file = tmp_path / "sums-v1.yaml"
    file.write_text(made["manifest_yaml"])
    assert file.read_text().startswith("# JAX_PLATFORMS=cpu tunix-rt train sft sums-v1.yaml --run-id=my-run\n")
    config = load_config(SFTConfig, file)
    assert config.dataset is not None
    assert dataset.load(sqlite_settings.home, config.dataset).manifest.key == made["dataset_key"]
    found = (config.base_model, config.learning_rate, config.weight_decay, config.epochs, config.max_length)
    assert found == ("nano", 2e-5, 0.1, 2.0, 256)
    assert config.batch_size * config.accumulation == 4


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"dataset_key": "none-v1"}, 404), ({"model_id": "unknown"}, 422), ({"model_id": "http://x/y"}, 422),
        ({"model_id": "/etc"}, 422), ({"output_dir": "/etc"}, 422), ({"output_dir": "./output"}, 422),
        ({"num_epochs": 0}, 422), ({"batch_size": 513}, 422), ({"max_seq_length": 127}, 422), ({"device": "tpu"}, 422),
        ({"learning_rate": 0}, 422), ({"weight_decay": 1.5}, 422),
    ],
)  # fmt: skip
def test_manifest_of_the_impossible_is_refused(
    sqlite_client: TestClient, sqlite_settings: Settings, tmp_path: Path, fields: dict[str, Any], status: int
) -> None:
    frozen(sqlite_settings, tmp_path)
    asked = {"dataset_key": "sums-v1", "model_id": "nano", **fields}
    assert sqlite_client.post("/api/tunix/sft/manifest", json=asked).status_code == status
