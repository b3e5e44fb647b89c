"""Syntax trees to the typed model: names looked up, types checked, dates and citations resolved.

In: the parsed files of one rulebook. Out: a `Model` of everything that could be understood, and findings.
Absent on purpose: judgements about a well-formed model (gaps, unused names, …) are in `lints/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from attrs import evolve

from policy.decisions import Citation, Status, Words
from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.model import expressions as typed
from policy.model import rules, types
from policy.model.circles import report_circles
from policy.model.given import UNREADABLE, fact
from policy.model.index import Index, Unit, index
from policy.model.names import Scope, Signature
from policy.model.types import Number, Type
from policy.model.typing import Typist
from policy.syntax import tree

_NONE = Words("")


def model_of(files: Sequence[tree.File]) -> tuple[rules.Model, list[Diagnostic]]:
    """The model of a rulebook's files, and everything found wrong on the way."""
    found = Collector()
    model = _Reader(index(files, found), found).read()
    report_circles(model, found)
    return model, found.found


class _Reader:
    """Reads all units in three rounds: types, signatures, bodies."""

    def __init__(self, index: Index, found: Collector) -> None:
        self.index, self.found = index, found
        self.named_types: dict[str, Type] = {}
        self.fields: dict[str, dict[str, Type]] = {}
        self.signatures: dict[str, Signature] = {}
        self.scopes = {
            name: Scope(
                name,
                index.visible(name),
                self.signatures,
                self.named_types,
                self.fields,
                found,
                frozenset(index.lost),
                index.open(name),
            )
            for name in index.units
        }
        self.citations: dict[str, Citation] = {}
        self.model = rules.Model(
            rulesets={}, declared={}, sources={}, provisions={}, tests=(), amendments=()
        )

    def read(self) -> rules.Model:
        for unit in self.index.units.values():
            self.model.rulesets[unit.name] = rules.Ruleset(
                name=unit.name,
                title=_words(unit.head.title),
                amends=unit.head.amends.text if unit.head.amends else "",
                imports=self.index.reach(unit.name),
                span=unit.head.span,
            )
        self._types()
        self._sources()
        for entries in self.index.own.values():
            for entry in entries:
                self._signature(entry.id, entry.node, self.scopes[entry.ruleset])
        tests: list[rules.Test] = []
        amendments: list[rules.Amendment] = []
        for unit in self.index.units.values():
            reader = _UnitReader(self, unit)
            for declaration in unit.declarations:
                if isinstance(declaration, tree.Test):
                    tests.append(reader.test(declaration))
                elif isinstance(declaration, tree.Tighten):
                    amendment = reader.amendment(declaration)
                    amendments += [amendment] if amendment else []
                elif not isinstance(declaration, tree.SourceText | tree.Provision):
                    reader.declaration(declaration)
        m = self.model
        return rules.Model(
            rulesets=m.rulesets,
            declared=m.declared,
            sources=m.sources,
            provisions=m.provisions,
            tests=tuple(tests),
            amendments=tuple(amendments),
        )

    # ── types ───────────────────────────────────────────────────────────────────────────────

    def _types(self) -> None:
        for entries in self.index.own.values():
            for entry in entries:
                if isinstance(entry.node, tree.EnumOf):
                    members = tuple(m.name.text for m in entry.node.members)
                    for member in entry.node.members:
                        if members.count(member.name.text) > 1:
                            self._twice(member.name)
                    self.named_types[entry.id] = types.Enum(entry.id, members)
                elif isinstance(entry.node, tree.RecordType):
                    self.named_types[entry.id] = types.Record(entry.id)
        for ruleset, entries in self.index.own.items():
            for entry in entries:
                if isinstance(entry.node, tree.RecordType):
                    fields = self.fields[entry.id] = {}
                    for f in entry.node.fields:
                        if f.name.text in fields:
                            self._twice(f.name)
                        fields[f.name.text] = self.scopes[ruleset].type_of(f.type)

    def _twice(self, name: tree.Name) -> None:
        self.found.error("duplicate-name", f"`{name.text}` is written twice", name.span)

    # ── sources ─────────────────────────────────────────────────────────────────────────────

    def _status(self, name: tree.Name) -> Status:
        known = {s.value: s for s in Status}
        if name.text not in known:
            self.found.error(
                "unknown-status",
                f"`{name.text}` is not a status",
                name.span,
                did_you_mean(name.text, known) or "a status is official, secondary, press or house",
            )
        return known.get(name.text, Status.HOUSE)

    def _sources(self) -> None:
        for name, s in self.index.sources.items():
            if s.status is None:
                self.found.error(
                    "unknown-status",
                    f"source `{name}` does not say how well it is known",
                    s.name.span,
                    "add `status official`, `secondary`, `press` or `house`",
                )
            self.model.sources[name] = rules.SourceText(
                id=name,
                ruleset="",
                title=_words(s.title),
                span=s.span,
                reference=s.reference,
                issued=s.issued.isoformat() if s.issued else "",
                status=self._status(s.status) if s.status else Status.HOUSE,
                note=s.note,
            )
        for name, (ruleset, p) in self.index.provisions.items():
            source_name = name.partition("/")[0]
            source = self.model.sources.get(source_name)
            if source is None and source_name in self.index.lost:
                continue
            if source is None:
                self.found.error(
                    "unknown-source",
                    f"there is no source `{source_name}`",
                    p.name.span,
                    did_you_mean(source_name, self.model.sources),
                )
                continue
            status = self._status(p.status) if p.status else source.status
            self._tag(ruleset, "Pillar", p.pillar)
            self._tag(ruleset, "Measure", p.measure)
            citation = Citation(name, source_name, source.reference, status, _words(p.text))
            self.citations[name] = citation
            self.model.provisions[name] = rules.Provision(
                id=name,
                ruleset=ruleset,
                title=_words(p.text),
                span=p.span,
                source=source_name,
                status=status,
                pillar=p.pillar.text if p.pillar else "",
                measure=p.measure.text if p.measure else "",
                excused=p.excused,
                citation=citation,
            )

    def _tag(self, ruleset: str, enum: str, tag: tree.Name | None) -> None:
        """A provision's pillar or measure must be a member of the enum of that name, where one is declared."""
        allowed = [
            m
            for t in self.named_types.values()
            if isinstance(t, types.Enum) and types.short(t.name) == enum
            for m in t.members
        ]
        if tag is not None and allowed and tag.text not in allowed:
            self.found.error(
                "unknown-name",
                f"`{tag.text}` is not a member of `{enum}`",
                tag.span,
                did_you_mean(tag.text, allowed),
            )

    def cited(self, citations: tree.Citations) -> tuple[Citation, ...]:
        result = []
        for name in citations.names:
            if name.text in self.citations:
                result.append(self.citations[name.text])
            elif name.text not in self.index.provisions and name.text not in self.index.lost:
                self.found.error(
                    "unknown-provision",
                    f"there is no provision `{name.text}`",
                    name.span,
                    did_you_mean(name.text, self.index.provisions),
                )
        return tuple(result)

    # ── signatures ──────────────────────────────────────────────────────────────────────────

    def _signature(self, id: str, node: Any, scope: Scope) -> None:
        def parameters() -> tuple[tuple[str, Type], ...]:
            names = [b.name.text for b in node.parameters]
            for b in node.parameters:
                if names.count(b.name.text) > 1:
                    self._twice(b.name)
            return tuple((b.name.text, scope.type_of(b.type)) for b in node.parameters)

        match node:
            case tree.Parameter():
                signature = Signature(id, "parameter", (), scope.type_of(node.type))
            case tree.DatedSet():
                signature = Signature(id, "set", (), types.SetOf(scope.type_of(node.of)))
            case tree.Value() | tree.Table():
                kind = "value" if isinstance(node, tree.Value) else "table"
                signature = Signature(id, kind, parameters(), scope.type_of(node.type))
            case tree.Decision():
                signature = Signature(id, "decision", parameters(), types.BOOLEAN)
            case tree.Priority():
                signature = Signature(id, "priority", parameters(), types.BROKEN)
            case _:
                return
        self.signatures[id] = signature


class _UnitReader:
    """Reads the bodies of one ruleset's declarations into the model."""

    def __init__(self, reader: _Reader, unit: Unit) -> None:
        self.reader, self.unit, self.found = reader, unit, reader.found
        self.scope = reader.scopes[unit.name]
        self.declared = reader.model.declared

    def typist(self, variables: tuple[tuple[str, Type], ...] = ()) -> Typist:
        return Typist(self.scope, dict(variables), self.found)

    def declaration(self, d: Any) -> None:
        id = f"{self.unit.name}.{d.name.text}"
        if id in self.declared:
            return
        common: dict[str, Any] = {
            "id": id,
            "ruleset": self.unit.name,
            "title": _words(d.title),
            "span": d.span,
        }
        signature = self.reader.signatures.get(id)
        match d:
            case tree.EnumOf(members=members):
                named = tuple((m.name.text, _words(m.title)) for m in members)
                self.declared[id] = rules.EnumOf(members=named, **common)
            case tree.RecordType():
                self.declared[id] = rules.RecordType(fields=tuple(map(self._field, d.fields)), **common)
            case tree.DatedSet(versions=versions) if signature:
                self.declared[id] = rules.DatedSet(
                    type=signature.type, versions=self._set_versions(versions, signature.type), **common
                )
            case tree.Parameter() if signature:
                self.declared[id] = rules.Parameter(
                    type=signature.type,
                    stricter=d.stricter,
                    versions=self._versions(d.versions, self.typist(), signature.type),
                    unset=_words(d.unset.reason) if d.unset else None,
                    citations=self.reader.cited(d.unset.per) if d.unset else (),
                    **common,
                )
            case tree.Value() if signature:
                typist = self.typist(signature.parameters)
                self.declared[id] = rules.Value(
                    parameters=signature.parameters,
                    type=signature.type,
                    stricter=d.stricter,
                    versions=self._versions(d.versions, typist, signature.type),
                    **common,
                )
            case tree.Table() if signature:
                self.declared[id] = rules.Table(
                    parameters=signature.parameters,
                    type=signature.type,
                    stricter=d.stricter,
                    hit=d.hit,
                    body=self._rows(d.name, d.header, d.rows, signature),
                    **common,
                )
            case tree.Decision() if signature:
                typist = self.typist(signature.parameters)
                self.declared[id] = rules.Decision(
                    parameters=signature.parameters,
                    otherwise=d.otherwise.effect,
                    because=_words(d.otherwise.because),
                    citations=self.reader.cited(d.otherwise.per),
                    rules=self._rules(d.rules, typist),
                    **common,
                )
            case tree.Priority() if signature:
                typist = self.typist(signature.parameters)
                keys = tuple(self._key(k, typist) for k in d.keys)
                self.declared[id] = rules.Priority(parameters=signature.parameters, keys=keys, **common)
            case tree.Property():
                parameters = tuple((b.name.text, self.scope.type_of(b.type)) for b in d.parameters)
                typist = self.typist(parameters)
                self.declared[id] = rules.Property(
                    parameters=parameters,
                    citations=self.reader.cited(d.per),
                    where=typist.typed(d.where, types.BOOLEAN) if d.where is not None else None,
                    always=typist.typed(d.always, types.BOOLEAN),
                    **common,
                )

    def _field(self, f: tree.Field) -> rules.Field:
        of = self.scope.fields[f"{self.unit.name}.{self._record_of(f)}"][f.name.text]

        def bound(e: tree.Expression | None) -> int | None:
            if e is None:
                return None
            value = fact(e, of, {}, self.typist())
            return None if value is UNREADABLE else value

        return rules.Field(
            name=f.name.text,
            type=of,
            least=bound(f.at_least),
            most=bound(f.at_most),
            title=_words(f.title),
            span=f.span,
        )

    def _record_of(self, f: tree.Field) -> str:
        return next(
            d.name.text for d in self.unit.declarations if isinstance(d, tree.RecordType) and f in d.fields
        )

    # ── dated things ────────────────────────────────────────────────────────────────────────

    def _dated(self, node: Any, period: tree.Period | None, per: tree.Citations) -> dict[str, Any]:
        start = _ordinal(period.start) if period else None
        end = _ordinal(period.end) if period else None
        if start is not None and end is not None and start >= end:
            assert period is not None
            self.found.error(
                "empty-period",
                "the period ends before it begins",
                period.span,
                "`until` names the first day no longer in force",
            )
        return {"start": start, "end": end, "citations": self.reader.cited(per), "span": node.span}

    def _versions(
        self, versions: tuple[tree.Version, ...], typist: Typist, of: Type
    ) -> tuple[rules.Version, ...]:
        return tuple(
            rules.Version(body=typist.typed(v.body, of), **self._dated(v, v.period, v.per)) for v in versions
        )

    def _set_versions(
        self, versions: tuple[tree.SetVersion, ...], of: Type
    ) -> tuple[rules.SetVersion, ...]:
        typist = self.typist()
        result: list[rules.SetVersion] = []

        def items(braces: tree.SetOf | None) -> frozenset[Any]:
            value = fact(braces, of, {}, typist) if braces is not None else frozenset()
            return frozenset(v for v in value if v is not UNREADABLE) if value is not UNREADABLE else frozenset()

        for v in versions:
            if v.items is not None:
                members = items(v.items)
            else:
                before = result[-1].items if result else frozenset()
                added, removed = items(v.add), items(v.remove)
                for odd, what in ((added & before, "already in"), (removed - before, "not in")):
                    if odd:
                        names = ", ".join(f"`{o}`" for o in sorted(odd))
                        self.found.error("set-change", f"{names} is {what} the set", v.span)
                members = (before | added) - removed
            result.append(rules.SetVersion(items=members, **self._dated(v, v.period, v.per)))
        return tuple(result)

    # ── tables ──────────────────────────────────────────────────────────────────────────────

    def _rows(
        self, name: tree.Name, header: tree.Row, rows: tuple[tree.Row, ...], signature: Signature
    ) -> rules.Rows:
        typist = self.typist(signature.parameters)
        kinds: list[str] = []
        columns: list[typed.Expression | None] = []
        for cell in header.cells:
            item = cell.items[0] if cell.kind == "values" and len(cell.items) == 1 else None
            if cell.kind in ("from", "until", "per"):
                kinds.append(cell.kind)
                columns.append(None)
            elif isinstance(item, tree.Reference) and item.name == name.text:
                kinds.append("result")
                columns.append(None)
            elif item is not None:
                kinds.append("test")
                columns.append(typist.exact(typist.expression(item)))
            else:
                self.found.error("table-shape", "a column's head is what the column tests", cell.span)
                return rules.Rows(columns=(), rows=())
        if kinds.count("result") != 1 or any(kinds.count(k) > 1 for k in ("from", "until", "per")):
            self.found.error(
                "table-shape",
                f"one column must be headed `{name.text}`, and `from`, `until` and `per` may stand once",
                header.span,
                f"the column with the results is headed `{name.text}`, like the table",
            )
            return rules.Rows(columns=(), rows=())
        read = []
        for row in rows:
            if len(row.cells) != len(kinds):
                self.found.error(
                    "table-shape", f"this row has {len(row.cells)} cells and the head {len(kinds)}", row.span
                )
                continue
            read.append(self._row(row, kinds, columns, rows, typist, signature))
        return rules.Rows(columns=tuple(c for c in columns if c is not None), rows=tuple(read))

    def _row(
        self,
        row: tree.Row,
        kinds: list[str],
        columns: list[typed.Expression | None],
        rows: tuple[tree.Row, ...],
        typist: Typist,
        signature: Signature,
    ) -> rules.Row:
        cells: list[rules.Cell] = []
        start: date | None = None
        end: date | None = None
        per = tree.Citations()
        result: typed.Expression = typed.Failed(type=types.BROKEN, span=row.span)
        for at, (cell, kind) in enumerate(zip(row.cells, kinds, strict=True)):
            column = columns[at]
            if column is not None:
                others = [r.cells[at] for r in rows if r is not row and len(r.cells) == len(kinds)]
                cells.append(self._cell(cell, column, others, typist))
            elif kind == "per":
                if cell.kind == "citations":
                    per = cell.citations
                else:
                    self.found.error("table-shape", "the column `per` holds provisions", cell.span)
            elif kind == "result":
                if cell.kind == "values" and len(cell.items) == 1:
                    result = typist.typed(cell.items[0], signature.type)
                else:
                    self.found.error("table-shape", "the result is one value", cell.span)
            elif cell.kind != "any":
                item = cell.items[0] if cell.kind == "values" and len(cell.items) == 1 else None
                if isinstance(item, tree.Moment) and len(item.iso) == 10:
                    moment = date.fromordinal(typist.expression(item).value)  # type: ignore[union-attr]  # a literal
                    start, end = (moment, end) if kind == "from" else (start, moment)
                else:
                    self.found.error("table-shape", f"the column `{kind}` holds dates, or `any`", cell.span)
        period = tree.Period(start, end, span=row.span)
        return rules.Row(cells=tuple(cells), result=result, **self._dated(row, period, per))

    def _cell(
        self, cell: tree.Cell, column: typed.Expression, others: list[tree.Cell], typist: Typist
    ) -> rules.Cell:
        of = column.type.of if isinstance(column.type, types.OptionalOf) else column.type
        if isinstance(of, types.Broken):  # already reported, and no cell can be told right from wrong
            return rules.Cell(kind="any", span=cell.span)
        match cell.kind:
            case "any":
                return rules.Cell(kind="any", span=cell.span)
            case "values":
                return rules.Cell(
                    kind="values", items=tuple(typist.typed(i, of) for i in cell.items), span=cell.span
                )
            case "other":
                quiet = Typist(typist.scope, typist.variables, Collector())
                named = [quiet.typed(i, of) for c in others if c.kind == "values" for i in c.items]
                unique = tuple(dict.fromkeys(n for n in named if not isinstance(n, typed.Failed)))
                return rules.Cell(kind="other", items=unique, span=cell.span)
            case "bounds":
                tests = tuple((operator, self._bound(e, column, typist)) for operator, e in cell.tests)
                return rules.Cell(kind="bounds", tests=tests, span=cell.span)
            case "in" | "not in":
                return rules.Cell(
                    kind=cell.kind, items=(typist.typed(cell.items[0], types.SetOf(of)),), span=cell.span
                )
        self.found.error("table-shape", "this cannot stand in a column that tests facts", cell.span)
        return rules.Cell(kind="any", span=cell.span)

    def _bound(self, e: tree.Expression, column: typed.Expression, typist: Typist) -> typed.Expression:
        inner = column.type.of if isinstance(column.type, types.OptionalOf) else column.type
        plain = evolve(column, type=inner)
        _, bound, of = typist.same_type(plain, typist.exact(typist.expression(e, inner)))
        if not isinstance(of, Number | types.Date | types.Instant | types.Broken):
            return typist.fail("type-mismatch", f"`{types.describe(of)}` has no order", e.span)
        return bound

    # ── decisions and priorities ────────────────────────────────────────────────────────────

    def _rules(self, written: tuple[tree.Rule, ...], typist: Typist) -> tuple[rules.Rule, ...]:
        names: dict[str, tree.Rule] = {}
        result = []
        for r in written:
            if r.name.text in names:
                self.found.error("duplicate-name", f"a rule `{r.name.text}` is already there", r.name.span)
            names[r.name.text] = r
            result.append(
                rules.Rule(
                    name=r.name.text,
                    effect=r.effect,
                    when=tuple(typist.typed(e, types.BOOLEAN) for e in r.when),
                    unless=tuple(typist.typed(e, types.BOOLEAN) for e in r.unless),
                    because=_words(r.because),
                    **self._dated(r, r.period, r.per),
                )
            )
        return tuple(result)

    def _key(self, k: tree.Key, typist: Typist) -> rules.Key:
        by = typist.exact(typist.expression(k.by))
        side = typist.expression(k.side) if k.side is not None else None
        if k.kind == "ranked" and isinstance(by.type, types.Enum):
            ranks = [r.text for r in k.ranks]
            for rank in k.ranks:
                if rank.text not in by.type.members:
                    help = did_you_mean(rank.text, by.type.members)
                    self.found.error("unknown-name", f"`{rank.text}` is not a member", rank.span, help)
            missing = [m for m in by.type.members if m not in ranks]
            if missing:
                shown = ", ".join(f"`{m}`" for m in missing)
                self.found.error("incomplete-ranks", f"the order does not say where {shown} stands", k.span)
        elif k.kind == "ranked":
            typist.fail("type-mismatch", "only the members of an enum can be ranked", by.span)
        elif not isinstance(by.type, Number | types.Date | types.Instant | types.Broken):
            typist.fail("type-mismatch", f"`{types.describe(by.type)}` has no order", by.span)
        if side is not None and not (
            isinstance(side.type, types.Enum) and set(side.type.members) == {"buy", "sell"}
        ):
            typist.fail("type-mismatch", "a side is an enum with the members `buy` and `sell`", side.span)
        return rules.Key(
            kind=k.kind,
            by=by,
            side=side,
            ranks=tuple(r.text for r in k.ranks),
            citations=self.reader.cited(k.per),
            span=k.span,
        )

    # ── tests and overlays ──────────────────────────────────────────────────────────────────

    def test(self, t: tree.Test) -> rules.Test:
        given = {g.name.text: g.value for g in t.given}
        expectations = [self._expectation(e, given) for e in t.expect]
        return rules.Test(
            title=t.title,
            ruleset=self.unit.name,
            on=_ordinal(t.on),
            expectations=tuple(e for e in expectations if e is not None),
            span=t.span,
        )

    def _expectation(
        self, e: tree.Expectation, given: dict[str, tree.Expression]
    ) -> rules.Expectation | None:
        typist = self.typist()
        name, arguments = e.subject, ()
        if e.kind == "before":
            assert e.names is not None
            name, arguments = tree.Call(e.names[0], (), span=e.span), (e.subject,)
        elif isinstance(e.subject, tree.Call):
            arguments = e.subject.arguments
        elif isinstance(e.subject, tree.Reference):
            name = tree.Call(tree.Name(e.subject.name, span=e.span), (), span=e.span)
        if not isinstance(name, tree.Call):
            typist.fail("type-mismatch", "a test asks a question by its name", e.subject.span)
            return None
        kinds = (tree.Value, tree.Table, tree.Decision, tree.Parameter, tree.Priority)
        entry = self.scope.find(name.name.text, name.name.span, kinds, "question")
        if entry is None or entry.id not in self.reader.signatures:
            return None
        signature = self.reader.signatures[entry.id]
        if (signature.kind == "priority") != (e.kind == "before"):
            typist.fail("type-mismatch", "a priority is tested with `expect a before b by name`", e.span)
            return None
        if (signature.kind == "decision") == (e.kind == "equals") and e.kind in ("equals", "permitted", "denied"):
            word = "`permitted` or `denied`" if signature.kind == "decision" else "`= …`"
            typist.fail("type-mismatch", f"a {signature.kind} is expected to be {word}", e.span)
            return None
        if len(arguments) != len(signature.parameters):
            wanted = ", ".join(n for n, _ in signature.parameters)
            typist.fail("wrong-arguments", f"`{types.short(entry.id)}` asks about ({wanted})", e.span)
            return None
        facts = tuple(
            fact(a, of, given, typist) for a, (_, of) in zip(arguments, signature.parameters, strict=True)
        )
        value: Any = None
        other: tuple[Any, ...] = ()
        if e.kind == "equals":
            assert e.value is not None
            value = fact(e.value, signature.type, given, typist)
        elif e.kind == "before":
            assert e.value is not None
            other = (fact(e.value, signature.parameters[0][1], given, typist),)
        if UNREADABLE in facts or value is UNREADABLE or UNREADABLE in other:
            return None
        names = tuple(n.text for n in e.names) if e.names is not None else None
        if e.kind in ("permitted", "denied") and names and isinstance(entry.node, tree.Decision):
            amended = [
                r.name.text
                for d in self.unit.declarations
                if isinstance(d, tree.Tighten) and d.name.text == types.short(entry.id)
                for r in d.rules
            ]
            known = [*(r.name.text for r in entry.node.rules), *amended, "otherwise"]
            for n in e.names or ():
                if n.text not in known:
                    help = did_you_mean(n.text, known)
                    self.found.error("unknown-name", f"there is no rule `{n.text}`", n.span, help)
        return rules.Expectation(
            question=entry.id,
            arguments=facts,
            kind=e.kind,
            value=value,
            names=None if e.kind == "before" else names,
            other=other,
            span=e.span,
        )

    def amendment(self, t: tree.Tighten) -> rules.Amendment | None:
        if self.unit.head.amends is None:
            self.found.error(
                "cannot-tighten",
                "only a ruleset that amends another can tighten it",
                t.span,
                "write `ruleset my.house amends the.ruleset` at the top",
            )
            return None
        kind = {"adopt": tree.Parameter, "parameter": tree.Parameter, "value": tree.Value}.get(
            t.kind, tree.Table if t.kind == "table" else tree.Decision
        )
        entry = self.scope.find(t.name.text, t.name.span, (kind,), "parameter" if t.kind == "adopt" else t.kind)
        if entry is None:
            return None
        node, signature = entry.node, self.reader.signatures[entry.id]
        if t.kind == "adopt" and node.unset is None:
            self.found.error(
                "cannot-tighten", f"`{t.name.text}` has a value already", t.span, "write `tighten parameter`"
            )
        if t.kind in ("parameter", "value", "table") and not node.stricter:
            self.found.error(
                "cannot-tighten",
                f"`{t.name.text}` does not say which way is stricter",
                t.name.span,
                "add `stricter when higher` or `stricter when lower` where it is declared",
            )
        for r in t.rules:
            if r.effect == "permit":
                self.found.error(
                    "loosens", f"`{r.name.text}` permits, and an overlay may only be stricter", r.span
                )
        typist = self.typist(signature.parameters)
        return rules.Amendment(
            kind=t.kind,
            target=entry.id,
            ruleset=self.unit.name,
            versions=self._versions(t.versions, typist, signature.type),
            rows=self._rows(t.name, t.header, t.rows, signature) if t.header else None,
            rules=self._rules(t.rules, typist),
            span=t.span,
        )


def _words(words: tree.Words | None) -> Words:
    return Words(words.en, words.zh) if words else _NONE


def _ordinal(day: date | None) -> int | None:
    return day.toordinal() if day else None
