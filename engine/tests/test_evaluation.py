"""Evaluations: metrics against numbers worked by hand, what is unscored, and folders in which no byte may change."""

import random
import time

import pytest

from evaluated import TableSampler, completion, contract_base_sampler, find, make_task, pool, tuned_sampler
from tunix_rt.config import EvalConfig
from tunix_rt.errors import DataError, DigestError, MissingError, UsageError
from tunix_rt.evaluation import ModelRef, evaluate, load_evaluation, read_samples, write_evaluation
from tunix_rt.formats import MANIFEST
from tunix_rt.trace import make_trace, render

MODEL = ModelRef(name="nano", digest="sha256:" + "0" * 64)


def gold(item):
    return render(item.trace).completion.removesuffix("<end_of_turn>")


def wrong(item):
    return render(make_trace(item.prompt, ["I guess."], item.trace.final_answer + "0")).completion


def measure(task, answer, **config):
    sampler = TableSampler(lambda prompt, position: answer(find(task, prompt), position))
    return evaluate(sampler, task, EvalConfig(**config), model=MODEL, few_shot_pool=pool()), sampler


def test_the_sampler_sees_long_prompts_first_and_samples_keep_the_order_of_the_task():
    task = make_task(24)
    done, sampler = measure(task, lambda item, position: completion(gold(item)))
    lengths = [len(prompt) for prompt in sampler.prompts]
    assert lengths == sorted(lengths, reverse=True)
    assert [sample.id for sample in done.samples] == [item.id for item in task.items]
    assert [find(task, prompt).id for prompt in sampler.prompts] != [item.id for item in task.items]
    assert all(sample.answer == item.trace.final_answer for sample, item in zip(done.samples, task.items, strict=True))


def test_metrics_against_numbers_worked_by_hand():
    task = make_task(10)
    right = {item.id for item in task.items[:4]}
    loose = task.items[4].id

    def answer(item, position):
        if item.id in right:
            return completion(gold(item), tokens=10)
        if item.id == loose:
            return completion(f"The answer is {item.trace.final_answer}.", tokens=20)
        if item.id == task.items[5].id:
            return completion("<reasoning>\n1 + 1 = 3", finish="length", tokens=30)
        return completion(wrong(item), tokens=10)

    metrics = measure(task, answer)[0].manifest.metrics
    assert (metrics.items, metrics.n, metrics.unscored) == (10, 10, {})
    assert metrics.strict.value == 0.4
    # Wilson by hand, k = 4, n = 10, z = 1.959964: centre (0.4 + z²/20) / (1 + z²/10), half width as usual
    assert metrics.strict.low == pytest.approx(0.1682, abs=1e-4)
    assert metrics.strict.high == pytest.approx(0.6873, abs=1e-4)
    assert metrics.lenient.value == 0.5
    assert metrics.format.value == 0.8
    assert (metrics.stop.value, metrics.truncated.value) == (0.9, 0.1)
    assert metrics.tokens.value == pytest.approx(13.0)
    # equations stand in the 4 right completions and, wrong, in the one that was cut
    assert (metrics.arithmetic.n, metrics.arithmetic.value) == (5, 0.8)


def test_groups_add_up_to_the_whole():
    task = make_task(40)
    manifest = evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL).manifest
    for groups in (manifest.by_family, manifest.by_domain, manifest.by_difficulty):
        assert sum(group.n for group in groups.values()) == 40
        total = sum(group.strict.value * group.n for group in groups.values())
        assert total == pytest.approx(manifest.metrics.strict.value * 40)
    assert set(manifest.by_difficulty) == {"1", "2", "3", "4"}


def test_open_items_are_unscored_with_a_reason_and_never_zero():
    task = make_task(4, open_items=3)
    done, _ = measure(task, lambda item, position: completion(gold(item)))
    metrics = done.manifest.metrics
    assert (metrics.items, metrics.n, metrics.strict.value) == (7, 4, 1.0)
    assert sum(metrics.unscored.values()) == 3
    assert all(reason for reason in metrics.unscored)
    assert done.manifest.by_family["ideation"].strict is None
    assert done.manifest.by_family["ideation"].format.value == 1.0


def test_what_the_deadline_cut_off_is_unscored():
    task = make_task(6)
    late = task.items[2].id

    def answer(prompt, position):
        item = find(task, prompt)
        return completion("<reasoning>", finish="length", tokens=3) if item.id == late else completion(gold(item))

    done = evaluate(TableSampler(answer), task, EvalConfig(), model=MODEL, deadline=time.monotonic() + 60)
    metrics = done.manifest.metrics
    assert metrics.unscored == {"cut off by the deadline": 1}
    assert (metrics.n, metrics.strict.value, metrics.truncated.value, metrics.truncated.n) == (5, 1.0, 0.0, 5)
    without = evaluate(TableSampler(answer), task, EvalConfig(), model=MODEL)
    assert without.manifest.metrics.n == 6


def test_wrong_arithmetic_is_marked_and_recomputed():
    task = make_task(1)
    text = render(make_trace("x", ["Ada thinks.", "2 + 2 = 5", "2 + 3 = 5"], "5")).completion
    sample = measure(task, lambda item, position: completion(text))[0].samples[0]
    assert [check.verdict for check in sample.checks] == ["none", "wrong", "right"]
    assert sample.checks[1].expected == "4"
    assert sample.steps == ["Ada thinks.", "2 + 2 = 5", "2 + 3 = 5"]


def test_few_shot_prompts_share_a_prefix_without_evaluated_items():
    task = make_task(12)
    done, sampler = measure(
        task, lambda item, position: completion("2 + 2 = 4\nAnswer: 4"), prompt="few_shot_plain", shots=3
    )
    assert len(done.manifest.prompt.shots) == 3
    assert all(prompt.startswith(sampler.shared_prefix) for prompt in sampler.prompts)
    assert not any(item.prompt in sampler.shared_prefix for item in task.items)
    assert done.manifest.metrics.format.value == 1.0
    assert done.manifest.prompt_digest == done.manifest.prompt.digest
    assert done.manifest.sampling.stop == ["\nQuestion:"]


def test_few_shot_takes_no_example_from_the_evaluated_items():
    task = make_task(12)
    with pytest.raises(UsageError, match="0 usable"):
        evaluate(
            TableSampler(lambda p, i: completion("")),
            task,
            EvalConfig(prompt="few_shot"),
            model=MODEL,
            few_shot_pool=task.traces,
        )


def test_pass_at_k_against_numbers_worked_by_hand():
    task = make_task(2)
    first = task.items[0].id

    def answer(item, position):
        # two of four completions of the first item are right, none of the second
        return completion(gold(item) if item.id == first and answer.count[item.id].pop() else wrong(item))

    answer.count = {first: [True, False, True, False]}
    done, sampler = measure(task, answer, num_samples=4, temperature=1.0)
    metrics = done.manifest.metrics
    assert len(done.samples) == len(sampler.prompts) == 8
    assert (metrics.items, metrics.n) == (2, 2)
    assert metrics.strict.value == pytest.approx(0.25)
    # pass@2 of 2 right among 4: 1 - C(2,2)/C(4,2) = 5/6; the mean with 0 is 5/12
    assert {k: one.value for k, one in metrics.pass_at.items()} == pytest.approx({"1": 0.25, "2": 5 / 12, "4": 0.5})


def test_the_same_evaluation_has_the_same_digest_at_any_time():
    task = make_task(8)
    one = evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL, device="cpu")
    two = evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL, device="tpu")
    assert one.manifest.digest == two.manifest.digest
    other = evaluate(contract_base_sampler(task), task, EvalConfig(), model=MODEL)
    assert other.manifest.digest != one.manifest.digest
    model = ModelRef(name="nano", digest="sha256:" + "1" * 64)
    assert evaluate(tuned_sampler(task), task, EvalConfig(), model=model).manifest.digest != one.manifest.digest


def test_write_and_load(tmp_path):
    task = make_task(6, open_items=1)
    done = evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL)
    folder = write_evaluation(tmp_path, done)
    assert folder.name == done.id
    assert "small" in done.id
    assert "contract" in done.id
    assert load_evaluation(folder) == done
    with pytest.raises(UsageError, match="exists already"):
        write_evaluation(tmp_path, done)


@pytest.mark.parametrize("name", ["samples.jsonl", MANIFEST])
def test_one_changed_byte_is_found(tmp_path, name):
    task = make_task(6)
    folder = write_evaluation(tmp_path, evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL))
    path = folder / name
    text = path.read_text()
    place = text.index('"value": ' if name == MANIFEST else '"value":')
    digit = next(i for i in range(place, len(text)) if text[i].isdigit() and text[i] != "3")
    path.write_text(text[:digit] + "3" + text[digit + 1 :])
    with pytest.raises(DigestError, match=r"changed"):
        load_evaluation(folder)


def test_a_folder_without_manifest_is_no_evaluation(tmp_path):
    task = make_task(3)
    folder = write_evaluation(tmp_path, evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL))
    (folder / MANIFEST).unlink()
    with pytest.raises(MissingError):
        load_evaluation(folder)


def test_a_sampler_that_loses_completions_is_an_error():
    task = make_task(4)
    sampler = TableSampler(lambda prompt, position: completion("x"))
    lost = sampler.generate
    sampler.generate = lambda *args, **kwargs: lost(*args, **kwargs)[1:]
    with pytest.raises(DataError, match="3 completions for 4 prompts"):
        evaluate(sampler, task, EvalConfig(), model=MODEL)


def test_progress_is_passed_on():
    task = make_task(5)
    seen = []
    evaluate(tuned_sampler(task), task, EvalConfig(), model=MODEL, progress=lambda *values: seen.append(values[:2]))
    assert seen == [(5, 5)]


def test_any_completion_can_be_kept():
    dice = random.Random(0)
    task = make_task(20)
    letters = [
        "<answer>",
        "</answer>",
        "<reasoning>\n",
        "\n</reasoning>\n",
        "=",
        "1",
        "\x00",
        "\u202e",
        "é",
        "\n",
        "Answer:",
        "9" * 50,
    ]
    done, _ = measure(task, lambda item, position: completion("".join(dice.choices(letters, k=30))))
    assert done.manifest.metrics.n == 20


def test_a_line_that_is_no_sample_is_named(tmp_path):
    task = make_task(3)
    done, _ = measure(task, lambda item, position: completion(gold(item)))
    folder = write_evaluation(tmp_path, done)
    assert tuple(read_samples(folder)) == done.samples
    (folder / "samples.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(DataError, match="line 1 is no sample"):
        list(read_samples(folder))
