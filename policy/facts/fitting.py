"""Whether a Python value is a fact of a type, as Python text: the happy path of `policy/ir/validation.py`, in line.

In: types. Out: conditions that are true only where `RuntimeValidator` finds nothing wrong. Where one is false, that
class is asked, so that every reason is given in one place. Names that start with an underscore are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from attrs import define, field

from policy.answers import MISSING
from policy.ir.program import FieldDeclaration
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import LONGEST_LIST, Type
from policy.model.written import limits
from policy.vocabulary import RecordClass, RuntimeValue

Scope = dict[str, Any]  # what generated text may mention, by name


@define(eq=False)
class Fitting:
    """Writes conditions; `names` receives what they mention, `records` are the checked classes by full name.

    `loose` conditions let lists stand for tuples and take records that are not checked, field by field as far as
    they are in `reads`: those of arguments. The others are for construction.
    """

    names: Scope
    fields: Mapping[str, tuple[FieldDeclaration, ...]]
    records: Mapping[str, RecordClass]
    loose: bool = False
    complete: bool = False  # whether lists may not have an element that nobody knows
    reads: frozenset[str] = frozenset()
    _known: dict[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.names.update(
            _M=MISSING, _type=type, _int=int, _str=str, _tuple=tuple, _list=list, _set=frozenset, _len=len, _all=all
        )

    def condition(self, of: Type, v: str, least: int | None = None, most: int | None = None) -> str:
        """Whether the value called `v` is a fact of type `of`; for `MISSING` it is false."""
        match of:
            case types.OptionalOf(item):
                return f"{v} is None or {self.condition(item, v, least, most)}"
            case types.Boolean():
                return f"{v} is True or {v} is False"
            case types.Text():
                return f"_type({v}) is _str"
            case types.Enum(name, members):
                known = self.named("_E", f"{name} {of.least} {of.most}", frozenset(members))
                return f"_type({v}) is _str and {v} in {known}"
            case types.Quoted():
                self.names["_quoted"] = types.is_quoted
                low, high = limits(of)
                return f"(_type({v}) is _int and {low} <= {v} <= {high} or _quoted({v}))"
            case types.Date() | types.Instant() | types.Number():
                low, high = limits(of, least, most)
                return f"_type({v}) is _int and {low} <= {v} <= {high}"
            case types.Record(name):
                return self.record(name, v)
            case types.ListOf(item):
                kind = f"(_type({v}) is _tuple or _type({v}) is _list)" if self.loose else f"_type({v}) is _tuple"
                each = self.condition(item, "_e") + ("" if self.complete else " or _e is _M")
                return f"{kind} and _len({v}) <= {LONGEST_LIST} and _all([{each} for _e in {v}])"
            case types.SetOf(item):
                each = self.condition(item, "_e")
                return f"_type({v}) is _set and _len({v}) <= {LONGEST_LIST} and _all([{each} for _e in {v}])"
            case types.Broken():
                raise AssertionError(v)
            case _:
                assert_never(of)

    def named(self, prefix: str, name: str, value: RuntimeValue) -> str:
        """What a declaration's constant is called here."""
        made = self._known.get(prefix + name)
        if made is None:
            made = self._known[prefix + name] = f"{prefix}_{len(self.names)}"
            self.names[made] = value
        return made

    def record(self, name: str, v: str) -> str:
        made = self.records.get(name)
        checked = self.named("_R", name, made) if made is not None else ""
        if not self.loose:
            return f"_type({v}) is {checked}" if checked else "False"
        return f"({v}._checked_as is {checked} or {self.fits(name)}({v}))" if checked else f"{self.fits(name)}({v})"

    def fits(self, name: str) -> str:
        """The name of a function that looks at the fields of a record which are read."""
        key = "_fits" + name
        if key in self._known:
            return self._known[key]
        made = self._known[key] = f"_fits_{len(self.names)}"
        self.names[made] = None  # until it is made, below
        lines = [f"def {made}(_r):"]
        for f in self.fields[name]:
            if f.name in self.reads:
                test = self.condition(f.type, "_v", f.least, f.most)
                lines += [f"    _v = _r.{attribute(f.name)}", f"    if not ({test} or _v is _M): return False"]
        exec("\n".join([*lines, "    return True"]), self.names)
        return made
