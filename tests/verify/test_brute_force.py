"""Every verdict about small random rulebooks is what trying all facts on all days comes to.

Any number of rulebooks: `python tests/support/brute_force.py FIRST_SEED LAST_SEED`.
"""

from __future__ import annotations

import pytest

import optional
from brute_force import WrongError, judged
from policy.verify.terms import Terms

optional.library("z3", "proofs")

SEEDS = range(1, 41)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_verdicts_are_so(seed: int) -> None:
    assert judged(seed).total() > 10


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_verdicts_about_forty_rulebooks_are_so(part: int) -> None:
    for seed in SEEDS[2 + part :: 4]:
        judged(seed)


def test_a_wrong_encoding_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `<` were encoded as `<=`."""
    monkeypatch.setattr(Terms, "less", lambda t, a, b: Terms.at_most(t, a, b))
    with pytest.raises(WrongError):
        judged(2)
