"""Commands and events are made quickly: frozen, and yet filled as fast as what can be changed.

In: frozen attrs classes. Out: the same classes with another `__init__`. attrs sets each field of a frozen class by
a call; here an instance belongs to a class that can be changed until its fields are set. Absent: converters and
validators.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from policy.wire.fields import AttrsClass


def made_quickly(classes: Iterable[AttrsClass]) -> None:
    """Gives each class an `__init__` that does what its own did."""
    for cls in classes:
        cls.__init__ = _initializer(cls)


def _initializer(cls: AttrsClass) -> object:
    scope: dict[str, object] = {"_set": object.__setattr__, "_frozen": cls}
    of_object = {
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }  # they share a slot of the type
    scope["_open"] = type(cls.__name__, (cls,), {"__slots__": (), **of_object})
    parameters, lines = [], []
    for f in attrs.fields(cls):
        assert (f.init, f.converter, f.validator) == (True, None, None), f
        name = f.name
        scope[f"_default_{name}"] = default = f.default
        parameters.append(name if default is attrs.NOTHING else f"{name}=_default_{name}")
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class to attrs, a function to mypy
            lines.append(f"    if {name} is _default_{name}: {name} = {name}.factory()")
        lines.append(f"    self.{name} = {name}")
    head = f"def __init__({', '.join(['self', *parameters])}):"
    exec("\n".join([head, "    _set(self, '__class__', _open)", *lines, "    self.__class__ = _frozen"]), scope)
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"  # type: ignore[attr-defined]  # it is a function
    made.__annotations__ = cls.__init__.__annotations__
    return made
