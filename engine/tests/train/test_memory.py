"""Kept pages: a large buffer that was freed does not fault again."""

from __future__ import annotations

import resource
import subprocess
import sys

PROGRAM = """
import resource, sys
import numpy as np
from tunix_rt.train.memory import keep_pages
if sys.argv[1] == "keep":
    assert keep_pages()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**24, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def faults(mode: str) -> int:
    return int(subprocess.run([sys.executable, "-c", PROGRAM, mode], capture_output=True, text=True, check=True).stdout)


def test_freed_memory_is_used_again_without_page_faults() -> None:
    pages = 2**26 // resource.getpagesize()
    assert faults("keep") < pages / 100 < faults("leave")
