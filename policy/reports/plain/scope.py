"""What may be spoken of where something is said: parameters, local names, variables of loops. Part of `phrasing`.

In: names of a model; parameters and local names of a declaration. Out: what goes without saying. Absent: words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from policy.answers import BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import LocalName, Parameters, Phrases
from policy.model.types import Type
from policy.reports.plain.names import Titles
from policy.reports.plain.wording import Wording

_MANY = types.ListOf | types.SetOf
Called = tuple[tuple[BilingualText, Phrases], ...]


class SentenceScope(Wording):
    """What is known while one declaration is said."""

    def __init__(
        self, names: Titles, parameters: Parameters = (), called: Called = (), local: tuple[LocalName, ...] = ()
    ) -> None:
        self.names = names
        self.parameters = dict(parameters)
        self.called = dict(zip(self.parameters, called, strict=bool(called)))
        self.called |= {l.name: (l.title, l.phrases) for l in local}
        self.local_types = {l.name: l.body.type for l in local}
        self.subjects: list[str] = []  # of comparisons, as they were said
        self.explanations: dict[str, str] = {}  # numbers with their titles, as they were said, and the bare numbers
        self.just_told: list[Expression] = []  # amounts of which the condition before says that there are some
        self.present: list[Expression] = []  # things of which it is said that there are any
        self.variables: dict[str, Type] = {}  # of the loops that are being said, the innermost last

    def alone(self, of: Expression) -> bool:
        """Whether an owner goes without saying: it is the only one of its kind that is spoken of."""
        if isinstance(of, x.FieldAccess) and not self.alone(of.of):
            return False
        return isinstance(of, x.Local | x.FieldAccess) and self.names.reached(self.in_scope().values()).alone(of.type)

    def untold(self, of: Expression, title: str) -> bool:
        """Whether a field needs no owner: its own is the only one, and no other field is called like it."""
        return self.alone(of) and self.names.reached(self.in_scope().values()).titles[title] < 2

    def obvious(self, e: Expression) -> bool:
        """Whether what a question is asked about goes without saying."""
        if isinstance(e, x.Local) and e.name in self.parameters and list(self.parameters) == [e.name]:
            return True
        return self.alone(e)

    def is_element(self, e: x.Aggregate) -> bool:
        """Whether an aggregate is of the elements themselves, and not of something that is worked out of them."""
        return isinstance(e.body, x.Local) and e.body.name == e.variable

    @contextmanager
    def saying(self, e: x.Aggregate) -> Iterator[None]:
        """While a loop is said, its variable is known."""
        around = self.variables
        self.variables = around | {e.variable: e.over.type.of if isinstance(e.over.type, _MANY) else types.BROKEN}
        try:
            yield
        finally:
            self.variables = around

    def in_scope(self) -> dict[str, Type]:
        return self.parameters | self.local_types | self.variables
