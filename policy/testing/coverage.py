"""Which rules, rows and versions the tests have made speak, and which provisions stand behind them."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field, frozen

from policy.ir import program as ir
from policy.ir.from_model import location_of
from policy.ir.interpret import Environment, FaultError, Interpreter, Unknown
from policy.ir.program import Function, Location, Program
from policy.model import rules
from policy.model.lints.citations import cited_pieces
from policy.vocabulary import Json, RuntimeValue


@define
class Coverage:
    """Places of the rules that were a reason, and of the rows and versions that gave a value.

    `provisions` are those of what has no such place: a priority that ordered, a number that was wanted although
    nobody has given it, a property that was tried.
    """

    places: set[Location] = field(factory=set)
    provisions: set[str] = field(factory=set)

    def add(self, other: Coverage) -> None:
        self.places |= other.places
        self.provisions |= other.provisions


@define(eq=False)
class _Watcher(Interpreter):
    coverage: Coverage = field(factory=Coverage)

    def applied(self, case: ir.Case) -> None:
        self.coverage.places.add(case.place)

    def result(self, call: RuntimeValue, function: Function, env: Environment) -> RuntimeValue:
        value = super().result(call, function, env)
        if function.kind == "decision":
            self.mark(function, value, env)
        elif function.kind in ("priority", "parameter"):
            self.coverage.provisions.update(c.provision for _, c in function.citations)
        return value

    def mark(self, function: Function, value: RuntimeValue, env: Environment) -> None:
        if isinstance(value, Unknown):
            for rule in function.rules[:-1]:  # a rule that nobody can decide has been asked all the same
                if isinstance(self.quiet(rule.condition, env), Unknown):
                    self.coverage.places.add(rule.place)
            return
        indices = self.applying(function, value, env) or [len(function.rules) - 1]
        self.coverage.places.update(function.rules[n].place for n in indices)

    def quiet(self, e: ir.Expr, env: Environment) -> RuntimeValue:
        try:
            return self.evaluate(e, env)
        except FaultError:
            return None


def watched(program: Program, function: Function, arguments: tuple[RuntimeValue, ...], coverage: Coverage) -> None:
    """Asks once more, noting what speaks."""
    watcher = _Watcher(program, coverage=coverage)
    env = watcher.facts(function, arguments)
    try:
        watcher.result((), function, env)
    except FaultError:
        return  # what spoke before the fault is noted


@frozen
class Piece:
    """A rule, row or version that tests should make speak."""

    what: str
    place: Location
    provisions: tuple[str, ...]
    ruleset: str


def pieces(model: rules.Model) -> list[Piece]:
    """Everything of a rulebook that can be covered, priorities, properties and sets left out."""
    found: list[Piece] = []
    for d in (*model.of_kind(rules.Decision, rules.Table, rules.Value, rules.Parameter), *model.amendments):
        if isinstance(d, rules.Parameter) and d.unset is not None:
            continue
        for what, span, citations in cited_pieces(d):
            found.append(Piece(what, location_of(span), tuple(c.provision for c in citations), d.ruleset))
    return found


@frozen
class Summary:
    """Coverage of a rulebook by its tests. `excused` maps provisions to the reason they have no rule."""

    pieces: tuple[Piece, ...]
    uncovered: tuple[Piece, ...]
    provisions: tuple[str, ...]
    untested: tuple[str, ...]
    excused: tuple[tuple[str, str], ...]

    @property
    def percent(self) -> int:
        """Covered pieces in whole per cent, rounded down."""
        total = len(self.pieces)
        return 100 if not total else (total - len(self.uncovered)) * 100 // total

    def as_json(self) -> Json:
        return {
            "percent": self.percent,
            "rules": len(self.pieces),
            "covered": len(self.pieces) - len(self.uncovered),
            "uncovered": [{"what": p.what, "place": str(p.place)} for p in self.uncovered],
            "provisions": len(self.provisions),
            "untested": list(self.untested),
            "excused": dict(self.excused),
        }


def summarised(model: rules.Model, coverages: Iterable[Coverage]) -> Summary:
    """What the tests cover together. A provision is tested where something that stands on it has spoken in a test."""
    total = Coverage()
    for coverage in coverages:
        total.add(coverage)
    every = pieces(model)
    uncovered = tuple(p for p in every if p.place not in total.places)
    spoken = {name for p in every if p.place in total.places for name in p.provisions} | total.provisions
    for d in model.of_kind(rules.DatedSet, rules.Calendar):
        versions = (v for v in d.versions if location_of(v.span) in total.places)
        spoken |= {c.provision for v in versions for c in v.citations}
    excused = tuple((p.id, p.excused.en) for p in model.provisions.values() if p.excused)
    untested = tuple(p for p in model.provisions if p not in spoken and p not in dict(excused))
    return Summary(tuple(every), uncovered, tuple(model.provisions), untested, excused)
