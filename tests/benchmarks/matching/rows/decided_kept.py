"""Ours, with the acceptance decision and the journal."""

from rows.journalled import DecidedAndKept


def load() -> DecidedAndKept:
    return DecidedAndKept()
