"""What holds a fact in its struct, and a value in a variable.

In: types. Out: types of C, and their initial values.
"""

from __future__ import annotations

from typing import Literal, assert_never

from policy.backends.c.operators import WORD
from policy.model import types
from policy.model.types import AnswerType, Type

Shape = Literal["boolean", "code", "text", "number", "record", "set", "list"]  # a code is a member of an enum

STORED: dict[Shape, str] = {"boolean": "uint8_t", "code": "int32_t", "text": "policy_text", "number": "int64_t"}

IDLE = {
    "int": "0",
    "int32_t": "0",
    "uint32_t": "0",
    "i64": "0",
    "i128": "0",
    "needs": "no_needs()",
    "policy_text": "STRUCT(policy_text, 0, 0)",
    "struct ref": "STRUCT(ref, 0, -1)",
    "struct span": "STRUCT(span, 0, 0)",
    "struct list": "STRUCT(list, 0, 0, 0, -1)",
    "struct wide": "STRUCT(wide, 0, 0)",
}  # what a variable is before anything is known


def shape(of: AnswerType) -> Shape:
    match of:
        case types.Boolean():
            return "boolean"
        case types.Enum():
            return "code"
        case types.Text():
            return "text"
        case types.Number() | types.Date() | types.Instant():
            return "number"
        case types.Record():
            return "record"
        case types.SetOf():
            return "set"
        case types.ListOf():
            return "list"
        case types.OptionalOf() | types.Results() | types.Broken():
            raise AssertionError(of)
        case _:
            assert_never(of)


def plural(of: Type) -> str:
    """What a list of such scalars is called: the helpers for its elements are named so."""
    return f"{shape(of)}s"


def held(of: Type | None, bound: int) -> str:
    """The type of the variable that holds a value, which is a number below `bound` or has no type of its own."""
    kind = "boolean" if of is None else shape(of)
    match kind:
        case "boolean" | "code":
            return "int"
        case "number":
            return "i64" if bound <= WORD else "i128"
        case "text":
            return "policy_text"
        case "record":
            return "struct ref"
        case "set":
            return "struct span"
        case "list":
            return "struct list"
        case _:
            assert_never(kind)


def as_variable(of: Type, fact: str, base: str) -> str:
    """A fact as variables hold it; `base` is the number of its path."""
    kind = shape(of)
    match kind:
        case "record":
            return f"STRUCT(ref, {fact}, {base})"
        case "set":
            return f"STRUCT(span, {fact}.at, {fact}.length)"
        case "list":
            return f"STRUCT(list, {fact}.at, {fact}.given, {fact}.length, {base})"
        case "boolean" | "code" | "text" | "number":
            return fact
        case _:
            assert_never(kind)
