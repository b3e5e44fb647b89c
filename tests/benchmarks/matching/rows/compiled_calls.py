"""Ours, compiled: the same source."""

from rows.compiled import matcher
from rows.ours import Calls


def load() -> Calls:
    return Calls(matcher())
