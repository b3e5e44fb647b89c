"""Whether there is memory for columns, checked before their libraries are loaded.

In: the limit of this process. Out: nothing, or PolicyError.
"""

from __future__ import annotations

import os
import sys

from policy.diagnostics import PolicyError

_ADDRESSES = 2 << 30  # bytes of address space that the engines reserve
_EACH_CORE = 256 << 20  # and for the threads of each core


def limit() -> int:
    """The bytes of address space that this process may take; 0 where there is no limit."""
    if sys.platform == "win32":  # which knows no such limit
        return 0
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return 0 if soft == resource.RLIM_INFINITY else soft


def enough_memory(most: int, cores: int = 0) -> None:
    """Raises PolicyError where so much address space, if it is limited, is less than the engines need."""
    needed = _ADDRESSES + _EACH_CORE * (cores or os.cpu_count() or 1)
    if 0 < most < needed:
        message = f"columns need {needed >> 20:,} MB of address space, and this process may take {most >> 20:,}"
        help = f"raise the limit, as with `ulimit -v {needed >> 10}`"
        raise PolicyError.of("too-little-memory", message, help)
