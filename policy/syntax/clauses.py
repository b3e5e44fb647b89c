"""Clauses on their way into the node that they belong to. Part of `build`."""

from __future__ import annotations

from attrs import frozen

from policy.answers import BilingualText
from policy.source import Span
from policy.syntax import tree


@frozen
class Renamed:
    """The clause of a declaration, member or field that had another name before."""

    old: tree.Name


@frozen
class Rest:
    """The days of the week on which nobody works."""

    days: tuple[tree.Name, ...]
    per: tree.Citations


@frozen
class Spelt:
    """The clause of a member that facts may spell otherwise."""

    texts: tuple[tree.Text, ...]


@frozen
class Noted:
    """What was read of a source, and where the file says so."""

    words: BilingualText
    span: Span
