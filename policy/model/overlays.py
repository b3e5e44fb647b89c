"""A rulebook with a house overlay laid over it: the same model, its amended declarations made stricter.

Strictness holds by construction: a tightened number is the stricter of the law's and the house's, and a
tightened decision only gains denials.
"""

from __future__ import annotations

from typing import assert_never

from attrs import evolve

from policy.diagnostics import Collector, Diagnostic, did_you_mean
from policy.model import rules


def belongs(ruleset: str, overlay: str) -> bool:
    """Whether `ruleset` is the overlay or one of its parts (`example.house` has `example.house.orders`)."""
    return ruleset == overlay or ruleset.startswith(overlay + ".")


def overlaid(model: rules.Model, overlay: str) -> rules.Model:
    """The model under `overlay`; the model itself where `overlay` is empty."""
    if not overlay:
        return model
    declared = dict(model.declared)
    for amendment in model.amendments:
        if belongs(amendment.ruleset, overlay):
            declared[amendment.target] = _amended(declared[amendment.target], amendment)
    return evolve(model, declared=declared)


def _amended(base: rules.Declaration, amendment: rules.Amendment) -> rules.Declaration:
    match amendment.kind:
        case "adopt":
            assert isinstance(base, rules.Parameter)
            return evolve(base, versions=amendment.versions, unset=None)
        case "parameter" | "value":
            assert isinstance(base, rules.Parameter | rules.Value)
            return evolve(base, tightened=(*base.tightened, amendment.versions))
        case "table":
            assert isinstance(base, rules.Table)
            return evolve(base, tightened=(*base.tightened, *([amendment.rows] if amendment.rows else [])))
        case "decision":
            assert isinstance(base, rules.Decision)
            return evolve(base, rules=(*base.rules, *amendment.rules))
        case _:
            assert_never(amendment.kind)


def check_overlay(model: rules.Model, overlay: str) -> list[Diagnostic]:
    """A finding where no ruleset of the rulebook is that overlay."""
    found = Collector()
    overlays = sorted(r.name for r in model.rulesets.values() if r.amends)
    if overlay and not any(belongs(name, overlay) for name in overlays):
        found.error(
            "unknown-ruleset",
            f"there is no overlay `{overlay}` in the rulebook",
            None,
            did_you_mean(overlay, overlays) or "overlays are the rulesets that amend another",
        )
    return found.found
