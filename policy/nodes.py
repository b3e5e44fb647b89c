"""Classes of nodes: they behave as those that attrs makes, and are made in a fraction of the time.

In: a class that `attrs.frozen` would take. Out: a class that behaves alike. attrs writes and compiles the methods of
each class, in every process; for the two hundred classes of a check that takes as long as reading the rules. Here all
share their methods but `__init__`, which is written when the first node is made; attrs is asked when somebody asks it
for the fields. Absent: converters, validators, `super()`; a class without slots is left to attrs.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache, partial
from operator import attrgetter
from types import FunctionType

TYPE_CHECKING = False  # type checkers know what attrs makes of a class
if TYPE_CHECKING:
    from attrs import evolve as evolve, frozen as frozen

    def names(cls: type) -> tuple[str, ...]:
        """The names of a class's fields."""
else:
    import attrs

    Field = namedtuple("Field", "name default kw_only eq repr")
    _WRITTEN = type(attrs.field())  # what `field(…)` is in the body of a class

    def frozen(cls=None, /, *, eq=True, repr=True, kw_only=False, slots=True):
        if cls is None:
            return partial(frozen, eq=eq, repr=repr, kw_only=kw_only, slots=slots)
        shared = {"__eq__": _equal, "__hash__": _hash} if eq else {}
        shared |= {"__repr__": _shown} if repr else {}
        if slots:
            made = _made(cls, kw_only, shared)
            fields = made.__node_fields__
        else:
            for name, method in shared.items():
                setattr(cls, name, method)
            made = attrs.frozen(cls, eq=False, repr=False, kw_only=kw_only, slots=False)
            fields = attrs.fields(made)
        compared = [f.name for f in fields if f.eq]
        made.__node_compared__ = staticmethod(attrgetter(*compared) if compared else type)
        made.__node_displayed__ = tuple(f.name for f in fields if f.repr)
        return made

    def evolve(node, /, **changes):
        """A node with other values in some fields; of any other class, what attrs makes."""
        cls = node.__class__
        if "__node_fields__" not in cls.__dict__:
            return attrs.evolve(node, **changes)
        return cls(**{f.name: getattr(node, f.name) for f in cls.__node_fields__ if f.name not in changes}, **changes)

    def names(cls):
        return tuple(f.name for f in cls.__node_fields__)

    def _field(cls, name, kw_only):
        given = vars(cls).get(name, attrs.NOTHING)
        if not isinstance(given, _WRITTEN):
            return Field(name, given, kw_only, True, True)
        assert (given.init, given.converter, given._validator) == (True, None, None), f"{cls.__name__}.{name}"
        return Field(name, given._default, kw_only or bool(given.kw_only), given.eq, given.repr)

    def _made(cls, kw_only, shared):
        """The class with slots; its fields are those of its bases and its own."""
        annotated = vars(cls).get("__annotations__", {}).items()
        own = [_field(cls, name, kw_only) for name, of in annotated if not of.startswith("ClassVar")]
        inherited = {
            f.name: f for base in reversed(cls.__mro__[1:]) for f in base.__dict__.get("__node_fields__", ())
        }
        fields = tuple((inherited | {f.name: f for f in own}).values())
        written = {k: v for k, v in cls.__dict__.items() if k not in ("__dict__", "__weakref__")}
        slots = [f.name for f in own if f.name not in inherited]
        if not any("__weakref__" in base.__dict__ for base in cls.__mro__[1:]):
            slots.append("__weakref__")
        body = {k: v for k, v in written.items() if k not in {f.name for f in own}} | shared
        body |= {
            "__slots__": tuple(slots),
            "__qualname__": cls.__qualname__,
            "__match_args__": tuple(f.name for f in fields if not f.kw_only),
            "__init__": _first,
            "__setattr__": _refused,
            "__delattr__": _refused,
            "__getstate__": _state,
            "__setstate__": _filled,
            "__attrs_attrs__": _Asked(),
            "__node_fields__": fields,
            "__node_by_attrs__": staticmethod(partial(_by_attrs, cls.__name__, cls.__bases__, written, kw_only)),
        }
        made = type(cls)(cls.__name__, cls.__bases__, body)
        made.__node_puts__ = tuple(getattr(made, f.name).__set__ for f in fields)
        return made

    def _by_attrs(name, bases, written, kw_only):
        return attrs.frozen(type(name, bases, dict(written)), eq=False, repr=False, kw_only=kw_only)

    class _Asked:
        """The fields as attrs tells them."""

        def __get__(self, _, cls):
            owner = _owner(cls)
            owner.__attrs_attrs__ = attrs.fields(owner.__node_by_attrs__())
            return owner.__attrs_attrs__

    def _owner(cls):
        """The class that has the fields, of which `cls` may be a plain subclass."""
        return next(c for c in cls.__mro__ if "__node_fields__" in c.__dict__)

    def _first(self, *values, **named):
        """Makes the first node, by what makes all others."""
        owner = _owner(type(self))
        owner.__init__ = _initializer(owner)
        owner.__init__(self, *values, **named)

    def _initializer(cls):
        """What makes a node: code that all classes of the same shape share, with the names of these fields."""
        placed = list(zip(cls.__node_fields__, cls.__node_puts__, strict=True))
        placed.sort(key=lambda field_put: field_put[0].kw_only)
        fields = [f for f, _ in placed]
        taken = [f.default for f in fields if not f.kw_only]
        defaults = [d for d in taken if d is not attrs.NOTHING]
        assert taken[len(taken) - len(defaults) :] == defaults, (
            f"{cls.__name__}: a field without a default comes last"
        )
        made = tuple(n for n, f in enumerate(fields) if isinstance(f.default, attrs.Factory))
        scope = {f"default_{n}": fields[n].default for n in made} | {
            f"put_{n}": put for n, (_, put) in enumerate(placed)
        }
        code = _code(len(taken), len(fields) - len(taken), made).replace(
            co_varnames=("self", *(f.name for f in fields)), co_qualname=f"{cls.__qualname__}.__init__"
        )
        initializer = FunctionType(code, scope, "__init__", tuple(defaults))
        initializer.__kwdefaults__ = {
            f.name: f.default for f in fields if f.kw_only and f.default is not attrs.NOTHING
        }
        return initializer

    @cache
    def _code(taken, named, made):
        """Code that puts so many values, taken by place or by name; those `made` are so where none is given."""
        names = [f"value_{n}" for n in range(taken + named)]
        head = ", ".join(["self", *names[:taken], *(["*", *names[taken:]] if named else [])])
        lines = [
            f"    put_{n}(self, default_{n}.factory() if {name} is default_{n} else {name})"
            if n in made
            else f"    put_{n}(self, {name})"
            for n, name in enumerate(names)
        ]
        scope = {}
        exec("\n".join([f"def __init__({head}):", *lines, "    return None"]), scope)
        return scope["__init__"].__code__

    def _refused(*_):
        raise attrs.exceptions.FrozenInstanceError

    def _state(self):
        return tuple(getattr(self, f.name) for f in self.__node_fields__)

    def _filled(self, state):
        for put, value in zip(self.__node_puts__, state, strict=True):
            put(self, value)

    def _equal(self, other):
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__node_compared__(self) == self.__node_compared__(other)

    def _hash(self):
        return hash((self.__class__, self.__node_compared__(self)))

    def _shown(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__node_displayed__)
        return f"{self.__class__.__qualname__.rpartition('>.')[2]}({shown})"
