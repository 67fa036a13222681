"""The names in a run's folder: all beneath it, no two alike, and those that the design of a run promises."""

from __future__ import annotations

from pathlib import Path

from tunix_rt.run_folder import RunDir


def test_every_name_lies_in_the_folder_and_belongs_to_one_thing(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "runs" / "2026-01-05-sft-few-7f3a")
    assert (run.id, run.home) == ("2026-01-05-sft-few-7f3a", tmp_path)
    properties = [name for name, value in vars(RunDir).items() if isinstance(value, property)]
    places = [place for name in properties if name != "home" and isinstance(place := getattr(run, name), Path)]
    names = [place.relative_to(run.path).as_posix() for place in places]
    assert len(set(names)) == len(names) > 10
    assert {"manifest.json", "config.json", "metrics.jsonl", "samples.jsonl", "rollouts.jsonl"} < set(names)
    assert run.log(2) == run.path / "logs" / "attempt-2.log"
