"""Commands and events are made by code of ours: they are what attrs would have made."""

from __future__ import annotations

import copy
import pickle
from typing import Any, get_args

import attrs
import pytest

from policy.exchange import commands as of_exchange, events as from_exchange
from policy.financing import commands as of_lender, events as from_lender
from policy.perpetuals import commands as of_desk, events as from_desk

COMMANDS = (of_exchange.Command, of_lender.Command, of_desk.Command)
EVENTS = (from_exchange.Event, from_lender.Event, from_desk.Event)
CLASSES = [cls for union in (*COMMANDS, *EVENTS) for cls in get_args(union)]


def given(cls: Any) -> dict[str, str]:
    return {f.name: f"of {f.name}" for f in attrs.fields(cls) if f.default is attrs.NOTHING}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_what_is_made_is_what_attrs_makes(cls: Any) -> None:
    made = cls(**given(cls))
    right = object.__new__(cls)
    for f in attrs.fields(cls):
        default = f.default.factory() if isinstance(f.default, attrs.Factory) else f.default
        object.__setattr__(right, f.name, f"of {f.name}" if default is attrs.NOTHING else default)
    assert type(made) is cls
    assert made == right
    assert repr(made) == repr(right)
    assert made == cls(*given(cls).values())
    assert made == pickle.loads(pickle.dumps(made)) == copy.copy(made) == attrs.evolve(made)


@pytest.mark.parametrize(
    ("make", "cls"),
    [
        (from_exchange.accepted, from_exchange.OrderAccepted),
        (from_exchange.traded, from_exchange.Traded),
        (from_exchange.cancelled, from_exchange.OrderCancelled),
    ],
)
def test_what_a_function_makes_is_what_its_class_makes(make: Any, cls: Any) -> None:
    made = make(**given(cls))
    assert type(made) is cls
    assert made == cls(**given(cls)) == make(*given(cls).values()) == pickle.loads(pickle.dumps(made))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(made, attrs.fields(cls)[0].name, "another")


def test_a_field_is_frozen() -> None:
    made = of_exchange.DepositMoney("ann", 1, 2)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.amount = 3  # type: ignore[misc]  # it is frozen
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.amount


def test_what_is_not_given_is_new_each_time() -> None:
    first, second = (of_exchange.AdmitPlatform("alpha", 1) for _ in range(2))
    assert first.facts == {}
    assert first.facts is not second.facts


def test_a_field_too_few_or_too_many_is_an_error() -> None:
    with pytest.raises(TypeError, match="amount"):
        of_exchange.DepositMoney("ann", 1)
    with pytest.raises(TypeError):
        of_exchange.DepositMoney("ann", 1, 2, 3)
