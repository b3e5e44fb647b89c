"""Claims about an overlay: it never permits what the law denies, and never loosens a number.

Every question is compared that the overlay affects, directly or through other rules. Where the law has no answer,
nothing can be looser.
"""

from __future__ import annotations

from attrs import frozen

from policy.ir import orders, program as ir
from policy.ir.program import Function, Program
from policy.model import rules, types
from policy.model.overlays import belongs
from policy.verify.claims import Batch, Claim, ClaimResult, ProofStatus, is_true
from policy.verify.product_program import AFTER, BEFORE, called, fingerprints, product_of
from policy.verify.vocabulary import COMPARED
from policy.vocabulary import OrderOperator


@frozen(eq=False)
class Compared:
    """The law and the house as one program, the claims, and results of those without a direction to compare in."""

    program: Program
    batches: tuple[Batch, ...]
    not_asked: tuple[ClaimResult, ...]


def compared(model: rules.Model, law: Program, house: Program, overlay: str) -> Compared:
    """The claims about an overlay."""
    before, after = fingerprints(law), fingerprints(house)
    batches: list[Batch] = []
    not_asked: list[ClaimResult] = []
    for id, declared in model.declared.items():
        function = law.functions.get(id)
        if function is None or before[id] == after.get(id) or function.kind not in COMPARED:
            continue
        claim = _claim(declared, function, overlay)
        if claim is not None:
            batches.append(Batch(function.parameters, (claim,)))
        else:
            place, statement = str(function.place), f"{overlay} is no looser than the law"
            why = "nothing says which way is stricter"
            not_asked.append(ClaimResult("overlay", id, statement, place, ProofStatus.NOT_ASKED, why=why))
    return Compared(product_of(law, house), tuple(batches), tuple(not_asked))


def _claim(declared: rules.Declared, function: Function, overlay: str) -> Claim | None:
    law, house = called(function, BEFORE), called(function, AFTER)
    looser: ir.Expr
    if isinstance(declared, rules.Decision):
        if declared.stricter == "permitted":
            statement, looser = "leaves out no duty of the law", ir.And((law, ir.Not(house)))
        else:
            statement, looser = "permits nothing that the law denies", ir.And((house, ir.Not(law)))
    elif isinstance(declared, rules.Parameter | rules.Value | rules.Table) and declared.stricter:
        is_higher = declared.stricter == "higher"
        statement = f"is nowhere {'below' if is_higher else 'above'} the law"
        looser = _compared("<" if is_higher else ">", house, law, function.type)
    else:
        return None
    return Claim("overlay", function.id, f"{overlay} {statement}", str(function.place), is_true(looser))


def _compared(operator: OrderOperator, a: ir.Expr, b: ir.Expr, of: types.AnswerType) -> ir.Expr:
    return orders.compare(operator, a, b, of) if isinstance(of, types.Enum) else ir.Compare(operator, a, b)


def overlays(model: rules.Model) -> list[str]:
    """The overlays of a rulebook, without their parts."""
    names = [r.name for r in model.rulesets.values() if r.amends]
    shared = {
        name.rpartition(".")[0] for name in names if sum(belongs(n, name.rpartition(".")[0]) for n in names) > 1
    }
    whole = {s for s in shared if not any(s.startswith(o + ".") for o in shared)}
    return sorted({next((w for w in whole if belongs(name, w)), name) for name in names})
