"""The exception tree: drawn as it is, and every error ends in an exit code."""

import inspect
import re

import pytest

from tunix_rt import errors
from tunix_rt.errors import TunixRtError, UsageError

ALL = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]


def test_the_drawing_shows_every_error() -> None:
    drawn = set(re.findall(r"\b[A-Z]\w+Error\b", errors.__doc__ or ""))
    assert drawn == {error.__name__ for error in ALL}


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_exit_code_says_whether_the_request_or_the_work_was_wrong(error: type[TunixRtError]) -> None:
    assert issubclass(error, TunixRtError)
    assert error.exit_code == (2 if issubclass(error, UsageError) else 1)
    assert error.__doc__
