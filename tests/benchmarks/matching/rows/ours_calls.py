"""Ours, in pure Python."""

from policy.market import matcher
from rows.ours import Calls


def load() -> Calls:
    return Calls(matcher)
