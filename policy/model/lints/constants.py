"""Constants that cannot have been meant: bounds the wrong way round, a divisor of 0, a member written twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from policy.diagnostics import Diagnostic, Severity
from policy.model import expressions as typed, rules, types
from policy.model.conditions import constant
from policy.model.expressions import Expression
from policy.model.lints.citations import dated_pieces
from policy.model.traversal import everything
from policy.remembered import remembered_items

_DIVISIONS = ("/", "modulo", "is a multiple of")


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    for declared in (*model.declared.values(), *model.amendments):
        yield from _findings(declared)


@remembered_items
def _findings(declared: rules.Declaration | rules.Amendment) -> Iterator[Diagnostic]:
    for e in everything(declared):
        if isinstance(e, typed.Clamp):
            yield from _crossed(e)
        elif isinstance(e, typed.Binary) and e.operator in _DIVISIONS and _worth(e.right) == 0:
            help = "write the divisor that was meant; whatever reads this one fails"
            yield Diagnostic("divided-by-zero", "nothing can be divided by 0", e.right.span, help, Severity.WARNING)
        elif isinstance(e, typed.SetOf):
            yield from _repeated(e.items)
    for _, piece in dated_pieces(declared):
        for cell in piece.cells if isinstance(piece, rules.Row) else ():
            if cell.kind == "values":
                yield from _repeated(cell.items)


def _crossed(e: typed.Clamp) -> Iterator[Diagnostic]:
    """A `clamp` whose answer is one of its bounds, whatever is within."""
    least, most = _worth(e.low), _worth(e.high)
    if isinstance(least, Fraction) and isinstance(most, Fraction) and least > most:
        low, high = e.low.span.text, e.high.span.text
        what = f"nothing is at least `{low}` and at most `{high}`, so this is always `{high}`"
        help = "write the lower bound first, as in `clamp(x, 0, 10)`"
        yield Diagnostic("empty-bounds", what, e.span, help, Severity.WARNING)


def _worth(e: Expression) -> object:
    """What a constant is, however many decimals it has; of a member its rank; None where the expression is none."""
    known = constant(e)
    if known is None:
        return None
    value, scale = known
    value = e.type.ascending.index(value) if isinstance(e.type, types.Enum) else value
    return Fraction(value, 10**scale) if type(value) is int else value


def _repeated(items: Sequence[Expression]) -> Iterator[Diagnostic]:
    seen: set[object] = set()
    for item in items:
        known = _worth(item)
        if known is not None and known in seen:
            yield Diagnostic("duplicate-name", f"`{item.span.text}` is written twice", item.span)
        seen.add(known)
