"""Events are made by plain functions, where so many are made that it counts.

In: frozen attrs classes. Out: for each a function that takes what the class takes and makes what it makes, in half
the time: the class is called through `type`, and a frozen instance is opened first. Absent: converters, validators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import attrs

P = ParamSpec("P")
E = TypeVar("E")


def maker(cls: Callable[P, E]) -> Callable[P, E]:
    """A function that makes instances of a class."""
    assert isinstance(cls, type)
    methods = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    opened = type(cls.__name__, (cls,), {"__slots__": (), **methods})
    scope: dict[str, Any] = {"_opened": opened, "_made": cls}
    parameters, lines = [], []
    for f in attrs.fields(cls):
        assert (f.init, f.converter, f.validator) == (True, None, None), f
        assert not isinstance(f.default, attrs.Factory), f  # type: ignore[arg-type]  # a class to attrs, a function to mypy
        scope[f"_default_{f.name}"] = f.default
        parameters.append(f.name if f.default is attrs.NOTHING else f"{f.name}=_default_{f.name}")
        lines.append(f"    _self.{f.name} = {f.name}")
    head = f"def make({', '.join(parameters)}):\n    _self = _opened()"
    exec("\n".join([head, *lines, "    _self.__class__ = _made", "    return _self"]), scope)
    made: Callable[P, E] = scope["make"]
    return made
