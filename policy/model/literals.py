"""The facts of tests: written-out records, lists and literals in run-time form, checked against their types.

A record becomes a dict; a field that was left out is simply not in it, which means unknown.
"""

from __future__ import annotations

from attrs import frozen

from policy.diagnostics import Diagnostic, did_you_mean
from policy.model import expressions as typed, types, written
from policy.model.amounts import plain
from policy.model.checker import TypeChecker
from policy.model.types import Number, Quantity, Type
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import RuntimeValue


@frozen(eq=False)
class Unreadable:
    """Stands for facts that were reported as wrong."""


UNREADABLE = Unreadable()


class Given:
    """The facts that a test names, each read once for a type, however many expectations ask about it.

    Where they are `unbounded`, they need not keep the bounds of fields.
    """

    def __init__(
        self,
        nodes: dict[str, tree.Expression],
        read: dict[object, RuntimeValue] | None = None,
        unbounded: bool = False,
    ) -> None:
        self.nodes, self.unbounded = nodes, unbounded
        self._read: dict[object, RuntimeValue] = {} if read is None else read

    def fact(self, name: str, of: Type, checker: TypeChecker) -> RuntimeValue:
        """What a name stands for, which cannot be made of itself."""
        rest = {other: e for other, e in self.nodes.items() if other != name}
        key = (name, of, *rest)
        if key not in self._read:
            self._read[key] = fact(self.nodes[name], of, Given(rest, self._read, self.unbounded), checker)
        return self._read[key]


def fact(node: tree.Expression, of: Type, given: Given, checker: TypeChecker) -> RuntimeValue:
    """The run-time form of a written-out fact of type `of`."""
    inner = types.inner_of(of)
    if isinstance(node, tree.Truth) and inner == types.BOOLEAN:  # many facts are, and nothing can be wrong with them
        return node.value
    if isinstance(inner, types.Broken):
        return UNREADABLE
    match node:
        case tree.Reference(name) if name in given.nodes:
            checker.scope.note(node.span, "local", name)
            return given.fact(name, of, checker)
        case tree.SetOf(()) if isinstance(inner, types.Record):
            return {}  # a record of which nothing is known
        case tree.RecordOf() | tree.Updated():
            if isinstance(inner, types.Record):
                return _record(node, inner, given, checker)
            checker.disagree(typed.Failed(type=types.Record("record"), span=node.span), inner)
            return UNREADABLE
        case tree.ListOf(items) if isinstance(inner, types.ListOf):
            return [fact(item, inner.of, given, checker) for item in items]
    if isinstance(node, tree.SetOf) and isinstance(inner, types.SetOf):
        return members_of(node, inner.of, given, checker)
    e = checker.typed(node, plain(of))
    value = _constant(e)
    if value is UNREADABLE:
        if not isinstance(e.type, types.Broken):
            checker.fail("type-mismatch", "a fact in a test must be a literal", node.span)
        return UNREADABLE
    if isinstance(inner, Number) and isinstance(e.type, Number) and value is not None:
        return value * 10 ** (inner.scale - e.type.scale)
    return value


def members_of(node: tree.SetOf, of: Type, given: Given, checker: TypeChecker) -> frozenset[RuntimeValue]:
    """The members of a set, of which each is written once."""
    found: set[RuntimeValue] = set()
    for item in node.items:
        value = fact(item, of, given, checker)
        if value in found:
            _once(Diagnostic("duplicate-name", f"`{item.span.text}` is written twice", item.span), checker)
        if value is not UNREADABLE:
            found.add(value)
    return frozenset(found)


def _record(node: tree.RecordOf | tree.Updated, of: types.Record, given: Given, checker: TypeChecker) -> RuntimeValue:
    changes = node if isinstance(node, tree.RecordOf) else node.changes
    base = {} if isinstance(node, tree.RecordOf) else fact(node.base, of, given, checker)
    result = {} if base is UNREADABLE else dict(base)
    fields, bounds = checker.scope.fields[of.name], {} if given.unbounded else checker.scope.bounds.get(of.name, {})
    short = types.short(of.name)
    seen: set[str] = set()
    for name, entry in changes.fields:
        if name.text not in fields:
            checker.found.error(
                "unknown-field",
                f"`{short}` has no field `{name.text}`",
                name.span,
                did_you_mean(name.text, fields) or "it has " + ", ".join(f"`{f}`" for f in fields),
            )
            continue
        if name.text in seen:
            _once(Diagnostic("duplicate-name", f"`{name.text}` is written twice", name.span), checker)
        seen.add(name.text)
        checker.scope.note(name.span, "field", of.name, name.text)
        kind = fields[name.text]
        nested = types.inner_of(kind)
        if isinstance(entry, tree.RecordOf) and isinstance(node, tree.Updated) and isinstance(nested, types.Record):
            before = result.get(name.text)
            value = fact(tree.Updated(tree.RecordOf(()), entry, span=entry.span), kind, given, checker)
            if isinstance(before, dict) and isinstance(value, dict):
                value = {**before, **value}
        else:
            value = fact(entry, kind, given, checker)
        least, most = bounds.get(name.text, (None, None))
        result[name.text] = checked(value, kind, f"{short}.{name.text}", entry.span, checker, least, most)
    return UNREADABLE if base is UNREADABLE or any(v is UNREADABLE for v in result.values()) else result


def answered(value: RuntimeValue, of: Type, span: Span, checker: TypeChecker) -> RuntimeValue:
    """An expected answer: of a record, all its fields in their order."""
    if not isinstance(of, types.Record) or not isinstance(value, dict):
        return value
    fields = checker.scope.fields[of.name]
    if missing := [name for name in fields if name not in value]:
        shown = ", ".join(f"`{name}`" for name in missing)
        help = "write every field, or expect one field alone, as `expect f(x).rate = 5%`"
        checker.fail(
            "incomplete-record",
            f"{shown} of `{types.short(of.name)}` {'is' if len(missing) == 1 else 'are'} not written",
            span,
            help,
        )
        return UNREADABLE
    return tuple(answered(value[name], inner, span, checker) for name, inner in fields.items())


def checked(
    value: RuntimeValue,
    of: Type,
    path: str,
    span: Span,
    checker: TypeChecker,
    least: int | None = None,
    most: int | None = None,
) -> RuntimeValue:
    """The fact at `path`, or `UNREADABLE` with a finding where no fact may be so large or so small."""
    wrong = _wrong(value, of, least, most)
    if wrong is None:
        return value
    help = "write `expect … refused` to test the bound" if wrong.code == "facts-bounds" else wrong.help
    _once(Diagnostic(wrong.code, f"`{path}`: {wrong.message}", span, help), checker)
    return UNREADABLE


def _once(finding: Diagnostic, checker: TypeChecker) -> None:
    if finding not in checker.found.found:  # facts are read for each question that is asked about them
        checker.found.found.append(finding)


def _wrong(value: RuntimeValue, of: Type, least: int | None, most: int | None) -> written.Wrong | None:
    match of:
        case types.OptionalOf(inner):
            return _wrong(value, inner, least, most)
        case types.ListOf(inner) | types.SetOf(inner) if isinstance(value, list | frozenset):
            return next(filter(None, (_wrong(v, inner, None, None) for v in value)), None)
    if isinstance(of, types.Enum) and isinstance(value, str):
        allowed = of.between(least, most)
        return None if value in allowed.members else written.outside(value, allowed)
    if not isinstance(value, int) or not isinstance(of, Quantity):
        return None
    low, high = written.limits(of)
    return written.beyond(value, of, least, most) if low <= value <= high else written.too_large(of)


def _constant(e: typed.Expression) -> RuntimeValue:
    if isinstance(e, typed.Literal):
        return e.value
    if isinstance(e, typed.Unary) and e.operator == "-":
        value = _constant(e.operand)
        return value if value is UNREADABLE else -value
    if isinstance(e, typed.SetOf):
        return frozenset(map(_constant, e.items))
    return [*map(_constant, e.items)] if isinstance(e, typed.ListOf) else UNREADABLE
