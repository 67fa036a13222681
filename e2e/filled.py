"""A home folder with something on every page, written by the engine's own writers: nothing of it was trained."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

from sqlalchemy.orm import Session

import building
import made
import measured
import reinforced
import written
from evaluated import pool
from tunix_rt.formats import digest_file, digest_value
from tunix_rt.submission import SUBMISSIONS, submit
from tunix_rt_backend import db
from tunix_rt_backend.services import access
from tunix_rt_backend.settings import Settings

STEPS = 300
"""Updates of the run of reinforcement learning."""
SCRIPT = "<script>window.hacked = 1</script>"
ROWS = 30


def own_schema(folder: Path) -> Path:
    """Write a file whose columns no importer knows; one row has no answer, one a wrong step."""
    path = folder / "my-sums.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["task_text", "worked", "result"])
        for n in range(ROWS):
            apples, more = n + 3, 2 * n + 5
            said = apples + more + (n == 7)
            words = f"{SCRIPT} " if n == 7 else "مرحبا 🍎 " if n == 8 else ""
            question = f"{words}Basket {n}: {apples} apples and {more} more. How many?"
            writer.writerow([question, f"Basket {n}: {apples} + {more} = {said}\nSo {said}.", "" if n == 4 else said])
    return path


def metrics(steps: int) -> str:
    """Return rows of metrics as a run of reinforcement learning writes them."""
    rows = []
    for step in range(1, steps + 1):
        wave = math.sin(step * 1.7) / 12
        rows.append(
            {
                "step": step,
                "time_s": 0.4 * step,
                "num_tokens": 900 * step,
                "loss": 0.02 + wave / 4,
                "reward": 1 - math.exp(-step / 90) + wave,
                "rewards/correctness/mean": 1 - math.exp(-step / 110) + wave,
                "rewards/format/mean": 1 - math.exp(-step / 20),
                "kl": 0.0004 * step,
                "entropy": 0.9 * math.exp(-step / 200),
                "completions/mean_length": 22 + 3 * wave,
                "learning_rate": 2e-4 * (1 - step / steps),
                "grad_norm": 0.4 + abs(wave),
                "rollout_tokens_per_second": 12_000 + 900 * wave,
            }
        )
    return "".join(json.dumps(row) + "\n" for row in rows)


def fill(home: Path) -> str:
    """Write a dataset, two runs, their measurements and a submission; return a token that may change things."""
    settings = Settings(home=home)
    db.migrate(settings)
    course = [written.samples(step, texts) for step, texts in written.COURSE.items()]
    tuned = made.make_run(home, metrics=metrics(STEPS), samples=course)
    tuned.preview.write_text(written.PREVIEW)
    weights = digest_value({"weights.safetensors": digest_file(tuned.adapter / "weights.safetensors")})
    groups = [reinforced.group(step, f"trace-{prompt}") for step in (1, 2, STEPS) for prompt in range(2)]
    run = reinforced.make_run(home, groups)
    run.metrics.write_text(metrics(STEPS))
    engine = db.make_engine(settings)
    with Session(engine) as session:
        building.keep(session, pool(80))
        measured.measure(session, home, skill=0.2)
        measured.measure(session, home, skill=0.3, prompt="few_shot")
        measured.measure(session, home, run=made.RUN, skill=0.7, adapter=weights)
        measured.measure(session, home, run=reinforced.RUN, skill=0.72)
        submit(home, tuned)
        made.reindex(session, home)
        _, text = access.create_token(session, "reader", "write", None)
        session.commit()
    engine.dispose()
    return text


def submission(home: Path) -> str:
    """Return the name of the submission in a filled home: it is named by its content."""
    [folder] = (home / SUBMISSIONS).iterdir()
    return folder.name
