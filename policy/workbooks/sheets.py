"""The tables, parameters and dated sets of rules as sheets, one each.

In: a checked rulebook. Out: sheets in the order of declaration; each line is a row of a table or a version of a
parameter or set, and each cell the text that stands in the rules, with its place there. Absent: workbooks, changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, assert_never

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import rules, types
from policy.model.expressions import Expression
from policy.pipeline import Checked, parsed
from policy.source import Span
from policy.syntax import tree
from policy.vocabulary import AmendmentKind, HitPolicy

Kind = Literal["table", "parameter", "set"]
Role = Literal["test", "result", "from", "until", "value", "is", "add", "remove", "per"]
VERSIONS: dict[Kind, tuple[Role, ...]] = {
    "table": (),
    "parameter": ("from", "until", "value", "per"),
    "set": ("from", "until", "is", "add", "remove", "per"),
}
HEAD = 7  # lines of a sheet above its rows: name, titles, type, hit policy, types of columns, heads
ROW, COMMENT = "row", "comment"  # the first column and the last, which are not the rules' own


@frozen
class Column:
    """`type` is None where a column holds dates, provisions or members as text; `choices` are what a cell may say."""

    name: str
    role: Role
    type: types.Type | None = None
    choices: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What stands in the column, in words."""
        match self.role:
            case "from" | "until":
                return "date"
            case "per":
                return "provisions"
            case "is" | "add" | "remove":
                return f"set of {types.describe(self.type)}" if self.type else "set"
            case "test" | "result" | "value":
                return types.describe(self.type) if self.type else ""
            case _:
                assert_never(self.role)


@frozen
class SheetCell:
    """The text of a cell as the rules have it, and where; no place where it cannot be changed from a sheet."""

    text: str
    span: Span | None = None


@frozen
class SheetLine:
    cells: tuple[SheetCell, ...]
    node: tree.Row | tree.Version | tree.SetVersion
    comment: str

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(c.text for c in self.cells)


@frozen
class Sheet:
    """`word` is how the rules begin it: `parameter`, `table`, `set`, or `tighten table` in an overlay."""

    name: str
    word: str
    kind: Kind
    ruleset: str
    title: BilingualText
    type: str
    hit: str
    columns: tuple[Column, ...]
    lines: tuple[SheetLine, ...]
    span: Span
    is_overlay: bool

    @property
    def identity(self) -> tuple[str, str]:
        return (self.word, f"{self.ruleset}.{self.name}")

    @property
    def head(self) -> list[list[str]]:
        """The lines above the rows, as texts; the last are the heads of the columns."""
        columns = [ROW, *(c.name for c in self.columns), COMMENT]
        told = [
            list(self.identity),
            ["title", self.title.en],
            ["標題", self.title.zh],
            ["type", self.type],
            ["hit policy", self.hit],
            ["", *(c.told for c in self.columns), "read only"],
        ]
        return [[*line, *[""] * (len(columns) - len(line))][: max(len(columns), 2)] for line in told] + [columns]


def sheets_of(checked: Checked) -> list[Sheet]:
    """The sheets of all tables, parameters and sets, those of overlays included."""
    found: list[Sheet] = []
    for file in parsed(checked.texts)[0]:
        ruleset = next((d for d in file.declarations if isinstance(d, tree.Ruleset)), None)
        if ruleset is not None:
            made = _Sheets(checked.model, ruleset)
            found += (s for d in file.declarations for s in made.of(d))
    return found


class _Sheets:
    def __init__(self, model: rules.Model, ruleset: tree.Ruleset) -> None:
        self.model, self.ruleset = model, ruleset.name.text
        self.amended = ruleset.amends.text if ruleset.amends else ""

    def of(self, d: tree.Declaration) -> Iterator[Sheet]:
        match d:
            case tree.Parameter(name=name):
                of = self.model.get(rules.Parameter, f"{self.ruleset}.{name.text}")
                yield self._versions(d, "parameter", "parameter", of, d.versions)
            case tree.DatedSet(name=name):
                dated = self.model.get(rules.DatedSet, f"{self.ruleset}.{name.text}")
                yield self._versions(d, "set", "set", dated, d.versions)
            case tree.Table(name=name):
                yield self._table(
                    d, "table", self.model.get(rules.Table, f"{self.ruleset}.{name.text}"), d.header, d.rows
                )
            case tree.Tighten(kind=kind, name=name):
                target = self._amended(name.text)
                word = _amendment(kind)
                if isinstance(target, rules.Parameter) and d.versions:
                    yield self._versions(d, "parameter", word, target, d.versions)
                elif isinstance(target, rules.Table) and d.header is not None:
                    yield self._table(d, word, target, d.header, d.rows)
            case _:
                pass

    def _amended(self, name: str) -> rules.Declaration | None:
        """What an overlay amends: a declaration of the ruleset amended, or of one that it imports."""
        ruleset = self.model.rulesets.get(self.amended)
        reach = (self.amended, *(ruleset.imports if ruleset else ()))
        return next((d for r in reach if (d := self.model.declared.get(f"{r}.{name}"))), None)

    def _versions(
        self,
        d: tree.Parameter | tree.DatedSet | tree.Tighten,
        kind: Kind,
        word: str,
        of: rules.Parameter | rules.DatedSet,
        versions: tuple[tree.Version, ...] | tuple[tree.SetVersion, ...],
    ) -> Sheet:
        inner = of.type.of if isinstance(of.type, types.SetOf) else of.type
        columns = tuple(Column(role, role, *self._offered(role, inner)) for role in VERSIONS[kind])
        lines = tuple(_version(v) for v in versions)
        if isinstance(of, rules.Parameter) and of.unset and not lines:
            told = f"{types.describe(of.type)}; unset: {of.unset.en}"
        else:
            told = types.describe(of.type) + (f"; stricter when {s}" if (s := getattr(of, "stricter", "")) else "")
        return self._sheet(d, word, kind, of, told, "", columns, lines)

    def _table(
        self,
        d: tree.Table | tree.Tighten,
        word: str,
        of: rules.Table,
        header: tree.Row,
        rows: tuple[tree.Row, ...],
    ) -> Sheet:
        tested = iter(of.body.columns if not isinstance(d, tree.Tighten) else self._overlaid(d, of))
        fields = _results(self.model, of.type)
        columns = []
        for cell in header.cells:
            name = shown(cell)
            match cell.kind:
                case "from" | "until" | "per" as role:
                    columns.append(Column(name, role, *self._offered(role, None)))
                case _ if name == of.name and not fields:
                    columns.append(Column(name, "result", *self._offered("result", of.type)))
                case _ if name in fields:
                    columns.append(Column(name, "result", *self._offered("result", fields[name])))
                case _:
                    expression = next(tested, None)
                    columns.append(
                        Column(name, "test", *self._offered("test", expression.type if expression else None))
                    )
        lines = tuple(
            SheetLine(tuple(SheetCell(shown(c), _changeable(c.span)) for c in row.cells), row, _comment(row.span))
            for row in rows
        )
        told = types.describe(of.type) + (f"; stricter when {of.stricter}" if of.stricter else "")
        return self._sheet(d, word, "table", of, told, hit_words(of.hit), tuple(columns), lines)

    def _overlaid(self, d: tree.Tighten, of: rules.Table) -> tuple[Expression, ...]:
        """The columns of an amendment, which has heads of its own."""
        found = (a for a in self.model.amendments if a.ruleset == self.ruleset and a.target == of.id and a.rows)
        return next((a.rows.columns for a in found if a.rows), of.body.columns)

    def _sheet(
        self,
        d: tree.Parameter | tree.DatedSet | tree.Table | tree.Tighten,
        word: str,
        kind: Kind,
        of: rules.Declaration,
        told: str,
        hit: str,
        columns: tuple[Column, ...],
        lines: tuple[SheetLine, ...],
    ) -> Sheet:
        title = of.title or NO_WORDS
        overlay = isinstance(d, tree.Tighten)
        return Sheet(d.name.text, word, kind, self.ruleset, title, told, hit, columns, lines, d.span, overlay)

    def _offered(self, role: Role, of: types.Type | None) -> tuple[types.Type | None, tuple[str, ...]]:
        """The type of a column, and what its cells are chosen from."""
        inner = types.inner_of(of)
        members = inner.members if isinstance(inner, types.Enum) else ()
        if isinstance(inner, types.Boolean):
            members = ("true", "false")
        match role:
            case "per":
                return None, tuple(self.model.provisions)
            case "test":
                return of, (*members, "any", "other") if members else ()
            case "result" | "value":
                return of, members
            case "is" | "add" | "remove":
                return of, ()  # a cell holds several
            case "from" | "until":
                return None, ()
            case _:
                assert_never(role)


def _results(model: rules.Model, of: types.AnswerType) -> dict[str, types.Type]:
    """The columns of results by their heads, where a table has several."""
    if not isinstance(of, types.Record):
        return {}
    record = next((r for r in model.of_kind(rules.RecordType) if r.id == of.name), None)
    return {f.name: f.type for f in record.fields} if record else {}


def _amendment(kind: AmendmentKind) -> str:
    return "adopt parameter" if kind == "adopt" else f"tighten {kind}"


def hit_words(hit: HitPolicy) -> str:
    match hit:
        case "only":
            return "exactly one row applies"
        case "first":
            return "first row that applies"
        case "highest" | "lowest":
            return f"{hit} of the rows that apply"
        case "sum":
            return "sum of the rows that apply"
        case _:
            assert_never(hit)


# ── texts and places ────────────────────────────────────────────────────────────────────────


def shown(cell: tree.Cell) -> str:
    """A cell as its sheet shows it: as written, in one line."""
    return cell.text if cell.text else in_one_line(cell.span)


def in_one_line(span: Span) -> str:
    return re.sub(r"\s*\n\s*", " ", span.text).strip()


def _changeable(span: Span) -> Span | None:
    """The place, unless a comment stands within it, which a new text would lose."""
    outside = re.sub(r'"(?:[^"\\\n]|\\["\\])*"', "", span.text)
    return None if "#" in outside and "\n" in outside else span


def _comment(span: Span) -> str:
    """The comment behind a row, on its line."""
    rest = span.source.text[span.end :].partition("\n")[0].strip()
    return rest if rest.startswith("#") else ""


def _version(v: tree.Version | tree.SetVersion) -> SheetLine:
    """The cells of a version, in the order of `VERSIONS`."""
    period = v.period
    start = period.start.isoformat() if period and period.start else ""
    end = period.end.isoformat() if period and period.end else ""
    dates = (SheetCell(start, period.span if period else v.span), SheetCell(end, period.span if period else v.span))
    per = SheetCell(", ".join(n.text for n in v.per.names), _between(v.per.names) or v.span)
    if isinstance(v, tree.Version):
        return SheetLine(
            (*dates, SheetCell(in_one_line(v.body.span), _changeable(v.body.span)), per), v, _comment(v.span)
        )
    sets = (SheetCell(_members(s), _changeable(s.span) if s else None) for s in (v.items, v.add, v.remove))
    return SheetLine((*dates, *sets, per), v, _comment(v.span))


def _members(of: tree.SetOf | None) -> str:
    if of is None:
        return ""
    return ", ".join(in_one_line(i.span) for i in of.items) if of.items else "none"


def _between(names: tuple[tree.Name, ...]) -> Span | None:
    return names[0].span.to(names[-1].span) if names else None
