"""What `tunix-rt doctor` says of the service: how many files it may hold open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOK = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))
from tunix_rt_backend.doctor import checks
print(*next(check for check in checks() if check.name == "open files"), sep="|")
"""


@pytest.mark.parametrize(("most", "state", "found"), [(1023, "note", "at most 1,023"), (1024, "ok", "at most 1,024")])
def test_too_few_open_files_are_noted(tmp_path: Path, most: int, state: str, found: str) -> None:
    words = [sys.executable, "-c", LOOK.format(most=most)]
    said = subprocess.run(
        words, env=os.environ | {"TUNIX_RT_HOME": str(tmp_path)}, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(f"open files|{state}|{found} at a time|")
    assert ("LimitNOFILE" in said) == (state == "note")
