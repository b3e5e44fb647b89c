"""A decision about a record, and values of it, as one function of the facts that move; all others stand.

In: a decision and values of one record; which of its facts move; records. Out: for a record as it stands, a function
of the facts that move, in their order. It gives the verdict and the values where the decision permits, and None where
it does not or something is unknown or unfit: then each question must be asked alone. A truth or a member that
stands is put in its place, and what turns on those alone is worked out once for all records that are alike in them.
Absent: questions that cannot be put in place whole (tables among them), for which there is no such function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from attrs import define, field

from policy.answers import MISSING, Outcome
from policy.backends.emit import NamedEmitter, is_shallow, mangled
from policy.backends.python import PythonBackend
from policy.facts.fitting import Fitting, Scope
from policy.ir import program as ir
from policy.ir.logic import sole_version
from policy.ir.program import FALSE, TRUE, Const, Expr, FieldDeclaration, Function, Program, Variable, map_parts, walk
from policy.ir.simplify import simplify
from policy.ir.validation import attribute
from policy.model import types
from policy.model.written import limits
from policy.vocabulary import Decided, RuntimeValue

MOST_SHAPES = 1_000  # remembered; records of one shape are alike in what is put in place
LARGEST = 2_000  # expressions in a question whose calls are put in place
DEEPEST = 40  # of them inside each other: each takes up to four brackets, and Python reads no more than 200


_NEVER_FAILS = Const | ir.Not | ir.And | ir.Or | ir.Compare | ir.Arithmetic | ir.If | ir.Items


class _ApartError(Exception):
    """A question cannot be put in place."""


@define(eq=False)
class Standing:
    """Questions of one record; `of` gives their function for a record as it stands.

    Whoever asks vouches for a number that moves that it is one, within the limits of its type; not for one that may
    be unknown, which is looked at in full.
    """

    backend: PythonBackend
    decision: Function
    values: Sequence[Function]
    moving: Sequence[str]
    unknown: Collection[str]
    _standing: list[FieldDeclaration] = field(init=False)
    _makers: dict[tuple[object, ...], Callable[..., Decided] | None] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        program = self.backend.program
        reads = frozenset[str]().union(*(program.fields_read(f.id) for f in (self.decision, *self.values)))
        self._standing = [f for f in self._declared if f.name in reads and f.name not in self.moving]

    @property
    def _declared(self) -> tuple[FieldDeclaration, ...]:
        ((_, of),) = self.decision.parameters
        assert isinstance(of, types.Record)
        return self.backend.program.records[of.name]

    def of(self, record: RuntimeValue) -> Decided | None:
        """The function for a record whose standing facts have been checked; none where there is no such function."""
        facts = [getattr(record, attribute(f.name)) for f in self._standing]
        shape = tuple([v if _is_put_in_place(f, v) else type(v) for f, v in zip(self._standing, facts, strict=True)])
        if shape not in self._makers:
            if len(self._makers) >= MOST_SHAPES:
                self._makers.clear()
            self._makers[shape] = self._maker(facts)
        make = self._makers[shape]
        return None if make is None else make(*facts)

    def _maker(self, facts: Sequence[RuntimeValue]) -> Callable[..., Decided] | None:
        """Makes functions for records of one shape."""
        known = {
            f.name: ir.Missing(f.name) if fact is MISSING else Const(fact)
            for f, fact in zip(self._standing, facts, strict=True)
            if _is_put_in_place(f, fact) or fact is MISSING
        }
        if any(self.backend.is_long(f.id) for f in (self.decision, *self.values)):
            return None
        put = _PuttingInPlace(self.backend.program, known)
        try:
            ((name, _),) = self.decision.parameters
            conditions = [put(rule.condition, name) for rule in self.decision.rules[:-1]]
            values = [put.body(f) for f in self.values]
        except _ApartError:
            return None
        unknown = {_local(name) for name in self.unknown}
        if not all(is_shallow(e, DEEPEST) for e in (*conditions, *values)):
            return None
        return self._compiled(conditions, values) if all(_has_an_answer(v, unknown) for v in values) else None

    def _compiled(self, conditions: Sequence[Expr], values: Sequence[Expr]) -> Callable[..., Decided] | None:
        """The values come first: conditions that use them need not work them out again."""
        names: Scope = dict(self.backend.compiled(self.decision.id, *(f.id for f in self.values)))
        verdicts = names[f"_verdicts_{mangled(self.decision.id)}"]
        emit = NamedEmitter(self.backend.program, names, {})
        lines = [f"if not ({' and '.join(self._fits(names))}): return None"]
        for n, value in enumerate(values):
            lines.append(f"_value{n} = {emit(value)}")
            if not isinstance(value, Const | Variable):
                emit.named[value] = f"_value{n}"
        permits = []
        for n, (rule, condition) in enumerate(zip(self.decision.rules, conditions, strict=False)):
            if rule.effect == "permit" and condition != FALSE:
                permits.append(f"if {emit(condition)}: _m |= {1 << n}")
            elif condition == TRUE:
                return None
            elif condition != FALSE:
                lines.append(f"if {emit(condition)}: return None")
        result = "".join(f", _value{n}" for n in range(len(values)))
        if permits:
            names.update(_verdicts=verdicts, _permitted=Outcome.PERMITTED)
            lines += ["_m = 0", *permits, "_v = _verdicts[_m]", "if _v.outcome is not _permitted: return None"]
        else:
            names["_v"] = verdict = verdicts[0]
            if verdict.outcome is not Outcome.PERMITTED:
                return None
        lines.append(f"return _v{result}")
        standing = ", ".join(_local(f.name) for f in self._standing)
        moving = ", ".join(map(_local, self.moving))
        text = [f"def make({standing}):", f"    def decided({moving}):", "        try:"]
        text += [f"            {line}" for line in lines]
        text += ["        except Exception: return None", "    return decided"]
        made: Scope = {}
        exec("\n".join(text), names, made)
        make: Callable[..., Decided] = made["make"]
        return make

    def _fits(self, names: Scope) -> list[str]:
        """Conditions of the facts that move: of numbers that are vouched for, their bounds alone."""
        fitting = Fitting(names, self.backend.program.records, self.backend.records, loose=True)
        declared, tests = {f.name: f for f in self._declared}, []
        for name in self.moving:
            f, v = declared[name], _local(name)
            if name in self.unknown or not isinstance(f.type, types.Number | types.Date | types.Instant):
                whole = fitting.condition(f.type, v, f.least, f.most)
                tests.append(f"({whole} or {v} is _M)" if name in self.unknown else f"({whole})")
                continue
            widest, bounds = limits(f.type), limits(f.type, f.least, f.most)
            tests += [f"{v} {sign} {b}" for sign, b, w in zip((">=", "<="), bounds, widest, strict=True) if b != w]
        return tests or ["True"]


def _is_put_in_place(f: FieldDeclaration, fact: RuntimeValue) -> bool:
    """Whether a fact is one of few: a truth, a member, or the absence of one."""
    return fact is not MISSING and isinstance(types.inner_of(f.type), types.Boolean | types.Enum)


def _local(name: str) -> str:
    """What a fact is called in generated code, where no name of ours or of the rules begins so."""
    return f"_of_{name}"


class _PuttingInPlace:
    """Expressions in which facts that stand, and the bodies of what is called with the record, are put in place."""

    def __init__(self, program: Program, known: Mapping[str, Expr]) -> None:
        assert program.on is not None
        self.program, self.known, self.on = program, known, program.on
        self.bodies: dict[str, Expr] = {}

    def __call__(self, e: Expr, record: str) -> Expr:
        """`e`, in which the record has this name."""
        return simplify(self._put(e, record), self.on)

    def body(self, function: Function) -> Expr:
        """What a function of the record comes to."""
        if function.id not in self.bodies:
            ((name, _),) = function.parameters
            body = self(sole_version(function.body), name)
            if len([*islice(walk(body), LARGEST + 1)]) > LARGEST:
                raise _ApartError
            self.bodies[function.id] = body
        return self.bodies[function.id]

    def _put(self, e: Expr, record: str) -> Expr:
        whole = Variable(record)
        if isinstance(e, ir.FieldAccess) and e.of == whole:
            return self.known.get(e.name, Variable(_local(e.name)))
        if isinstance(e, ir.Call) and e.arguments == (whole,):
            return self.body(self.program.functions[e.function])
        if e == whole or isinstance(e, ir.Choose | ir.Let | ir.Aggregate | ir.Sorted):
            raise _ApartError  # all but the first of these may call something else by the record's name
        return map_parts(e, lambda part: self._put(part, record))


def _has_an_answer(value: Expr, unknown: set[str]) -> bool:
    """Whether a value is known whenever the facts are: nothing in it can fail."""
    for e in walk(value):
        if isinstance(e, ir.Divide):
            has = isinstance(e.denominator, Const) and bool(e.denominator.value)
        elif isinstance(e, Variable):
            has = e.name not in unknown
        else:
            has = isinstance(e, _NEVER_FAILS)
        if not has:
            return False
    return True
