"""`pytest --update` rewrites what corpus files and error pages expect; a person then reads the diff."""

from __future__ import annotations

import os

import pytest

os.environ["POLICY_CACHE"] = "off"  # a test must see the code as it is now


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output instead of comparing")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected output is to be rewritten."""
    return bool(request.config.getoption("--update"))
