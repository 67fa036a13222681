"""Papers of a submission: every figure is the run's, every limit is counted, and nothing is made without a score."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from submitted import ITEMS, finished_run
from tunix_rt.comparison import percent
from tunix_rt.errors import DigestError, UsageError
from tunix_rt.evaluation import load_evaluation
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.run import read_run
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import Figures, check_length, recheck, results_table, submit, video_script, writeup
from tunix_rt.submission.papers import figures_of_run
from tunix_rt.submission.video import MOST_SECONDS, shots
from tunix_rt.submission.words import count_words, shortened


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path) -> RunDir:
    return finished_run(home)


@pytest.fixture(scope="module")
def figures(home: Path, run: RunDir) -> Figures:
    return figures_of_run(home, run)


def test_writeup_says_what_the_evaluation_measured(home: Path, run: RunDir, figures: Figures) -> None:
    text = writeup(figures)
    tuned = load_evaluation(home / "evaluations" / read_run(run).outputs["tuned"].key).manifest.metrics
    assert tuned.strict
    assert f"answers {percent(tuned.strict.value)} correctly" in text
    assert text.count("| base |") == 2
    assert f"| trained | contract | {ITEMS} |" in text
    assert "40 of 50 planned updates" in text
    assert "5.5 minutes" in text
    assert "LoRA of rank 16 and alpha 32 on 7 projections" in text
    assert "gemma3-1b-it" in text
    assert figures.verdict in text
    assert not re.search(r"\b(None|null|nan|TBD|INSERT)\b|\{[a-z_]*\}", text)
    assert check_length(text) < 1500


def test_papers_say_how_the_base_was_measured(figures: Figures) -> None:
    first = "The base model was measured first, by the same code, also with worked examples"
    assert first in writeup(figures)
    assert "It was measured first" in video_script(figures)
    assert "with and without worked examples" in video_script(figures)
    early = figures.tuned.manifest.model_copy(update={"created": "2000-01-01T00:00:00Z"})
    [contract] = [base for base in figures.bases if base.manifest.prompt.name == "contract"]
    other = replace(figures, tuned=replace(figures.tuned, manifest=early), bases=(contract,))
    assert "The base model was measured as well, by the same code.\n" in writeup(other)
    assert not re.search("measured first|worked examples", writeup(other) + video_script(other))
    assert "measured first" not in writeup(replace(figures, bases=()))


def test_same_run_gives_the_same_papers(home: Path, run: RunDir, figures: Figures) -> None:
    assert writeup(figures) == writeup(figures_of_run(home, run))
    assert video_script(figures) == video_script(figures_of_run(home, run))


def test_example_is_the_first_answer_that_only_the_trained_model_has_right(figures: Figures) -> None:
    after, before = figures.example
    assert before is not None
    assert (after.strict.value, before.lenient.value) == (1.0, 0.0)
    ids = [sample.id for sample in figures.tuned.samples]
    paired = figures.comparison
    assert paired is not None
    assert after.id == min(paired.gained, key=ids.index)


def test_writeup_over_1500_words_is_refused_with_the_surplus() -> None:
    assert check_length("word " * 1500) == 1500
    with pytest.raises(UsageError, match="1,501 words; the limit is 1,500: take 1 out"):
        check_length("word " * 1501)
    assert count_words("3 + 4 = 7, `x=1`, |---| – ok") == 5
    assert shortened("one two  three", 2) == "one two …"
    assert shortened(" one two ", 2) == "one two"


def test_video_stays_within_three_minutes_at_its_pace(figures: Figures) -> None:
    made = shots(figures)
    clock = 0
    for shot in made:
        assert shot.starts == clock
        assert shot.seconds >= 60 * shot.words / 140
        clock += shot.seconds
    assert clock <= MOST_SECONDS
    script = video_script(figures)
    assert percent(figures.score.value) in script
    assert script.count("Seen: ") == len(made)
    assert f"{sum(shot.words for shot in made)} words at 140 words a minute" in script
    with pytest.raises(UsageError, match="the limit is 180"):
        shots(figures, words_per_minute=60)
    with pytest.raises(UsageError, match="at least 1"):
        shots(figures, words_per_minute=0)


def test_checklist_marks_only_what_it_sees(home: Path, run: RunDir) -> None:
    _, papers = submit(home, run)
    text = papers["checklist.md"]
    assert "[x] the base model was measured" in text
    assert "[x] the checkpoint that plain Tunix code loads" in text
    assert "OPEN: the dataset was compared" in text, "the dataset of this test was built against no task"
    assert text.count("by hand:") >= 5


def test_what_reinforcement_learning_did_stands_apart(tmp_path: Path) -> None:
    run = finished_run(tmp_path, reinforced=True)
    figures = figures_of_run(tmp_path, run)
    assert figures.tuned.id == read_run(run).outputs["tuned"].key
    assert [done.id for done in figures.earlier] == [read_run(run).outputs["sft"].key]
    text = writeup(figures)
    assert f"| fine-tuned | contract | {ITEMS} |" in text
    assert "Reinforcement learning alone." in text
    assert figures.reinforced
    assert "than the fine-tuned model that it started from by +" in figures.reinforced
    done, _ = submit(tmp_path, run)
    assert recheck(tmp_path / "submissions" / done.id).score == figures.score.value


def test_run_without_a_score_gets_no_paper(tmp_path: Path) -> None:
    run = finished_run(tmp_path, measured=False)
    with pytest.raises(UsageError, match="no evaluation with a score"):
        submit(tmp_path, run)
    assert not (tmp_path / "submissions").exists()


def test_own_writeup_must_hold_the_table_as_measured(home: Path, run: RunDir, figures: Figures, tmp_path: Path) -> None:
    own = tmp_path / "mine.md"
    own.write_text(f"# Mine\n\n{results_table(figures)}\n")
    done, papers = submit(home, run, own_writeup=own)
    assert papers["writeup.md"] == own.read_text()
    assert "kaggle/writeup.md" in done.files
    own.write_text(f"# Mine\n\n{results_table(figures)}\n".replace(percent(figures.score.value), "99.9 %"))
    with pytest.raises(UsageError, match="does not hold the table of results"):
        submit(home, run, own_writeup=own)
    own.write_text(f"{'long ' * 1500}\n\n{results_table(figures)}\n")
    with pytest.raises(UsageError, match="the limit is 1,500"):
        submit(home, run, own_writeup=own)


def test_changed_run_is_refused(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    name = read_run(run).outputs["tuned"].key
    samples = tmp_path / "evaluations" / name / "samples.jsonl"
    before = samples.read_bytes()
    samples.write_bytes(before.replace(b'"value":0.0', b'"value":1.0', 1))
    with pytest.raises(DigestError, match=r"samples\.jsonl changed"):
        submit(tmp_path, run)
    samples.write_bytes(before)
    write_text(run.manifest, run.manifest.read_text().replace('"seed": 0', '"seed": 7'))
    with pytest.raises(DigestError, match=MANIFEST):
        figures_of_run(tmp_path, run)
