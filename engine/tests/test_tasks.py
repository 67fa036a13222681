"""Tasks: every gold answer grades 1.0, paths are checked, and errors say what to do."""

import json
import re
from pathlib import Path

import pytest

from tunix_rt import tasks
from tunix_rt.arithmetic import check_steps
from tunix_rt.errors import DataError, DigestError, MissingError, UsageError
from tunix_rt.tasks import nano_arithmetic
from tunix_rt.tasks.gsm8k import split_solution
from tunix_rt.trace import ReasoningTrace, canonical, parse_text, render

BUILT_IN = [name for name in tasks.names() if name not in {"gsm8k", "svamp"} and "<" not in name]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DOMAINS = {
    "arithmetic", "word-problems", "units", "dates-and-time", "sequences", "ordering", "sets-and-strings", "logic",
    "python", "science", "summarising", "ideation", "tables",
}  # fmt: skip

GSM8K_ROWS = [
    {
        "question": "Kim picks 3 baskets of 12 figs and eats 4. How many figs are left?",
        "answer": "There are 3*12=<<3*12=36>>36 figs.\nAfter eating, 36-4=<<36-4=32>>32 figs are left.\n#### 32",
    },
    {
        "question": "A hall has 25 rows of 40 seats. How many seats is that?",
        "answer": "25*40=<<25*40=1000>>1000 seats\n\n#### 1,000",
    },
]
SVAMP_ROWS = [
    {
        "ID": "chal-1",
        "Body": "A pack of maps costs 76 dollars with 25 dollars off",
        "Question": "How much is the pack?",
        "Equation": "( 76.0 - 25.0 )",
        "Answer": 51.0,
        "Type": "Subtraction",
    },
    {
        "ID": "chal-2",
        "Body": "Bo has 3 bags of 4.5 kg and 2 kg more.",
        "Question": "How many kg is that?",
        "Equation": "( ( 3.0 * 4.5 ) + 2.0 )",
        "Answer": 15.5,
        "Type": "Addition",
    },
]


def completion(trace: ReasoningTrace | None) -> str:
    assert trace is not None
    return render(trace).completion


@pytest.fixture
def gsm8k_file(tmp_path: Path) -> Path:
    path = tmp_path / "gsm8k-test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in GSM8K_ROWS))
    return path


@pytest.fixture
def svamp_file(tmp_path: Path) -> Path:
    path = tmp_path / "svamp.json"
    path.write_text(json.dumps(SVAMP_ROWS))
    return path


def check_gold(task: tasks.Task) -> None:
    for item in task.items:
        for mode in ("strict", "lenient"):
            score = task.grade(item, completion(item.trace), mode)  # type: ignore[arg-type]
            assert score.value == (None if item.target.kind == "open" else 1.0), (item.id, score.explanation)
        assert item.trace is not None
        for check, step in zip(check_steps(item.trace), item.trace.steps, strict=True):
            equation = re.search(r"[^<>]=", step.content)
            assert check.verdict == ("right" if equation else "none"), (item.id, step.content)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_item_grades_its_own_answer_right(name: str) -> None:
    check_gold(tasks.load(name, limit=2000 if name.startswith("nano-arithmetic") else None))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_wrong_answer_is_not_right(name: str) -> None:
    task = tasks.load(name, limit=100)
    for item in task.items:
        if item.target.kind != "open":
            wrong = "<reasoning>\nA guess.\n</reasoning>\n<answer>987654321</answer><end_of_turn>"
            assert task.grade(item, wrong, "strict").value == 0.0


@pytest.mark.parametrize("name", BUILT_IN)
def test_prompts_are_all_different_and_traces_render(name: str) -> None:
    items = tasks.load(name, limit=1000).items

    assert len({item.prompt for item in items}) == len(items)
    for item in items:
        assert item.trace is not None
        assert item.trace.prompt == item.prompt
        assert parse_text(render(item.trace).text) == canonical(item.trace)
        assert {"id", "family", "domain", "difficulty", "answer_kind", "source", "license"} <= item.trace.meta.keys()


def test_golden_has_100_items_over_all_domains_that_differ_in_more_than_numbers() -> None:
    items = tasks.load("golden-v2").items
    masked = {re.sub(r"[^a-z]+", " ", re.sub(r"\d+", "", item.prompt.lower())) for item in items}

    assert len(items) == len(masked) == 100
    assert {item.domain for item in items} == DOMAINS
    assert sum(item.target.kind == "open" for item in items) <= 5
    assert len({item.domain for item in items[:25]}) >= 10  # a small limit still sees most domains


def test_golden_arithmetic_is_shown_in_the_steps() -> None:
    for item in tasks.load("golden-v2").items:
        if item.domain in {"arithmetic", "word-problems"}:
            assert item.trace is not None
            assert any(check.verdict == "right" for check in check_steps(item.trace)), item.id


def test_golden_answer_is_named_in_the_steps() -> None:
    for item in tasks.load("golden-v2").items:
        if item.target.kind != "open":
            assert item.trace is not None
            steps = " ".join(step.content for step in item.trace.steps).lower()
            assert all(word in steps for word in item.target.value.lower().split(", ")), item.id


def test_nano_splits_are_apart_by_their_rule() -> None:
    train = {item.prompt for item in tasks.load("nano-arithmetic", limit=3000, seed=1).items}
    held_out = {item.prompt for item in tasks.load("nano-arithmetic:heldout", seed=2).items}

    assert not train & held_out
    assert all(map(nano_arithmetic.is_held_out, held_out))
    assert len(set("".join(train | held_out))) <= 24


def test_nano_answers_agree_with_an_independent_solution() -> None:
    for item in tasks.load("nano-arithmetic", limit=800).items:
        question = item.prompt.removesuffix("=")
        if item.family == "chain":
            expected = sum(int(number) for number in re.findall(r"[-+]?\d", question))
        elif item.family == "max":
            expected = max(map(int, question.split()[1:]))
        else:
            letter, text = question.split(" in ")
            expected = text.count(letter)
        assert item.target.value == str(expected)


def careful_steps(item: tasks.Item) -> list[str]:
    """Work a question of nano-arithmetic out step by step, by other means than the generator's."""
    question = item.prompt.removesuffix("=")
    if item.family == "chain":
        terms = re.findall(r"[-+]?\d", question)
        totals = [eval("".join(terms[:count])) for count in range(1, len(terms) + 1)]  # digits and signs of our own
        return [f"{before}{term}={after}" for before, term, after in zip(totals, terms[1:], totals[1:], strict=False)]
    if item.family == "max":
        numbers = [int(number) for number in question.split()[1:]]
        best = [max(numbers[:count]) for count in range(1, len(numbers) + 1)]
        return [f"{a} {b}:{c}" for a, b, c in zip(best, numbers[1:], best[1:], strict=False)]
    letter, text = question.split(" in ")
    return [" ".join(f"{mark}{text[: at + 1].count(letter)}" for at, mark in enumerate(text))]


def result_of(item: tasks.Item, step: str) -> str:
    return re.split(r"[=:]", step)[-1] if item.family != "count" else step[-1]


@pytest.mark.parametrize("name", ["nano-arithmetic", "nano-arithmetic-mixed"])
def test_nano_careful_traces_derive_the_answer(name: str) -> None:
    for item in tasks.load(name, limit=1000, seed=3).items:
        assert item.trace is not None
        steps = [step.content for step in item.trace.steps]
        if steps != [f"={item.target.value}"]:
            assert steps == careful_steps(item)
            assert result_of(item, steps[-1]) == item.trace.final_answer == item.target.value


def test_nano_mixed_pool_has_the_same_questions_and_a_fixed_share_of_hasty_traces() -> None:
    clean, mixed = (tasks.load(name, limit=2000, seed=4).items for name in ("nano-arithmetic", "nano-arithmetic-mixed"))
    hasty = [item.trace is not None and item.trace.steps[0].content == f"={item.target.value}" for item in mixed]

    assert [(item.prompt, item.target) for item in clean] == [(item.prompt, item.target) for item in mixed]
    assert sum(hasty) / len(hasty) == pytest.approx(nano_arithmetic.HASTY_SHARE, abs=0.03)
    for family in ("chain", "max", "count"):
        share = [was for was, item in zip(hasty, mixed, strict=True) if item.family == family]
        assert sum(share) / len(share) == pytest.approx(nano_arithmetic.HASTY_SHARE, abs=0.06), family
    assert not any(item.trace.steps[0].content.startswith("=") for item in clean if item.trace)


def test_gsm8k_reads_lines_as_steps_without_marks(gsm8k_file: Path) -> None:
    task = tasks.load("gsm8k", path=gsm8k_file)

    first = task.items[0]
    assert first.trace is not None
    assert [step.content for step in first.trace.steps] == [
        "There are 3*12=36 figs.",
        "After eating, 36-4=32 figs are left.",
    ]
    assert [item.target.value for item in task.items] == ["32", "1,000"]
    assert (task.split, task.license, first.difficulty) == ("gsm8k-test", "MIT", 2)
    check_gold(task)


def test_svamp_joins_body_and_question(svamp_file: Path) -> None:
    task = tasks.load("svamp", path=svamp_file)

    assert task.items[0].prompt == "A pack of maps costs 76 dollars with 25 dollars off How much is the pack?"
    assert [item.target.value for item in task.items] == ["51", "15.5"]
    assert task.items[1].trace is not None
    assert task.items[1].trace.steps[0].content == "( 3 * 4.5 ) + 2 = 15.5"
    check_gold(task)


def test_svamp_equation_that_does_not_hold_is_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "svamp.json"
    path.write_text(json.dumps([SVAMP_ROWS[0] | {"Answer": 50.0}]))

    item = tasks.load("svamp", path=path).items[0]

    assert item.trace is None
    assert item.target.value == "50"


@pytest.mark.parametrize("answer", ["no mark at all", "#### 12", "some line\n####", "some line\n#### none"])
def test_gsm8k_solution_without_its_parts_is_an_error(answer: str) -> None:
    with pytest.raises(ValueError, match="has no"):
        split_solution(answer)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gsm8k", '{"question": "Q?", "answer": "x #### 1"}\n{"question": "", "answer": "1"}\n', "row 2, question"),
        ("gsm8k", '{"question": "Q?", "answer": "no number"}\n', "row 1, answer"),
        ("gsm8k", '{"prompt": "Q?"}\n', "row 1, question"),
        ("gsm8k", "[1]\n", "row 1, question"),
        ("gsm8k", "", "no items"),
        ("gsm8k", "{broken\n", "line 1"),
        ("svamp", '{"ID": "1"}', "expected one list"),
        ("svamp", "[1]", "row 1"),
        ("svamp", "[", "not JSON"),
        ("svamp", "[]", "no items"),
        ("svamp", json.dumps([SVAMP_ROWS[0] | {"Answer": "x"}]), "row 1, Answer"),
        ("svamp", json.dumps([SVAMP_ROWS[0], SVAMP_ROWS[1] | {"Body": " "}]), "row 2, Body"),
        ("svamp", json.dumps([SVAMP_ROWS[0], SVAMP_ROWS[0]]), "svamp-chal-1"),
    ],
)
def test_broken_file_is_named_with_row_and_field(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / "broken"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        tasks.load(name, path=path)


@pytest.mark.parametrize(
    ("name", "file", "size"),
    [("gsm8k", "gsm8k-test.jsonl", 1319), ("gsm8k", "gsm8k-train.jsonl", 7473), ("svamp", "svamp.json", 1000)],
)
def test_public_data_grades_its_own_answers(name: str, file: str, size: int) -> None:
    if (DATA / file).exists():
        task = tasks.load(name, path=DATA / file)

        assert len(task.items) == size
        assert sum(item.trace is None for item in task.items) <= 1
        assert all(task.grade(item, completion(item.trace), "strict").value == 1.0 for item in task.items if item.trace)


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(MissingError, match=r"did you mean .*golden-v2"):
        tasks.load("golden-v1")
    with pytest.raises(MissingError, match="known tasks: golden-v2"):
        tasks.load("zzz")


def test_path_task_without_a_path_says_how_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="--path FILE"):
        tasks.load("gsm8k")
    with pytest.raises(MissingError, match="does not exist"):
        tasks.load("gsm8k", path=tmp_path / "absent.jsonl")


def test_wrong_requests_are_usage_errors(tmp_path: Path, gsm8k_file: Path) -> None:
    with pytest.raises(UsageError, match="takes no path"):
        tasks.load("golden-v2", path=gsm8k_file)
    with pytest.raises(UsageError, match="at least 1"):
        tasks.load("golden-v2", limit=0)
    with pytest.raises(UsageError, match="takes no path"):
        tasks.register_path(tmp_path, "golden-v2", gsm8k_file)


def test_registered_path_is_found_again_and_its_digest_checked(
    tmp_path: Path, gsm8k_file: Path, svamp_file: Path
) -> None:
    home = tmp_path / "home"
    tasks.register_path(home, "gsm8k", gsm8k_file)
    tasks.register_path(home, "svamp", svamp_file)

    assert tasks.load("gsm8k", home=home).digest == tasks.load("gsm8k", path=gsm8k_file).digest
    assert [task.name for task in tasks.registered(home)] == [
        "golden-v2", "dev-reasoning-v1:heldout", "dev-reasoning-v1:dev", "nano-arithmetic:heldout", "gsm8k", "svamp",
    ]  # fmt: skip

    gsm8k_file.write_text(json.dumps(GSM8K_ROWS[0]) + "\n")
    with pytest.raises(DigestError, match="changed since it was registered"):
        tasks.load("gsm8k", home=home)
    with pytest.raises(DigestError, match="changed since it was registered"):
        tasks.registered(home)


def test_file_of_registrations_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text("[]")

    with pytest.raises(DataError, match=r"tasks\.json"):
        tasks.load("gsm8k", home=tmp_path)


def test_digest_is_of_the_content_only(tmp_path: Path, gsm8k_file: Path) -> None:
    copy = tmp_path / "other-name.jsonl"
    copy.write_bytes(gsm8k_file.read_bytes())

    assert tasks.load("gsm8k", path=copy).digest == tasks.load("gsm8k", path=gsm8k_file).digest
    assert tasks.load("gsm8k", path=copy, limit=1).digest != tasks.load("gsm8k", path=copy).digest


def test_training_splits_are_no_evaluation_tasks() -> None:
    assert not {task.name for task in tasks.registered()} & {
        "dev-reasoning-v1",
        "nano-arithmetic",
        "nano-arithmetic-mixed",
    }


def test_available_names_are_those_that_load_without_a_path(tmp_path):
    assert set(tasks.available(for_evaluation=True)) < set(tasks.available())
    assert "gsm8k" not in tasks.available(tmp_path)
    assert [task.name for task in tasks.registered(tmp_path)] == tasks.available(tmp_path, for_evaluation=True)
