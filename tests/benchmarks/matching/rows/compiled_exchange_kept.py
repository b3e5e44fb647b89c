"""The whole exchange, compiled, with the journal."""

from rows.compiled import Compiled


def load() -> Compiled:
    return Compiled("exchange_kept")
