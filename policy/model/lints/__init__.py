"""Judgements about a model that is well formed: each lint is a file, a function and a page or two of help.

A lint takes the model and yields findings. `ALL` is the order they run in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policy.diagnostics import Diagnostic
from policy.model.lints import (
    bounds,
    branches,
    citations,
    constants,
    cost,
    dates,
    early,
    far,
    languages,
    overlays,
    phrases,
    roundings,
    tables,
    tests,
    unused,
)
from policy.model.rules import Model

Lint = Callable[[Model], Iterator[Diagnostic]]

ALL: tuple[Lint, ...] = (
    bounds.lint,
    constants.lint,
    dates.lint,
    tables.lint,
    branches.lint,
    unused.lint,
    citations.lint,
    early.lint,
    far.lint,
    tests.lint,
    languages.lint,
    phrases.lint,
    overlays.lint,
    roundings.lint,
    cost.lint,
)


def findings(model: Model) -> list[Diagnostic]:
    """What all lints find."""
    return [d for lint in ALL for d in lint(model)]
