"""Tests and overlays: one method a grammar rule. Part of `from_text`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from policy.syntax import tree
from policy.syntax.build_expressions import ExpressionBuilder, all_of
from policy.syntax.parsing import Items, Meta
from policy.vocabulary import AmendmentKind, ExpectationKind


def _tighten(kind: AmendmentKind) -> Callable[..., tree.Tighten]:
    def make(self: TestBuilder, meta: Meta, items: Items) -> tree.Tighten:
        name, *rest = items
        span = self.at(meta)
        if kind == "table":
            file = next((i for i in rest if isinstance(i, tree.RowFile)), None)
            header, *rows = all_of(rest, tree.Row) or (tree.Row(()),)
            return tree.Tighten(kind, self.name_of(name), header=header, rows=tuple(rows), file=file, span=span)
        if kind == "decision":
            return tree.Tighten(kind, self.name_of(name), rules=tuple(rest), span=span)
        return tree.Tighten(kind, self.name_of(name), versions=tuple(rest), span=span)

    return make


def _cited(items: Items) -> tree.Citations:
    return next((i for i in items if isinstance(i, tree.Citations)), tree.Citations())


class TestBuilder(ExpressionBuilder):
    """Builds tests and amendments."""

    __test__ = False  # not for pytest

    # tests

    def as_of(self, _: Meta, items: Items) -> tuple[str, date | None]:
        return "on", self.date_of(items[0])

    def given(self, meta: Meta, items: Items) -> tree.Given:
        return tree.Given(self.name_of(items[0]), items[1], span=self.at(meta))

    def test(self, meta: Meta, items: Items) -> tree.Test:
        return tree.Test(
            items[0],
            next((i[1] for i in items if isinstance(i, tuple)), None),
            all_of(items, tree.Given),
            all_of(items, tree.Expectation),
            span=self.at(meta),
        )

    def expect(self, meta: Meta, items: Items) -> tree.Expectation:
        kind, value, names, per = items[1]
        return tree.Expectation(items[0], kind, value, names, per, span=self.at(meta))

    def equals(self, _: Meta, items: Items) -> tuple[str, object, object, tree.Citations]:
        return "equals", items[0], None, _cited(items)

    def _expected(kind: ExpectationKind) -> Callable[..., object]:  # type: ignore[misc]  # a maker of methods
        return lambda self, meta, items: (
            (kind, None, next((i for i in items if isinstance(i, tuple)), None), _cited(items))
        )

    permitted, denied = _expected("permitted"), _expected("denied")
    undecided, fails, refused = _expected("undecided"), _expected("fails"), _expected("refused")

    def before(self, _: Meta, items: Items) -> tuple[str, object, object, tree.Citations]:
        return "before", items[0], (self.name_of(items[1]),), tree.Citations()

    def by(self, _: Meta, items: Items) -> tuple[tree.Name, ...]:
        return tuple(map(self.name_of, items))

    def needs(self, _: Meta, items: Items) -> tuple[tree.Name, ...]:
        return tuple(items)

    def path(self, meta: Meta, items: Items) -> tree.Name:
        return tree.Name(".".join(items), span=self.at(meta))

    # overlays

    tighten_parameter, tighten_value = _tighten("parameter"), _tighten("value")
    tighten_table, tighten_decision = _tighten("table"), _tighten("decision")
    adopt = _tighten("adopt")
