"""The program: what every backend computes. About twenty kinds of node over ints, booleans and strings.

Conflict resolution, dates, hit policies, units and scales are gone: decisions are a boolean expression and
a list of rules, dates are comparisons with `Today`, a table is a `Choose`, a decimal is an int.
"""

from __future__ import annotations

from functools import cached_property

from attrs import evolve, field

from policy.answers import BilingualText, Citation
from policy.ir.expressions import (
    FALSE as FALSE,
    NO_LOCATION as NO_LOCATION,
    TRUE as TRUE,
    Aggregate as Aggregate,
    And as And,
    Arithmetic as Arithmetic,
    Call as Call,
    Case as Case,
    Check as Check,
    Choose as Choose,
    Compare as Compare,
    Const as Const,
    DatePart as DatePart,
    Divide as Divide,
    Expr as Expr,
    Fault as Fault,
    FieldAccess as FieldAccess,
    If as If,
    Items as Items,
    Let as Let,
    Location as Location,
    Missing as Missing,
    MonthsLater as MonthsLater,
    Not as Not,
    Or as Or,
    Root as Root,
    Sorted as Sorted,
    Today as Today,
    Variable as Variable,
    map_parts as map_parts,
    parts as parts,
    walk as walk,
)
from policy.model.calls import callees_first
from policy.model.types import MOST_DIGITS, AnswerType, Type
from policy.nodes import frozen
from policy.vocabulary import (
    Effect,
    QuestionKind,
)

LARGEST = 10**MOST_DIGITS  # no number of a program reaches this; a `Check` stands wherever one might


# ── functions ───────────────────────────────────────────────────────────────────────────────


@frozen(kw_only=True)
class Rule:
    """One rule of a decision; `condition` includes its period. Its citations are as those of a `Case`."""

    name: str
    effect: Effect
    condition: Expr
    text: BilingualText
    citations: tuple[Citation, ...]
    place: Location
    not_in_force: tuple[Citation, ...] = ()

    @property
    def label(self) -> str:
        return f"otherwise {self.effect}" if self.name == "otherwise" else f"{self.effect} {self.name}"


@frozen(kw_only=True, repr=False, slots=False)
class Function:
    """A question, or a set.

    A decision's body is true where it permits. `rules` lists its rules, and last its `otherwise`, whose
    condition is true where no rule applies.
    """

    id: str
    kind: QuestionKind
    title: BilingualText
    parameters: tuple[tuple[str, Type], ...]
    type: AnswerType
    body: Expr
    rules: tuple[Rule, ...] = ()
    citations: tuple[tuple[Expr, Citation], ...] = ()  # of the whole, each with when it is in force
    place: Location = NO_LOCATION

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id}>"

    @property
    def bodies(self) -> tuple[Expr, ...]:
        """Every expression that it is made of."""
        return (self.body, *(rule.condition for rule in self.rules))

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The functions that it calls itself."""
        return tuple(dict.fromkeys(e.function for body in self.bodies for e in walk(body) if isinstance(e, Call)))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of the fields that it reads itself."""
        return frozenset(e.name for body in self.bodies for e in walk(body) if isinstance(e, FieldAccess))


@frozen(kw_only=True)
class FieldDeclaration:
    """A field of a record: its type, the bounds on facts, its title, and whether its fact can be changed at will."""

    name: str
    type: Type
    least: int | None
    most: int | None
    title: BilingualText
    is_changeable: bool = False
    place: Location = field(default=NO_LOCATION, eq=False)


@frozen
class Reading:
    """When a source was read, and the first day for which that reading no longer vouches."""

    on: int
    holds_until: int


@frozen(kw_only=True, repr=False)
class Program:
    """A whole rulebook, ready to run; `on` is set once it has been specialised to a date (in days)."""

    functions: dict[str, Function]
    records: dict[str, tuple[FieldDeclaration, ...]]
    enums: dict[str, dict[str, BilingualText]]
    digest: str
    overlay: str = ""
    on: int | None = None
    notes: dict[str, str] = field(factory=dict)  # by function: why a parameter has no value
    renamed: dict[str, str] = field(factory=dict)  # by full name, of a field or member too: the name it had before
    readings: dict[str, Reading] = field(factory=dict)  # by source, where it is said until when its reading holds
    offset: int = 0  # of its time, in minutes ahead of UTC
    depth: int = 0  # expressions inside each other, on the longest way through all calls

    def __repr__(self) -> str:
        return f"<program {self.digest[:12]} of {len(self.functions)} functions>"

    def fields_read(self, id: str) -> frozenset[str]:
        """The names of the fields that a function may read, itself or in what it calls."""
        return frozenset[str]().union(*(self.functions[i].fields for i in self.calls_first(id)))

    def calls_first(self, *ids: str) -> list[str]:
        """These functions and all they call, each after those that it calls itself."""
        return callees_first(ids, lambda id: self.functions[id].calls)

    def part(self, *ids: str) -> Program:
        """The program of these functions and all that they call."""
        return evolve(self, functions={id: self.functions[id] for id in self.calls_first(*ids)})

    def named(self, name: str) -> tuple[Function, ...]:
        """The functions called `name`, in full or by its last part."""
        if name in self.functions:
            return (self.functions[name],)
        return tuple(f for f in self.functions.values() if f.id.endswith("." + name))
