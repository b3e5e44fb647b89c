"""Roundings against the cautious side: down where higher is stricter, up where lower is.

Looked at where it is certain which way a rounding moves the answer: under sums, differences, `min`, `max`, branches,
products and quotients by what has a known sign, and in the values and tables called there that name no stricter side
of their own. What is rounded counts as positive unless it is known to be negative, for `down` is towards nought. To
the nearest (`half up`, `half even`) is against neither side.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal, assert_never

from attrs import field, frozen

from policy.diagnostics import Diagnostic, Severity, without
from policy.model import expressions as typed, rules, types
from policy.model.expressions import Expression
from policy.model.traversal import defined

Sign = Literal[-1, 0, 1]  # nought or less, not known, nought or more


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    signs = _Signs(model)
    answers = {d.id: list(_answers(d)) for d in model.of_kind(rules.Parameter, rules.Value, rules.Table)}
    for amendment in model.amendments:
        if amendment.target in answers:
            answers[amendment.target] += _answers(amendment)
    for declared in model.of_kind(rules.Parameter, rules.Value, rules.Table):
        if not declared.stricter:
            continue
        cautious: Sign = 1 if declared.stricter == "higher" else -1
        roundings = _Roundings(model, signs, answers)
        against = [r for e in answers[declared.id] for r, moves in roundings.of(e, 1) if moves == -cautious]
        meant = declared.leniency.mode if declared.leniency is not None else ""
        for rounding in dict.fromkeys(r for r in against if r.mode != meant):
            yield Diagnostic(
                "lenient-rounding",
                f"`{declared.name}` is stricter when {declared.stricter}, and this is rounded {rounding.mode}",
                rounding.span,
                f"write `round {'up' if rounding.mode == 'down' else 'down'}`; or, where it is meant, "
                f'`stricter when {declared.stricter} though rounded {rounding.mode} because "…"`',
                Severity.WARNING,
                related=() if _within(rounding, declared) else ((declared.span, "it is a part of this"),),
            )
        if declared.leniency is not None and all(r.mode != meant for r in against):
            yield Diagnostic(
                "needless-excuse",
                f"`{declared.name}` excuses rounding {meant}, but nothing in it is rounded {meant} against its side",
                declared.leniency.span,
                f"remove `though rounded {meant}`",
                Severity.WARNING,
                fix=(without(declared.leniency.span),),
            )


def _within(rounding: typed.Round, declared: rules.Declared) -> bool:
    a, b = rounding.span, declared.span
    return a.source is b.source and b.start <= a.start and a.end <= b.end


def _answers(declared: rules.Parameter | rules.Value | rules.Table | rules.Amendment) -> Iterator[Expression]:
    """The expressions that can be the answer."""
    match declared:
        case rules.Table():
            yield from (row.result for rows in (declared.body, *declared.tightened) for row in rows.rows)
        case rules.Amendment():
            yield from (v.body for v in declared.versions)
            yield from (row.result for row in (declared.rows.rows if declared.rows is not None else ()))
        case rules.Parameter() | rules.Value():
            yield from (v.body for v in chain(declared.versions, *declared.tightened))
        case _:
            assert_never(declared)


@frozen(eq=False)
class _Roundings:
    """The roundings in an answer, with the way each moves it: 1 where it can only rise by it, -1 where only fall."""

    model: rules.Model
    signs: _Signs
    answers: dict[str, list[Expression]]
    entered: set[tuple[str, Sign]] = field(factory=set)

    def of(self, e: Expression, way: Sign) -> Iterator[tuple[typed.Round, Sign]]:
        """Those in `e`, with which the answer rises (1) or falls (-1)."""
        signs = self.signs
        if not way:
            return
        match e:
            case typed.Round(mode, _, operand):
                if mode in ("down", "up"):
                    yield e, _times(way, -1 if (mode == "down") is (signs.of(operand) >= 0) else 1)
                yield from self.of(operand, way)
            case typed.Unary("-", operand):
                yield from self.of(operand, _times(way, -1))
            case typed.Unary("abs", operand):
                yield from self.of(operand, _times(way, signs.of(operand)))
            case typed.Unary("square root", operand):
                yield from self.of(operand, way)
            case typed.Binary("+" | "default", left, right):
                yield from chain(self.of(left, way), self.of(right, way))
            case typed.Binary("-", left, right):
                yield from chain(self.of(left, way), self.of(right, _times(way, -1)))
            case typed.Binary("*", left, right):
                yield from self.of(left, _times(way, signs.of(right)))
                yield from self.of(right, _times(way, signs.of(left)))
            case typed.Binary("/", left, right):
                yield from self.of(left, _times(way, signs.of(right)))
                yield from self.of(right, _times(way, _times(-1, signs.of(left))))
            case typed.Binary("^", left, typed.Literal(exponent)):
                yield from self.of(left, way if exponent % 2 else _times(way, signs.of(left)))
            case typed.Chain("min" | "max", operands):
                yield from chain.from_iterable(self.of(o, way) for o in operands)
            case typed.Clamp(operand, low, high):
                yield from chain.from_iterable(self.of(o, way) for o in (operand, low, high))
            case typed.Conditional(_, then, otherwise):
                yield from chain(self.of(then, way), self.of(otherwise, way))
            case typed.Aggregate(
                "sum" | "min" | "max" | "average" | "median" | "largest" | "smallest" | "first" | "only", body
            ):
                yield from self.of(body, way)
            case typed.Defined(name, of):
                if (f"{of}#{name}", way) not in self.entered:
                    self.entered.add((f"{of}#{name}", way))
                    yield from self.of(defined(self.model, e), way)
            case typed.Apply(name) | typed.Named(name):
                called = self.model.declared.get(name)
                if (name, way) in self.entered or not isinstance(called, rules.Parameter | rules.Value | rules.Table):
                    return
                self.entered.add((name, way))
                if not called.stricter:
                    yield from chain.from_iterable(self.of(b, way) for b in self.answers[name])
            case (
                typed.Literal() | typed.Local() | typed.Today() | typed.FieldAccess() | typed.MonthsLater()
                | typed.SetOf() | typed.ListOf() | typed.RecordOf() | typed.Failed() | typed.OnCalendar()
                | typed.Unary() | typed.Binary() | typed.Chain() | typed.Aggregate()
            ):  # fmt: skip
                return
            case _:
                assert_never(e)


class _Signs:
    """What is known of the signs of expressions, from bounds of fields and from numbers written out."""

    def __init__(self, model: rules.Model) -> None:
        self.model = model
        self.local: dict[tuple[str, str], Sign] = {}
        self.fields = {(r.id, f.name): f for r in model.of_kind(rules.RecordType) for f in r.fields}

    def of(self, e: Expression) -> Sign:
        match e:
            case typed.Literal(value) if isinstance(e.type, types.Number) and value is not None:
                return -1 if value < 0 else 1
            case typed.FieldAccess(of, name) if isinstance(of.type, types.Record):
                bounds = self.fields.get((of.type.name, name))
                if bounds is not None and bounds.least is not None and bounds.least >= 0:
                    return 1
                return -1 if bounds is not None and bounds.most is not None and bounds.most <= 0 else 0
            case typed.Named(name):
                parameter = self.model.declared[name]
                versions = parameter.versions if isinstance(parameter, rules.Parameter) else ()
                return self._all(tuple(v.body for v in versions)) if versions else 0
            case typed.Defined(name, of):
                if (of, name) not in self.local:
                    self.local[of, name] = self.of(defined(self.model, e))
                return self.local[of, name]
            case typed.Unary("-", operand):
                return _times(-1, self.of(operand))
            case typed.Unary("abs" | "square root"):
                return 1
            case typed.Binary("^", left, typed.Literal(exponent)):
                return self.of(left) if exponent % 2 else 1
            case typed.Binary("*" | "/", left, right):
                return _times(self.of(left), self.of(right))
            case typed.Binary("+" | "default", left, right):
                return self._all((left, right))
            case typed.Binary("-", left, right):
                mine, other = self.of(left), self.of(right)
                return mine if mine == -other else 0
            case typed.Chain("max" | "min" as operator, operands):
                deciding: Sign = 1 if operator == "max" else -1
                return deciding if any(self.of(o) == deciding for o in operands) else self._all(operands)
            case typed.Clamp(operand, low, high):
                return 1 if self.of(low) == 1 else -1 if self.of(high) == -1 else self.of(operand)
            case typed.Conditional(_, then, otherwise):
                return self._all((then, otherwise))
            case typed.Round(_, _, operand):
                return self.of(operand)
            case typed.Aggregate("count" | "count distinct"):
                return 1
            case typed.Aggregate(
                "sum" | "min" | "max" | "average" | "median" | "largest" | "smallest" | "first" | "only", body
            ):
                return self.of(body)
            case (
                typed.Literal() | typed.Local() | typed.Today() | typed.FieldAccess() | typed.Apply()
                | typed.MonthsLater() | typed.SetOf() | typed.ListOf() | typed.RecordOf() | typed.Failed()
                | typed.OnCalendar()
                | typed.Unary() | typed.Binary() | typed.Chain() | typed.Aggregate()
            ):  # fmt: skip
                return 0
            case _:
                assert_never(e)

    def _all(self, expressions: tuple[Expression, ...]) -> Sign:
        found = {self.of(e) for e in expressions}
        return found.pop() if len(found) == 1 else 0


def _times(a: Sign, b: Sign) -> Sign:
    return 0 if not a or not b else 1 if a == b else -1
