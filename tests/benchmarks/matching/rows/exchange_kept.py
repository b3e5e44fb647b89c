"""The whole exchange, with the journal."""

from rows.journalled import ExchangeAndKept


def load() -> ExchangeAndKept:
    return ExchangeAndKept()
