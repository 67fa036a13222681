"""The process that compares LaTeX answers with math-verify: one JSON request a line in, one word a line out.

It is started by `latex.LatexPool` and knows nothing else of this package. It limits its own memory, and an alarm ends
it even when the parent is gone: the default action of SIGALRM needs no Python to run.
"""

import json
import os
import resource
import signal
import sys

MEMORY_BYTES = 2 * 1024**3
"""Address space that a comparison may use."""


def main() -> None:
    """Answer requests until stdin closes."""
    # ANTLR and SymPy may print: only our answers go to the pipe.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    from math_verify import LatexExtractionConfig, parse, verify

    # Expressions outside LaTeX would be read by SymPy's parse_expr, which executes Python: only LaTeX is read here.
    config = [LatexExtractionConfig(boxed_match_priority=0)]

    def read(text: str) -> list[object]:
        wrapped = text if any(mark in text for mark in ("$", "\\(", "\\[", "\\boxed")) else f"${text}$"
        values = parse(
            wrapped, config, fallback_mode="no_fallback", extraction_mode="first_match", parsing_timeout=None
        )
        return [value for value in values if not isinstance(value, str)]

    def judge(found: str, wanted: str) -> str:
        right = read(wanted)
        if not right:
            return "target_fail"
        answer = read(found)
        if not answer:
            return "parse_fail"
        return "equal" if verify(right, answer, timeout_seconds=None) else "unequal"

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers.write("ready\n")
    for line in sys.stdin:
        request = json.loads(line)
        signal.alarm(request["seconds"])
        try:
            answer = judge(request["found"], request["wanted"])
        except (MemoryError, RecursionError):
            answer = "parse_fail"
        except Exception:
            # SymPy raises many kinds of errors on odd formulas; all of them mean that it could not compare.
            answer = "parse_fail"
        signal.alarm(0)
        answers.write(answer + "\n")


if __name__ == "__main__":
    main()
