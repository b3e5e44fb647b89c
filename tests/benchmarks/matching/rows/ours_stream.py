"""Ours, in pure Python."""

from policy.exchange import matcher
from rows.ours import Stream


def load() -> Stream:
    return Stream(matcher)
