"""What each operator is in C. The one file of mappings; the helpers that they call are in `runtime.c`."""

from __future__ import annotations

from typing import Final

from policy.vocabulary import ArithmeticOperator, ComparisonOperator, PartOfDate, RoundingMode

COMPARE: dict[ComparisonOperator, str] = {
    "is": "==",
    "is not": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "in": "in",  # by a helper, or among the elements
}

ARITHMETIC: dict[ArithmeticOperator, str] = {
    "+": "{a} + {b}",
    "-": "{a} - {b}",
    "*": "{a} * {b}",
    "min": "{a} <= {b} ? {a} : {b}",
    "max": "{a} >= {b} ? {a} : {b}",
}

# The same where the result may not fit into 128 bits: whether it does not.
OVERFLOWS: dict[ArithmeticOperator, str] = {
    "+": "add_overflows((i128){a}, (i128){b}, &{r})",
    "-": "sub_overflows((i128){a}, (i128){b}, &{r})",
    "*": "mul_overflows((i128){a}, (i128){b}, &{r})",
}

DIVIDE: dict[RoundingMode, str] = {
    "down": "divide_down",
    "up": "divide_up",
    "half even": "divide_half_even",
    "half up": "divide_half_up",
}

DATE_PART: dict[PartOfDate, str] = {
    "year": "year_of",
    "month": "month_of",
    "day": "day_of_month",
    "day of the year": "day_of_year",
}

# Messages of the interpreter by the code that says the same; any other message has a number of its own.
FAULTS: Final = {
    "a number is too large": "POLICY_FAULT_OUT_OF_RANGE",
    "a date is out of the calendar": "POLICY_FAULT_OUT_OF_CALENDAR",
    "division by zero": "POLICY_FAULT_DIVISION_BY_ZERO",
    "there is no such element": "POLICY_FAULT_NO_ELEMENT",
    "there are several elements where one is meant": "POLICY_FAULT_SEVERAL_ELEMENTS",
}
OUT_OF_RANGE, OUT_OF_CALENDAR, DIVISION_BY_ZERO, NO_ELEMENT, SEVERAL_ELEMENTS = FAULTS.values()
SEVERAL_ROWS = "POLICY_FAULT_SEVERAL_ROWS"
RULES = "POLICY_FAULT_RULES"

WORD = 2**63  # numbers of 64 bits stay below
LONG = 2**127  # numbers of 128 bits stay below


def literal(value: int) -> str:
    """An integer constant of any size up to 128 bits."""
    assert -LONG < value < LONG, value
    if -WORD < value < WORD:
        return f"INT64_C({value})"  # also a small one, for two of them may be multiplied
    return f"I128({(value >> 64) & (2**64 - 1):#x}u, {value & (2**64 - 1):#x}u)"


def text_literal(text: str) -> str:
    """A text of C with these bytes: octal for all that is no letter, digit, space or plain sign."""
    plain = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;()[]{}<>=+-_/*#%&|!~^'$@`")
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode("utf-8", "surrogatepass")) + '"'


def comment(text: str) -> str:
    """A text that may stand in a comment of C: it neither ends one, nor begins one, nor joins lines."""
    flat = " ".join(text.split()).replace("\\", "/").replace("??", "? ?")
    return flat.replace("*/", "* /").replace("/*", "/ *")
