"""Reports: one page that is whole, loads nothing, and shows a model's output as text alone."""

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluated import example_report, make_task, three_evaluations
from tunix_rt.report import Missing, Point, ReportData, curve, family_rows, page, trace_pairs, write_report
from tunix_rt.report.markup import Markup, element, join, text
from tunix_rt.report.plots import Line, line_chart, smoothed

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"' & </style> ]]> \x00\x1b[31m \ud800"
PARTS = ("result", "families", "traces", "training", "previews", "dataset", "budget", "chain", "provenance", "commands")


@pytest.fixture(scope="module")
def data():
    return example_report(make_task(80))


def tree(html):
    assert html.startswith("<!doctype html>\n")
    return ElementTree.fromstring(html.removeprefix("<!doctype html>\n"))


def test_page_is_well_formed_and_complete(data):
    root = tree(page(data))
    titles = [node.text for node in root.iter("h2")]
    assert titles == [
        "Result",
        "Accuracy by family",
        "Before and after",
        "Training",
        "What the model was trained on",
        "Time",
        "Provenance",
        "Reproduce",
        "What this does not show",
    ]
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    assert {link.get("href")[1:] for link in root.iter("a")} <= set(ids)


def test_page_loads_nothing_and_runs_nothing(data):
    html = page(data)
    root = tree(html)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {node.tag for node in root.iter()}
    assert all(link.get("href").startswith("#") for link in root.iter("a"))
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on") or key == "src"]
    assert "url(" not in html
    assert "@import" not in html
    policy = next(node for node in root.iter("meta") if node.get("http-equiv"))
    assert policy.get("content").startswith("default-src 'none';")


def test_same_data_gives_the_same_bytes(data, tmp_path):
    one = write_report(data, tmp_path / "a.html").read_bytes()
    two = write_report(ReportData.model_validate(data.model_dump()), tmp_path / "b.html").read_bytes()
    assert one == two
    assert len(one) < 300_000


def test_model_output_is_text(data):
    pair = data.traces[0]
    sample = pair.tuned.model_copy(
        update={
            "completion": HOSTILE,
            "prompt": HOSTILE,
            "steps": [HOSTILE] * len(pair.tuned.steps),
            "strict": pair.tuned.strict.model_copy(update={"answer": HOSTILE, "explanation": HOSTILE}),
        }
    )
    html = page(data.model_copy(update={"traces": [pair.model_copy(update={"tuned": sample})], "title": HOSTILE}))
    root = tree(html)
    assert not list(root.iter("script"))
    assert not list(root.iter("img"))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    html.encode()


@given(st.text(st.characters()))
def test_any_text_survives_as_text(value):
    shown = ElementTree.fromstring(element("p", value))
    assert len(list(shown)) == 0
    assert len(shown.text or "") == len(value)
    for before, after in zip(value, shown.text or "", strict=True):
        assert after == before or unicodedata.category(before) in ("Cc", "Cs", "Cn")
    assert "<" not in text(value)


@given(st.text("<>&\"'ab =/", max_size=30))
def test_escaping_reads_back(value):
    shown = ElementTree.fromstring(element("p", value, title=value))
    assert (shown.text or "") == value
    assert shown.get("title") == value


def test_only_markup_is_markup():
    assert join(["<b>", Markup("<i></i>"), None, [["&"]]]) == "&lt;b&gt;<i></i>&amp;"
    assert element("br") == "<br />"
    assert element("p", hidden=True, open=False, aria_label="x") == '<p hidden="hidden" aria-label="x"></p>'


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_says_why(data, part):
    html = page(data.model_copy(update={part: Missing(missing=f"the {part} were not made: no time was left")}))
    tree(html)
    assert f"the {part} were not made: no time was left" in html


def test_all_parts_missing_is_still_a_page(data):
    html = page(data.model_copy(update={part: Missing(missing="not yet") for part in PARTS}))
    tree(html)
    assert "No result: not yet" in html
    assert not re.search(r"\b(NaN|null|None|undefined)\b", html)


def test_no_word_of_a_program_reaches_the_reader(data):
    visible = "".join(tree(page(data)).itertext())
    assert not re.search(r"\b(NaN|nan|null|None|inf|undefined)\b", visible)


def test_the_claim_is_as_strong_as_the_test(data):
    def claim(**changes):
        main = data.result.comparison.main
        paired = main.paired.model_copy(update=changes)
        comparison = data.result.comparison.model_copy(update={"main": main.model_copy(update={"paired": paired})})
        root = tree(page(data.model_copy(update={"result": data.result.model_copy(update={"comparison": comparison})})))
        return "".join(next(node for node in root.iter("p") if node.get("class") == "claim").itertext())

    assert claim(p=0.001, delta=0.2).startswith("After training the model answers")
    assert claim(p=0.2, delta=0.2).startswith("No significant gain")
    assert "p = 0.20" in claim(p=0.2, delta=0.2)
    assert claim(p=0.001, delta=-0.2).startswith("Training made it worse")


def test_every_family_is_shown_even_unscored_ones():
    task = make_task(40, open_items=4)
    _, few_shot, tuned = three_evaluations(task)
    rows = family_rows(few_shot, tuned)
    assert {row.family for row in rows} == {item.family for item in task.items}
    assert [row.difficulty for row in rows] == sorted(row.difficulty for row in rows)
    assert next(row for row in rows if row.family == "ideation").tuned is None


def test_shown_traces_cover_every_kind_and_are_chosen_by_the_seed():
    task = make_task(120)
    _, few_shot, tuned = three_evaluations(task)
    pairs = trace_pairs(few_shot, tuned)
    assert [pair.change for pair in pairs] == ["gained"] * 4 + ["lost"] * 2 + ["both wrong"] * 3 + ["both right"]
    assert len({pair.tuned.family for pair in pairs if pair.change == "gained"}) == 4
    assert all(pair.base.id == pair.tuned.id for pair in pairs)
    assert pairs == trace_pairs(few_shot, tuned)
    assert pairs != trace_pairs(few_shot, tuned, seed=1)


def test_right_and_wrong_are_said_in_words_too(data):
    html = page(data)
    assert 'class="sign" title="wrong">✗<' in html
    assert 'class="sign" title="right">✓<' in html
    assert "recomputed: " in html


def test_curve_reads_one_metric_of_a_log():
    log = [
        {"step": 1, "loss": 2.0},
        {"step": 2, "loss": 1.0, "lr": 3},
        {"phase": "x", "loss": 9.0},
        {"step": 2, "loss": 1.5},
    ]
    assert curve(log, "loss") == [Point(step=1, value=2.0), Point(step=2, value=1.5)]
    assert curve(log, "absent") == []


def test_smoothing_neither_lags_nor_moves_a_constant():
    flat = [Point(step=step, value=2.0) for step in range(50)]
    assert [point.value for point in smoothed(flat, 5)] == pytest.approx([2.0] * 50)
    ramp = [Point(step=step, value=float(step)) for step in range(101)]
    assert smoothed(ramp, 4)[50].value == pytest.approx(50.0)
    # weights 1/2, 1, 1/2 around the middle of three points one half-life apart
    three = [Point(step=0, value=0.0), Point(step=1, value=4.0), Point(step=2, value=8.0)]
    assert smoothed(three, 1)[0].value == pytest.approx((0 + 4 / 2 + 8 / 4) / 1.75)


@pytest.mark.parametrize("values", [[0.0], [1.0, 1.0], [5e-4, 0.0], [1e9, -1e9], [0.1, 0.2, 0.15]])
def test_charts_have_axes_for_any_range(values):
    points = [Point(step=3 * position, value=value) for position, value in enumerate(values)]
    figure = ElementTree.fromstring(line_chart([Line("a", points, "smooth")], y_label="value"))
    labels = [span.text for div in figure.iter("div") if div.get("class") == "y" for span in div]
    assert len(labels) >= 2
    assert len(labels) == len(set(labels))


def test_a_long_run_stays_small():
    points = [Point(step=step, value=1 / (step + 1)) for step in range(20_000)]
    chart = line_chart([Line("loss", points, "ghost")], y_label="loss")
    assert len(chart) < 20_000
    assert "M0.0 " in chart
    assert "L1000.0 " in chart
