"""Parameters, sets, record fields, arguments and local names that nothing reads.

Often a rule that was meant and never written.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field as attr

from policy.diagnostics import Diagnostic, Severity, without
from policy.model import expressions as typed, rules, types
from policy.model.traversal import everything
from policy.remembered import remembered

_NAMED = (typed.Named, typed.OnCalendar)


@define
class _Read:
    names: set[str] = attr(factory=set)
    arguments: set[str] = attr(factory=set)
    local: set[tuple[str, str]] = attr(factory=set)
    fields: set[tuple[str, str]] = attr(factory=set)


@remembered
def _read(declared: rules.Declaration | rules.Amendment) -> _Read:
    """What a declaration reads."""
    read = _Read()
    for e in everything(declared):
        if isinstance(e, _NAMED):
            read.names.add(e.name)
        elif isinstance(e, typed.Local):
            read.arguments.add(e.name)
        elif isinstance(e, typed.Defined):
            read.local.add((e.of, e.name))
        elif isinstance(e, typed.FieldAccess) and isinstance(e.of.type, types.Record):
            read.fields.add((e.of.type.name, e.name))
    return read


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    names: set[str] = set()
    arguments: dict[str, set[str]] = {}  # what a declaration that is amended reads of its own, there too
    fields: set[tuple[str, str]] = set()
    local: set[tuple[str, str]] = set()
    for declared in (*model.declared.values(), *model.amendments):
        read = _read(declared)
        names |= read.names
        fields |= read.fields
    for amendment in model.amendments:
        own = arguments.setdefault(amendment.target, set())
        for read in (_read(model.declared[amendment.target]), _read(amendment)):
            own |= read.arguments
            local |= read.local
    pending = [d.type for d in model.of_kind(rules.Parameter, rules.Value, rules.Table)]
    answered: set[str] = set()  # records of which every field is told in an answer
    while pending:
        of = pending.pop()
        if isinstance(of, types.Record) and of.name not in answered:
            answered.add(of.name)
            pending += [f.type for f in model.get(rules.RecordType, of.name).fields]
    for declared in model.of_kind(rules.Parameter, rules.DatedSet, rules.Calendar):
        if declared.id not in names:
            kind = "calendar" if isinstance(declared, rules.Calendar) else declared.kind
            yield Diagnostic(
                "unused-parameter" if kind == "parameter" else "unused-set",
                f"no rule uses the {kind} `{declared.name}`",
                declared.span,
                "use it, or remove it",
                Severity.WARNING,
                fix=(without(declared.span),),
            )
    for record in model.of_kind(rules.RecordType):
        for field in record.fields:
            if (record.id, field.name) not in fields and record.id not in answered:
                yield Diagnostic(
                    "unused-field",
                    f"no rule reads `{field.name}` of `{record.name}`",
                    field.span,
                    "read it in a rule, or remove it",
                    Severity.WARNING,
                )
    amended = {amendment.target for amendment in model.amendments}
    for asking in model.of_kind(rules.Asking):
        if asking.id in amended:
            yield from _own(asking, arguments[asking.id], local)
        else:
            yield from _unread(asking)


@remembered
def _unread(asking: rules.Asking) -> tuple[Diagnostic, ...]:
    """What a declaration has and does not read, where nothing is laid over it."""
    read = _read(asking)
    return tuple(_own(asking, read.arguments, read.local))


def _own(asking: rules.Asking, arguments: set[str], local: set[tuple[str, str]]) -> Iterator[Diagnostic]:
    for defined in asking.local:
        if (asking.id, defined.name) not in local:
            yield Diagnostic(
                "unused-name",
                f"nothing in `{asking.name}` uses the name `{defined.name}`",
                defined.span,
                "use it, or remove it",
                Severity.WARNING,
                fix=(without(defined.span),),
            )
    for (name, _), span in zip(asking.parameters, asking.binders, strict=True):
        if name not in arguments:
            yield Diagnostic(
                "unused-argument",
                f"nothing in `{asking.name}` reads `{name}`",
                span,
                "read it, or remove it",
                Severity.WARNING,
            )
