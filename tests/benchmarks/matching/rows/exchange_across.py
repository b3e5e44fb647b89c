"""The whole exchange, in a book that two platforms share."""

from rows.under_rules import Exchange


def load() -> Exchange:
    return Exchange(platforms=2)
