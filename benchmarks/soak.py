"""Kill worker, API and database in turn, at random moments during ingest and training, and count what is lost.

    python benchmarks/soak.py --kills 20 --seed 1 --database postgresql

It exits with 1 if an acknowledged trace is lost or doubled, a run is stuck, or its weights differ from those of an
undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "backend" / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "engine" / "tests"))

import nano
from survival import House, disturb, losses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--pause", type=float, default=10.0, help="longest time between two kills, in seconds")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tunix-rt-soak-") as folder:
        house = House(Path(folder), asked.database)
        house.settings.home.mkdir(parents=True, exist_ok=True)
        digest = nano.prepare(house.settings.home)
        with house.open():
            told = disturb(house, kills=asked.kills, seed=asked.seed, pause=(0.5, asked.pause))
    wrong = losses(told)
    other = [run for run, found in told.digests.items() if found != digest]
    print(f"{'second':>8}  killed")
    for second, target in told.kills:
        print(f"{second:>8.1f}  {target}")
    print(f"\n{'run':<40}  status     attempts  same weights")
    for run, state in told.runs.items():
        print(f"{run:<40}  {state['status']:<9}  {state['attempts']:>8}  {'no' if run in other else 'yes'}")
    for line in [*wrong[:20], *told.refused]:
        print(line)
    record = {
        "database": asked.database,
        "seed": asked.seed,
        "kills": dict(Counter(target for _, target in told.kills)),
        "seconds": told.seconds,
        "traces_acknowledged": len(told.acknowledged),
        "traces_lost_or_doubled": len(wrong),
        "batches_without_answer": len(told.batches),
        "runs": len(told.runs),
        "runs_completed": sum(state["status"] == "completed" for state in told.runs.values()),
        "runs_that_said_why_and_were_resumed": len(told.refused),
        "attempts": sum(state["attempts"] for state in told.runs.values()),
        "runs_with_other_weights": len(other),
    }
    print(json.dumps(record))
    return int(bool(wrong or other))


if __name__ == "__main__":
    sys.exit(main())
