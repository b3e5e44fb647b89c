"""Who is visible where: full names, and what a bare word means inside one ruleset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from attrs import evolve, field, frozen

from policy.diagnostics import Collector, did_you_mean
from policy.model import types
from policy.model.currencies import MINOR_UNIT
from policy.model.reuse import ANYTHING, Lookups
from policy.model.types import Type
from policy.model.uses import Symbol, Uses, declared
from policy.source import Span
from policy.syntax import tree
from policy.syntax.slips import INSTEAD
from policy.vocabulary import QuestionKind, SymbolKind

_WRITTEN = "boolean text integer decimal rate money price quantity date instant duration period".split()  # types


@frozen
class Signature:
    """How a name may be used in expressions; `picks` tells of a record whether it is one of the facts."""

    id: str
    kind: QuestionKind
    parameters: tuple[tuple[str, Type], ...]
    type: Type
    picks: bool = False


@frozen
class Entry:
    """A declared name: its full name, what it declares and where."""

    id: str
    ruleset: str
    node: tree.Definition
    span: Span


@frozen(eq=False)
class Scope:
    """The names visible in one ruleset: its own and those of the rulesets it imports."""

    ruleset: str
    visible: dict[str, tuple[Entry, ...]]
    signatures: dict[str, Signature]
    named_types: dict[str, Type]
    fields: dict[str, dict[str, Type]]  # by a record's full name
    bounds: dict[str, dict[str, tuple[int | None, int | None]]]  # of fields, once all records are read
    found: Collector
    unparsed: frozenset[str] = frozenset()  # names whose declarations could not be read
    others: Callable[[], dict[str, str]] = dict  # names that only rulesets not seen here declare, with the ruleset
    open: bool = False  # whether an import leads nowhere, so that any name may come from there
    currencies: dict[str, int] = field(factory=dict)  # that the rulebook declares, with their decimals
    uses: Uses | None = None  # what names mean, where that is to be noted
    lookups: Lookups = field(factory=Lookups)  # what is looked up, where that is to be noted

    def note(self, span: Span, kind: SymbolKind, *id: str) -> None:
        """Notes what a name means."""
        if self.uses is not None:
            self.uses[span] = Symbol(kind, ".".join(id))

    def minor_unit(self, code: str, span: Span) -> int | None:
        """Decimals of a currency, or None with a finding."""
        known = MINOR_UNIT.get(code, self.currencies.get(code))
        if known is None and not self.suppressed(code):
            meant = [iso for iso in MINOR_UNIT if _is_slip(code, iso)]
            close = f"did you mean {' or '.join(f'`{iso}`' for iso in meant)}?" if meant else ""
            close = close if 0 < len(meant) < 4 else f'declare it, as `currency {code} 6 "…"`'
            message = f"`{code}` is not a currency of ISO 4217 and is not declared"
            self.found.error("unknown-currency", message, span, close)
        return known

    def elsewhere(self, name: str) -> str:
        """The remedy where a ruleset that is not imported declares `name`."""
        ruleset = self.others().get(name)
        return f"add `import {ruleset}`, which declares `{name}`" if ruleset else ""

    def suppressed(self, name: str) -> bool:
        """Whether `name` is unknown only because of something already reported."""
        self.lookups.add(ANYTHING)
        return self.open or name in self.unparsed

    def find(self, name: str, span: Span, kinds: tuple[type[tree.Definition], ...], what: str) -> Entry | None:
        """The one entry of these kinds called `name`, or None with a finding."""
        entries = [e for e in self.visible.get(name, ()) if isinstance(e.node, kinds)]
        if len(entries) == 1:
            if self.uses is not None:
                self.uses[span] = declared(entries[0].id, entries[0].node)
            return entries[0]
        if entries:
            places = " and ".join(f"`{e.ruleset}`" for e in entries)
            self.found.error(
                "ambiguous-name",
                f"`{name}` is declared in {places}",
                span,
                "rename one of them, or import only the one you mean",
            )
            return None
        if self.suppressed(name):
            return None
        known = [n for n, es in self.visible.items() if any(isinstance(e.node, kinds) for e in es)]
        own = _WRITTEN if what == "type" else ()
        help = self.elsewhere(name) or INSTEAD.get(name) or did_you_mean(name, [*known, *own])
        self.found.error("unknown-name", f"there is no {what} `{name}`", span, help)
        return None

    def type_of(self, written: tree.TypeName) -> Type:
        """The type an author wrote."""
        match written.kind:
            case "boolean":
                return types.BOOLEAN
            case "text":
                return types.TEXT
            case "date":
                return types.DATE
            case "instant":
                return types.INSTANT
            case "duration":
                return types.INSTANT_STEP
            case "period":
                return types.PERIOD
            case "integer":
                return types.INTEGER
            case "set" | "list" | "optional":
                assert written.of is not None
                inner = self.type_of(written.of)
                if written.kind == "optional":
                    return types.OptionalOf(inner)
                return types.SetOf(inner) if written.kind == "set" else types.ListOf(inner)
            case "named":
                entry = self.find(written.argument, written.span, (tree.EnumOf, tree.RecordType), "type")
                return self.named_types.get(entry.id, types.BROKEN) if entry else types.BROKEN
            case "amount":
                help = f"put it into a record, beside the field `{written.argument}`"
                message = "money whose currency is a fact is a field of the record that has the currency"
                self.found.error("currency-mismatch", message, written.span, help)
                return types.BROKEN
            case "decimal":
                return self._number_type(written, "number")
            case "rate" | "quantity" | "money" | "price":
                return self._number_type(written, written.kind)
            case _:
                assert_never(written.kind)

    def field_type(self, written: tree.TypeName, fields: Sequence[tree.FieldDeclaration]) -> Type:
        """The type of a field of a record with these fields, which may have its currency."""
        if written.kind == "optional" and written.of is not None and written.of.kind == "amount":
            return types.OptionalOf(self.field_type(written.of, fields))
        if written.kind != "amount":
            return self.type_of(written)
        name = written.argument
        home = next((f for f in fields if f.name.text == name), None)
        if home is None:
            names = [f.name.text for f in fields]
            help = did_you_mean(name, names) or "name the field that has the currency"
            self.found.error("unknown-field", f"the record has no field `{name}`", written.span, help)
            return types.BROKEN
        if not isinstance(self.type_of(home.type), types.Enum | types.Text | types.Broken):
            self.found.error(
                "type-mismatch", f"`{name}` is neither an enum nor a text", written.span, "name the currency's field"
            )
            return types.BROKEN
        return self._number_type(evolve(written, argument=""), types.MONEY_IN + name)

    def _number_type(self, written: tree.TypeName, unit: str) -> Type:
        scale = types.DEFAULT_SCALE.get(unit, 0)
        if written.argument:
            decimals = self.minor_unit(written.argument, written.span)
            if decimals is None:
                return types.BROKEN
            if unit == "money":
                scale = decimals
            unit = f"{unit}:{written.argument}"
        if written.step is not None:
            step = step_scale(written.step)
            if step is None:
                self.found.error(
                    "bad-step",
                    "the step of a type is a power of ten, like `1`, `0.01` or `0.0001%`",
                    written.step.span,
                )
                return types.BROKEN
            scale = step
        return types.Number(unit, scale)


def _is_slip(code: str, iso: str) -> bool:
    """Whether one letter differs, or they stand in another order."""
    return len(code) == len(iso) and (sorted(code) == sorted(iso) or sum(map(str.__ne__, code, iso)) == 1)


def step_scale(step: tree.Number) -> int | None:
    """Decimals kept by a step that is a power of ten (`0.01` keeps two), or None."""
    sign, digits, exponent = step.value.normalize().as_tuple()
    assert isinstance(exponent, int)
    if sign or digits != (1,) or exponent > 0:
        return None
    return -exponent + (2 if step.unit == "%" else 0)


def merge(own: Iterable[Entry], imported: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Visible names to entries."""
    visible: dict[str, tuple[Entry, ...]] = {}
    for entry in [*own, *imported]:
        name = entry.node.name.text
        if entry not in visible.get(name, ()):
            visible[name] = (*visible.get(name, ()), entry)
    return visible
