"""Work that takes a while, in a process of its own that ends as soon as nobody waits for it any more.

In: a function of a module, and what it is given. Out: what it returns. Absent: what is worked out, see `runs`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar, cast

from policy.recursion import allow_deep_programs

P = ParamSpec("P")
T = TypeVar("T")


class WorkError(Exception):
    """The process failed; its message is that of what was raised there."""


async def worked_out(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What a function returns; its process is killed where this is cancelled."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_work, args=(theirs, function, given, named), daemon=True)
    process.start()
    theirs.close()
    loop = asyncio.get_running_loop()
    waiting = loop.run_in_executor(None, _received, ours)
    try:
        is_done, result = await asyncio.shield(waiting)
    finally:
        process.kill()
        await asyncio.shield(waiting)  # the other end is closed by now
        await loop.run_in_executor(None, process.join)
        ours.close()
    if not is_done:
        raise WorkError(result)
    return cast(T, result)


def _received(end: Connection) -> tuple[bool, object]:
    try:
        is_done, result = end.recv()
    except EOFError:
        return False, "the process ended without an answer"
    return is_done, result


def _work(
    end: Connection, function: Callable[..., object], given: tuple[object, ...], named: dict[str, object]
) -> None:
    allow_deep_programs()
    sys.stdout = sys.stderr  # the server's own output is the protocol
    try:
        answer: tuple[bool, object] = True, function(*given, **named)
    except Exception as failure:  # told to whoever waits
        answer = False, f"{type(failure).__name__}: {failure}"
    end.send(answer)
    end.close()
