"""Queries in terms: a batch's facts under their names, and for each query the goal that they are a solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from attrs import field, frozen

from policy.ir.program import Expr, Program
from policy.model.rules import Parameters
from policy.verify.claims import Query
from policy.verify.facts import SymbolicFacts
from policy.verify.symbolic import Evaluated, Texts, equal, truth, whole
from policy.verify.terms import Term, Terms
from policy.verify.to_smt import Encoder, Env


@frozen(eq=False)
class Goals:
    """Encodes queries about the same facts."""

    facts: SymbolicFacts
    parameters: Parameters
    limited: Encoder
    unlimited: Encoder
    env: Env = field(factory=dict)

    @staticmethod
    def over(
        program: Program,
        terms: Terms,
        parameters: Parameters,
        today: Term,
        longest: int,
        restrict: Callable[[SymbolicFacts], SymbolicFacts] = lambda facts: facts,
    ) -> Goals:
        """Goals about all facts; or about those to which `restrict` limits them."""
        texts = Texts()
        facts = restrict(SymbolicFacts(program, terms, texts, longest))
        limited, unlimited = (Encoder(program, terms, texts, today, has_limits) for has_limits in (True, False))
        return Goals(facts, parameters, limited, unlimited)

    def found(self, e: Expr, has_limits: bool = True) -> Evaluated:
        """The encoding of an expression."""
        if not self.env:
            self.env.update({n: self.facts.any(of, n) for n, of in self.parameters})
        encoder = self.limited if has_limits else self.unlimited
        return whole(encoder.terms, encoder.found(e, self.env))

    def of(self, query: Query) -> Term:
        """That the facts are a solution of a query."""
        t = self.facts.terms
        goal = self._unconditional(query)
        return goal if query.where is None else t.all(certain(t, self.found(query.where)), goal)

    def _unconditional(self, query: Query) -> Term:
        t = self.facts.terms
        found = self.found(query.expression, has_limits=query.kind != "fault")
        match query.kind:
            case "true":
                return certain(t, found)
            case "possible":
                return t.all(t.no(found.fault), t.any(found.value.unknown, truth(t, found.value)))
            case "unknown":
                return t.all(t.no(found.fault), found.value.unknown)
            case "fault":
                return t.all(found.fault, *self.unlimited.within)
            case "fault or limit":
                return found.fault
            case "different":
                assert query.other is not None
                return unequal(t, found, self.found(query.other))
            case "exactly one true":
                assert query.other is not None
                return t.no(t.same(certain(t, found), certain(t, self.found(query.other))))
            case _:
                assert_never(query.kind)


def certain(t: Terms, found: Evaluated) -> Term:
    """That something is known and true."""
    return t.all(t.no(found.fault), t.no(found.value.unknown), truth(t, found.value))


def unequal(t: Terms, a: Evaluated, b: Evaluated) -> Term:
    """That two outcomes are not equal: other values, or one a fault or unknown and the other not."""
    a, b = whole(t, a), whole(t, b)
    a_unknown, b_unknown = t.all(t.no(a.fault), a.value.unknown), t.all(t.no(b.fault), b.value.unknown)
    both_known = t.no(t.any(a.fault, b.fault, a_unknown, b_unknown))
    return t.any(
        t.no(t.same(a.fault, b.fault)),
        t.no(t.same(a_unknown, b_unknown)),
        t.all(both_known, t.no(equal(t, a.value, b.value))),
    )
