"""Fill a database with generated rows, so that the service can be measured on a full one.

    python benchmarks/service_rows.py --home FOLDER [--database-url URL] --traces 1000000 --runs 10000

Traces go in by `executemany` (SQLite) or COPY (PostgreSQL). Words follow Zipf's law, as in any language: `w0` stands in
nearly every trace, `w100` in one of twenty, and each of the last thousands in a few; `old` stands in the oldest third
alone, `needle` in one of 50,000, and the source `rare` has one trace of 10,000. It does not know what is measured.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from tunix_rt.trace import make_trace
from tunix_rt_backend.db import make_engine, migrate
from tunix_rt_backend.services.traces import row_values
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Trace

VOCABULARY = 50_000
UPLOADS = 10
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = [column.name for column in Trace.__table__.columns if column.name != "seq"]


def upload_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=(7 << 76) | (2 << 62) | number)


def rows(count: int, *, begin: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the columns of generated traces, the same for the same numbers."""
    draw = np.random.default_rng(begin)
    weights = 1 / (np.arange(VOCABULARY) + 2.0)
    total = np.cumsum(weights / weights.sum())
    words = [f"w{number}" for number in range(VOCABULARY)]
    for number in range(begin, begin + count):
        a, b = int(draw.integers(2, 999)), int(draw.integers(2, 999))
        picked = [words[place] for place in np.searchsorted(total, draw.random(60))]
        marks = ["old"] if number < count // 3 else []
        marks += ["needle"] if number % 50_000 == 7 else []
        steps = [" ".join(picked[20:40]), f"{a} + {b} = {a + b}, " + " ".join(picked[40:])]
        trace = make_trace(
            " ".join([f"question {number}:", *marks, *picked[:20]]), steps, str(a + b),
            source="rare" if number % 10_000 == 11 else ("gsm8k", "generated", "team", "forum")[number % 4],
            license=("apache-2.0", "mit", "cc-by-4.0")[number % 3],
            domain=("math", "code", "logic", "science", "language")[number % 5],
            family=f"family-{number % 50}",
            difficulty="olympiad" if number % 7_000 == 3 else ("easy", "medium", "hard")[number % 3],
        )  # fmt: skip
        moment = BEGAN + timedelta(seconds=number)
        yield row_values(
            trace, created_at=moment, upload_id=upload_id(number * UPLOADS // count), upload_row=number + 1
        )


def plain(row: dict[str, Any], *, sqlite: bool) -> tuple[Any, ...]:
    """Return the values of a row as the driver takes them."""
    row = {**row, "steps": json.dumps(row["steps"]), "meta": json.dumps(row["meta"])}
    if sqlite:
        row |= {"id": row["id"].hex, "upload_id": row["upload_id"].hex}
        row["created_at"] = row["created_at"].strftime("%Y-%m-%d %H:%M:%S.%f")
    return tuple(row[name] for name in COLUMNS)


def uploads(connection: Any, mark: str, *, sqlite: bool) -> None:
    statement = (
        "INSERT INTO uploads (id, source_name, settings, status, bytes, rows_read, rows_rejected, rows_inserted, "
        f"errors, reasons, actor, created_at) VALUES ({mark}, 'generated', '{{}}', 'completed', 0, 0, 0, 0, '[]', "
        f"'{{}}', 'bench', {mark})"
    )
    for number in range(UPLOADS):
        one = upload_id(number)
        moment = BEGAN.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else BEGAN
        connection.execute(statement, (one.hex if sqlite else one, moment))


def fill_traces(settings: Settings, count: int) -> float:
    """Insert traces and return the seconds that it took, generation included."""
    started = time.perf_counter()
    made = rows(count)
    if settings.url.startswith("sqlite"):
        connection = sqlite3.connect(settings.home / "tunix_rt.db", isolation_level=None)
        for statement in ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -262144", "BEGIN"):
            connection.execute(statement)
        uploads(connection, "?", sqlite=True)
        statement = f"INSERT INTO traces ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        while chunk := [plain(row, sqlite=True) for row in itertools.islice(made, 10_000)]:
            connection.executemany(statement, chunk)
            connection.execute("COMMIT")
            connection.execute("BEGIN")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        address = settings.url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address) as connection:
            uploads(connection, "%s", sqlite=False)
            with connection.cursor().copy(f"COPY traces ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                for row in made:
                    copy.write_row(plain(row, sqlite=False))
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE traces")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database-url")
    parser.add_argument("--traces", type=int, default=1_000_000)
    asked = parser.parse_args()
    settings = Settings(home=asked.home, database_url=asked.database_url)
    migrate(settings)
    make_engine(settings).dispose()
    seconds = fill_traces(settings, asked.traces)
    print(json.dumps({"traces": asked.traces, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
