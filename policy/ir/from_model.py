"""The model to the program: scales made to meet, dates and hit policies and conflicts turned into plain nodes.

In: a model without errors. Out: a `Program` for any date. Nothing is optimised here; see `simplify`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

from attrs import evolve

from policy.answers import Citation
from policy.ir import business_days, orders, program as ir
from policy.ir.bounds import insert_overflow_checks
from policy.ir.fields import Fields, field as field_of, local_id, named, picked, results_of, ways
from policy.ir.logic import all_of, any_of, is_present, once
from policy.ir.lower import lower, lower_as, lower_compare
from policy.ir.periods import dated_label, while_in_force
from policy.ir.program import FALSE, TRUE, Case, Expr, Function, Location
from policy.model import expressions as typed, rules, types
from policy.model.calendar import periods
from policy.model.regions import proven_disjoint
from policy.source import Span
from policy.vocabulary import Effect, ExtremumOperator, HitPolicy

LAW = "#law"  # marks the untightened original of something an overlay tightens

Lowered = Callable[[typed.Expression], Expr]  # an answer, or one field of it, at its scale


def program_of(model: rules.Model, digest: str, overlay: str = "") -> ir.Program:
    """The program of a model; `digest` identifies the text it was made from."""
    functions: dict[str, Function] = {}
    notes: dict[str, str] = {}
    kinds = (
        (rules.Parameter, rules.Value, rules.Table, rules.DatedSet),
        (rules.Calendar,),
        (rules.Decision,),
        (rules.Priority,),
    )
    for some in (*kinds, (rules.Property,)):
        for declared in model.of_kind(*some):
            functions.update((f.id, f) for f in functions_of(declared, model))
            if isinstance(declared, rules.Parameter) and declared.unset is not None:
                notes[declared.id] = declared.unset.en
    records = {r.id: tuple(_field(f) for f in r.fields) for r in model.of_kind(rules.RecordType)}
    enums = {e.id: dict(e.members) for e in model.of_kind(rules.EnumOf)}
    return insert_overflow_checks(
        ir.Program(
            functions=functions,
            records=records,
            enums=enums,
            digest=digest,
            overlay=overlay,
            notes=notes,
            renamed=_renamed(model),
            readings=readings_of(model),
            offset=model.offset,
        )
    )


def functions_of(declared: rules.Question | rules.DatedSet | rules.Calendar, model: rules.Model) -> list[Function]:
    """The functions of a declaration, without overflow checks; those of its local names come first."""
    local = (
        [f for name in declared.local for f in _local(declared, name, model)]
        if isinstance(declared, rules.Asking)
        else []
    )
    return local + _own_functions(declared, model)


def _local(d: rules.Asking, name: rules.LocalName, model: rules.Model) -> list[Function]:
    """What a local name stands for, as a question about the same things: so it is worked out once, where needed."""
    of = name.body.type
    function = Function(
        id=local_id(d.id, name.name),
        kind="value",
        title=name.title,
        parameters=d.parameters,
        type=of,
        body=TRUE,
        place=location_of(name.span),
    )
    if not (isinstance(of, types.Record) and typed.is_made(name.body)):
        return [evolve(function, body=lower(name.body))]
    return [
        evolve(function, id=named(function.id, way), type=last, body=field_of(name.body, way, last, lower_as))
        for way, last in ways(of, _fields(model))
    ]


def _fields(model: rules.Model) -> Fields:
    return {r.id: {f.name: f.type for f in r.fields} for r in model.of_kind(rules.RecordType)}


def _own_functions(declared: rules.Question | rules.DatedSet | rules.Calendar, model: rules.Model) -> list[Function]:
    match declared:
        case rules.Parameter() | rules.Value() | rules.Table() | rules.DatedSet():
            return _dated_functions(declared, model)
        case rules.Calendar():
            return business_days.functions_of(declared, lambda v: location_of(v.span))
        case rules.Decision():
            return [_decision(declared)]
        case rules.Priority():
            keys = ir.Items(tuple(map(_key, declared.keys)))
            return [_function(declared, declared.parameters, types.ListOf(types.INTEGER), keys)]
        case rules.Property():
            always = _always(declared.always, model)
            body = always if declared.where is None else ir.Or((ir.Not(lower(declared.where)), always))
            return [_function(declared, declared.parameters, types.BOOLEAN, body)]
        case _:
            assert_never(declared)


def readings_of(model: rules.Model) -> dict[str, ir.Reading]:
    """When each source was read, where it is said until when that reading holds."""
    return {
        s.id: ir.Reading(s.read, s.holds_until)
        for s in model.sources.values()
        if s.read is not None and s.holds_until is not None
    }


def _field(f: rules.FieldDeclaration) -> ir.FieldDeclaration:
    return ir.FieldDeclaration(
        name=f.name,
        type=_of_facts(f.type, f.least, f.most),
        least=f.least,
        most=f.most,
        title=f.title,
        is_changeable=f.is_changeable,
        place=location_of(f.span),
    )


def _of_facts(of: types.Type, least: int | None, most: int | None) -> types.Type:
    """The type of a field's facts: of an enum, the members within its bounds."""
    if isinstance(of, types.OptionalOf):
        return types.OptionalOf(_of_facts(of.of, least, most))
    return of.between(least, most) if isinstance(of, types.Enum) else of


def _renamed(model: rules.Model) -> dict[str, str]:
    """The earlier names: of declarations in full, of fields and members as they stood in their record or enum."""
    found = {d.id: f"{d.ruleset}.{d.renamed}" for d in model.declared.values() if d.renamed}
    for r in model.of_kind(rules.RecordType):
        found |= {f"{r.id}.{f.name}": f.renamed for f in r.fields if f.renamed}
    for e in model.of_kind(rules.EnumOf):
        found |= {f"{e.id}.{member}": old for member, old in e.renamed_members}
    return found


def location_of(span: Span) -> Location:
    return Location(span.source.name, span.line, span.column)


def _function(
    d: rules.Question | rules.DatedSet,
    parameters: rules.Parameters,
    of: types.AnswerType,
    body: Expr,
    rules_: tuple[ir.Rule, ...] = (),
) -> Function:
    return Function(
        id=d.id,
        kind=d.kind,
        title=d.title,
        parameters=parameters,
        type=of,
        body=body,
        rules=rules_,
        citations=_own_citations(d),
        place=location_of(d.span),
    )


def _own_citations(d: rules.Question | rules.DatedSet) -> tuple[tuple[Expr, Citation], ...]:
    """What a declaration stands on as a whole: a priority on its lines, a parameter without a value on its `per`."""
    if isinstance(d, rules.Priority):
        cited = [(all_of(while_in_force(key.start, key.end)), c) for key in d.keys for c in key.citations]
        return tuple(dict.fromkeys(cited))
    return tuple((TRUE, c) for c in d.citations) if isinstance(d, rules.Parameter | rules.Property) else ()


# ── dates ───────────────────────────────────────────────────────────────────────────────────


def _dated_functions(
    d: rules.Parameter | rules.DatedSet | rules.Value | rules.Table, model: rules.Model
) -> list[Function]:
    """The declaration's function; and one more for each field of a record, or amendment that tightens it."""
    parameters: rules.Parameters = () if isinstance(d, rules.Parameter | rules.DatedSet) else d.parameters
    if isinstance(d.type, types.Record) and not isinstance(d, rules.DatedSet):
        return _field_functions(d, parameters, d.type, model)
    function = _function(d, parameters, d.type, _answer(d, lambda e: lower_as(e, d.type)))
    if isinstance(d, rules.DatedSet) or not d.tightened:
        return [function]
    made = [evolve(function, id=d.id + LAW)]
    stricter: ExtremumOperator = "max" if d.stricter == "higher" else "min"
    tightened: Sequence[rules.Rows | tuple[rules.Version, ...]] = d.tightened
    for number, t in enumerate(tightened, 1):
        base = ir.Call(made[-1].id, tuple(ir.Variable(n) for n, _ in parameters))
        if isinstance(t, rules.Rows):
            more = _rows(t, lambda e: lower_as(e, d.type))
        else:
            more = [_version(v, start, end, lambda e: lower_as(e, d.type)) for v, start, end in periods(t)]
        cases = tuple(evolve(c, value=orders.extremum(stricter, base, c.value, d.type)) for c in more)
        id = d.id if number == len(d.tightened) else f"{d.id}#{number}"
        made.append(evolve(function, id=id, body=ir.Choose("first", cases, base)))
    return made


def _field_functions(
    d: rules.Parameter | rules.Value | rules.Table, parameters: rules.Parameters, of: types.Record, model: rules.Model
) -> list[Function]:
    """A function for each field of the record that a question answers, and before them the one that asks them all."""
    fields = _fields(model)
    made = []
    for way, last in ways(of, fields):
        body = _answer(d, partial(field_of, way=way, of=last, lower=lower_as))
        made.append(evolve(_function(d, parameters, last, body), id=named(d.id, way)))
    whole = _whole(d.id, tuple(ir.Variable(name) for name, _ in parameters), of, fields)
    if isinstance(d, rules.Value) and not any(typed.is_made(v.body) for v in d.versions):
        made.append(evolve(_function(d, parameters, of, _answer(d, lower)), id=picked(d.id)))
    return [_function(d, parameters, results_of(of, fields), whole), *made]


def _whole(id: str, arguments: tuple[Expr, ...], of: types.Record, fields: Fields) -> Expr:
    items = (
        _whole(named(id, (name,)), arguments, inner, fields)
        if isinstance(inner, types.Record)
        else ir.Call(named(id, (name,)), arguments)
        for name, inner in fields[of.name].items()
    )
    return ir.Items(tuple(items))


def _answer(d: rules.Parameter | rules.Value | rules.DatedSet | rules.Table, lowered: Lowered) -> Expr:
    return _table(d, lowered) if isinstance(d, rules.Table) else _versions(d, lowered)


def _versions(d: rules.Parameter | rules.Value | rules.DatedSet, lowered: Lowered) -> Expr:
    if isinstance(d, rules.DatedSet):
        cases = [_set_version(v, start, end) for v, start, end in periods(d.versions)]
    else:
        cases = [_version(v, start, end, lowered) for v, start, end in periods(d.versions)]
    return ir.Choose("first", tuple(cases), ir.Missing(d.name))


def _set_version(version: rules.SetVersion, start: int | None, end: int | None) -> Case:
    condition, label = all_of(while_in_force(start, end)), dated_label(start, end)
    return Case(condition, ir.Const(version.items), label, version.citations, location_of(version.span))


def _version(version: rules.Version, start: int | None, end: int | None, lowered: Lowered) -> Case:
    return Case(
        all_of(while_in_force(start, end)),
        lowered(version.body),
        dated_label(start, end),
        version.citations,
        location_of(version.span),
    )


# ── tables ──────────────────────────────────────────────────────────────────────────────────


def _table(d: rules.Table, lowered: Lowered) -> Expr:
    mode: HitPolicy = "first" if d.hit == "only" and proven_disjoint(d.body) else d.hit
    none = ir.Const(0) if mode == "sum" else ir.Fault(f"no row of `{d.name}` applies")
    of = d.type
    if mode in ("highest", "lowest") and isinstance(of, types.Enum):
        ranked = _rows(d.body, lambda e: orders.rank(lowered(e), of))
        return orders.member(ir.Choose(mode, tuple(ranked), none), of)
    return ir.Choose(mode, tuple(_rows(d.body, lowered)), none)


def _rows(body: rules.Rows, lowered: Lowered) -> list[Case]:
    columns = [lower(c) for c in body.columns]
    cases = []
    for number, row in enumerate(body.rows, 1):
        conditions = list(while_in_force(row.start, row.end))
        for cell, column, typed_column in zip(row.cells, columns, body.columns, strict=True):
            conditions += _cell(cell, column, typed_column)
        label = f"row {number}"
        cases.append(Case(all_of(conditions), lowered(row.result), label, row.citations, location_of(row.span)))
    return cases


def _cell(cell: rules.Cell, column: Expr, typed_column: typed.Expression) -> list[Expr]:
    match cell.kind:
        case "any":
            return []
        case "values":
            return [_among(typed_column, column, cell.items)]
        case "other":
            return [ir.Not(_among(typed_column, column, cell.items))] if cell.items else []
        case "in":
            return [ir.Compare("in", column, lower(cell.items[0]))]
        case "not in":
            return [ir.Not(ir.Compare("in", column, lower(cell.items[0])))]
        case "bounds":
            optional = isinstance(typed_column.type, types.OptionalOf)
            present: list[Expr] = [is_present(column)] if optional else []
            return present + [lower_compare(operator, typed_column, bound) for operator, bound in cell.tests]
        case _:
            assert_never(cell.kind)


def _among(typed_column: typed.Expression, column: Expr, items: tuple[typed.Expression, ...]) -> Expr:
    """Whether the column's value is one of the items."""
    of = types.inner_of(typed_column.type)
    lowered = [lower_as(i, of) for i in items]
    if all(isinstance(i, ir.Const) for i in lowered) and len(lowered) > 1:
        values = frozenset(i.value for i in lowered if isinstance(i, ir.Const))
        return ir.Compare("in", column, ir.Const(values))
    return any_of([ir.Compare("is", column, i) for i in lowered])


# ── decisions and priorities ────────────────────────────────────────────────────────────────


def _decision(d: rules.Decision) -> Function:
    """Deny wins: denied where any denial applies, else permitted where any permission does, else `otherwise`."""
    lowered = []
    for r in d.rules:
        conditions = [*while_in_force(r.start, r.end), *map(lower, r.when), *(ir.Not(lower(u)) for u in r.unless)]
        lowered.append(
            ir.Rule(
                name=r.name,
                effect=r.effect,
                condition=all_of(conditions),
                text=r.because,
                citations=r.citations,
                place=location_of(r.span),
            )
        )
    otherwise = ir.Rule(
        name="otherwise",
        effect=d.otherwise,
        condition=ir.Not(any_of([r.condition for r in lowered])),
        text=d.because,
        citations=d.citations,
        place=location_of(d.span),
    )
    body = outcome_of(lowered, d.otherwise)
    return _function(d, d.parameters, types.BOOLEAN, body, (*lowered, otherwise))


def outcome_of(lowered: Sequence[ir.Rule], otherwise: Effect) -> Expr:
    """True where a decision with these rules permits."""
    denials = any_of([r.condition for r in lowered if r.effect == "deny"])
    permissions = any_of([r.condition for r in lowered if r.effect == "permit"])
    return ir.If(denials, FALSE, ir.If(permissions, TRUE, ir.Const(otherwise == "permit")))


def _key(key: rules.Key) -> Expr:
    """An int that is lower for whoever comes first; the same for all while the line is not in force."""
    rank = _rank(key)
    in_force = while_in_force(key.start, key.end)
    return ir.If(all_of(in_force), rank, ir.Const(0)) if in_force else rank


def _rank(key: rules.Key) -> Expr:
    by, of = lower(key.by), key.by.type
    if key.kind != "ranked" and isinstance(of, types.Enum):
        by = orders.rank(by, of)
    minus = ir.Arithmetic("-", ir.Const(0), by)
    match key.kind:
        case "lowest":
            return by
        case "highest":
            return minus
        case "best":
            assert key.side is not None
            return ir.If(ir.Compare("is", lower(key.side), ir.Const("buy")), minus, by)
        case "ranked":
            return once(by, lambda x: orders.rank_among(x, key.ranks))
        case _:
            assert_never(key.kind)


def _always(claim: typed.Expression | rules.Precedes, model: rules.Model) -> Expr:
    """What a property claims; that one comes before the other, key by key."""
    if not isinstance(claim, rules.Precedes):
        return lower(claim)
    priority = model.declared[claim.priority]
    assert isinstance(priority, rules.Priority)
    [(name, _)] = priority.parameters
    result: Expr = FALSE
    for key in reversed([_key(k) for k in priority.keys]):
        first, second = (ir.Let(name, lower(x), key) for x in (claim.first, claim.second))
        less, same = ir.Compare("<", first, second), ir.Compare("is", first, second)
        result = less if result == FALSE else ir.Or((less, ir.And((same, result))))
    return result
