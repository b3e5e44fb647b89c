"""What is sought, in terms: the facts of a batch under their names, and that they are like those sought."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from policy.ir.program import Expr, Program
from policy.model.rules import Parameters
from policy.verify.claims import Sought
from policy.verify.facts import Facts
from policy.verify.symbolic import Found, Texts, alike, truth, whole
from policy.verify.terms import Term, Terms
from policy.verify.to_smt import Encoder, Env


@frozen(eq=False)
class Goals:
    """Encodes what is sought about the same facts."""

    facts: Facts
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
        which: Callable[[Facts], Facts] = lambda facts: facts,
    ) -> Goals:
        """Goals about all facts; or about those that `which` makes of them."""
        texts = Texts()
        facts = which(Facts(program, terms, texts, longest))
        limited, unlimited = (Encoder(program, terms, texts, today, has_limits) for has_limits in (True, False))
        return Goals(facts, parameters, limited, unlimited)

    def found(self, e: Expr, has_limits: bool = True) -> Found:
        """What an expression comes to."""
        if not self.env:
            self.env.update({n: self.facts.any(of, n) for n, of in self.parameters})
        encoder = self.limited if has_limits else self.unlimited
        return whole(encoder.terms, encoder.found(e, self.env))

    def of(self, sought: Sought) -> Term:
        """That the facts are like those sought."""
        t = self.facts.terms
        found = self.found(sought.expression, has_limits=sought.outcome != "fault")
        match sought.outcome:
            case "true":
                result = certain(t, found)
            case "open":
                result = t.all(t.no(found.fault), t.any(found.value.unknown, truth(t, found.value)))
            case "unknown":
                result = t.all(t.no(found.fault), found.value.unknown)
            case "fault" | "limit":
                result = found.fault
            case "apart":
                assert sought.other is not None
                result = t.no(t.same(certain(t, found), certain(t, self.found(sought.other))))
            case _:
                assert sought.other is not None
                result = differ(t, found, self.found(sought.other))
        return result if sought.where is None else t.all(certain(t, self.found(sought.where)), result)


def certain(t: Terms, found: Found) -> Term:
    """That something is known and true."""
    return t.all(t.no(found.fault), t.no(found.value.unknown), truth(t, found.value))


def differ(t: Terms, a: Found, b: Found) -> Term:
    """That two outcomes are not the same: other values, or one a fault or unknown and the other not."""
    a, b = whole(t, a), whole(t, b)
    a_unknown, b_unknown = t.all(t.no(a.fault), a.value.unknown), t.all(t.no(b.fault), b.value.unknown)
    both_known = t.no(t.any(a.fault, b.fault, a_unknown, b_unknown))
    return t.any(
        t.no(t.same(a.fault, b.fault)),
        t.no(t.same(a_unknown, b_unknown)),
        t.all(both_known, t.no(alike(t, a.value, b.value))),
    )
