"""The order in which what calls each other is worked out.

In: names, and what each calls. Out: all of them, callees first. Absent: what calls; programs need no model for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable


def callees_first(names: Iterable[str], called: Callable[[str], Iterable[str]]) -> list[str]:
    """These definitions and all that they call, each after those that it calls itself."""
    done: dict[str, None] = {}
    pending = [(name, False) for name in reversed(list(names))]
    while pending:
        name, callees_are_done = pending.pop()
        if callees_are_done:
            done[name] = None
        elif name not in done:
            if not (callees := dict.fromkeys(called(name))):
                done[name] = None
                continue
            pending.append((name, True))
            pending.extend([(callee, False) for callee in reversed(callees)])
    return list(done)
