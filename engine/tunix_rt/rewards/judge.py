"""The judge: a service of the user's own that scores completions, asked once for all completions of an update.

It does not know which model, if any, stands behind the address. Whatever goes wrong is raised; the caller counts it.
"""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Sequence
from concurrent.futures import Future

import orjson

from tunix_rt.errors import DataError
from tunix_rt.rewards.case import Case
from tunix_rt.rewards.config import JudgeOptions

_MAX_ANSWER = 10_000_000
"""Bytes of an answer at most."""


def ask_judge(cases: Sequence[Case], options: JudgeOptions) -> list[object]:
    """Return what the judge says of each completion: a number from 0 to 1, or None where it abstains.

    Raises TimeoutError or OSError if no answer comes, DataError if it is not `{"scores": […]}` with one for each.
    """
    found: Future[list[object]] = Future()

    def ask() -> None:
        try:
            found.set_result(_ask(cases, options))
        except Exception as error:
            found.set_exception(error)

    # A socket's own limit counts anew with each byte, and one a second would hold a training up for ever.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return found.result(options.timeout_seconds)
    except TimeoutError as error:
        raise TimeoutError(f"the judge gave no scores within {options.timeout_seconds:g} s") from error


def _ask(cases: Sequence[Case], options: JudgeOptions) -> list[object]:
    items = [{"prompt": case.prompt, "target": case.target.value, "completion": case.text} for case in cases]
    request = urllib.request.Request(
        options.url, orjson.dumps({"items": items}), {"Content-Type": "application/json", "Accept": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=options.timeout_seconds) as response:
        answer = orjson.loads(response.read(_MAX_ANSWER))
    scores = answer.get("scores") if isinstance(answer, dict) else None
    if not isinstance(scores, list) or len(scores) != len(cases):
        raise DataError(f'the judge gave no list "scores" of {len(cases)} values')
    for score in scores:
        if isinstance(score, int | float) and not 0 <= score <= 1:
            raise DataError(f"the judge gave {score!r}; expected scores from 0 to 1")
    return scores
