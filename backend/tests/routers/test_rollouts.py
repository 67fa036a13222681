"""Rollouts over HTTP: paged by update and by prompt, scored again; what is forged is refused, and no error of ours."""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

import made
from reinforced import RUN, group, make_run
from tunix_rt.config import GRPOConfig, PhaseShares, SessionConfig
from tunix_rt.errors import DataError, UsageError
from tunix_rt.rewards import RewardsConfig, RewardTerm
from tunix_rt.rollouts import RolloutGroup, append_rollouts
from tunix_rt.run import new_run
from tunix_rt.run_folder import RunDir
from tunix_rt.session import phase_dir
from tunix_rt_backend.app import create_app
from tunix_rt_backend.services.pages import encode_cursor
from tunix_rt_backend.services.replays import MOST_READ, score_again
from tunix_rt_backend.settings import Settings

BASE = f"/api/tunix/runs/{RUN}/rollouts"
GROUPS = [group(step, f"pears-{(step + at) % 5}") for step in (1, 2, 4, 5, 6) for at in range(3)]
STEPS = RewardsConfig(terms=(RewardTerm(kind="steps"),))


@pytest.fixture
def run(sqlite_settings: Settings) -> RunDir:
    """A run of five updates with three groups each; there is no update 3."""
    return make_run(sqlite_settings.home, GROUPS)


def pages(client: TestClient, **query: Any) -> list[RolloutGroup]:
    """Return all groups that a list shows, page by page."""
    found: list[RolloutGroup] = []
    while True:
        answer = client.get(BASE, params=query)
        assert answer.status_code == 200, answer.text
        found += [RolloutGroup.model_validate(row) for row in answer.json()["data"]]
        query["cursor"] = answer.json()["pagination"]["next_cursor"]
        if query["cursor"] is None:
            return found


def test_groups_are_paged_by_update_and_by_prompt(sqlite_client: TestClient, run: RunDir) -> None:
    for limit in (1, 2, 1000):
        assert pages(sqlite_client, limit=limit) == GROUPS
        for step in range(1, 8):
            assert pages(sqlite_client, limit=limit, step=step) == [one for one in GROUPS if one.step == step]
        asked = [one for one in GROUPS if one.trace_id == "pears-1"]
        assert pages(sqlite_client, limit=limit, trace_id="pears-1") == asked
        assert pages(sqlite_client, limit=limit, trace_id="pears-1", step=5) == [one for one in asked if one.step == 5]
    assert pages(sqlite_client, trace_id="pears") == []


def test_rollouts_of_a_session_are_those_of_its_phase(sqlite_client: TestClient, sqlite_settings: Settings) -> None:
    drawn = make_run(sqlite_settings.home, GROUPS, run_id="drawn")
    shares = PhaseShares(sft=0.34, grpo=0.1)
    config = SessionConfig(grpo=GRPOConfig(base_model="nano", max_new_tokens=40), phases=shares)
    run = new_run(sqlite_settings.home, "session", "demo", config=config, run_id=RUN)
    phase_dir(run, "grpo").path.mkdir()
    drawn.rollouts.rename(phase_dir(run, "grpo").rollouts)
    assert pages(sqlite_client, limit=4) == GROUPS
    assert pages(sqlite_client, step=5) == [one for one in GROUPS if one.step == 5]
    assert score_again(sqlite_settings.home, RUN, STEPS, 1, None).groups == len(GROUPS)


def test_list_of_a_run_at_work_leaves_a_torn_line_out_and_goes_on(sqlite_client: TestClient, run: RunDir) -> None:
    with run.rollouts.open("ab") as stream:
        stream.write(b'{"step": 7, "policy')
    assert pages(sqlite_client, limit=4) == GROUPS
    assert pages(sqlite_client, step=7) == []
    first = sqlite_client.get(BASE, params={"limit": 14}).json()["pagination"]["next_cursor"]
    append_rollouts(run.rollouts, [group(7, "pears-9")])
    assert [row["step"] for row in sqlite_client.get(BASE, params={"cursor": first}).json()["data"]] == [6, 7]


def test_run_without_rollouts_has_an_empty_list_and_an_unknown_one_none(
    sqlite_client: TestClient, sqlite_settings: Settings, run: RunDir
) -> None:
    made.make_run(sqlite_settings.home)
    assert sqlite_client.get(f"/api/tunix/runs/{made.RUN}/rollouts").json()["data"] == []
    with pytest.raises(UsageError, match="no reinforcement learning"):
        score_again(sqlite_settings.home, made.RUN, STEPS, 1, None)
    for method, path in (("GET", ""), ("POST", "/replay")):
        answer = sqlite_client.request(method, f"/api/tunix/runs/none/rollouts{path}", json={"rewards": {}})
        assert answer.status_code == 404
    for cursor in ("AAAA", encode_cursor(["rollouts.jsonl", 5, 1]), encode_cursor(["rollouts.jsonl", 10**9, 1])):
        assert sqlite_client.get(BASE, params={"cursor": cursor}).status_code == 404
    other = sqlite_client.get(BASE, params={"step": 1, "limit": 1}).json()["pagination"]["next_cursor"]
    assert sqlite_client.get(BASE, params={"step": 2, "cursor": other}).status_code == 404, "a cursor of another list"
    for query in ("step=0", "step=x", f"step={2**31}", "limit=0", "prompt=x"):
        assert sqlite_client.get(f"{BASE}?{query}").status_code == 422, query


def forged(**changes: Any) -> bytes:
    """Return a line with other values, in one that is right otherwise."""
    values = group(7, "pears-9").model_dump(mode="json")
    for place, value in changes.items():
        part, *names = [int(name) if name.isdigit() else name for name in place.split("__")][::-1]
        inner = values
        for name in names[::-1]:
            inner = inner[name]  # type: ignore[index]
        inner[part] = value  # type: ignore[index]
    return orjson.dumps(values)


FORGED: dict[str, bytes] = {
    "no JSON": b"\x00\xff\xfe",
    "empty": b"",
    "no object": b"[1]",
    "null": b"null",
    "NaN": forged().replace(b'"reward":1.0', b'"reward":NaN'),
    "infinity": forged().replace(b'"reward":1.0', b'"reward":1e999'),
    "beyond any reward": forged(completions__0__reward=1e300),
    "huge step": forged(step=2**63),
    "step below 1": forged(step=0),
    "step a text": forged(step="seven"),
    "no completion": forged(completions=[]),
    "completions an object": forged(completions={"0": 1}),
    "text a number": forged(completions__0__text=5),
    "unknown key": forged(html="<script>"),
    "advantage of the wrong sign": forged(completions__0__advantage=-1.0),
    "a thousand terms": forged(completions__0__terms={str(number): 0.5 for number in range(1000)}),
    "deep": b'{"step":7,"prompt":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "half a pair": forged().replace(b"pears-9: 3", b"\\ud800 3"),
    "endless": b'{"step":7,"prompt":"' + b"x" * (9 * 2**20) + b'"}',
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_line_is_named_and_refused(
    sqlite_client: TestClient, sqlite_settings: Settings, run: RunDir, name: str
) -> None:
    with run.rollouts.open("ab") as stream:
        stream.write(FORGED[name] + b"\n" + orjson.dumps(group(8, "pears-9").model_dump(mode="json")) + b"\n")
    assert len(sqlite_client.get(BASE, params={"limit": 15}).json()["data"]) == 15, "what stands before it is shown"
    for query in ({"limit": "1000"}, {"step": "7"}, {"step": "8"}, {"trace_id": "pears-9"}):
        answer = sqlite_client.get(BASE, params=query)
        statuses = (409,) if "limit" in query else (200, 409)  # another update is found without looking at all lines
        assert answer.status_code in statuses, query
        assert str(sqlite_settings.home) not in answer.text
    with pytest.raises(DataError, match="line"):
        score_again(sqlite_settings.home, RUN, STEPS, 1, None)


def test_updates_out_of_order_are_shown_as_they_stand_and_not_scored(
    sqlite_client: TestClient, sqlite_settings: Settings
) -> None:
    make_run(sqlite_settings.home, [group(step, "a") for step in (5, 1, 9, 2, 7)])
    assert [one.step for one in pages(sqlite_client, limit=2)] == [5, 1, 9, 2, 7]
    assert all(one.step == step for step in range(1, 11) for one in pages(sqlite_client, step=step))
    with pytest.raises(DataError, match="is of update 1, and stands after update 5"):
        score_again(sqlite_settings.home, RUN, STEPS, 1, None)


def test_link_or_pipe_in_the_place_of_rollouts_is_not_followed(sqlite_client: TestClient, run: RunDir) -> None:
    run.rollouts.rename(run.path / "real.jsonl")
    run.rollouts.symlink_to(run.path / "real.jsonl")
    assert pages(sqlite_client) == []
    assert sqlite_client.post(f"{BASE}/replay", json={"rewards": {}}).status_code == 404
    run.rollouts.unlink()
    os.mkfifo(run.rollouts)
    assert pages(sqlite_client) == []


def test_replay_shows_what_other_rewards_would_have_taught(sqlite_client: TestClient, run: RunDir) -> None:
    body = {"rewards": {"terms": [{"kind": "steps"}, {"kind": "relevance"}]}, "first_step": 2, "last_step": 5}
    answer = sqlite_client.post(f"{BASE}/replay", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["groups"], found["completions"], found["estimator"]) == (9, 27, "grpo")
    # The sum of the steps is right in the first of three completions only, and its relevance is of no say in a sum.
    assert found["mean_reward"] == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert found["signs"] == {"+ to +": 9, "+ to -": 9, "- to -": 9}
    assert found["terms"]["steps"]["after"] == pytest.approx(1 / 3)
    assert found["largest"][0]["text"].startswith("<reasoning>\n3 * 4 = 13")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"rewards": {"terms": [{"kind": "judge", "options": {"url": "http://127.0.0.1:1/"}}]}}, "of kind judge"),
        ({"rewards": {"terms": [{"kind": "steps", "weight": 0}]}}, "weight above 0"),
        ({"rewards": {"terms": [{"kind": "format", "options": {"windw": 4}}]}}, "did you mean 'window'"),
        ({"rewards": {"terms": [{"kind": "guess"}]}}, "rewards.terms.0.kind"),
        ({"rewards": {}, "first_step": 3, "last_step": 2}, "last_step comes before first_step"),
        ({"rewards": {}, "first_step": "3"}, "expected a number"),
        ({}, "rewards"),
    ],
)
def test_impossible_replay_is_refused(sqlite_client: TestClient, run: RunDir, body: Any, told: str) -> None:
    answer = sqlite_client.post(f"{BASE}/replay", json=body)
    assert (answer.status_code, told in answer.text) == (422, True), answer.text


def test_replay_that_takes_too_long_is_ended(sqlite_client: TestClient, sqlite_settings: Settings, run: RunDir) -> None:
    hurried = create_app(sqlite_settings.model_copy(update={"request_seconds": 0.05}))
    with TestClient(hurried, base_url="http://localhost") as client:
        answer = client.post(f"{BASE}/replay", json={"rewards": {}})
    assert (answer.status_code, "choose fewer" in answer.json()["detail"]) == (503, True)


def test_what_is_too_much_is_not_scored_at_once(sqlite_settings: Settings) -> None:
    home, [short, *_] = sqlite_settings.home, group(1, "a").completions
    long = short.model_copy(update={"text": "x" * (7 * 2**20)})
    few = [group(1, "a", completions=[short])]
    make_run(home, few + [group(step, "a", completions=[long]) for step in range(2, 7)])
    assert 5 * len(long.text) > MOST_READ
    with pytest.raises(UsageError, match="choose fewer"):
        score_again(home, RUN, STEPS, 1, None)
    with pytest.raises(UsageError, match="num_generations of at least 2"):
        score_again(home, RUN, STEPS, 1, 1)
    with pytest.raises(DataError, match="no rollouts to score again"):
        score_again(home, RUN, STEPS, 90, None)
    waiting = new_run(home, "grpo", "few", config=GRPOConfig(dataset="few-v1"), run_id="waiting")
    waiting.manifest.unlink()
    with pytest.raises(UsageError, match="has not begun"):
        score_again(home, "waiting", STEPS, 1, None)
