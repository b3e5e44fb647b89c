"""The facts that two types both accept: as one type, how each side reads it, and in words what only one accepts.

In: two types with the bounds of their fields, at their own scales. Out: a `CommonType`, or None where no fact is of
both. A currency, a unit and a step belong to a type; the name of an enum does not, as no fact shows it.
Absent: records, which `vocabulary` matches field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from attrs import evolve, frozen

from policy.ir import program as ir
from policy.ir.logic import once
from policy.ir.program import Expr
from policy.model import types
from policy.model.types import AnswerType, Number, Type
from policy.model.values import show, show_bound
from policy.model.written import limits
from policy.verify.symbolic import CannotEncodeError

MOST_NAMED = 5  # members told by name
Matched = Callable[[str, str], bool]  # whether records of these names, before and after, are matched


@frozen
class Conversion:
    """From a common fact to that of one side: numbers to a finer step, members to their other names.

    `names` that are `all_names` leave no member as it is, and then `is_optional` says whether there may be none.
    """

    factor: int = 1
    names: tuple[tuple[str, str], ...] = ()
    all_names: bool = False
    is_optional: bool = True

    @property
    def is_none(self) -> bool:
        return self.factor == 1 and not self.names

    def of(self, e: Expr) -> Expr:
        """The expression converted; what is absent stays so."""
        return e if self.is_none else once(e, self._converted)

    def _converted(self, fact: Expr) -> Expr:
        body = ir.Arithmetic("*", fact, ir.Const(self.factor)) if self.factor != 1 else fact
        for n, (common, own) in enumerate(self.names):
            is_last = self.all_names and n == 0
            body = ir.Const(own) if is_last else ir.If(ir.Compare("is", fact, ir.Const(common)), ir.Const(own), body)
        if self.is_optional and (self.factor != 1 or self.all_names):
            body = ir.If(ir.Compare("is", fact, ir.Const(None)), ir.Const(None), body)
        return body


UNCHANGED = Conversion()


@frozen
class Bounded:
    """A type, and the bounds of the field that has it."""

    type: Type
    least: int | None = None
    most: int | None = None

    def __str__(self) -> str:
        ends = (("at least", self.least), ("at most", self.most))
        bounds = [f"{word} {show_bound(bound, self.type)}" for word, bound in ends if bound is not None]
        return " ".join((types.describe(self.type), *bounds))


@frozen
class CommonType:
    """The facts of both types; `accepted` and `refused` tell those of the later and of the earlier alone.

    Unless it `is_compared`, answers that turn on such facts are not.
    """

    common: Bounded
    before: Conversion = UNCHANGED
    after: Conversion = UNCHANGED
    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    is_compared: bool = True


def common_type(before: Bounded, after: Bounded, old_names: Mapping[str, str], matched: Matched) -> CommonType | None:
    """What both types accept; `old_names` are members of enums by full name, with the names they had before."""
    match before.type, after.type:
        case types.OptionalOf(b), types.OptionalOf(a):
            inner = common_type(evolve(before, type=b), evolve(after, type=a), old_names, matched)
            return inner and evolve(inner, common=evolve(inner.common, type=types.OptionalOf(inner.common.type)))
        case types.OptionalOf(b), _:
            inner = common_type(evolve(before, type=b), after, old_names, matched)
            return inner and evolve(inner, refused=("none", *inner.refused))
        case _, types.OptionalOf(a):
            inner = common_type(before, evolve(after, type=a), old_names, matched)
            return inner and evolve(inner, accepted=("none", *inner.accepted))
        case (types.ListOf(b), types.ListOf(a)) | (types.SetOf(b), types.SetOf(a)):
            inner = common_type(Bounded(b), Bounded(a), old_names, matched)
            if inner is None:
                return None
            is_compared = inner.before.is_none and inner.after.is_none  # elements are not converted one by one
            item = inner.common.type
            of = types.ListOf(item) if isinstance(after.type, types.ListOf) else types.SetOf(item)
            accepted, refused = (tuple(f"in it {w}" for w in words) for words in (inner.accepted, inner.refused))
            return CommonType(Bounded(of), accepted=accepted, refused=refused, is_compared=is_compared)
        case types.Record(b), types.Record(a):
            return CommonType(after) if matched(b, a) else None
        case types.Enum(_, b), types.Enum(name, a):
            return _common_members(b, name, a, old_names)
        case types.Enum(_, members), types.Text():
            return CommonType(Bounded(before.type), accepted=(_any_text_but(members),))
        case types.Text(), types.Enum(_, members):
            return CommonType(Bounded(after.type), refused=(_any_text_but(members),))
        case Number(b), Number(a) if b == a:
            return _common_range(before, after)
        case (types.Date(), types.Date()) | (types.Instant(), types.Instant()):
            return _common_range(before, after)
    return CommonType(Bounded(after.type)) if before.type == after.type else None


def comparable(
    before: AnswerType, after: AnswerType, old_names: Mapping[str, str]
) -> tuple[AnswerType, Conversion, Conversion] | None:
    """The type in which answers of two types are compared, and how each becomes it; None where none are equal."""
    match before, after:
        case types.Results(_, b), types.Results(_, a):
            same = [n for n, _ in b] == [n for n, _ in a]
            each = [comparable(x, y, old_names) for (_, x), (_, y) in zip(b, a, strict=False)]
            if same and any(one is not None and not (one[1].is_none and one[2].is_none) for one in each):
                raise CannotEncodeError(
                    f"records as `{types.describe(before)}` with fields of other steps or members"
                )
            return (after, UNCHANGED, UNCHANGED) if same and None not in each else None
        case (types.Results(), _) | (_, types.Results()):
            return None
        case types.OptionalOf(b), types.OptionalOf(a):
            return _optional(comparable(b, a, old_names))
        case types.OptionalOf(b), a:
            return _optional(comparable(b, a, old_names))
        case b, types.OptionalOf(a):
            return _optional(comparable(b, a, old_names))
        case (types.ListOf(b), types.ListOf(a)) | (types.SetOf(b), types.SetOf(a)):
            inner = comparable(b, a, old_names)
            if inner is not None and not (inner[1].is_none and inner[2].is_none):
                raise CannotEncodeError(f"answers as `{types.describe(before)}` and as `{types.describe(after)}`")
            return inner and (after, UNCHANGED, UNCHANGED)
        case Number(unit, b), Number(other, a) if unit == other:
            scale = max(b, a)
            return Number(unit, scale), Conversion(10 ** (scale - b)), Conversion(10 ** (scale - a))
        case types.Enum(_, b), types.Enum(name, a):
            known = {m: old_member(name, m, b, old_names) for m in a}
            renamed = tuple((old, m) for m, old in known.items() if old is not None and old != m)
            return after, Conversion(names=renamed), UNCHANGED
        case (types.Enum(), types.Text()) | (types.Text(), types.Enum()):
            return types.TEXT, UNCHANGED, UNCHANGED
        case types.Record(), types.Record():
            return after, UNCHANGED, UNCHANGED
    return (after, UNCHANGED, UNCHANGED) if before == after else None


def _optional(
    found: tuple[AnswerType, Conversion, Conversion] | None,
) -> tuple[AnswerType, Conversion, Conversion] | None:
    if found is None or isinstance(found[0], types.Results):
        return None
    return types.OptionalOf(found[0]), *found[1:]


# ── members ─────────────────────────────────────────────────────────────────────────────────


def _common_members(
    before: tuple[str, ...], enum: str, after: tuple[str, ...], old_names: Mapping[str, str]
) -> CommonType | None:
    known = {m: old_member(enum, m, before, old_names) for m in after}
    common = tuple(m for m in after if known[m] is not None)
    if not common:
        return None
    renamed = tuple((m, old) for m in common if (old := known[m]) is not None and old != m)
    new = tuple(m for m in after if m not in common)
    gone = tuple(m for m in before if m not in known.values())
    return CommonType(
        Bounded(types.Enum(enum, common)),
        Conversion(names=renamed),
        accepted=(_either(new),) if new else (),
        refused=(_either(gone),) if gone else (),
    )


def old_member(enum: str, member: str, before: tuple[str, ...], old_names: Mapping[str, str]) -> str | None:
    """The member that this one is among those before: of the same name, or of the name it had; None for a new one."""
    if member in before:
        return member
    old = old_names.get(f"{enum}.{member}")
    return old if old in before else None


def _either(names: tuple[str, ...]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} or {len(names) - MOST_NAMED} more"
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def _any_text_but(members: tuple[str, ...]) -> str:
    return f"any text but {_either(tuple(show(m, types.TEXT) for m in members))}"


# ── numbers, days and moments ───────────────────────────────────────────────────────────────


@frozen
class _Range:
    """What a field of numbers accepts: from `low` to `high`, in steps of `10 ** -scale`."""

    of: Type
    low: int
    high: int
    scale: int

    def least_from(self, bound: int, scale: int) -> int:
        """The first of its steps that is not below a bound of another scale."""
        return -self.most_to(-bound, scale)

    def most_to(self, bound: int, scale: int) -> int:
        """The last of its steps that is not above a bound of another scale."""
        factor: int = 10 ** abs(self.scale - scale)
        return bound * factor if scale <= self.scale else bound // factor

    def outside(self, other: _Range) -> Iterator[str]:
        """What it accepts that is outside of another's bounds, or between its steps."""
        first, last = self.least_from(other.low, other.scale), self.most_to(other.high, other.scale)
        below, above = (self.low, min(self.high, first - 1)), (max(self.low, last + 1), self.high)
        parts = [below, above] if first <= last else [(self.low, self.high)]
        yield from (self._told(*part) for part in dict.fromkeys(parts) if part[0] <= part[1])
        low, high = max(self.low, first), min(self.high, last)
        if self.scale > other.scale and (low < high or (low == high and low % 10 ** (self.scale - other.scale))):
            yield f"steps of {show(1, self.of)}"

    def _told(self, low: int, high: int) -> str:
        ends = limits(self.of)
        if low == high:
            return show(low, self.of)
        if low == ends[0] or high == ends[1]:
            more = "or more" if isinstance(self.of, Number) else "or later"
            return f"up to {show(high, self.of)}" if low == ends[0] else f"{show(low, self.of)} {more}"
        return f"{show(low, self.of)} to {show(high, self.of)}"


def _range(b: Bounded) -> _Range:
    scale = b.type.scale if isinstance(b.type, Number) else 0
    return _Range(b.type, *limits(b.type, b.least, b.most), scale)


def _common_range(before: Bounded, after: Bounded) -> CommonType | None:
    b, a = _range(before), _range(after)
    scale = min(b.scale, a.scale)
    of = after.type if a.scale == scale else before.type
    common = _Range(of, 0, 0, scale)
    low = max(common.least_from(r.low, r.scale) for r in (b, a))
    high = min(common.most_to(r.high, r.scale) for r in (b, a))
    if low > high:
        return None
    ends = limits(of)
    return CommonType(
        Bounded(of, low if low > ends[0] else None, high if high < ends[1] else None),
        Conversion(10 ** (b.scale - scale)),
        Conversion(10 ** (a.scale - scale)),
        tuple(a.outside(b)),
        tuple(b.outside(a)),
    )
