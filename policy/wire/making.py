"""Commands and events are made quickly: frozen, and yet filled as fast as what can be changed.

In: frozen attrs classes. Out: the same classes with another `__init__`, or functions that make what the classes make.
attrs sets each field of a frozen class by a call; here an instance belongs to a class that can be changed until its
fields are set. A function takes half the time, as a class is called through `type`. Absent: converters and
validators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import attrs

from policy.wire.fields import AttrsClass

P = ParamSpec("P")
E = TypeVar("E")


def made_quickly(classes: Iterable[AttrsClass]) -> None:
    """Gives each class an `__init__` that does what its own did."""
    for cls in classes:
        open = _opened(cls, "__setattr__", "__delattr__")  # they share a slot of the type
        first = "_set(self, '__class__', _open)"
        made = _function(cls, "__init__", ["self"], first, {"_open": open, "_set": object.__setattr__})
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        made.__annotations__ = cls.__init__.__annotations__
        cls.__init__ = made


def maker(cls: Callable[P, E]) -> Callable[P, E]:
    """A function that makes instances of a class."""
    assert isinstance(cls, type)
    open = _opened(cls, "__init__", "__setattr__", "__delattr__")
    made: Callable[P, E] = _function(cls, "make", [], "self = _open()", {"_open": open}, "return self")
    return made


def _opened(cls: AttrsClass, *methods: str) -> AttrsClass:
    """The class whose instances can be changed."""
    return type(cls.__name__, (cls,), {"__slots__": (), **{name: getattr(object, name) for name in methods}})


def _function(
    cls: AttrsClass, name: str, parameters: list[str], first: str, scope: dict[str, Any], last: str = ""
) -> Any:
    """A function that takes the fields of a class, sets them, and makes the instance one of that class."""
    parameters, lines, scope = [*parameters], [first], scope | {"_frozen": cls}
    for f in attrs.fields(cls):
        assert (f.init, f.converter, f.validator) == (True, None, None), f
        scope[f"_default_{f.name}"] = default = f.default
        parameters.append(f.name if default is attrs.NOTHING else f"{f.name}=_default_{f.name}")
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class to attrs, a function to mypy
            lines.append(f"if {f.name} is _default_{f.name}: {f.name} = {f.name}.factory()")
        lines.append(f"self.{f.name} = {f.name}")
    body = "\n    ".join([*lines, "self.__class__ = _frozen", last])
    exec(f"def {name}({', '.join(parameters)}):\n    {body}", scope)
    return scope[name]
