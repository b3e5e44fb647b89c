"""Rulebooks with one small mistake each: what tests must tell from the right one.

In: a rulebook as read, and its programs. Out: the slips in each declaration; and for a slip the mutant, which is the
functions of the program that it changes, or None where the type checker refuses it. Absent: the kinds of mistakes,
which are a table in `mutators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from attrs import evolve, field, fields, frozen

from policy.ir.bounds import checker_of
from policy.ir.from_model import functions_of, location_of
from policy.ir.program import Function, Location, Program
from policy.model import rules
from policy.model.from_syntax import Reader
from policy.model.overlays import overlaid
from policy.source import Span
from policy.syntax import tree
from policy.syntax.tree import Node
from policy.testing import misbounded as misbounded, miscited as miscited
from policy.testing.mutators import MUTATORS, STRICTNESS, Words

_MUTATED = (
    tree.RecordType,
    tree.DatedSet,
    tree.Parameter,
    tree.Value,
    tree.Table,
    tree.Decision,
    tree.Priority,
    tree.Tighten,
)


@frozen
class NodeMistake:
    """A mistake in a node: what the node became, in words, and where."""

    kind: str
    says: str
    span: Span
    node: Node
    label: str = ""  # the rule, row or version it is in
    per: tuple[str, ...] = ()  # what that stands on


@frozen(eq=False)
class Site:
    """A slip in a declaration, `node` being the declaration with it, as seen under an overlay or none."""

    kind: str
    says: str
    place: Location
    ruleset: str
    node: tree.Definition | tree.Tighten
    asked: str
    overlay: str
    per: tuple[str, ...]
    span: Span = field(repr=False)


@frozen(eq=False)
class Mutant:
    """The functions that a slip changes; `asked` is the one that the declaration is known by.

    Of a record it is the field whose bounds are others.
    """

    asked: str
    functions: tuple[Function, ...]
    bounded: rules.FieldDeclaration | None = None


# ── slips: one node changed ─────────────────────────────────────────────────────────────────


def slips(node: Node, words: Words) -> Iterator[NodeMistake]:
    """Everything that can be wrong with one node of a tree, as that tree with the mistake."""
    for kind, change in MUTATORS.get(type(node), ()):
        for changed, says in change(node, words):
            if changed != node:
                yield NodeMistake(kind, says, node.span, changed)
    if isinstance(node, tree.FieldDeclaration):
        return  # its type is no rule
    for a in fields(type(node)):
        for inner, replaced, at in _inside(getattr(node, a.name)):
            label, per = _label(inner, at), _per(inner)
            for slip in slips(inner, words):
                other: dict[str, Any] = {a.name: replaced(slip.node)}
                yield evolve(slip, node=evolve(node, **other), label=slip.label or label, per=slip.per or per)


def _inside(value: object, at: int = 0) -> Iterator[tuple[Node, Callable[[Node], object], int]]:
    """The nodes that the value of a field holds, each with what the value is when that node is another."""
    if isinstance(value, Node):
        yield value, lambda new: new, at
    elif isinstance(value, tuple):
        for n, item in enumerate(value):
            for inner, replaced, _ in _inside(item):
                yield inner, partial(_replaced, value, n, replaced), n


def _replaced(items: tuple[object, ...], n: int, replaced: Callable[[Node], object], new: Node) -> tuple[object, ...]:
    return (*items[:n], replaced(new), *items[n + 1 :])


def _label(node: Node, at: int) -> str:
    match node:
        case tree.Rule(name=name) | tree.FieldDeclaration(name=name):
            return name.text
        case tree.Row():
            return f"row {at + 1}"
        case tree.Version(period=period) | tree.SetVersion(period=period) if period is not None:
            return f"the version {' '.join(period.span.text.split())}"
        case tree.Key():
            return f"key {at + 1}"
    return ""


def _per(node: Node) -> tuple[str, ...]:
    match node:
        case tree.Rule(per=per) | tree.Version(per=per) | tree.SetVersion(per=per) | tree.Key(per=per):
            return tuple(name.text for name in per.names)
        case tree.Row(cells=cells):
            return tuple(name.text for cell in cells for name in cell.citations.names)
    return ()


# ── mutants: the functions that come of it ──────────────────────────────────────────────────


@frozen(eq=False)
class Mutants:
    """The mutants of a rulebook, made from its syntax. `programs` are of the law, under "", and of each overlay."""

    reader: Reader
    model: rules.Model
    words: Words
    programs: dict[str, Program]
    checkers: dict[str, Callable[[Function], Function]] = field(factory=dict)

    def sites(self) -> Iterator[Site]:
        """Every slip in every declaration: of the law seen by itself, of an overlay under that overlay."""
        for unit in self.reader.index.units.values():
            for d in unit.declarations:
                if isinstance(d, _MUTATED):
                    yield from self._sites(unit.name, d)

    def _sites(self, ruleset: str, d: tree.Definition | tree.Tighten) -> Iterator[Site]:
        amends = self.model.rulesets[ruleset].amends
        asked = self._amendment(ruleset, d).target if isinstance(d, tree.Tighten) else f"{ruleset}.{d.name.text}"
        over = [a.ruleset for a in self.model.amendments if a.target == asked and a.kind != "adopt"]
        for slip in slips(d, self.words):
            says = f"{slip.says} in {slip.label}" if slip.label else slip.says
            assert isinstance(slip.node, _MUTATED)
            for overlay in dict.fromkeys(over) if slip.kind == STRICTNESS else [ruleset if amends else ""]:
                place = location_of(slip.span)
                yield Site(slip.kind, says, place, ruleset, slip.node, asked, overlay, slip.per, d.span)

    def _amendment(self, ruleset: str, d: tree.Tighten) -> rules.Amendment:
        return next(a for a in self.model.amendments if a.ruleset == ruleset and a.span is d.span)

    def mutant(self, site: Site) -> Mutant | None:
        """The mutant, with no functions where it is the same program; None where the type checker refuses it."""
        read = self.reader.again(site.ruleset, site.node)
        if read is None:
            return None
        if isinstance(read, rules.RecordType):
            return self._bounded(read)
        if isinstance(read, rules.Amendment):
            others = tuple(read if a.span is site.span else a for a in self.model.amendments)
            changed = overlaid(evolve(self.model, amendments=others), site.overlay)
        else:
            changed = evolve(self.model, declared={**self.model.declared, site.asked: read})
            changed = overlaid(changed, site.overlay)
        program = self.programs[site.overlay]
        if site.overlay not in self.checkers:
            self.checkers[site.overlay] = checker_of(program)
        declared = changed.declared[site.asked]
        assert isinstance(declared, rules.Question | rules.DatedSet)
        made = map(self.checkers[site.overlay], functions_of(declared, changed))
        return Mutant(site.asked, tuple(f for f in made if not _same(f, program.functions[f.id])))

    def _bounded(self, read: rules.RecordType) -> Mutant | None:
        """The mutant of a record; None where no fact would keep its bounds."""
        before = self.model.get(rules.RecordType, read.id).fields
        changed = [f for f, old in zip(read.fields, before, strict=True) if f.bounds != old.bounds]
        if any(f.least is not None and f.most is not None and f.least > f.most for f in changed):
            return None
        return Mutant(read.id, (), changed[0] if changed else None)


def _same(a: Function, b: Function) -> bool:
    """Whether two functions give the same answers for the same reasons, as far as can be seen from their shape."""
    rules_of = [[(r.name, r.effect, r.condition, r.citations) for r in f.rules] for f in (a, b)]
    return a.body == b.body and rules_of[0] == rules_of[1]
