"""Declarations: one method a grammar rule, each a line or two. Part of `from_text`."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from policy.answers import NO_WORDS, BilingualText
from policy.source import Span
from policy.syntax import tree
from policy.syntax.build_expressions import all_of, constant, phrases_of
from policy.syntax.build_tests import TestBuilder
from policy.syntax.clauses import Noted, Renamed, Rest, Spelt
from policy.syntax.parsing import Items, Meta, Token
from policy.syntax.picked import cited_in, first_item, renamed_from, strictness, the_only_one
from policy.vocabulary import CellKind, End, KeyKind


def _tagged(tag: str) -> Callable[..., tuple[str, object]]:
    return lambda self, meta, items: (tag, items[0] if items else None)


def _named(tag: str) -> Callable[..., tuple[str, tree.Name]]:
    return lambda self, meta, items: (tag, self.name_of(items[0]))


def _key(kind: KeyKind) -> Callable[..., tree.Key]:
    def make(self: Builder, meta: Meta, items: Items) -> tree.Key:
        side = items[1] if kind == "best" else None
        return tree.Key(kind, items[0], side, (), first_item(items, tree.Period), cited_in(items), span=self.at(meta))

    return make


class Builder(TestBuilder):
    """Builds our nodes bottom-up, as the parser reduces."""

    # the file, its sources, its facts

    def language(self, meta: Meta, items: Items) -> tree.Language:
        return tree.Language(self.number_of(items[0]), span=self.at(meta))

    def ruleset(self, meta: Meta, items: Items) -> tree.Ruleset:
        amends, offset = first_item(items, tree.Name), first_item(items, tree.Text)
        title = first_item(items, BilingualText)
        return tree.Ruleset(self.name_of(items[0]), amends, title, offset, span=self.at(meta))

    def offset(self, _: Meta, items: Items) -> tree.Text:
        return tree.Text(self.unquoted(items[0]), span=self.token_span(items[0]))

    def amends(self, _: Meta, items: Items) -> tree.Name:
        return self.name_of(items[0])

    def import_declaration(self, meta: Meta, items: Items) -> tree.Import:
        return tree.Import(self.name_of(items[0]), span=self.at(meta))

    def currency(self, meta: Meta, items: Items) -> tree.Currency:
        title = first_item(items, BilingualText) or NO_WORDS
        return tree.Currency(self.name_of(items[0]), self.number_of(items[1]), title, span=self.at(meta))

    def source_declaration(self, meta: Meta, items: Items) -> tree.SourceText:
        clauses = self.clauses(f"source `{items[0]}`", items[2:])
        return tree.SourceText(
            self.name_of(items[0]),
            items[1],
            self.unquoted(clauses["reference"]) if "reference" in clauses else "",
            self.date_of(clauses["issued"]) if "issued" in clauses else None,
            self.one_period(f"source `{items[0]}`", items),
            clauses.get("read"),
            clauses.get("status"),
            clauses["note"].words if "note" in clauses else None,
            span=self.at(meta),
        )

    reference, issued = _tagged("reference"), _tagged("issued")

    def note(self, meta: Meta, items: Items) -> tuple[str, Noted]:
        return "note", Noted(items[0], self.at(meta))

    def read(self, meta: Meta, items: Items) -> tuple[str, tree.Reading]:
        copies = first_item(items, tuple) or ()
        on, *ends = (self.date_of(i) for i in items if isinstance(i, Token))
        return "read", tree.Reading(on, copies, ends[0] if ends else None, span=self.at(meta))

    def copies(self, _: Meta, items: Items) -> tuple[tree.Copy, ...]:
        return tuple(items)

    def copy(self, meta: Meta, items: Items) -> tree.Copy:
        address, sha256 = self.unquoted(items[0]), self.unquoted(items[1]) if len(items) > 1 else ""
        return tree.Copy(address, sha256, span=self.at(meta))

    def one_period(self, of: str, clauses: Items) -> tree.Period | None:
        """The period among the clauses, with a finding for each further one."""
        periods = [c for c in clauses if isinstance(c, tree.Period)]
        for repeated in periods[1:]:
            self.found.error("repeated-clause", f"{of} has a second period", repeated.span)
        return periods[0] if periods else None

    status, pillar, measure = _named("status"), _named("pillar"), _named("measure")

    excused = _tagged("excused")

    def provision(self, meta: Meta, items: Items) -> tree.Provision:
        clauses = self.clauses(f"provision `{items[0]}`", items)
        return tree.Provision(
            self.name_of(items[0]),
            clauses.get("pillar"),
            clauses.get("measure"),
            first_item(items, tree.Period),
            the_only_one(items, BilingualText),
            clauses.get("status"),
            clauses.get("excused"),
            span=self.at(meta),
        )

    def enum(self, meta: Meta, items: Items) -> tree.EnumOf:
        title, members = first_item(items, BilingualText), all_of(items, tree.Member)
        first = next((i for i in items[1:] if i in get_args(End)), None)
        return tree.EnumOf(self.name_of(items[0]), title, members, renamed_from(items), first, span=self.at(meta))

    from_highest, from_lowest = constant("highest"), constant("lowest")

    def member(self, meta: Meta, items: Items) -> tree.Member:
        title = first_item(items, BilingualText)
        spelt = first_item(items, Spelt)
        texts = spelt.texts if spelt is not None else ()
        return tree.Member(self.name_of(items[0]), title, renamed_from(items), texts, span=self.at(meta))

    def spelt(self, _: Meta, items: Items) -> Spelt:
        return Spelt(tuple(tree.Text(self.unquoted(i), span=self.token_span(i)) for i in items))

    def renamed(self, _: Meta, items: Items) -> Renamed:
        return Renamed(self.name_of(items[0]))

    def record(self, meta: Meta, items: Items) -> tree.RecordType:
        title, fields = first_item(items, BilingualText), all_of(items, tree.FieldDeclaration)
        return tree.RecordType(self.name_of(items[0]), title, fields, renamed_from(items), span=self.at(meta))

    def field(self, meta: Meta, items: Items) -> tree.FieldDeclaration:
        bounds = self.clauses(f"field `{items[0]}`", items)
        return tree.FieldDeclaration(
            self.name_of(items[0]),
            the_only_one(items, tree.TypeName),
            bounds.get("at least"),
            bounds.get("at most"),
            first_item(items, BilingualText),
            next((i for i in items[1:] if type(i) is str), ""),
            phrases_of(items),
            renamed_from(items),
            span=self.at(meta),
        )

    changeable = constant("changeable")

    at_least, at_most = _tagged("at least"), _tagged("at most")

    # dated, cited values

    def per(self, meta: Meta, items: Items) -> tree.Citations:
        names = tuple(map(self.name_of, items))
        for n, name in enumerate(names):
            if name in names[:n]:
                self.found.error("duplicate-name", f"`{name.text}` is cited twice", name.span)
        return tree.Citations(names, span=self.at(meta))

    def period_from(self, meta: Meta, items: Items) -> tree.Period:
        end = self.date_of(items[1]) if len(items) > 1 else None
        return tree.Period(self.date_of(items[0]), end, span=self.at(meta))

    def period_until(self, meta: Meta, items: Items) -> tree.Period:
        return tree.Period(None, self.date_of(items[0]), span=self.at(meta))

    def version(self, meta: Meta, items: Items) -> tree.Version:
        body = next(i for i in items if not isinstance(i, tree.Period | tree.Citations))
        return tree.Version(first_item(items, tree.Period), body, cited_in(items), span=self.at(meta))

    def _set_version(self, meta: Meta, items: Items, kind: str) -> tree.SetVersion:
        braces = [i for i in items if isinstance(i, tree.SetOf)]
        removed = next((i[1] for i in items if isinstance(i, tuple)), None)
        return tree.SetVersion(
            first_item(items, tree.Period),
            braces[0] if kind == "is" else None,
            braces[0] if kind == "changes" else None,
            removed,
            cited_in(items),
            span=self.at(meta),
        )

    def set_is(self, meta: Meta, items: Items) -> tree.SetVersion:
        return self._set_version(meta, items, "is")

    def set_changes(self, meta: Meta, items: Items) -> tree.SetVersion:
        return self._set_version(meta, items, "changes")

    def set_shrinks(self, meta: Meta, items: Items) -> tree.SetVersion:
        return self._set_version(meta, items, "shrinks")

    removed = _tagged("removed")

    def set(self, meta: Meta, items: Items) -> tree.DatedSet:
        title, versions = first_item(items, BilingualText), all_of(items, tree.SetVersion)
        return tree.DatedSet(self.name_of(items[0]), items[1], title, versions, span=self.at(meta))

    def holiday(self, meta: Meta, items: Items) -> tree.Holiday:
        return tree.Holiday(self.date_of(items[0]), first_item(items, BilingualText), span=self.at(meta))

    def covered(self, meta: Meta, items: Items) -> tree.CalendarVersion:
        return tree.CalendarVersion(items[0], all_of(items, tree.Holiday), cited_in(items), span=self.at(meta))

    def rest(self, meta: Meta, items: Items) -> Rest:
        return Rest(tuple(self.name_of(i) for i in items if isinstance(i, Token)), cited_in(items))

    def calendar_declaration(self, meta: Meta, items: Items) -> tree.Calendar:
        rest = first_item(items, Rest) or Rest((), tree.Citations())
        title, versions = first_item(items, BilingualText), all_of(items, tree.CalendarVersion)
        return tree.Calendar(self.name_of(items[0]), title, rest.days, versions, rest.per, span=self.at(meta))

    stricter_higher, stricter_lower = constant("higher"), constant("lower")

    def leniency(self, meta: Meta, items: Items) -> tree.Leniency:
        return tree.Leniency(items[0], items[1], span=self.at(meta))

    def refuted(self, meta: Meta, items: Items) -> tree.Refuted:
        claim = self.unquoted(items[0]) if isinstance(items[0], Token) else ""
        return tree.Refuted(claim, items[-1], span=self.at(meta))

    def unset(self, meta: Meta, items: Items) -> tree.Unset:
        return tree.Unset(items[0], cited_in(items), span=self.at(meta))

    def parameter(self, meta: Meta, items: Items) -> tree.Parameter:
        renamed, items = renamed_from(items), [i for i in items if not isinstance(i, Renamed)]
        return tree.Parameter(
            self.name_of(items[0]),
            items[1],
            first_item(items, BilingualText),
            strictness(items),
            all_of(items, tree.Version),
            first_item(items, tree.Unset),
            first_item(items, tree.Leniency),
            phrases_of(items),
            renamed=renamed,
            span=self.at(meta),
        )

    def value(self, meta: Meta, items: Items) -> tree.Value:
        renamed, items = renamed_from(items), [i for i in items if not isinstance(i, Renamed)]
        return tree.Value(
            self.name_of(items[0]),
            items[1],
            items[2],
            first_item(items, BilingualText),
            strictness(items),
            all_of(items, tree.Version),
            first_item(items, tree.Leniency),
            all_of(items, tree.Refuted),
            phrases_of(items),
            renamed=renamed,
            local=all_of(items, tree.LocalName),
            span=self.at(meta),
        )

    # tables

    hit_only, hit_first = constant(("hit", "only")), constant(("hit", "first"))
    hit_highest, hit_lowest = constant(("hit", "highest")), constant(("hit", "lowest"))
    hit_sum = constant(("hit", "sum"))

    def table(self, meta: Meta, items: Items) -> tree.Table:
        renamed, items = renamed_from(items), [i for i in items if not isinstance(i, Renamed)]
        header, *rows = all_of(items, tree.Row) or (tree.Row(()),)
        return tree.Table(
            self.name_of(items[0]),
            items[1],
            items[2],
            first_item(items, BilingualText),
            strictness(items),
            next(i[1] for i in items if isinstance(i, tuple) and i and i[0] == "hit"),
            header,
            tuple(rows),
            first_item(items, tree.Leniency),
            all_of(items, tree.Refuted),
            phrases_of(items),
            renamed=renamed,
            local=all_of(items, tree.LocalName),
            file=first_item(items, tree.RowFile),
            span=self.at(meta),
        )

    def row_file(self, meta: Meta, items: Items) -> tree.RowFile:
        return tree.RowFile(self.unquoted(items[0]), span=self.at(meta))

    def row(self, meta: Meta, items: Items) -> tree.Row:
        return tree.Row(tuple(items), span=self.at(meta))

    def _plain_cell(kind: CellKind) -> Callable[..., tree.Cell]:  # type: ignore[misc]  # a maker of methods
        return lambda self, meta, items: tree.Cell(kind, tuple(items), span=self.at(meta))

    any_cell, other_cell, values_cell = _plain_cell("any"), _plain_cell("other"), _plain_cell("values")
    in_cell, not_in_cell = _plain_cell("in"), _plain_cell("not in")
    from_cell, until_cell, per_cell = _plain_cell("from"), _plain_cell("until"), _plain_cell("per")

    def bounds_cell(self, meta: Meta, items: Items) -> tree.Cell:
        return tree.Cell("bounds", (), tuple(items[0]), span=self.at(meta))

    def bounds(self, _: Meta, items: Items) -> Items:
        return items

    below, upto, above, atleast = _tagged("<"), _tagged("<="), _tagged(">"), _tagged(">=")

    def citations_cell(self, meta: Meta, items: Items) -> tree.Cell:
        return tree.Cell("citations", citations=self.per(meta, items), span=self.at(meta))

    # decisions, priorities, properties

    duty = constant("permitted")
    permit, deny = constant("permit"), constant("deny")
    when, unless = _tagged("when"), _tagged("unless")

    def because(self, meta: Meta, items: Items) -> tuple[str, BilingualText, Span]:
        return "because", items[0], self.at(meta)

    def otherwise(self, meta: Meta, items: Items) -> tree.Otherwise:
        return tree.Otherwise(items[0], first_item(items, BilingualText), cited_in(items), span=self.at(meta))

    def rule(self, meta: Meta, items: Items) -> tree.Rule:
        clauses = items[2:]
        name = self.name_of(items[1])
        for kind, what in ((tree.Period, "period"), (tree.Citations, "`per`")):
            for repeated in [c for c in clauses if isinstance(c, kind)][1:]:
                self.found.error("repeated-clause", f"rule `{name.text}` has a second {what}", repeated.span)
        because = [c[1:] for c in clauses if isinstance(c, tuple) and c[0] == "because"]
        for _, span in because[1:]:
            self.found.error("repeated-clause", f"rule `{name.text}` has a second `because`", span)
        return tree.Rule(
            items[0],
            name,
            tuple(c[1] for c in clauses if isinstance(c, tuple) and c[0] == "when"),
            tuple(c[1] for c in clauses if isinstance(c, tuple) and c[0] == "unless"),
            because[0][0] if because else None,
            first_item(clauses, tree.Period),
            cited_in(clauses),
            span=self.at(meta),
        )

    def decision(self, meta: Meta, items: Items) -> tree.Decision:
        renamed, items = renamed_from(items), [i for i in items if not isinstance(i, Renamed)]
        return tree.Decision(
            self.name_of(items[0]),
            items[1],
            first_item(items, BilingualText),
            the_only_one(items, tree.Otherwise),
            all_of(items, tree.Rule),
            strictness(items),
            all_of(items, tree.Refuted),
            phrases_of(items),
            renamed=renamed,
            local=all_of(items, tree.LocalName),
            span=self.at(meta),
        )

    lowest_key, earliest_key = _key("lowest"), _key("lowest")
    highest_key, latest_key, best_key = _key("highest"), _key("highest"), _key("best")

    def ranked_key(self, meta: Meta, items: Items) -> tree.Key:
        ranks = tuple(self.name_of(i) for i in items if isinstance(i, Token))
        by = next(i for i in items if not isinstance(i, Token | tree.Period | tree.Citations))
        return tree.Key(
            "ranked", by, None, ranks, first_item(items, tree.Period), cited_in(items), span=self.at(meta)
        )

    def priority(self, meta: Meta, items: Items) -> tree.Priority:
        return tree.Priority(
            self.name_of(items[0]),
            items[1],
            first_item(items, BilingualText),
            all_of(items, tree.Key),
            all_of(items, tree.Refuted),
            all_of(items, tree.LocalName),
            span=self.at(meta),
        )

    def property(self, meta: Meta, items: Items) -> tree.Property:
        binders, local = all_of(items, tree.Binder), all_of(items, tree.LocalName)
        after = [i for i in items[items.index(binders[-1]) + 1 :] if i not in local]
        return tree.Property(
            self.name_of(items[0]),
            first_item(items, BilingualText),
            cited_in(items),
            binders,
            after[0] if len(after) > 1 else None,
            after[-1],
            all_of(items, tree.Refuted),
            local,
            span=self.at(meta),
        )

    def precedes(self, meta: Meta, items: Items) -> tree.Precedes:
        return tree.Precedes(items[0], items[1], self.name_of(items[2]), span=self.at(meta))
