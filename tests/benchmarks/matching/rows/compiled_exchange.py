"""The whole exchange on one platform, compiled: the same source."""

from rows.compiled import Compiled


def load() -> Compiled:
    return Compiled("exchange")
