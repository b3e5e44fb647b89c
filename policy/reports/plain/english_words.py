"""What English calls comparisons, calculations and roundings. Part of `english`.

In: nothing. Out: a word or a pattern for each member of a closed set. Absent: grammar.
"""

from __future__ import annotations

from policy.reports.plain.wording import Calculation, Comparison
from policy.vocabulary import AggregateKind, OrderOperator, RoundingMode

VERBS: dict[Calculation, str] = {"+": "plus", "-": "less", "*": "times", "/": "divided by"}
NUMBERS: dict[Comparison, str] = {
    "is": "is",
    "is not": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
TIMES: dict[Comparison, str] = NUMBERS | {
    "<": "is before",
    "<=": "is no later than",
    ">": "is after",
    ">=": "is no earlier than",
}
RANKS: dict[Comparison, str] = NUMBERS | {"<": "is lower than", ">": "is higher than"}
MODES: dict[RoundingMode, str] = {
    "down": "rounded down to the nearest {}",
    "up": "rounded up to the nearest {}",
    "half up": "rounded to the nearest {}, a half upwards",
    "half even": "rounded to the nearest {}, a half to the even digit",
}
KINDS: dict[AggregateKind, str] = {
    "sum": "the total of {}",
    "min": "the least of {}",
    "max": "the greatest of {}",
    "count": "the number of {}",
    "average": "the average of {}",
    "median": "the median of {}",
}
PASSED: dict[Comparison, str] = {
    "<": "more than {} have passed since {}",
    "<=": "at least {} have passed since {}",
    ">": "{} have not yet passed since {}",
    ">=": "no more than {} have passed since {}",
}
NIL: dict[Comparison, str] = {
    "is": "is nil",
    "is not": "is not nil",
    "<": "is negative",
    "<=": "is nil or negative",
    ">": "is more than nil",
    ">=": "is not negative",
}
LATER: dict[OrderOperator, str] = {
    "<": "is earlier than {} after",
    "<=": "is no later than {} after",
    ">": "is more than {} after",
    ">=": "is at least {} after",
}
NEAR: dict[bool, str] = {
    True: "{0} is no later than {1} and no more than {2} before it",
    False: "{0} is after {1} or more than {2} before it",
}
