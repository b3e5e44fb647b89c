"""What declarations and their versions have in common. Part of `rules`."""

from __future__ import annotations

from attrs import field

from policy.answers import NO_WORDS, BilingualText, Citation
from policy.nodes import frozen
from policy.source import NOWHERE, Span
from policy.vocabulary import (
    Direction,
)


@frozen
class Phrases:
    """The sentence that tells a thing, or tells it where it is true, and the one where it is not.

    `{}` in it stands for the value, `{a}` for the value with its article, `{name}` for the parameter of that name.
    """

    says: BilingualText = NO_WORDS
    otherwise: BilingualText = NO_WORDS


NO_PHRASES = Phrases()


@frozen(kw_only=True)
class Declared:
    """What all declarations have: a full name, the ruleset it is in, a title and a place; `renamed`, its old name."""

    id: str
    ruleset: str
    title: BilingualText
    phrases: Phrases = NO_PHRASES
    renamed: str = ""
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def name(self) -> str:
        return self.id[len(self.ruleset) + 1 :]


@frozen(kw_only=True)
class Refuted:
    """That a claim about a declaration is refuted on purpose, and why; a property's own where `claim` is empty."""

    claim: str
    because: BilingualText
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Dated:
    """In force from `start` until before `end`, standing on `citations`."""

    start: int | None = None
    end: int | None = None
    citations: tuple[Citation, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Leniency:
    """That rounding by `mode`, which is not the cautious direction, is meant; and why."""

    mode: Direction
    because: BilingualText
    span: Span = field(default=NOWHERE, eq=False, repr=False)
