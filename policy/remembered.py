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


def remembered(function: Callable[[Any, *Given], T]) -> Callable[[Any, *Given], T]:
    """Keeps what a function makes of an object that never changes, while it lives and nothing else is given."""
    known: dict[int, tuple[weakref.ref[Any], tuple[*Given], T]] = {}

    @wraps(function)
    def of(thing: Any, /, *given: *Given) -> T:
        key = id(thing)
        found = known.get(key)
        if found is not None and found[0]() is thing and found[1] == given:
            return found[2]
        made = function(thing, *given)
        known[key] = weakref.ref(thing, lambda _: known.pop(key, None)), given, made
        return made

    return of


def remembered_items(function: Callable[[Any, *Given], Iterable[T]]) -> Callable[[Any, *Given], tuple[T, ...]]:
    """The same for a function that makes many things, one by one."""

    @remembered
    @wraps(function)
    def items(thing: Any, /, *given: *Given) -> tuple[T, ...]:
        return tuple(function(thing, *given))

    return items
