"""What a document is signed with: who issues it, on which day, as which version, and who answers for it.

In: nothing; `documents.firms` reads the firm's file. Out: `Imprint`, as rows of the cover and of the last page.
Absent: the clock; a date of issue is given, or left to be written by hand.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText

Role = Literal["prepared", "reviewed", "approved"]


@frozen
class Person:
    """Someone who answers for a document, and as what."""

    role: Role
    name: BilingualText
    title: BilingualText = NO_WORDS


@frozen
class Imprint:
    """The firm and its people. What is empty is left to be written by hand, or not printed."""

    name: BilingualText = NO_WORDS
    address: BilingualText = NO_WORDS
    licence: BilingualText = NO_WORDS
    logo: str = ""  # a picture, as a `data:` address
    people: tuple[Person, ...] = ()
    distribution: tuple[BilingualText, ...] = ()
    confidentiality: BilingualText = NO_WORDS
    contact: BilingualText = NO_WORDS  # whom a client asks
    complaints: BilingualText = NO_WORDS  # where a client complains
    issued: str = ""  # an ISO date
    version: str = ""  # what the firm calls this version of the rulebook


UNSIGNED = Imprint()
