"""Full-text search over traces, the same on SQLite (FTS5) and PostgreSQL (tsvector).

What is kept and what is asked is cut into words by the same function (`services.words`), so that two databases cannot
disagree. What a person types is data, never query syntax: words are all required, `"…"` holds a
phrase, and a `*` at the end finds every word that begins so. It does not know how rows are listed.

PostgreSQL keeps 256 places of a word in a trace, and no place after the 16,383rd: a phrase beyond them is not seen.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    Table,
    cast,
    exists,
    func,
    literal,
    literal_column,
)
from sqlalchemy import select as choose
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.errors import Unprocessable
from tunix_rt_backend.services.words import words
from tunix_rt_backend.tables import Trace

FTS = Table("traces_fts", MetaData(), Column("rowid", Integer, key="seq", primary_key=True))
"""SQLite's index; `seq` is the trace's."""

_MIN_PREFIX = 3
"""Shortest beginning of a word: the index holds those of this length, and a shorter one would be in every trace."""
_FEW = 10_000
"""Matches that are sorted by time rather than looked for by it."""

_TERM = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')


class Term(NamedTuple):
    """Words that follow each other; with `prefix` the last may go on."""

    words: list[str]
    prefix: bool


def terms(q: str) -> list[Term]:
    """Return what a person asks for; raise Unprocessable if there is no word in it."""
    found = []
    for phrase, star, plain in _TERM.findall(q):
        parts = words(phrase or plain).split()
        if parts:
            found.append(Term(parts, bool(star) or plain.endswith("*")))
    short = [term.words[-1] for term in found if term.prefix and len(term.words[-1]) < _MIN_PREFIX]
    if short:
        raise Unprocessable(
            f"{short[0]}* is too short; give {_MIN_PREFIX} letters or more before the *, or leave it out"
        )
    if not found:
        raise Unprocessable(f"there is no word in {q[:80]!r}; search for letters or digits, or leave `q` out")
    return found


def match_sqlite(wanted: list[Term], facets: Mapping[str, str]) -> str:
    """Return an FTS5 query; every word in it is quoted, and has letters and digits only."""
    parts = [f'words : "{" ".join(term.words)}"' + (" *" if term.prefix else "") for term in wanted]
    parts += [f'facets : "{name}{value.encode().hex()}"' for name, value in facets.items()]
    return " AND ".join(parts)


def match_postgresql(q: str | None, facets: Mapping[str, str | uuid.UUID]) -> dict[str, str]:
    """Return the tsqueries that `matching` asks for, by name: of `words` and of `filters`, if there are any.

    Every lexeme in them is quoted, and a word has letters and digits only.
    """
    found = {}
    if q is not None:
        parts = [" <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "") for term in terms(q)]
        found["words"] = " & ".join(f"({part})" for part in parts)
    if facets:
        escaped = (lexeme.replace("\\", "\\\\").replace("'", "''") for lexeme in _lexemes(facets))
        found["filters"] = " & ".join(f"'{lexeme}'" for lexeme in escaped)
    return found


def _lexemes(facets: Mapping[str, str | uuid.UUID]) -> list[str]:
    """Return filters as PostgreSQL's search index keeps them."""
    return [f"{name.replace('_', '')}={value}" for name, value in facets.items()]


def matching(query: Select[Any], asked: Mapping[str, ColumnElement[str]]) -> Select[Any]:
    """Return a query over PostgreSQL's traces for those that match each of the tsqueries of `match_postgresql`."""
    parts: list[ColumnElement[Any]] = []
    if "words" in asked:
        parts.append(func.to_tsquery(literal_column("'simple'::regconfig"), asked["words"], type_=TSQUERY))
    if "filters" in asked:
        parts.append(cast(asked["filters"], TSQUERY))
    whole = parts[0] if len(parts) == 1 else cast(parts[0].op("&&")(parts[1]), TSQUERY)
    return query.where(literal_column("traces.search").op("@@")(whole))


def narrow(
    session: Session, query: Select[Any], q: str | None, facets: Mapping[str, str | uuid.UUID], *, by_time: bool
) -> Select[Any]:
    """Return a query over traces for those with the words of `q` and the facets.

    It is to be ordered by time if `by_time`, else by `place(session)`.
    """
    if not is_sqlite(session):
        return matching(query, {name: literal(value) for name, value in match_postgresql(q, facets).items()})
    wanted = terms(q) if q is not None else []
    plain = {
        name.replace("_", ""): value.hex if isinstance(value, uuid.UUID) else value for name, value in facets.items()
    }
    matches = literal_column("traces_fts").op("MATCH")(match_sqlite(wanted, plain))
    if by_time and _is_common(session, matches):
        # Read by time, each row is looked up in the search index; one of a hundred or more is a match.
        return query.where(exists().where(matches, FTS.c.seq == Trace.seq))
    return query.join(FTS, FTS.c.seq == Trace.seq).where(matches)


def place(session: Session) -> Any:
    """Return the column that a narrowed query is ordered by: the index itself, read backwards, where it can be."""
    return FTS.c.seq if is_sqlite(session) else Trace.seq


def _is_common(session: Session, matches: ColumnElement[Any]) -> bool:
    few = choose(FTS.c.seq).where(matches).limit(_FEW).subquery()
    return session.scalar(choose(func.count()).select_from(few)) == _FEW


def required(q: str | None, facets: Mapping[str, str | uuid.UUID]) -> tuple[str, list[str]]:
    """Return the words that every match has, and PostgreSQL's lexemes of its filters; a beginning is no word."""
    wanted = terms(q) if q is not None else []
    found = [word for term in wanted for word in (term.words[:-1] if term.prefix else term.words)]
    return " ".join(found), _lexemes(facets)


def is_estimable(q: str | None) -> bool:
    """Return whether PostgreSQL's statistics bear on all of it; of phrases and excluding filters they know nothing."""
    return q is not None and all(len(term.words) == 1 for term in terms(q))


def by_index(query: Select[Any]) -> Select[Any]:
    """Return a query that PostgreSQL cannot answer by reading rows in their order until enough of them match.

    Two filters may exclude each other, which statistics do not know; the search index tells it at once.
    """
    return query.order_by((Trace.seq + 0).desc())
