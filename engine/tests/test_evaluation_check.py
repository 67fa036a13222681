"""An evaluation is believed only as far as its samples go: digests that agree say nothing of who wrote them."""

from dataclasses import replace

import pytest

from evaluated import (
    TableSampler,
    completion,
    contract_base_sampler,
    few_shot_base_sampler,
    find,
    forge,
    make_task,
    pool,
    tuned_sampler,
)
from tunix_rt.config import EvalConfig
from tunix_rt.errors import DataError, DigestError
from tunix_rt.evaluation import ModelRef, check_evaluation, evaluate, load_evaluation, write_evaluation
from tunix_rt.evaluation.check import MOST_GROUPS, MOST_SAMPLES, MOST_TEXT
from tunix_rt.evaluation.metric import figures
from tunix_rt.evaluation.sample import regrade_sample
from tunix_rt.formats import MANIFEST, write_format
from tunix_rt.grading import Score, Target
from tunix_rt.tasks import Task

MODEL = ModelRef(name="nano")
TASK = make_task(40, open_items=2)
RIGHT = Score(value=1.0, answer="1", explanation="Right.", verdict="equal")


@pytest.fixture
def folder(tmp_path):
    return write_evaluation(tmp_path, evaluate(tuned_sampler(TASK), TASK, EvalConfig(), model=MODEL))


def test_what_the_engine_measured_follows_from_its_samples(folder):
    check_evaluation(load_evaluation(folder))
    few = EvalConfig(prompt="few_shot")
    check_evaluation(evaluate(few_shot_base_sampler(TASK), TASK, few, model=MODEL, few_shot_pool=pool()))
    repeated = EvalConfig(num_samples=3, temperature=1.0)
    texts = TableSampler(
        lambda prompt, place: completion("#### " + (find(TASK, prompt).target.value if place % 3 else "?"))
    )
    check_evaluation(evaluate(texts, TASK, repeated, model=MODEL))
    check_evaluation(evaluate(contract_base_sampler(TASK), TASK, EvalConfig(), model=MODEL, deadline=0.0))


@pytest.mark.parametrize("part", ["metrics", "by_family"])
def test_figures_that_the_samples_do_not_give_are_refused(folder, part):
    made = figures([s.model_copy(update={"strict": RIGHT}) for s in load_evaluation(folder).samples])
    forged = forge(folder, **{part: made[part]})
    with pytest.raises(DataError, match=rf"{part}\..* is .* measure the model again"):
        check_evaluation(forged)


def test_an_interval_narrower_than_the_samples_give_is_refused(folder):
    metrics = load_evaluation(folder).manifest.metrics
    forged = forge(
        folder, metrics=metrics.model_copy(update={"strict": metrics.strict.model_copy(update={"low": 0.5})})
    )
    with pytest.raises(DataError, match=r"metrics\.strict\.low is 0\.5"):
        check_evaluation(forged)


@pytest.mark.parametrize("change", [{"strict": RIGHT}, {"lenient": RIGHT}, {"well_formed": False}, {"checks": []}])
def test_verdict_that_the_completion_does_not_give_is_refused(folder, change):
    samples = [sample.model_copy(update=change) for sample in load_evaluation(folder).samples]
    with pytest.raises(DataError, match="its completion gives"):
        check_evaluation(forge(folder, samples, **figures(samples)))


def test_wrong_answers_are_neither_left_out_nor_unscored(folder):
    samples = load_evaluation(folder).samples
    right = [sample for sample in samples if sample.strict.value == 1]
    with pytest.raises(DataError, match="it asked 42 items 1 times each"):
        check_evaluation(forge(folder, right, **figures(right)))
    twice = [*right, *right][: len(samples)]
    with pytest.raises(DataError, match="it asked 42 items"):
        check_evaluation(forge(folder, twice, **figures(twice)))
    cut = Score(value=None, answer=None, explanation="cut off by the deadline", verdict=None)
    hidden = [s if s.strict.value == 1 else s.model_copy(update={"strict": cut, "lenient": cut}) for s in samples]
    with pytest.raises(DataError, match="is None, and its completion gives 0"):
        check_evaluation(forge(folder, hidden, **figures(hidden)))


def test_a_score_is_a_share_even_where_others_decided(folder):
    done = load_evaluation(folder)
    target = Target(kind="latex", value="1")
    much = Score(value=5.0, answer="1", explanation="More than right.", verdict="equal")
    samples = [sample.model_copy(update={"target": target, "strict": much}) for sample in done.samples]
    with pytest.raises(DataError, match="one is from 0 to 1"):
        check_evaluation(forge(folder, samples, **figures(samples)))


def test_a_scorer_of_the_task_itself_is_believed():
    own = Task("reasoning-gym:x", "1", "test", TASK.items, "Apache-2.0", "test", lambda item, text, mode: RIGHT)
    done = evaluate(contract_base_sampler(own), own, EvalConfig(), model=MODEL)
    assert done.manifest.metrics.strict.value == 1
    check_evaluation(done)


def test_evaluation_is_verified_only_against_the_items_of_its_task(folder):
    done = load_evaluation(folder)
    assert check_evaluation(done, TASK)
    assert not check_evaluation(done)
    answered = [s for s in done.samples if s.answer and s.target.kind == "number"]
    eased = {s.id: s.model_copy(update={"target": Target(kind="number", value=s.answer)}) for s in answered}
    samples = [
        regrade_sample(eased.get(s.id, s), done.manifest.prompt, done.manifest.sampling.max_new_tokens)
        for s in done.samples
    ]
    forged = forge(folder, samples, **figures(samples))
    assert not check_evaluation(forged)
    with pytest.raises(DataError, match="does not ask what task small with this digest does"):
        check_evaluation(forged, TASK)
    turned = [*done.samples[1:], done.samples[0]]
    with pytest.raises(DataError, match="not in the order of task small"):
        check_evaluation(forge(folder, turned, **figures(turned)), TASK)


def test_what_others_decided_is_not_verified():
    own = Task("reasoning-gym:x", "1", "test", TASK.items, "Apache-2.0", "test")
    assert not check_evaluation(evaluate(contract_base_sampler(own), own, EvalConfig(), model=MODEL), own)


def test_more_than_can_be_made_again_is_refused(folder):
    first, *rest = load_evaluation(folder).samples
    many = [first.model_copy(update={"index": number}) for number in range(MOST_SAMPLES + 1)]
    with pytest.raises(DataError, match="where at most 200,000 are graded again"):
        check_evaluation(replace(load_evaluation(folder), samples=tuple(many)))
    long = [first.model_copy(update={"completion": "x" * (MOST_TEXT + 1)}), *rest]
    with pytest.raises(DataError, match="its completions hold 33,55"):
        check_evaluation(replace(load_evaluation(folder), samples=tuple(long)))
    kinds = [first.model_copy(update={"family": str(number)}) for number in range(MOST_GROUPS + 1)]
    with pytest.raises(DataError, match="of 1,001 kinds by family"):
        check_evaluation(replace(load_evaluation(folder), samples=tuple(kinds)))


def test_of_a_long_completion_no_more_is_read_than_the_graders_read(folder):
    done = load_evaluation(folder)
    text = "<reasoning>\n" + "1+1=2\n" * 300_000 + "</reasoning>\n<answer>1</answer>"
    again = regrade_sample(done.samples[0].model_copy(update={"completion": text}), done.manifest.prompt, 96)
    assert not again.well_formed
    assert len(again.checks) < 40_000


def test_samples_that_no_digest_names_are_refused(folder):
    manifest = forge(folder).manifest
    write_format(folder / MANIFEST, manifest.model_copy(update={"files": {}}))
    with pytest.raises(DigestError, match=r"does not list samples\.jsonl"):
        load_evaluation(folder)
