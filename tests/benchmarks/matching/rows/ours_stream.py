"""Ours, in pure Python."""

from policy.market import matcher
from rows.ours import Stream


def load() -> Stream:
    return Stream(matcher)
