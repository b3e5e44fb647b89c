"""What functions made of objects that never change, kept while these live: an editor asks again at each key.

In: a function of such an object and whatever else it is given. Out: the same function, which works a thing out once.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Given = TypeVarTuple("Given")

_of_function: dict[Any, dict[int, Any]] = {}  # what each made, by the identities of things


def remembered(function: Callable[[Any, *Given], T]) -> Callable[[Any, *Given], T]:
    """Keeps what a function makes of an object that never changes, while it lives and nothing else is given."""
    known: dict[int, tuple[weakref.ref[Any], tuple[*Given], T]] = {}

    @wraps(function)
    def of(thing: Any, /, *given: *Given) -> T:
        found = known.get(id(thing))
        if found is not None and found[0]() is thing and found[1] == given:
            return found[2]
        made = function(thing, *given)
        remember(of, thing, made, *given)
        return made

    _of_function[of] = known
    return of


def remember(function: Callable[[Any, *Given], T], thing: object, made: T, /, *given: *Given) -> None:
    """From now on this is what a `remembered` function makes of a thing."""
    known, key = _of_function[function], id(thing)
    known[key] = weakref.ref(thing, lambda _: known.pop(key, None)), given, made


def remembered_items(function: Callable[[Any, *Given], Iterable[T]]) -> Callable[[Any, *Given], tuple[T, ...]]:
    """The same for a function that makes many things, one by one."""

    @remembered
    @wraps(function)
    def items(thing: Any, /, *given: *Given) -> tuple[T, ...]:
        return tuple(function(thing, *given))

    return items
