"""The events that venues share: a command is invalid, or was answered before.

In: nothing. Out: `CommandInvalid`, for a command that is invalid whatever the rules say, with one of `InvalidCode`;
`CommandRepeated`, for one that came again. `grammar/commands.md` says what each code means. Absent: what the rules
decide; those are events of their own. Whoever follows commands asks for their `invalid_code` before what they say.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from attrs import frozen

from policy.vocabulary import FactsJson


class InvalidCode(StrEnum):
    """Why a command is invalid."""

    COMMAND_UNKNOWN = "command_unknown"
    COMMAND_INCOMPLETE = "command_incomplete"
    FACTS_BOUNDS = "facts_bounds"
    FACTS_DUPLICATE_KEY = "facts_duplicate_key"
    FACTS_JSON = "facts_json"
    FACTS_NUMBER = "facts_number"
    FACTS_TIME = "facts_time"
    FACTS_TYPE = "facts_type"
    FACTS_UNKNOWN = "facts_unknown"
    RESERVED_FACT = "reserved_fact"
    RESERVED_NAME = "reserved_name"
    BLANK_NAME = "blank_name"

    OUT_OF_SEQUENCE = "out_of_sequence"
    TOO_FAR_AHEAD = "too_far_ahead"

    DUPLICATE = "duplicate"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_BUCKET = "unknown_bucket"
    UNKNOWN_CONTRACT = "unknown_contract"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    UNKNOWN_LENDER = "unknown_lender"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_PARTICIPANT = "unknown_participant"
    UNKNOWN_PLATFORM = "unknown_platform"
    UNKNOWN_QUESTION = "unknown_question"

    NOT_POSITIVE = "not_positive"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    OFF_TICK = "off_tick"
    OFF_LOT = "off_lot"
    PRICE_MISSING = "price_missing"
    PRICE_UNWANTED = "price_unwanted"
    PRICE_COUNT = "price_count"

    CANNOT_CHANGE = "cannot_change"
    EXCEEDS_LOAN = "exceeds_loan"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    NOT_FAILED = "not_failed"
    NOT_RESTING = "not_resting"
    NO_LIQUIDITY = "no_liquidity"
    MEETS_OWN_ORDER = "meets_own_order"
    OTHER_CONTRACT = "other_contract"


@frozen
class CommandInvalid:
    """A command that is invalid whatever the rules say; it changed nothing."""

    command: str  # its word, as in `place`
    code: InvalidCode
    message: str


OUT_OF_TIME: Final = frozenset({InvalidCode.OUT_OF_SEQUENCE, InvalidCode.TOO_FAR_AHEAD})  # these move no clock


def invalid_code(events: Iterable[object]) -> InvalidCode | None:
    """Why the command that these events came of was invalid; None where it was carried out."""
    return next((event.code for event in events if isinstance(event, CommandInvalid)), None)


@frozen
class CommandRepeated:
    """The same command came again, and changed nothing. `answer` is the first one, which counts no second time."""

    command: str  # its word, as in `place`
    id: str
    answer: tuple[FactsJson, ...]  # events, as JSON
