"""Words of English that stand beside each other: lists, and whose a thing is. Part of `english`."""

from __future__ import annotations


def said_list(terms: list[str], last: str) -> str:
    """`A, B or C`."""
    return f" {last} ".join([", ".join(terms[:-1]), terms[-1]]) if len(terms) > 1 else "".join(terms)


def genitive(owner: str) -> str:
    return owner + ("’" if owner.endswith("s") else "’s")
