"""Provenance: commit, packages and machine are recorded, and a checkout is told from an installation."""

import platform
import re
import subprocess
from pathlib import Path

from tunix_rt import __version__
from tunix_rt.provenance import available_cpus, git_state, now, package_versions, provenance

ROOT = Path(__file__).parents[2]


def test_record_names_code_and_machine() -> None:
    record = provenance(device="cpu", dtype="float32")
    assert (record.tunix_rt, record.python) == (__version__, platform.python_version())
    assert (record.device, record.dtype) == ("cpu", "float32")
    assert record.cpus == available_cpus() > 0
    assert record.packages["pydantic"] == package_versions(("pydantic",))["pydantic"]


def test_record_names_the_commit_of_a_checkout() -> None:
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    git_state.cache_clear()  # the checkout may have moved on since the process first asked
    expected = asked.stdout.strip() if asked.returncode == 0 else None
    assert provenance().git_commit == expected
    assert (provenance().git_dirty is None) == (expected is None)


def test_unknown_packages_are_left_out() -> None:
    assert set(package_versions(("pydantic", "no-such-package"))) == {"pydantic"}


def test_time_is_utc_with_seconds() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now())
