"""Questions that no test asks, rulebooks without any test, and tests of one title."""

from __future__ import annotations

from collections.abc import Iterator

from policy.diagnostics import Diagnostic, Severity
from policy.model import rules
from policy.model.traversal import uses


def lint(model: rules.Model) -> Iterator[Diagnostic]:
    titled: dict[tuple[str, str], rules.Test] = {}
    for t in model.tests:
        before = titled.setdefault((t.ruleset, t.title.en), t)
        if before is not t:
            yield Diagnostic(
                "duplicate-name",
                f"two tests of `{t.ruleset}` are called `{t.title.en}`",
                t.span,
                "name each for what it shows: a failure is told by its title",
                Severity.WARNING,
                related=((before.span, "first called so here"),),
            )
    asked = {e.question for t in model.tests for e in t.expectations if e.kind != "refused"}
    reached = set(asked)
    pending = list(reached)
    while pending:
        declared = model.declared.get(pending.pop())
        new = (uses(declared) if declared is not None else frozenset()) - reached
        reached |= new
        pending += sorted(new)
    untested = model.of_kind(rules.Decision, rules.Value, rules.Table, rules.Priority)
    if untested and not model.tests:
        first = model.rulesets[untested[0].ruleset]
        yield Diagnostic(
            "no-tests",
            "the rulebook has no tests",
            first.span,
            'add `test "…" on DATE … expect …`; without tests, no provision counts as tested',
            Severity.WARNING,
        )
        return
    for declared in untested:
        needs_own = isinstance(declared, rules.Decision | rules.Priority)
        if declared.id not in (asked if needs_own else reached):
            yield Diagnostic(
                "untested",
                f"no test asks the {declared.kind} `{declared.name}`",
                declared.span,
                f'add `test "…" on DATE … expect {declared.name}(…) …`',
                Severity.WARNING,
            )
