"""`tunix-rt rewards`: what a newcomer reads, what a script reads, and the exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rewarded import PROMPT, written
from tunix_rt.cli import app
from tunix_rt.config import GRPOConfig, PhaseShares, SessionConfig, SFTConfig
from tunix_rt.grading import Target
from tunix_rt.rewards import RewardsConfig
from tunix_rt.rollouts import Rollout, RolloutGroup, append_rollouts
from tunix_rt.run import new_run
from tunix_rt.run_folder import RunDir
from tunix_rt.session import phase_dir

SHOWN_WORK = Path(__file__).parents[2] / "configs" / "rewards-shown-work.yaml"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*words: str) -> Result:
        result = CliRunner().invoke(app, ["rewards", *words], env={"TUNIX_RT_HOME": str(tmp_path)})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def last(result: Result) -> Any:
    return json.loads(result.stdout.splitlines()[-1])


def test_list_says_what_each_term_pays_and_how_it_is_gamed(run: Run) -> None:
    found = last(run("list", "--json"))["terms"]
    assert [term["term"] for term in found] == [
        "correctness",
        "format",
        "steps",
        "follows",
        "length",
        "relevance",
        "judge",
    ]
    assert all(term["pays"] and term["games"] and term["values"] for term in found)
    assert found[1]["options"]["window"]["default"] == 256
    assert found[6]["options"]["url"]["required"]
    text = run("list").stdout
    assert "gamed by  a guess" in text
    assert "Default: 256." in text


def test_show_writes_a_file_that_can_be_used(run: Run, tmp_path: Path) -> None:
    shown = run("show", "--rewards", str(SHOWN_WORK))
    file = tmp_path / "mine.yaml"
    file.write_text(shown.stdout)
    again = last(run("show", "--rewards", str(file), "--json"))
    assert again["digest"] in shown.stderr
    assert again["terms"][3] == {"kind": "follows", "weight": 0.3, "options": {"mentioned": 0.5}}
    assert last(run("show", "--json"))["digest"] == RewardsConfig().digest


def test_check_passes_good_rewards_and_fails_careless_ones(run: Run, tmp_path: Path) -> None:
    good = run("check", "--rewards", str(SHOWN_WORK), "--limit", "60")
    assert good.exit_code == 0, good.stdout + good.stderr
    assert "contradicting steps" in good.stdout
    assert "no answer is paid wrongly" in good.stderr
    careless = tmp_path / "careless.yaml"
    careless.write_text("kind: rewards\nterms:\n  - {kind: correctness, options: {lenient: 0.9}}\n")
    bad = run("check", "--rewards", str(careless), "--limit", "60")
    assert bad.exit_code == 1
    assert "two answers, item train-" in bad.stdout
    assert "paid wrongly in more than 2.0% of their items: " in bad.stderr
    assert run("check", "--rewards", str(careless), "--limit", "60", "--max-rate", "1").exit_code == 0


def test_check_gives_a_script_rates_with_intervals(run: Run) -> None:
    result = run("check", "--task", "nano-arithmetic", "--limit", "30", "--json")
    assert result.exit_code == 0, result.stderr
    found = last(result)
    assert found["items"] == 30
    rates = {one["name"]: one["rate"] for one in found["mutations"]}
    assert rates["near miss within 10 %"]["high"] < 0.2
    assert rates["contradicting steps"] is None
    assert found["terms"][0]["false_positive_rate"]["value"] == 0.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "--task", "nano-arithmetic", "--dataset", "x"), "either --task or --dataset"),
        (("check", "--dataset", "x"), "there is no dataset 'x'"),
        (("check", "--task", "nono-arithmetic"), "did you mean nano-arithmetic"),
        (("check", "--rewards", "absent.yaml"), "cannot be read as a configuration"),
        (("replay", "absent"), "no run 'absent'"),
    ],
)
def test_a_wrong_request_is_one_sentence(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code in (1, 2)
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_option_of_a_term_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("kind: rewards\nterms:\n  - {kind: format, options: {windw: 4}}\n")
    result = run("check", "--rewards", str(file))
    assert result.exit_code == 2
    assert "odd.yaml: terms.0: unknown option 'windw' of format; did you mean 'window'?" in result.stderr


def trained(home: Path) -> RunDir:
    made = new_run(home, "grpo", "pears", config=GRPOConfig(base_model="nano", dataset="x", max_new_tokens=40))
    texts = [written(), written(("3 * 4 = 13", "So it is 10")), "10"]
    completions = [
        Rollout(text=text, tokens=9, finish="stop", reward=r, terms={"correctness": r}, advantage=a)
        for text, r, a in zip(texts, (1.0, 1.0, 0.0), (0.577, 0.577, -1.155), strict=True)
    ]
    target = Target(kind="number", value="10")
    groups = [
        RolloutGroup(step=s, policy_step=s - 1, trace_id="a", prompt=PROMPT, target=target, completions=completions)
        for s in (1, 2)
    ]
    append_rollouts(made.rollouts, groups)
    return made


def test_replay_shows_how_other_rewards_judge_a_run(run: Run, tmp_path: Path) -> None:
    made = trained(tmp_path)
    result = run("replay", made.id, "--rewards", str(SHOWN_WORK), "--json")
    assert result.exit_code == 0, result.stderr
    found = last(result)
    assert (found["groups"], found["completions"], found["estimator"]) == (2, 6, "grpo")
    assert found["signal"][1]["value"] == 1.0
    assert found["terms"]["steps"] == {"before": None, "after": 0.5, "abstained": 2, "faults": 0}
    assert last(run("replay", "latest", "--step", "2", "--json"))["groups"] == 1
    text = run("replay", made.id, "--rewards", str(SHOWN_WORK)).stdout
    assert "groups with signal" in text
    assert "Largest changes of an advantage:" in text


def test_replay_finds_the_rollouts_of_a_session(run: Run, tmp_path: Path) -> None:
    shares = PhaseShares(sft=0.34, grpo=0.1)
    config = SessionConfig(grpo=GRPOConfig(base_model="nano", max_new_tokens=40), phases=shares)
    made, drawn = new_run(tmp_path, "session", "demo", config=config), trained(tmp_path)
    place = phase_dir(made, "grpo").rollouts
    place.parent.mkdir()
    drawn.rollouts.rename(place)
    assert last(run("replay", made.id, "--json"))["groups"] == 2


def test_replay_refuses_a_reward_that_its_terms_do_not_give(run: Run, tmp_path: Path) -> None:
    made = trained(tmp_path)
    whole = made.rollouts.read_text()
    for change in (('"correctness":1.0', '"correctness":0.9'), ('{"correctness":1.0}', '{"guess":1.0}')):
        made.rollouts.write_text(whole.replace(*change, 1))
        result = run("replay", made.id)
        assert result.exit_code == 1
        assert "is not what its terms give" in result.stderr or "is also of 'guess'" in result.stderr


def test_replay_needs_a_run_with_rollouts(run: Run, tmp_path: Path) -> None:
    made = new_run(tmp_path, "sft", "x", config=SFTConfig(dataset="x"))
    result = run("replay", made.id)
    assert result.exit_code == 2
    assert "has no rollouts; expected a run of kind grpo" in result.stderr
    nothing = run("replay", trained(tmp_path).id, "--step", "9")
    assert nothing.exit_code == 1
    assert "no rollouts to score again" in nothing.stderr
