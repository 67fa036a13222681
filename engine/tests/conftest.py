"""What every test has: no network beyond this machine, and property tests without a clock of their own."""

import hypothesis
import pytest

import loopback

# A shared machine makes single examples slow now and then; that is no failure. The same examples are tried every time.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")

_loopback_only = pytest.fixture(autouse=True, scope="session")(loopback.guard)
