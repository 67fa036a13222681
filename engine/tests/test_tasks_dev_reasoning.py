"""dev-reasoning-v1: balance, wordings, and answers that are worked out again by other means than the generator's."""

import datetime
import io
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from itertools import combinations

import pytest

from tunix_rt import tasks
from tunix_rt.arithmetic import check_steps
from tunix_rt.tasks import Item
from tunix_rt.tasks.dev_reasoning import FAMILIES, HARD, draw_family
from tunix_rt.tasks.dev_reasoning import words as pools
from tunix_rt.tasks.dev_reasoning.topics import TOPICS

TRAIN, HELDOUT, DEV = "dev-reasoning-v1", "dev-reasoning-v1:heldout", "dev-reasoning-v1:dev"
SPLITS = (TRAIN, HELDOUT, DEV)
DIGESTS = {
    TRAIN: "sha256:b5f37c333ff4417840be0621ed2f5ed05dbf50294d37a8824f281241c9b7ee7a",
    HELDOUT: "sha256:f925b914c40921941ceda8f35a69843147999e9272fa39406c13a3a558ebd343",
    DEV: "sha256:a950dcffd18fc123cf7675656d3e6dac2c7269f837ec8d32fe2d873f4d5232e8",
}
ARITHMETIC_FAMILIES = {"small-sum", "product", "story", "errand", "convert", "sequence", "clock", "date"}


def items_of(family: str) -> list[Item]:
    return [item for split in SPLITS for item in tasks.load(split).items if item.family == family]


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def grams(prompt: str, size: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", prompt.lower())
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


@pytest.mark.parametrize(("name", "size"), [(TRAIN, 600), (HELDOUT, 300), (DEV, 194)])
def test_split_has_its_size_and_its_recorded_digest(name: str, size: int) -> None:
    task = tasks.load(name)

    assert len(task.items) == size
    assert task.digest == DIGESTS[name]


def test_digest_does_not_depend_on_the_hash_seed() -> None:
    code = "from tunix_rt import tasks; print(tasks.load('dev-reasoning-v1').digest)"
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(sys.path)}

    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert output.stdout.strip() == DIGESTS[TRAIN]


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("limit", [60, 120, 150, 190])
def test_every_prefix_has_the_mixture_of_the_whole(name: str, limit: int) -> None:
    whole = tasks.load(name).items
    counts = Counter(item.family for item in tasks.load(name, limit=limit).items)

    assert len(FAMILIES) >= 14
    for family, count in Counter(item.family for item in whole).items():
        assert abs(counts[family] - count * limit / len(whole)) <= 1


@pytest.mark.parametrize("name", SPLITS)
def test_hard_families_are_part_of_every_split(name: str) -> None:
    items = tasks.load(name).items

    assert {family.name for family in FAMILIES} > HARD
    assert sum(item.family in HARD for item in items) / len(items) >= 0.15


def test_training_items_are_a_ladder_of_difficulty() -> None:
    levels = Counter(item.difficulty for item in tasks.load(TRAIN).items)

    assert set(levels) == {1, 2, 3, 4, 5}
    assert levels[1] + levels[2] >= 0.6 * 600
    assert levels[4] + levels[5] >= 0.1 * 600


def test_all_domains_are_there_and_open_items_are_few() -> None:
    items = tasks.load(TRAIN).items

    assert {item.domain for item in items} == {
        "arithmetic", "word-problems", "units", "dates-and-time", "sequences", "ordering", "sets-and-strings", "logic",
        "python", "science", "summarising", "ideation", "tables",
    }  # fmt: skip
    assert sum(item.target.kind == "open" for item in items) <= 0.05 * len(items)


def test_texts_are_short() -> None:
    items = tasks.load(TRAIN).items

    assert sum(len(item.prompt) for item in items) / len(items) < 100
    assert all(item.trace is not None and 1 <= len(item.trace.steps) <= 7 for item in items)


@pytest.mark.parametrize("name", SPLITS)
def test_no_two_prompts_are_nearly_alike(name: str) -> None:
    by_family: dict[str, list[set[str]]] = {}
    for item in tasks.load(name).items:
        text = item.prompt.lower()
        by_family.setdefault(item.family, []).append({text[at : at + 5] for at in range(len(text) - 4)})

    for family, prompts in by_family.items():
        assert all(len(a & b) < 0.85 * len(a | b) for a, b in combinations(prompts, 2)), family


@pytest.mark.parametrize("name", [HELDOUT, DEV, "golden-v2"])
def test_evaluation_prompts_share_no_wording_with_training(name: str) -> None:
    training = [item.prompt for item in tasks.load(TRAIN).items]
    thirteen = set().union(*(grams(prompt, 13) for prompt in training))
    eight = [grams(prompt, 8) for prompt in training]
    exact = {" ".join(re.findall(r"[a-z0-9]+", prompt.lower())) for prompt in training}

    assert len(thirteen) > 500  # the training prompts do have long n-grams to share
    for item in tasks.load(name).items:
        own = grams(item.prompt, 8)
        assert " ".join(re.findall(r"[a-z0-9]+", item.prompt.lower())) not in exact, item.prompt
        assert not grams(item.prompt, 13) & thirteen, item.prompt
        assert all(2 * len(own & other) < min(len(own), len(other)) for other in eight if own & other), item.prompt


def test_held_out_and_dev_share_no_wording() -> None:
    thirteen = set().union(*(grams(item.prompt, 13) for item in tasks.load(HELDOUT).items))

    assert not any(grams(item.prompt, 13) & thirteen for item in tasks.load(DEV).items)


@pytest.mark.parametrize(
    "pool",
    [pools.NAMES, pools.THINGS, pools.WORDS, pools.SHORT_WORDS, pools.MADE_UP, pools.QUALITIES, pools.COLOURS, TOPICS],
)
def test_word_pools_of_the_splits_are_apart(pool: dict[str, tuple[object, ...]]) -> None:
    entries = [entry for split in ("train", "heldout", "dev") for entry in pool[split]]

    assert len(set(entries)) == len(entries)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_can_give_more_than_a_split_needs(family: object) -> None:
    assert len(draw_family(family, "train", 30)) == 30  # type: ignore[arg-type]


def test_arithmetic_families_have_equations_that_hold() -> None:
    for name in SPLITS:
        for item in tasks.load(name).items:
            assert item.trace is not None
            verdicts = [check.verdict for check in check_steps(item.trace)]
            assert "wrong" not in verdicts, item.id
            assert "right" in verdicts or item.family not in ARITHMETIC_FAMILIES, item.id


def shown(step: str) -> list[str]:
    return re.findall(r"[\w:]+", step.lower())


def test_answer_stands_in_the_last_trace_step() -> None:
    for name in SPLITS:
        for item in tasks.load(name).items:
            assert item.trace is not None
            wanted, last = shown(item.trace.final_answer), shown(item.trace.steps[-1].content)
            assert all(word in last for word in wanted), item.id


def _run(prompt: str) -> str:
    lines = [line for line in prompt.split("\n") if re.match(r"(    )?[\w.]+ (\+|-)?= |(for|while) .*:$|print\(", line)]
    output = io.StringIO()
    with redirect_stdout(output):
        exec("\n".join(lines), {})  # our own generated programs
    return output.getvalue().strip()


def _expression(prompt: str) -> str:
    spoken = re.sub(
        r",? ?(and )?(then|next we|after that|next|afterwards)? ?add ", " + ", prompt.lower().replace(". ", ", ")
    )
    spoken = re.sub(r",? ?(and )?(then|next we|after that|next|afterwards)? ?take away ", " - ", spoken)
    total, sign = 0, 1
    for token in re.findall(r"\d+|[-+]", spoken):
        if token.isdigit():
            total += sign * int(token)
        else:
            sign = 1 if token == "+" else -1
    return str(total)


def _sequence(prompt: str) -> str:
    a, b, c, d = numbers(prompt)[:4]
    return str(d + d - c) if b - a == c - b else str(d * b // a)


def _extreme(prompt: str) -> str:
    largest = any(word in prompt for word in ("largest", "biggest"))
    return str(max(numbers(prompt)) if largest else min(numbers(prompt)))


def _weekday(prompt: str) -> str:
    monday = datetime.date(2024, 1, 1)
    names = [(monday + datetime.timedelta(days=i)).strftime("%A") for i in range(7)]
    start = next(i for i, name in enumerate(names) if name in prompt)
    back = re.search(r"ago|before|earlier|days? back\b|(Count|move) back|prior", prompt)
    return names[(start + numbers(prompt)[0] * (-1 if back else 1)) % 7]


def _clock(prompt: str) -> str:
    hour, minute = map(int, re.findall(r"(\d\d):(\d\d)", prompt)[0])
    minutes = next(number for number in numbers(re.sub(r"\d\d:\d\d", "", prompt)))
    return (datetime.datetime(2024, 1, 1, hour, minute) + datetime.timedelta(minutes=minutes)).strftime("%H:%M")


def _date(prompt: str) -> str:
    day, month = re.findall(r"(\d+) ([A-Z][a-z]+)", prompt)[0]
    days = int(re.findall(r"(\d+) days (?:later|after|on\b|past)|(?:in|for|after) (\d+) days", prompt)[0][0] or 0)
    days = days or int(re.findall(r"(?:in|for|after) (\d+) days", prompt)[0])
    end = datetime.datetime.strptime(f"{day} {month} 2023", "%d %B %Y") + datetime.timedelta(days=days)
    return f"{end.day} {end.strftime('%B')}"


INDEPENDENT: dict[str, Callable[[str], str]] = {
    "small-sum": _expression,
    "product": lambda prompt: str(numbers(prompt)[0] * numbers(prompt)[1]),
    "sequence": _sequence,
    "extreme": _extreme,
    "ascending": lambda prompt: ", ".join(map(str, sorted(numbers(prompt)))),
    "weekday": _weekday,
    "clock": _clock,
    "date": _date,
}


@pytest.mark.parametrize("family", INDEPENDENT)
def test_answers_agree_with_an_independent_solution(family: str) -> None:
    for item in items_of(family):
        assert INDEPENDENT[family](item.prompt) == item.target.value, item.prompt


@pytest.mark.parametrize("family", ["assignment", "loop"])
def test_traced_programs_print_the_answer(family: str) -> None:
    for item in items_of(family):
        assert _run(item.prompt) == item.target.value, item.prompt


def test_ranking_answers_follow_from_the_facts() -> None:
    lesser = {"shorter", "younger", "slower", "weaker", "poorer", "lighter"}
    lowest = {"shortest", "youngest", "slowest", "weakest", "poorest", "lightest"}
    for item in items_of("ranking"):
        pairs = [
            (b, a) if word in lesser else (a, b) for a, word, b in re.findall(r"(\w+) is (\w+) than (\w+)", item.prompt)
        ]
        above = Counter(high for high, _ in pairs)
        top = next(high for high, _ in pairs if all(low != high for _, low in pairs))
        bottom = next(low for _, low in pairs if not above[low])
        assert item.target.value == (bottom if any(word in item.prompt for word in lowest) else top), item.prompt


def test_summary_key_words_stand_in_the_text() -> None:
    for item in items_of("summary"):
        assert item.trace is not None
        keys = item.trace.steps[0].content.removeprefix("Key words: ").removesuffix(".").split(", ")
        assert len(keys) == 2
        assert all(key in item.prompt.lower() for key in keys), item.id


def test_choice_letters_name_the_right_option() -> None:
    for item in [*items_of("science"), *items_of("summary")]:
        if item.target.value in {"A", "B", "C"}:
            option = item.target.choices["ABC".index(item.target.value)]
            assert f"{item.target.value}) {option}" in item.prompt
            assert item.trace is not None
            assert option.lower() in item.trace.steps[-1].content.lower()
