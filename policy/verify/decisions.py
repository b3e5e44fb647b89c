"""Claims about decisions: both outcomes are possible, each rule can apply and is not always overruled, and each
condition of a rule makes a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.ir import program as ir
from policy.ir.logic import all_of, tests_presence
from policy.ir.program import TRUE, Expr, Function, Rule
from policy.model import expressions as typed, rules
from policy.model.types import DATE
from policy.model.values import show
from policy.verify.claims import Claim, differ, is_possible


def claims(decision: rules.Decision, function: Function) -> Iterator[Claim]:
    """The claims about a decision."""
    place = str(function.place)
    yield Claim("decision", function.id, "it can permit", place, is_possible(function.body), False)
    yield Claim("decision", function.id, "it can deny", place, is_possible(ir.Not(function.body)), False)
    denials = [r for r in function.rules[:-1] if r.effect == "deny"]
    for written, rule in zip(decision.rules, function.rules, strict=False):
        yield _rule(function, rule, "can apply", rule.condition)
        if rule.effect == "permit" and denials:
            not_denied = ir.Not(ir.Or(tuple(r.condition for r in denials)))
            yield _rule(function, rule, "is not always overruled", ir.And((rule.condition, not_denied)))
            yield from _contradictions(function, rule, denials)
        yield from _conditions(function, written, rule)


def _rule(function: Function, rule: Rule, statement: str, e: Expr) -> Claim:
    return Claim(
        "rule", function.id, f"{rule.effect} {rule.name} {statement}", str(rule.place), is_possible(e), False
    )


def _contradictions(function: Function, permit: Rule, denials: Sequence[Rule]) -> Iterator[Claim]:
    """That no denial applies to exactly the cases that a permission does."""
    for deny in denials:
        apart = ir.Not(ir.Or((ir.And((permit.condition, deny.condition)), _neither(permit, deny))))
        statement = f"permit {permit.name} and deny {deny.name} do not contradict each other in every case"
        yield Claim("rule", function.id, statement, str(permit.place), is_possible(apart), False)


def _neither(a: Rule, b: Rule) -> Expr:
    return ir.Not(ir.Or((a.condition, b.condition)))


# ── conditions that change nothing ──────────────────────────────────────────────────────────


def _conditions(function: Function, written: rules.Rule, rule: Rule) -> Iterator[Claim]:
    """That each condition of the rule matters: without it, the rule would apply to something else."""
    parts = _parts_of(rule.condition)
    texts = texts_of(written)
    dates = (written.start is not None) + (written.end is not None)
    if len(parts) != len(texts):
        return
    for n, (part, text) in enumerate(zip(parts, texts, strict=True)):
        if tests_presence(part) or n < dates:
            continue  # later conditions use what is present; dates are when the law is in force
        without = all_of([*parts[:n], *parts[n + 1 :]])
        statement = f"`{text}` matters to {rule.effect} {rule.name}"
        yield Claim("condition", function.id, statement, str(rule.place), differ(rule.condition, without), False)


def _parts_of(condition: Expr) -> list[Expr]:
    """The operands of a conjunction, one level of nesting flattened."""
    if condition == TRUE:
        return []
    if not isinstance(condition, ir.And):
        return [condition]
    return [x for o in condition.operands for x in (o.operands if isinstance(o, ir.And) else (o,))]


def texts_of(rule: rules.Rule) -> list[str]:
    """The conditions of a rule, as they are written."""
    texts = []
    if rule.start is not None:
        texts.append(f"from {show(rule.start, DATE)}")
    if rule.end is not None:
        texts.append(f"until {show(rule.end, DATE)}")
    lone = len(rule.when) + len(rule.unless) + len(texts) == 1
    for when in rule.when:
        if isinstance(when, typed.Chain) and when.operator == "and":
            nested = not lone
            for o in when.operands:
                deeper = isinstance(o, typed.Chain) and o.operator == "and" and not nested
                texts += [x.span.text for x in o.operands] if isinstance(o, typed.Chain) and deeper else [o.span.text]
        else:
            texts.append(when.span.text)
    texts += [f"unless {u.span.text}" for u in rule.unless]
    return [" ".join(t.split()) for t in texts]
