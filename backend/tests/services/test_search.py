"""Full-text search: the same words, phrases and prefixes find the same traces on both databases."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tunix_rt.trace import make_trace
from tunix_rt_backend.errors import Unprocessable
from tunix_rt_backend.schemas.traces import TraceQuery
from tunix_rt_backend.services import search, traces
from tunix_rt_backend.services.search import terms
from tunix_rt_backend.services.words import words
from tunix_rt_backend.tables import Trace

TEXTS = {
    "plain": "The quick brown fox",
    "thousand": "It costs 1,000 dollars",
    "hyphen": "A state-of-the-art engine",
    "apostrophe": "O'Neil didn't go",
    "accent": "Ünïcode naïve CAFÉ",
    "decomposed": "Un cafe\u0301 noir",
    "emoji": "smile🙂now",
    "chinese": "他说 中文字 好",
    "hindi": "हिन्दी भाषा",
    "greek": "ΟΔΟΣ ὁδός",
    "sharp": "Große Straße",
    "letters": "12abc 1e5 0x1f abc123def x² ½",
    "address": "mail a.b@c.de or http://x.y/z?q=1&r=2",
    "code": "foo_bar(baz) <b>bold</b> a/b/c --flag C:\\dir",
    "negative": "-5 + 3.14 = -1.86",
    "quote": "say \"hello there\" 'now' \\ % _ * : & | ! ( )",
    "hex": "source61 sourcegsm8k source=gsm8k",
}

QUERIES = {
    "quick": {"plain"},
    "QUICK fox": {"plain"},
    "fox quick": {"plain"},
    '"fox quick"': set(),
    '"quick brown"': {"plain"},
    '"quick brown': {"plain"},
    "qui": set(),
    "qui*": {"plain"},
    "quic*": {"plain"},
    '"quick bro"*': {"plain"},
    "the*": {"plain", "hyphen", "quote"},
    "1,000": {"thousand"},
    "1000": set(),
    "state-of-the-art": {"hyphen"},
    "art-state": set(),
    "o'neil": {"apostrophe"},
    "didn't": {"apostrophe"},
    "unïcode": set(),
    "ünïcode": {"accent"},
    "café": {"accent", "decomposed"},
    "cafe": set(),
    "cafe*": set(),
    "smile": {"emoji"},
    "smile🙂": {"emoji"},
    "中文字": {"chinese"},
    "中文字*": {"chinese"},
    "हिन्दी": {"hindi"},
    "οδοσ": {"greek"},
    "ΟΔΟΣ": {"greek"},
    "strasse": {"sharp"},
    "STRASSE": {"sharp"},
    "große": {"sharp"},
    "12abc": {"letters"},
    "abc": set(),
    "1e5": {"letters"},
    "0x1f": {"letters"},
    "x1f": set(),
    "abc123def": {"letters"},
    "abc123*": {"letters"},
    "x2": {"letters"},
    "a.b@c.de": {"address"},
    "c.de": {"address"},
    "foo_bar": {"code"},
    "bold": {"code"},
    "b/c": {"address", "code"},
    "-5": {"negative"},
    "3.14": {"negative"},
    "AND": set(),
    "quick OR fox": set(),
    "quick NOT fox": set(),
    "NEAR(quick fox)": set(),
    "words:quick": set(),
    "facets : quick": set(),
    '"hello there"': {"quote"},
    'say"hello': {"quote"},
    "quick & fox": {"plain"},
    "!quick": {"plain"},
    "quick:*": {"plain"},
    "quick'": {"plain"},
    "quick\\": {"plain"},
    "source61": {"hex"},
    "shared": set(TEXTS),
}


def fill(session: Session) -> None:
    for name, content in TEXTS.items():
        traces.create(session, [make_trace(content, ["shared thought"], name, source="a" if len(name) > 4 else "b'\\")])
    session.commit()


def found(session: Session, **filters: object) -> set[str]:
    rows, _ = traces.list_traces(session, TraceQuery(limit=100, **filters))  # type: ignore[arg-type]
    return {row.final_answer for row in rows}


def test_a_query_finds_the_same_on_both_databases(session: Session) -> None:
    fill(session)
    wrong = {q: found(session, q=q) for q, names in QUERIES.items() if found(session, q=q) != names}
    assert wrong == {}


def test_a_word_of_prompt_steps_and_answer_is_found(session: Session) -> None:
    traces.create(session, [make_trace("alpha", ["beta", "gamma"], "delta")])
    for word in ("alpha", "beta", "gamma", "delta", '"beta gamma"'):
        assert found(session, q=word) == {"delta"}


@pytest.mark.parametrize("q", ["", " ", "🙂", "!!! --", '""', "***", "\x00", "_"])
def test_a_query_without_a_word_is_refused(q: str) -> None:
    with pytest.raises(Unprocessable, match="no word"):
        terms(q)


@pytest.mark.parametrize("q", ["a*", "fo*", '"quick br"*', "中文*"])
def test_a_short_beginning_is_refused(q: str) -> None:
    with pytest.raises(Unprocessable, match="too short"):
        terms(q)


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_search_in_a_window_of_time_is_the_same_by_either_way(
    session: Session, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    fill(session)
    monkeypatch.setattr(search, "_FEW", few)
    after = session.query(Trace).first().created_at  # type: ignore[union-attr]
    assert found(session, q="shared", created_after=after) == set(TEXTS)
    assert found(session, q="fox", created_after=after) == {"plain"}
    assert found(session, q="fox", created_before=after) == set()


def test_words_and_filters_are_one_query(session: Session) -> None:
    fill(session)
    long = {name for name in TEXTS if len(name) > 4}
    assert found(session, q="shared", source="a") == long
    assert found(session, q="shared", source="b'\\") == set(TEXTS) - long
    assert found(session, q="quick", source="b'\\") == set()
    assert found(session, q="shared", source="other") == set()


def test_a_deleted_trace_leaves_the_index(session: Session) -> None:
    fill(session)
    for name in ("plain", "thousand", "chinese"):
        row = next(row for row in session.query(Trace) if row.final_answer == name)
        traces.remove(session, row.id)
    session.commit()
    assert found(session, q="shared") == set(TEXTS) - {"plain", "thousand", "chinese"}
    assert found(session, q="quick") == set()
    assert found(session, q="chinese") == set()
    traces.create(session, [make_trace("quick", ["again"], "new")])
    assert found(session, q="quick") == {"new"}


def test_the_sqlite_index_has_no_word_of_deleted_or_old_rows(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        return
    fill(session)
    session.execute(text("UPDATE traces SET words = 'fresh', source = 'moved' WHERE final_answer = 'plain'"))
    assert found(session, q="quick") == set()
    assert found(session, q="fresh", source="moved") == {"plain"}
    session.execute(text("DELETE FROM traces"))
    session.execute(text("CREATE VIRTUAL TABLE temp.left_over USING fts5vocab(main, traces_fts, row)"))
    assert session.execute(text("SELECT count(*) FROM temp.left_over")).scalar() == 0


def test_words_of_a_long_trace_are_cut_not_refused(session: Session) -> None:
    many = [" ".join(chr(0x4E00 + (7 * n + k) % 20000) for k in range(9_000)) for n in range(40)]
    traces.create(session, [make_trace("start", many, "end")])
    session.commit()
    assert found(session, q="start") == {"end"}
    assert len(words("a " * 300_000)) == 200_000


def test_ascii_is_cut_as_any_other_text_is() -> None:
    text = "".join(map(chr, range(128))) * 2 + "O'Neil_x 1,000 state-of-the-art 3.14"
    cut = words(text)
    assert words(text + " é") == cut + " é"
    assert cut.endswith("o neil x 1 000 state of the art 3 14")


APART = "৴፩௰𐄇①⒈🄀㉑\u0bf1\u137c\u0d70\u19b0\u19c0\u19c8\u19c9\u1cf2\u1cf3"
KEPT = "〇Ⅷ٣५๒𝟗一中가あʼnªßჱᲐꮿ𐐀𞤀\u1cf1\u19c1\u16ee𒐀"


def test_what_one_database_keeps_in_no_word_parts_words_on_both(session: Session) -> None:
    for letter in APART + KEPT:
        traces.create(session, [make_trace(f"xx{letter}yyyy", [f"alone {letter}"], f"is {ord(letter):x}")])
    session.commit()
    for letter in APART + KEPT:
        name = f"is {ord(letter):x}"
        for q in (f"xx{letter}yyyy", f"xx{letter}yyy*", f'"alone {letter} {name}"', f'"{letter} {name}"'):
            assert name in found(session, q=q), q
    assert found(session, q='"xx yyyy"') >= {f"is {ord(letter):x}" for letter in "৴፩௰𐄇\u19b0\u1cf3"}
    assert found(session, q='"xx yyyy"').isdisjoint(f"is {ord(letter):x}" for letter in KEPT)


@pytest.mark.parametrize("letter", ["a", "日", "𐐨", "㌀"])
def test_a_long_word_is_found_by_its_first_letters(session: Session, letter: str) -> None:
    traces.create(session, [make_trace(f"{letter * 3000} tail", ["b"], "c")])
    for q in (letter * 500, letter * 200, letter * 199 + "*", letter * 400 + "*", f'"{letter * 300} tail"'):
        assert found(session, q=q) == {"c"}, q
    assert found(session, q=words(letter * 500)[:199]) == set()
