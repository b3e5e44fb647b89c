"""Classes of nodes: as attrs makes them, but equal, hashed and shown by methods that all of them share.

In: a class that `attrs.frozen` would take. Out: a class that behaves alike. attrs compiles these methods for each
class, in every process; for the two hundred classes of a check that takes as long as reading the rules.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter

TYPE_CHECKING = False  # type checkers know what attrs makes of a class
if TYPE_CHECKING:
    from attrs import frozen as frozen
else:
    import attrs

    def frozen(cls=None, /, *, eq=True, repr=True, **options):
        if cls is None:
            return partial(frozen, eq=eq, repr=repr, **options)
        if eq:
            cls.__eq__, cls.__hash__ = _equal, _hash
        if repr:
            cls.__repr__ = _shown
        made = attrs.frozen(cls, eq=False, repr=False, **options)
        fields = attrs.fields(made)
        compared = [f.name for f in fields if f.eq]
        made._compared = staticmethod(attrgetter(*compared) if compared else type)
        made._displayed = tuple(f.name for f in fields if f.repr)
        return made

    def _equal(self, other):
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def _hash(self):
        return hash((self.__class__, self._compared(self)))

    def _shown(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._displayed)
        return f"{self.__class__.__qualname__.rpartition('>.')[2]}({shown})"
