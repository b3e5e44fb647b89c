"""Records written out in formulas: every field once, of its type. Part of the type checker.

In: a record literal, or `with`, and the type that is expected. Out: a typed `RecordOf`, or a finding. A record that
is worked out lives by its fields: it is a result, a branch, or read field by field, and so each field is as known as
what it is made of. Absent: the facts of tests, which may leave fields out; see `literals`.
"""

from __future__ import annotations

from abc import abstractmethod

from policy.diagnostics import did_you_mean
from policy.model import expressions as typed, types
from policy.model.amounts import currency_field, in_record, plain, spelt
from policy.model.arithmetic import how_ordered
from policy.model.coercion import Coercion
from policy.model.expressions import Expression
from policy.model.names import Scope
from policy.model.types import Type
from policy.syntax import tree

BY_FIELDS = "hand over its fields one by one; a record that is worked out is a result, or read by its fields"


class RecordChecker(Coercion):
    """Types the records of formulas; `expression` types whatever stands in them."""

    scope: Scope

    @abstractmethod
    def expression(self, node: tree.Expression, expected: Type = types.BROKEN) -> Expression: ...

    def typed(self, node: tree.Expression, expected: Type) -> Expression:
        """The expression, which must be usable as `expected`."""
        return self.coerce(self.expression(node, expected), expected)

    def written(self, node: tree.RecordOf, expected: Type) -> Expression:
        """A record written out: all its fields, each once."""
        if not isinstance(expected, types.Record):
            if isinstance(expected, types.Broken):
                what, help = "nothing here says which record this is", "use it as a result, or as a branch of one"
            else:
                what, help = f"this is a record, but {types.a_type(expected)} is expected", ""
            return self.fail("type-mismatch", what, node.span, help)
        fields = self.scope.fields[expected.name]
        found = self.entries(node, expected)
        missing = [name for name in fields if name not in found]
        if missing:
            shown = ", ".join(f"`{name}`" for name in missing)
            what = f"{shown} of `{types.short(expected.name)}` {'is' if len(missing) == 1 else 'are'} not written"
            return self.fail("incomplete-record", what, node.span, "name every field, or change a record `with` some")
        items = tuple(self._item(found, name, of, "") for name, of in fields.items())
        return _record(expected, fields, items, node)

    def changed(self, node: tree.Updated, expected: Type) -> Expression:
        """A record with some of its fields changed."""
        base = self.expression(node.base, expected)
        if not isinstance(base.type, types.Record):
            if isinstance(base.type, types.Broken):
                return base
            return self.fail("type-mismatch", f"{types.a_type(base.type)} has no fields", node.base.span)
        fields = self.scope.fields[base.type.name]
        found = self.entries(node.changes, base.type)
        items = tuple(
            self._item(found, name, of, spelt(base.span))
            if name in found
            else typed.FieldAccess(base, name, type=plain(of), span=base.span)
            for name, of in fields.items()
        )
        return _record(base.type, fields, items, node)

    def _item(self, found: dict[str, tree.Expression], name: str, of: Type, base: str) -> Expression:
        """What stands for a field; where the currency of an amount is not written, it is that of `base`."""
        currency = currency_field(of)
        written = spelt(found[currency].span) if currency in found else f"{base}.{currency}"
        return self.coerce(in_record(self.expression(found[name], plain(of)), of, written), plain(of))

    def entries(self, node: tree.RecordOf, of: types.Record) -> dict[str, tree.Expression]:
        fields = self.scope.fields[of.name]
        found: dict[str, tree.Expression] = {}
        for name, e in node.fields:
            if name.text not in fields:
                help = did_you_mean(name.text, fields) or "it has " + ", ".join(f"`{f}`" for f in fields)
                what = f"`{types.short(of.name)}` has no field `{name.text}`"
                self.found.error("unknown-field", what, name.span, help)
            elif name.text in found:
                self.found.error("duplicate-name", f"`{name.text}` is written twice", name.span)
            else:
                self.scope.note(name.span, "field", of.name, name.text)
                found[name.text] = e
        return found

    def handed_over(self, e: Expression) -> Expression:
        """What is handed over whole, to a question or in a list: a fact, for no record that is worked out can be."""
        if not typed.is_made(e):
            return e
        return self.fail(
            "type-mismatch", "a record that is worked out cannot be handed over whole", e.span, BY_FIELDS
        )


def _record(
    of: types.Record, fields: dict[str, Type], items: tuple[Expression, ...], node: tree.RecordOf | tree.Updated
) -> Expression:
    if any(isinstance(i, typed.Failed) for i in items):
        return typed.Failed(type=types.BROKEN, span=node.span)
    return typed.RecordOf(tuple(fields), items, takes=tuple(map(plain, fields.values())), type=of, span=node.span)


def check_answer(scope: Scope, d: tree.Parameter | tree.Value | tree.Table, of: Type) -> None:
    """Reports what cannot be done with such an answer: to be the stricter one, the highest or the sum of rows."""
    name = d.name.text
    if not isinstance(of, types.Record):
        if isinstance(d, tree.Table) and (what := _not_taken(d, of)):
            scope.found.error("type-mismatch", what, d.name.span, how_ordered(of) if d.hit != "sum" else "")
        return
    if d.stricter:
        what = f"`{name}` answers a record, which has no order"
        help = f"say it of a value with one field of it, as `value … stricter when {d.stricter} = {name}(…).rate`"
        scope.found.error("type-mismatch", what, d.name.span, help)
    if isinstance(d, tree.Table) and d.hit not in ("only", "first"):
        what = f"`{name}` answers records, of which none is the highest or lowest, and no sum is made"
        scope.found.error(
            "type-mismatch", what, d.name.span, "write `exactly one row applies`, or `first row that applies`"
        )
    if _inside_itself(of, scope, ()):
        scope.found.error(
            "type-mismatch", f"`{types.short(of.name)}` is inside itself, so none can be written", d.name.span
        )


def _not_taken(d: tree.Table, of: Type) -> str:
    """What is wrong with taking the highest, lowest or sum of such rows."""
    if d.hit in ("highest", "lowest") and not types.has_order(of):
        return f"`{d.name.text}` answers {types.a_type(of)}, of which none is the highest or lowest"
    if d.hit == "sum" and not isinstance(of, types.Number | types.Broken):
        return f"`{d.name.text}` answers {types.a_type(of)}, of which no sum is made"
    return ""


def _inside_itself(of: types.Record, scope: Scope, around: tuple[str, ...]) -> bool:
    inner = (t for t in scope.fields[of.name].values() if isinstance(t, types.Record))
    return of.name in around or any(_inside_itself(t, scope, (*around, of.name)) for t in inner)
