"""First look over all files: which rulesets there are, what each declares, who imports whom.

In: parsed files. Out: an `Index` of entries and imports, with findings about names, files and imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import assert_never

from attrs import define, field, frozen

from policy.diagnostics import Collector, Diagnostic, Edit, did_you_mean
from policy.model.currencies import MINOR_UNIT, MOST_DECIMALS
from policy.model.names import Entry, merge
from policy.remembered import remembered
from policy.source import Span
from policy.syntax import tree
from policy.syntax.slips import RESERVED_NAMES

LANGUAGE_VERSION = 1

NAMED = (
    tree.EnumOf,
    tree.RecordType,
    tree.DatedSet,
    tree.Calendar,
    tree.Parameter,
    tree.Value,
    tree.Table,
    tree.Decision,
    tree.Priority,
    tree.Property,
)
Citable = tree.SourceText | tree.Provision | tree.Currency  # known in all rulesets


@frozen(eq=False)
class RulesetSource:
    """One ruleset as written: its head, its declarations, and the names that these declare, each once."""

    name: str
    head: tree.Ruleset
    imports: tuple[tree.Import, ...]
    declarations: tuple[tree.Statement, ...]
    own: tuple[Entry, ...]
    wrong: tuple[Diagnostic, ...]  # what is found in the names, where no other ruleset has the same name

    @property
    def wanted(self) -> tuple[tree.Name, ...]:
        """The rulesets it imports or amends, as written."""
        return (*(i.name for i in self.imports), *([self.head.amends] if self.head.amends else []))


@define(eq=False)
class Index:
    units: dict[str, RulesetSource] = field(factory=dict)
    sources: dict[str, tree.SourceText] = field(factory=dict)
    provisions: dict[str, tuple[str, tree.Provision]] = field(factory=dict)
    currencies: dict[str, tuple[str, tree.Currency]] = field(factory=dict)
    unparsed: set[str] = field(factory=set)  # names whose declarations could not be read

    @property
    def entries(self) -> Iterator[Entry]:
        """The names that all rulesets declare."""
        return chain.from_iterable(unit.own for unit in self.units.values())

    def open(self, ruleset: str) -> bool:
        """Whether an import of the ruleset leads nowhere, so that any name may come from there."""
        return any(wanted.text not in self.units for wanted in self.units[ruleset].wanted)

    def suppressed(self, citable: str) -> bool:
        """Whether a source or provision is unknown only because of something already reported."""
        return citable in self.unparsed or any(map(self.open, self.units))

    def reach(self, ruleset: str) -> tuple[str, ...]:
        """Rulesets whose names are visible in `ruleset`, itself left out, in order of import."""
        unit = self.units[ruleset]
        reached = [i.name.text for i in unit.imports if i.name.text in self.units]
        if unit.head.amends is not None and unit.head.amends.text in self.units:
            amended = unit.head.amends.text
            reached += [amended, *self.reach_of_imports(amended)]
        return tuple(dict.fromkeys(r for r in reached if r != ruleset))

    def reach_of_imports(self, ruleset: str) -> tuple[str, ...]:
        return tuple(i.name.text for i in self.units[ruleset].imports if i.name.text in self.units)

    def visible(self, ruleset: str) -> dict[str, tuple[Entry, ...]]:
        """Names visible in `ruleset`: its own and the imported ones."""
        return _visible(self.units[ruleset], *(self.units[r] for r in self.reach(ruleset)))

    def elsewhere(self, ruleset: str) -> dict[str, str]:
        """Names that are declared only in rulesets that `ruleset` does not see, with the one that declares them."""
        seen = {ruleset, *self.reach(ruleset)}
        return {e.node.name.text: e.ruleset for e in self.entries if e.ruleset not in seen}

    def meant(self) -> dict[str, list[tuple[object, ...]]]:
        """What each name means, with what tests and amendments are told of it besides its signature."""
        meant: dict[str, list[tuple[object, ...]]] = {}
        for unit in self.units.values():
            for name, meaning in _meant(unit):
                meant.setdefault(name, []).append(meaning)
        return meant


def index(files: Sequence[tree.File], found: Collector) -> Index:
    """All rulesets of the files by name."""
    result = Index()
    for file in files:
        result.unparsed.update(file.unparsed)
        unit, wrong = _unit(file)
        found.found += wrong
        if unit is None:
            names = (getattr(d, "name", None) for d in file.declarations)
            result.unparsed.update(n.text for n in names if isinstance(n, tree.Name))
            continue
        if unit.name in result.units:
            first = result.units[unit.name].head.name.span
            found.error(
                "duplicate-name",
                f"the ruleset `{unit.name}` is declared twice",
                unit.head.name.span,
                "one ruleset is one file",
                related=((first, "first declared here"),),
            )
            continue
        result.units[unit.name] = unit
        found.found += unit.wrong
        _add_citable(unit, result, found)
    for unit in result.units.values():
        for wanted in unit.wanted:
            if wanted.text not in result.units and wanted.text not in result.unparsed:
                others = [name for name in result.units if name != unit.name]
                found.error(
                    "unknown-ruleset",
                    f"`{unit.name}` {'amends' if wanted is unit.head.amends else 'imports'} `{wanted.text}`, "
                    "which is not among the files given",
                    wanted.span,
                    did_you_mean(wanted.text, others)
                    or "name the folder in which both are, as in `policy check rules`",
                )
            elif wanted.text == unit.name:
                found.error(
                    "circular-import",
                    f"`{unit.name}` {'amends' if wanted is unit.head.amends else 'imports'} itself",
                    wanted.span,
                    "remove it: a ruleset sees its own names",
                )
    _cycles(result, found)
    return result


@remembered
def _unit(file: tree.File) -> tuple[RulesetSource | None, list[Diagnostic]]:
    """The ruleset of a file, and what is found in its head."""
    found = Collector()
    declarations = file.declarations
    start = Span(file.span.source, 0, 0)
    if not declarations:
        return None, []
    first = declarations[0]
    if not isinstance(first, tree.Language) and "language" not in file.unparsed:
        found.error(
            "language-version",
            "the file does not say which version of the language it is written in",
            first.span if first.span.end else start,
            f"begin the file with `language {LANGUAGE_VERSION}`",
            fix=(Edit(start, f"language {LANGUAGE_VERSION}\n"),),
        )
    elif isinstance(first, tree.Language) and first.version.value != LANGUAGE_VERSION:
        found.error(
            "language-version",
            f"version {first.version.value} of the language is not known to this program",
            first.version.span,
            f"it reads `language {LANGUAGE_VERSION}`",
        )
    heads = [d for d in declarations if isinstance(d, tree.Ruleset)]
    if not heads and "ruleset" not in file.unparsed:
        found.error(
            "missing-ruleset",
            "the file does not name its ruleset",
            start,
            'after `language 1`, write `ruleset some.name "Title"`',
        )
    if not heads:
        return None, found.found
    for extra in heads[1:]:
        found.error("duplicate-name", "a file holds one ruleset; this is a second", extra.span)
    imports = tuple(d for d in declarations if isinstance(d, tree.Import))
    below = tuple(d for d in declarations if not isinstance(d, tree.Import | tree.Ruleset | tree.Language))
    own, wrong = _own(heads[0].name.text, below)
    return RulesetSource(heads[0].name.text, heads[0], imports, below, own, wrong), found.found


def _own(ruleset: str, declarations: Iterable[tree.Statement]) -> tuple[tuple[Entry, ...], tuple[Diagnostic, ...]]:
    """The names that declarations give, each once, and what is wrong with them."""
    own: dict[str, Entry] = {}
    found = Collector()
    for d in declarations:
        if isinstance(d, tree.Currency):
            _check_currency(d, found)
        elif isinstance(d, NAMED):
            name = d.name.text
            for word in (d.name, *_spoken(d)):
                if word.text in RESERVED_NAMES:
                    found.error(
                        "reserved-name",
                        f"`{word.text}` is a word of the language, so no expression can refer to it",
                        word.span,
                        "choose another name",
                    )
            if name in own:
                _twice(d.name, own[name].node.name, found)
            else:
                own[name] = Entry(f"{ruleset}.{name}", ruleset, d, d.span)
    return tuple(own.values()), tuple(found.found)


def _twice(name: tree.Name, first: tree.Name, found: Collector) -> None:
    found.error(
        "duplicate-name",
        f"`{name.text}` is declared twice",
        name.span,
        "rename one of the two",
        related=((first.span, "first declared here"),),
    )


def _add_citable(unit: RulesetSource, result: Index, found: Collector) -> None:
    """Adds the sources, provisions and currencies of a ruleset, whose names are known in all."""
    for d in _citable(unit):
        name = d.name.text
        first: Citable
        match d:
            case tree.SourceText():
                first = result.sources.setdefault(name, d)
            case tree.Provision():
                _, first = result.provisions.setdefault(name, (unit.name, d))
            case tree.Currency():
                _, first = result.currencies.setdefault(name, (unit.name, d))
            case _:
                assert_never(d)
        if first is not d:
            _twice(d.name, first.name, found)


@remembered
def _citable(unit: RulesetSource) -> tuple[Citable, ...]:
    return tuple(d for d in unit.declarations if isinstance(d, Citable))


def _check_currency(d: tree.Currency, found: Collector) -> None:
    code, decimals = d.name.text, d.decimals.value
    if code in MINOR_UNIT:
        message = f"`{code}` is a currency of ISO 4217, with {MINOR_UNIT[code]} decimals"
        found.error("duplicate-name", message, d.name.span, "remove the declaration")
    if decimals != int(decimals) or decimals > MOST_DECIMALS:
        message = f"`{d.decimals.span.text}` is no number of decimals"
        found.error("bad-step", message, d.decimals.span, f"write a whole number from 0 to {MOST_DECIMALS}")


def _spoken(d: tree.Definition) -> Iterator[tree.Name]:
    """Names inside a declaration that expressions use without anything before them."""
    if isinstance(d, tree.EnumOf):
        yield from (m.name for m in d.members)
    elif isinstance(d, tree.Value | tree.Table | tree.Decision | tree.Priority | tree.Property):
        yield from (b.name for b in d.parameters)


@remembered
def _visible(unit: RulesetSource, *reached: RulesetSource) -> dict[str, tuple[Entry, ...]]:
    return merge(unit.own, (e for r in reached for e in r.own))


@remembered
def _meant(unit: RulesetSource) -> tuple[tuple[str, tuple[object, ...]], ...]:
    return tuple((e.node.name.text, (e.id, type(e.node), *_told(e.node))) for e in unit.own)


def _told(node: tree.Definition) -> tuple[object, ...]:
    """What a declaration says of itself besides its signature."""
    inside = tuple(r.name.text for r in node.rules) if isinstance(node, tree.Decision) else ()
    return inside, getattr(node, "stricter", ""), getattr(node, "unset", None) is None


def _cycles(result: Index, found: Collector) -> None:
    done: set[str] = set()
    for start in result.units:
        path: list[str] = []

        def visit(name: str, path: list[str] = path) -> None:
            if name in path:
                circle = [*path[path.index(name) :], name]
                if not done.intersection(circle):
                    span = result.units[name].head.name.span
                    shown = " → ".join(f"`{n}`" for n in circle)
                    found.error(
                        "circular-import",
                        f"rulesets import each other in a circle: {shown}",
                        span,
                        "move what both need into a ruleset of its own",
                    )
                    done.update(circle)
                return
            if name in done:
                return
            path.append(name)
            for wanted in result.reach(name):
                visit(wanted)
            path.pop()
            done.add(name)

        visit(start)
