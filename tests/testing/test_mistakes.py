"""Single-token mistakes in small random rulebooks, made without looking at how mutants are made.

The tests of each rulebook are those that mutation testing asks for. None of the mistakes that differ, which is found
out by asking both rulebooks everything, may go unnoticed. More: `python tests/support/token_mistakes.py 20 770`.
"""

from __future__ import annotations

import pytest

import optional
from token_mistakes import tried


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_no_mistake_that_differs_goes_unnoticed(seed: int) -> None:
    optional.library("z3", "proofs")
    trial = tried(seed, 40)
    assert trial.differ >= 5, trial
    assert not trial.unnoticed, "\n".join(trial.unnoticed)
