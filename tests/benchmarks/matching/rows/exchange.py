"""The whole exchange, on one platform."""

from rows.under_rules import Exchange


def load() -> Exchange:
    return Exchange(platforms=1)
