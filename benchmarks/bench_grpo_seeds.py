"""What reinforcement learning adds to fine-tuning on nano, over seeds, beside its control: `make bench-grpo-seeds`.

Each row is the whole session of configs/demo-nano.yaml, in a process of its own: the fine-tuned model and the
one after GRPO answer the same held-out questions, once freely and once with the reasoning begun for them. A seed counts
if GRPO gains 5 points with p < 0.05 on 400 pairs. The control has the same questions with careful traces alone. It does
not know how anything is trained.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONFIG = Path(__file__).parents[1] / "configs" / "demo-nano.yaml"
CAREFUL = ("--set", "dataset.name=nano-arithmetic", "--set", "dataset.sources=[nano-arithmetic]")
POINTS, P, PAIRS, SHARE = 0.05, 0.05, 400, 0.8
"""What a seed must gain, how surely, on how many pairs; and the share of seeds that must."""


def session(folder: Path, seed: int, *settings: str) -> dict[str, Any]:
    """Run one session in a home of its own and return its figures; compiled programs are shared."""
    environment = os.environ | {
        "TUNIX_RT_HOME": str(folder / f"home-{seed}-{len(settings)}"),
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
    }
    words = [sys.executable, "-m", "tunix_rt", "session", "run", str(CONFIG), "--seed", str(seed), *settings, "--json"]
    began = time.monotonic()
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    seconds = time.monotonic() - began
    result = json.loads(done.stdout.splitlines()[-1])
    more, pair = result["reinforcement"], result["reinforcement"]["comparison"]
    return {
        "corpus": "careful" if settings else "mixed",
        "seed": seed,
        "n": pair["n"],
        "sft_updates": result["training"]["steps"],
        "sft": more["sft"]["strict"],
        "grpo_updates": more["outcome"]["steps"],
        "grpo": result["tuned"]["strict"],
        "delta": pair["delta"],
        "low": pair["low"],
        "high": pair["high"],
        "p": pair["p"],
        "begun_before": more["forced"]["sft"]["strict"],
        "begun_after": more["forced"]["tuned"]["strict"],
        "minutes": round(seconds / 60, 2),
    }


def row(found: dict[str, Any]) -> str:
    """Return a line of the table; shares in per cent with their 95 % interval."""
    shares = (found["sft"], found["grpo"], found["begun_before"], found["begun_after"])
    cells = [f"{100 * one['value']:.1f} ({100 * one['low']:.1f}–{100 * one['high']:.1f})" for one in shares]
    updates = f"{found['sft_updates']} + {found['grpo_updates']}"
    return (
        f"{found['corpus']:8}{found['seed']:>5}{updates:>11}{found['n']:>5}{''.join(f'{cell:>20}' for cell in cells)}"
        f"{100 * found['delta']:>+9.1f}{found['p']:>10.2g}{found['minutes']:>9.2f}"
    )


def main() -> None:
    """Run every seed and the control, print a table and one JSON line; exit code 1 if too few seeds gained."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="seeds of the sessions")
    chosen = options.parse_args()
    heads = ("SFT, % (95 %)", "GRPO, % (95 %)", "SFT, begun", "GRPO, begun")
    print(
        f"{'traces':8}{'seed':>5}{'updates':>11}{'n':>5}" + "".join(f"{head:>20}" for head in heads),
        f"{'points':>8}{'p':>10}{'minutes':>9}",
        sep="",
    )
    with tempfile.TemporaryDirectory() as folder:
        seeds = []
        for seed in chosen.seeds:
            seeds.append(session(Path(folder), seed))
            print(row(seeds[-1]), flush=True)
        control = session(Path(folder), chosen.seeds[0], *CAREFUL)
    print(row(control))
    gained = [one["seed"] for one in seeds if one["delta"] >= POINTS and one["p"] < P and one["n"] >= PAIRS]
    enough = len(gained) >= SHARE * len(seeds)
    print(f"{len(gained)} of {len(seeds)} seeds gained {100 * POINTS:g} points with p < {P:g}; wanted {SHARE:.0%}")
    print("begun: with the tag and the first character of a worked trace written for the model")
    print(json.dumps({"seeds": seeds, "control": control, "gained": gained, "enough": enough}))
    sys.exit(not enough)


if __name__ == "__main__":
    main()
