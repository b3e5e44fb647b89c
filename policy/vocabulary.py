"""The closed sets of the language, each spelt once: operators, effects, hit policies, kinds of declarations.

In: nothing. Out: `Literal` aliases that all stages share. A `match` over one ends in `assert_never`, so that a word
added here is an error of the type checker wherever it is forgotten. Absent: what the words mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeGuard, get_args

# ── expressions as written ──────────────────────────────────────────────────────────────────

PartOfDate = Literal["year", "month", "day", "day of the year"]
CalendarOperator = Literal[
    "year of", "month of", "day of", "weekday of",
    "first day of the month of", "last day of the month of",
    "first day of the quarter of", "last day of the quarter of",
    "first day of the year of", "last day of the year of",
]  # fmt: skip
BusinessDayOperator = Literal[
    "a business day", "business days after", "business days before",
    "business day on or after", "business day on or before", "business days between",
]  # fmt: skip
UnaryOperator = Literal["-", "abs", "not", "is present", "is absent", "square root", CalendarOperator]


def is_calendar(operator: UnaryOperator) -> TypeGuard[CalendarOperator]:
    return operator in get_args(CalendarOperator)


EqualityOperator = Literal["is", "is not"]
OrderOperator = Literal["<", "<=", ">", ">="]
RemainderOperator = Literal["modulo", "is a multiple of"]
ElapsedOperator = Literal["whole years from", "whole months from"]  # … to
MembershipOperator = Literal["in", "not in"]
BinaryOperator = Literal[
    "+", "-", "*", "/", "^", RemainderOperator, ElapsedOperator, EqualityOperator, OrderOperator, MembershipOperator,
    "default",
]  # fmt: skip
ExtremumOperator = Literal["min", "max"]
ChainOperator = Literal["and", "or", ExtremumOperator]
FindingKind = Literal["only", "first"]  # an element, as `the (…)` and `first of (…)`
MostKind = Literal["largest", "smallest"]  # the sum of so many, as `sum of the 5 largest (…)`
ReductionKind = Literal["sum", "count", "count distinct", "any", "all", "min", "max", "median", MostKind, "list"]
AggregateKind = Literal[ReductionKind, FindingKind, "average"]
SortDirection = Literal["lowest", "highest"]
Direction = Literal["down", "up"]
End = Literal["highest", "lowest"]  # of an order
RoundingMode = Literal[Direction, "half even", "half up"]
TypeWord = Literal[
    "boolean", "text", "integer", "decimal", "rate", "quantity", "money", "amount", "price", "date", "instant",
    "duration", "period", "set", "list", "optional", "named",
]  # fmt: skip

# ── expressions of a program ────────────────────────────────────────────────────────────────

ProgramAggregate = Literal[ReductionKind, FindingKind]  # its median is the sum of the two in the middle
ComparisonOperator = Literal[EqualityOperator, OrderOperator, "in"]
ArithmeticOperator = Literal["+", "-", "*", ExtremumOperator]

# ── declarations ────────────────────────────────────────────────────────────────────────────

Effect = Literal["permit", "deny"]
Strictness = Literal["", "higher", "lower", "permitted"]  # which way is stricter, where that is said
HitPolicy = Literal["only", "first", "highest", "lowest", "sum"]
TestKind = Literal["any", "values", "other", "bounds", "in", "not in"]  # of a cell that tests a column
CellKind = Literal[TestKind, "from", "until", "per", "citations", "text"]
KeyKind = Literal["lowest", "highest", "best", "ranked"]
ExpectationKind = Literal["equals", "permitted", "denied", "undecided", "fails", "refused", "before"]
AmendmentKind = Literal["parameter", "value", "table", "decision", "adopt"]
CallableKind = Literal["value", "table", "decision"]
QuestionKind = Literal["parameter", "set", CallableKind, "priority", "property"]
SymbolKind = Literal[
    QuestionKind, "ruleset", "enum", "member", "record", "field", "calendar", "rule", "provision", "local"
]

# ── values ──────────────────────────────────────────────────────────────────────────────────

# A fact or a result at run time: an int, str, bool, frozenset, tuple, record, `MISSING`, or None for an optional's
# absence. Which of them it is, the types of the rules say and the type checker of the language has seen to.
RuntimeValue = Any

# A JSON object, and facts as one: what its values are, whoever reads it has to find out.
Json = dict[str, Any]
FactsJson = Mapping[str, Any]

# The class of a record of a rulebook, made when the rulebook is loaded.
RecordClass = type[Any]

# Several questions asked of a record at once, beside an object for each element of a list in it: first it works out a
# field of each element, then whether a decision permits, and a value of each; None where each must be asked alone.
Together = Callable[[RuntimeValue, Iterable[object]], tuple[bool, list[RuntimeValue]] | None]

# A decision and values about a record of which most facts stand, asked by those that move: the verdict and the values
# where it permits; None where each must be asked alone.
Decided = Callable[..., tuple[RuntimeValue, ...] | None]
