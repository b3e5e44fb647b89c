"""Expressions from syntax: names resolved, types and units checked, divisions kept inside `round`.

A slip becomes one finding and a `Failed` node of a type that agrees with everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, assert_never

from attrs import evolve

from policy.diagnostics import Collector, did_you_mean, which_member
from policy.model import expressions as typed, types, values
from policy.model.aggregates import Aggregates
from policy.model.amounts import of_field
from policy.model.arithmetic import (
    EQUAL,
    additive,
    clamped,
    day_moved,
    elapsed,
    extremum,
    how_ordered,
    multiplicative,
    number_literal,
    on_calendar,
    power,
    remainder,
    rounded,
    square_root,
)
from policy.model.coercion import a_type
from policy.model.expressions import Expression
from policy.model.names import Scope
from policy.model.presence import shown_present
from policy.model.types import EXACT_FRACTION, Number, Type, describe
from policy.source import Span
from policy.syntax import tree
from policy.syntax.slips import INSTEAD


class TypeChecker(Aggregates):
    """Types the expressions of one declaration; `variables` are its parameters and open aggregates."""

    def __init__(self, scope: Scope, variables: dict[str, Type], found: Collector) -> None:
        super().__init__(found)
        self.scope, self.variables = scope, variables
        self.local: dict[str, typed.Defined] = {}  # the local names of the declaration
        self.later: tuple[str, ...] = ()  # those that stand further down
        self.rounding = 0  # enclosing `round`s
        self.present: tuple[tree.Expression, ...] = ()

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def expression(self, node: tree.Expression, expected: Type = types.BROKEN) -> Expression:
        """The typed expression; `expected` is a hint that lets enum members be written bare."""
        span = node.span
        hint = types.inner_of(expected)
        match node:
            case tree.Number():
                literal = number_literal(node)
                if node.unit and isinstance(literal.type, Number) and literal.type.currency:
                    if self.scope.minor_unit(literal.type.currency, span) is None:
                        return typed.Failed(type=types.BROKEN, span=span)
                return self.adapt(literal, hint) if isinstance(hint, Number) else literal
            case tree.Text(value):
                return typed.Literal(value, type=types.TEXT, span=span)
            case tree.Truth(value):
                return typed.Literal(value, type=types.BOOLEAN, span=span)
            case tree.Moment(iso):
                if len(iso) == 10:
                    return typed.Literal(values.day_of(iso), type=types.DATE, span=span)
                return typed.Literal(values.moment_of(iso), type=types.INSTANT, span=span)
            case tree.Absence():
                if not isinstance(expected, types.OptionalOf | types.Broken):
                    return self.fail(
                        "type-mismatch", f"`none` is not valid for {a_type(expected)}", span, "it is not optional"
                    )
                return typed.Literal(None, type=expected, span=span)
            case tree.Today():
                return typed.Today(type=types.DATE, span=span)
            case tree.Reference(name):
                return self.narrowed(node, self.reference(name, span, hint))
            case tree.FieldAccess():
                return self.narrowed(node, self.field_of(node))
            case tree.Call():
                return self.call(node)
            case tree.Unary():
                return self.unary(node, hint)
            case tree.Binary():
                return self.binary(node, hint)
            case tree.OnCalendar(operator, calendar, operands):
                inner = [self.expression(o) for o in operands]
                entry = self.scope.find(calendar.text, calendar.span, (tree.Calendar,), "calendar")
                if entry is None:
                    return typed.Failed(type=types.BROKEN, span=span)
                return on_calendar(self, operator, entry.id, inner, span)
            case tree.Chain():
                return self.chain(node, hint)
            case tree.Conditional(condition, then, otherwise):
                test = self.typed(condition, types.BOOLEAN)
                with self.given(shown_present(condition, True)):
                    a = self.expression(then, hint)
                with self.given(shown_present(condition, False)):
                    b = self.expression(otherwise, hint if not isinstance(hint, types.Broken) else a.type)
                a, b, of = self.same_type(a, b)
                if isinstance(of, Number) and of.scale == EXACT_FRACTION:
                    return self.unrounded(a if a.type == of else b)
                return typed.Conditional(test, a, b, type=of, span=span)
            case tree.Round(operand=inner):
                self.rounding += 1
                if isinstance(inner, tree.Unary) and inner.operator == "square root":
                    e = square_root(self, self.expression(inner.operand), inner.span)
                else:
                    e = self.expression(inner)
                self.rounding -= 1
                return rounded(self, node, e)
            case tree.Clamp():
                return clamped(self, self.expression, node, hint)
            case tree.Aggregate():
                return self.aggregate(node)
            case tree.SetOf(items):
                of = hint.of if isinstance(hint, types.SetOf) else types.BROKEN
                members = tuple(self.typed(i, of) for i in items)
                inner_type = of if not isinstance(of, types.Broken) else types.common([m.type for m in members])
                return typed.SetOf(members, type=types.SetOf(inner_type), span=span)
            case tree.ListOf(items):
                of = hint.of if isinstance(hint, types.ListOf) else types.BROKEN
                members = tuple(self.handed_over(self.typed(i, of)) for i in items)
                inner_type = of if not isinstance(of, types.Broken) else types.common([m.type for m in members])
                return typed.ListOf(members, type=types.ListOf(inner_type), span=span)
            case tree.Keys(items):
                keys = tuple(self.exact(self.expression(i)) for i in items)
                return typed.ListOf(keys, type=types.ListOf(types.BROKEN), span=span)
            case tree.RecordOf():
                return self.written(node, hint)
            case tree.Updated():
                return self.changed(node, hint)
            case _:
                assert_never(node)

    def chain(self, node: tree.Chain, hint: Type) -> Expression:
        operator = node.operator
        match operator:
            case "and" | "or":
                operands = self.logic(operator, node.operands)
                return typed.Chain(operator, operands, type=types.BOOLEAN, span=node.span)
            case "min" | "max":
                return extremum(self, self.expression, operator, node.operands, node.span, hint)
            case _:
                assert_never(operator)

    def logic(self, operator: Literal["and", "or"], operands: tuple[tree.Expression, ...]) -> tuple[Expression, ...]:
        """Operands of `and` or `or`; what an earlier one shows to be present, the later ones may use as it is."""
        shown: tuple[tree.Expression, ...] = ()
        result = []
        for operand in operands:
            with self.given(shown):
                result.append(self.typed(operand, types.BOOLEAN))
            shown += shown_present(operand, operator == "and")
        return tuple(result)

    @contextmanager
    def given(self, shown: tuple[tree.Expression, ...]) -> Iterator[None]:
        """While inside, the optional facts `shown` are known to be there."""
        before, self.present = self.present, (*self.present, *shown)
        yield
        self.present = before

    def declared_type(self, node: tree.Expression, hint: Type) -> Expression:
        """`node` with its `optional`, whatever has been shown: asking twice is no mistake."""
        shown, self.present = self.present, tuple(p for p in self.present if p != node)
        e = self.expression(node, hint)
        self.present = shown
        return e

    def narrowed(self, node: tree.Expression, e: Expression) -> Expression:
        """`e` without its `optional`, where it has been shown to be present."""
        if isinstance(e.type, types.OptionalOf) and node in self.present:
            return evolve(e, type=e.type.of)
        return e

    def reference(self, name: str, span: Span, hint: Type) -> Expression:
        if name in self.local or name in self.variables:
            self.scope.note(span, "local", name)
        if name in self.local:
            return evolve(self.local[name], span=span)
        if name in self.variables:
            return typed.Local(name, type=self.variables[name], span=span)
        if isinstance(hint, types.Enum) and name in hint.members:
            self.scope.note(span, "member", hint.name, name)
            return typed.Literal(name, type=hint, span=span)
        entries = [e for e in self.scope.visible.get(name, ()) if e.id in self.scope.signatures]
        if not entries:
            return self.unknown(name, span, hint)
        entry = self.scope.find(name, span, (tree.DatedSet, tree.Parameter, *_CALLED), "name")
        if entry is None:
            return typed.Failed(type=types.BROKEN, span=span)
        signature = self.scope.signatures[entry.id]
        if signature.kind in ("parameter", "set"):
            return typed.Named(signature.id, type=signature.type, span=span)
        return self.fail(
            "wrong-arguments",
            f"`{name}` is a {signature.kind} and needs its arguments",
            span,
            f"write `{name}({', '.join(n for n, _ in signature.parameters)})`",
        )

    def fresh(self, name: tree.Name) -> None:
        """A finding where a name has a meaning here already."""
        if name.text in self.variables or name.text in self.local:
            self.found.error("duplicate-name", f"`{name.text}` is already declared here", name.span)

    def unknown(self, name: str, span: Span, hint: Type) -> Expression:
        if self.scope.suppressed(name):
            return typed.Failed(type=types.BROKEN, span=span)
        if name in self.later:
            help = "a local name stands before what uses it"
            return self.fail("unknown-name", f"`{name}` is declared further down", span, help)
        enums = [t for t in self.scope.named_types.values() if isinstance(t, types.Enum) and name in t.members]
        known = [
            *self.variables,
            *self.local,
            *(n for n, es in self.scope.visible.items() if es[0].id in self.scope.signatures),
            "today",
            *(("true", "false") if hint == types.BOOLEAN else ()),
        ]
        if isinstance(hint, types.Enum):
            message = f"`{name}` is neither a member of `{types.short(hint.name)}` nor a name known here"
        else:
            message = f"there is nothing called `{name}` here"
        if isinstance(hint, types.Enum):
            help = which_member(name, hint.members, hint.first is not None)
        else:
            help = self.scope.elsewhere(name) or INSTEAD.get(name) or did_you_mean(name, known)
        if not help and isinstance(hint, types.Text):
            help = f'a text is written in quotes: `"{name}"`'
        if not help and enums:
            help = f"`{name}` is a member of `{types.short(enums[0].name)}`; write it to the right of `is` or `in`"
        return self.fail("unknown-name", message, span, help)

    def field_of(self, node: tree.FieldAccess) -> Expression:
        of = self.expression(node.of)
        name = node.name.text
        if isinstance(of.type, types.Broken):
            return typed.Failed(type=types.BROKEN, span=node.span)
        if isinstance(of.type, types.Record):
            record = of.type.name
            fields = self.scope.fields.get(record, {})
            if name in fields:
                self.scope.note(node.name.span, "field", record, name)
                return typed.FieldAccess(of, name, type=of_field(fields[name], node.of.span), span=node.span)
            help = did_you_mean(name, fields) or "it has " + ", ".join(f"`{f}`" for f in fields)
            return self.fail("unknown-field", f"`{types.short(record)}` has no field `{name}`", node.name.span, help)
        help = "an optional record must be tested first" if isinstance(of.type, types.OptionalOf) else ""
        return self.fail("type-mismatch", f"{a_type(of.type)} has no fields", node.span, help)

    def call(self, node: tree.Call) -> Expression:
        name = node.name.text
        entry = self.scope.find(name, node.name.span, _CALLED, "value, table or decision")
        if entry is None or entry.id not in self.scope.signatures:
            for argument in node.arguments:
                self.expression(argument)
            return typed.Failed(type=types.BROKEN, span=node.span)
        signature = self.scope.signatures[entry.id]
        if len(node.arguments) != len(signature.parameters):
            wanted = ", ".join(f"{n}: {describe(t)}" for n, t in signature.parameters)
            return self.fail(
                "wrong-arguments",
                f"`{name}` wants {len(signature.parameters)} and is given {len(node.arguments)}",
                node.span,
                f"it is declared as `{name}({wanted})`",
            )
        rounding, self.rounding = self.rounding, 0
        takes = tuple(of for _, of in signature.parameters)
        arguments = tuple(self.handed_over(self.typed(a, of)) for a, of in zip(node.arguments, takes, strict=True))
        self.rounding = rounding
        of, picks = signature.type, signature.picks
        return typed.Apply(signature.id, arguments, takes=takes, picks=picks, type=of, span=node.span)

    def unary(self, node: tree.Unary, hint: Type) -> Expression:
        operator, span = node.operator, node.span
        if operator == "not":
            return typed.Unary("not", self.typed(node.operand, types.BOOLEAN), type=types.BOOLEAN, span=span)
        asks = operator in ("is present", "is absent")
        operand = self.declared_type(node.operand, hint) if asks else self.expression(node.operand, hint)
        if asks:
            if not isinstance(operand.type, types.OptionalOf | types.Broken):
                return self.fail(
                    "type-mismatch",
                    f"this is {a_type(operand.type)}, which is never absent",
                    operand.span,
                    "only an `optional` can be present or absent; a fact that was not given is unknown, not absent",
                )
            return typed.Unary(operator, operand, type=types.BOOLEAN, span=span)
        if operator == "square root":
            return self.fail(
                "unrounded-division",
                "a square root has no exact decimal result, so it must say how it is rounded",
                span,
                "write `round down to 0.01 (square root of (…))`, with nothing else inside the brackets of `round`",
            )
        if operator != "-" and operator != "abs":
            of = types.INTEGER if operator in PARTS_OF_DATES else types.DATE
            return typed.Unary(operator, self.coerce(operand, types.DATE), type=of, span=span)
        if not isinstance(operand.type, Number | types.Broken):
            return self.disagree(operand, Number("number", 0))
        if operator == "abs":
            operand = self.exact(operand)
        return typed.Unary(operator, operand, type=operand.type, span=span)

    def binary(self, node: tree.Binary, hint: Type) -> Expression:
        operator, span = node.operator, node.span
        match operator:
            case "+" | "-":
                left = self.expression(node.left, hint)
                moved = day_moved(node, left)
                return moved or additive(self, node, left, self.expression(node.right, left.type))
            case "*" | "/":
                left, right = self.expression(node.left), self.expression(node.right)
                return multiplicative(self, node, left, right, self.rounding > 0)
            case "^":
                return power(self, node, self.expression(node.left))
            case "modulo" | "is a multiple of":
                left = self.expression(node.left, hint if operator == "modulo" else types.BROKEN)
                return remainder(self, operator, node, left, self.expression(node.right, left.type))
            case "whole years from" | "whole months from":
                return elapsed(self, node, self.expression(node.left), self.expression(node.right))
            case "default":
                left = self.declared_type(node.left, types.OptionalOf(hint))
                if not isinstance(left.type, types.OptionalOf | types.Broken):
                    return self.fail(
                        "type-mismatch", f"this is {a_type(left.type)}, which is never absent", left.span
                    )
                of = left.type.of if isinstance(left.type, types.OptionalOf) else types.BROKEN
                right = self.exact(self.expression(node.right, of))
                _, right, of = self.same_type(evolve(left, type=of), right)
                return typed.Binary("default", left, right, type=of, span=span)
            case "in" | "not in":
                left = self.expression(node.left)
                if isinstance(left.type, types.Broken):  # bare members on the right cannot be told from slips
                    return typed.Failed(type=types.BROKEN, span=span)
                if not isinstance(left.type, (*EQUAL, types.OptionalOf)):
                    return self.fail(
                        "type-mismatch", f"{a_type(left.type)} cannot be compared with `{operator}`", left.span
                    )
                right = self.expression(node.right, types.SetOf(left.type))
                if isinstance(right.type, types.SetOf | types.ListOf):
                    left = self.coerce(left, right.type.of)
                elif not isinstance(right.type, types.Broken):
                    return self.fail("type-mismatch", f"this is {a_type(right.type)}, not a set", right.span)
                return typed.Binary(operator, left, right, type=types.BOOLEAN, span=span)
            case "is" | "is not" | "<" | "<=" | ">" | ">=":
                left = self.exact(self.expression(node.left))
                if isinstance(left.type, types.Broken) and isinstance(node.right, tree.Reference):
                    return typed.Failed(type=types.BROKEN, span=span)
                right = self.exact(self.expression(node.right, left.type))
                left, right, of = self.same_type(left, right)
                equality = operator in ("is", "is not")
                if not (isinstance(of, (*EQUAL, types.Broken)) if equality else types.has_order(of)):
                    message = f"{a_type(of)} cannot be compared with `{operator}`"
                    return self.fail("type-mismatch", message, span, how_ordered(of))
                return typed.Binary(operator, left, right, type=types.BOOLEAN, span=span)
            case _:
                assert_never(operator)


PARTS_OF_DATES = ("year of", "month of", "day of", "weekday of")
_CALLED = (tree.Value, tree.Table, tree.Decision, tree.Priority)
