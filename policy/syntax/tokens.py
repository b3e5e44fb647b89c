"""The tokens that nodes are made of: texts that know their kind and their place.

In: a piece of the text. Out: a `str`. Absent: how a text is cut into them, and the grammar. This file is never
compiled: mypyc has no native classes of texts.
"""

from __future__ import annotations


class Token(str):
    """A piece of text of one kind, with its place."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int

    @classmethod
    def of(cls, type: str, text: str, start: int) -> Token:
        token = cls(text)
        token.type, token.start_pos, token.end_pos = type, start, start + len(text)
        return token

    @property
    def value(self) -> object:
        """The text alone."""
        return str(self)
