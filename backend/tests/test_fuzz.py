"""A short run of what `make fuzz` does at length: the limits of every value, and short stories, with every check.

Values drawn at random take seconds for each operation before the first request, and are left to `make fuzz`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz import fuzz


@pytest.mark.slow
def test_generated_requests_meet_no_failure(tmp_path: Path) -> None:
    told = fuzz(tmp_path, None, max_examples=3, seed=1, words=["--phases=coverage,stateful"])
    assert told["failures"] == 0, told
    assert told["operations"] == told["of_operations"]
    assert told["requests"] > 2000
