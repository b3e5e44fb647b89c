"""`pytest --update` rewrites what corpus files and error pages expect; a person then reads the diff."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

# What is made of the shipped rules is kept for one run of the tests and no longer, so that a test sees the code as it
# is now. The processes of a run inherit the folder, and so share it.
_KEPT = os.environ.setdefault("POLICY_TESTS", "") or tempfile.mkdtemp(prefix="policy-tests-")
os.environ["POLICY_TESTS"] = os.environ["POLICY_CACHE"] = _KEPT


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_KEPT, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output instead of comparing")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected output is to be rewritten."""
    return bool(request.config.getoption("--update"))
