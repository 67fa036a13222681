"""How fast rows are validated on one core, and that memory stays flat: `make bench-data`.

A file in the schema of GSM8K is generated, checked row by row (JSON, schema, trace, rendering, grading) in a process
that is bound to one core, and a smaller one is built into a dataset. It does not know any model.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

TARGET = 20_000
"""Rows a second that a check must reach on one core."""

NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hugo")
THINGS = ("apples", "pears", "kites", "lamps", "coins", "maps", "ropes", "stones", "letters", "boats")
PLACES = ("at the market", "in the old mill", "by the river", "on the long road home", "behind the school")


def generate(path: Path, count: int) -> None:
    """Write rows of question and answer, each with an id, three steps and a calculator mark a step."""
    draw = random.Random(0)
    with path.open("w") as stream:
        for number in range(count):
            a, b, c = draw.randint(2, 500), draw.randint(2, 500), draw.randint(2, 9)
            name, thing, place = draw.choice(NAMES), draw.choice(THINGS), draw.choice(PLACES)
            question = (
                f"{name} finds {a} {thing} {place} and gets {b} more from a friend who is about to move away. Then "
                f"every one of them is swapped for {c} smaller ones. How many {thing} does {name} have in the end?"
            )
            answer = (
                f"{name} has {a} + {b} = <<{a}+{b}={a + b}>>{a + b} {thing} before the swap.\n"
                f"Each of them becomes {c}, so that is {a + b} * {c} = <<{a + b}*{c}={(a + b) * c}>>{(a + b) * c}.\n"
                f"Nothing is lost on the way, so {name} has {(a + b) * c} {thing}.\n#### {(a + b) * c}"
            )
            stream.write(json.dumps({"id": f"row-{number}", "question": question, "answer": answer}) + "\n")


def measure(path: Path, home: Path | None, pipe: Any) -> None:
    """Check the file, or build it into a dataset, on one core; send rows, seconds and memory in MiB."""
    import psutil

    from tunix_rt import dataset

    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    process = psutil.Process()
    memory: list[float] = []

    def progress(phase: str, done: int, total: int | None) -> None:
        if done % 10_000 == 0 or not memory:
            memory.append(process.memory_info().rss / 2**20)

    started = time.perf_counter()
    if home is None:
        report = dataset.check([path], progress=progress)
        rows, good = report.rows, report.imported
    else:
        counts = dataset.build([path], name="bench", version="1", home=home, progress=progress).counts
        rows, good = counts.rows, counts.imported
    seconds = time.perf_counter() - started
    pipe.send({"rows": rows, "good": good, "seconds": seconds, "start_mib": memory[0], "peak_mib": max(memory)})


def in_own_process(path: Path, home: Path | None = None) -> dict[str, Any]:
    """Run `measure` in a fresh process, so that one measurement cannot lend its memory to the next."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measure, args=(path, home, theirs))
    process.start()
    theirs.close()
    result: dict[str, Any] = ours.recv()
    process.join()
    return result


def main() -> None:
    """Generate, measure, print a table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000, help="rows of the file that is checked")
    options.add_argument("--build-rows", type=int, default=20_000, help="rows of the file that is built")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.jsonl", Path(folder) / "small.jsonl"
        generate(large, chosen.rows)
        generate(small, chosen.build_rows)
        size = large.stat().st_size / 2**20
        check = in_own_process(large)
        build = in_own_process(small, Path(folder) / "home")
    print(f"{'stage':8}{'rows':>12}{'seconds':>10}{'rows/s':>12}{'MiB at start':>14}{'MiB peak':>10}")
    for name, result in (("check", check), ("build", build)):
        rate = result["rows"] / result["seconds"]
        print(
            f"{name:8}{result['rows']:>12,}{result['seconds']:>10.1f}{rate:>12,.0f}"
            f"{result['start_mib']:>14.0f}{result['peak_mib']:>10.0f}"
        )
    rate = check["rows"] / check["seconds"]
    print(f"the file has {size:,.0f} MiB; {check['good']:,} rows are good; target {TARGET:,} rows/s")
    print(
        json.dumps(
            {
                "rows": check["rows"],
                "good": check["good"],
                "file_mib": round(size, 1),
                "rows_per_second": round(rate),
                "target_rows_per_second": TARGET,
                "ratio": round(rate / TARGET, 2),
                "memory_start_mib": round(check["start_mib"], 1),
                "memory_peak_mib": round(check["peak_mib"], 1),
                "memory_growth_mib": round(check["peak_mib"] - check["start_mib"], 1),
                "build_rows": build["rows"],
                "build_rows_per_second": round(build["rows"] / build["seconds"]),
                "build_memory_peak_mib": round(build["peak_mib"], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
