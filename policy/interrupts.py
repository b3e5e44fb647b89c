"""Interrupts: an interrupted command ends within two seconds, its workers too, and leaves nothing half done.

SIGINT, SIGTERM and SIGHUP are blocked in every thread and waited for by one, so that no library that is busy, or has
a handler of its own, can block them. The main thread then has a second to close what it has open; after it, or
sooner, the processes that were started are killed, parts of files removed, and the process is gone. A process imports
this first, so it imports next to nothing. Absent: Windows, whose own way is kept; and C code that holds the
interpreter's lock, which is waited for (the solver and the engines of columns let it go while they work).
"""

from __future__ import annotations

import os
import signal
import sys
import threading

TYPE_CHECKING = False  # importing `typing` takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeVar

    Result = TypeVar("Result")

PATIENCE = 1.0  # seconds that the main thread has
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_over = threading.Lock()  # taken once, by whoever ends the process
_code = 0  # exit code of an interrupted process


class Interrupted(BaseException):
    """Raised in the main thread when the process is interrupted."""


def interruptible(run: Callable[[], Result]) -> Result:
    """Runs the program of a process; interrupted, it ends by `leave`, whatever goes wrong on the way out."""
    try:
        watch()  # inside: an interrupt may be waiting already
        return run()
    except BaseException:
        if stopping():
            leave()
        raise


def watch() -> None:
    """From here on a signal ends the process. For a process of its own, not for tests within one."""
    if not hasattr(signal, "sigwait"):
        return
    wanted = {getattr(signal, name) for name in _NAMES}
    awaited = {s for s in wanted if signal.getsignal(s) is not signal.SIG_IGN}  # as under nohup
    signal.signal(signal.SIGUSR1, _raise)
    sys.unraisablehook = _unraisable
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    threading.Thread(target=_wait, args=(awaited,), daemon=True).start()


def _unraisable(failure: sys.UnraisableHookArgs) -> None:
    """Tells of a failure that nobody can catch, as in `__del__`, unless it is the interrupt that came there."""
    if not stopping():
        sys.__unraisablehook__(failure)


def stopping() -> bool:
    """Whether the process was interrupted; later failures are a consequence."""
    return bool(_code)


def leave() -> NoReturn:
    """Ends an interrupted process at once, saying so, however much is still going on in it."""
    if not stopping():
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    with _over:
        _kill(_started(os.getpid()))
        if parts := sys.modules.get("policy.files"):  # where it is not imported, nothing is written
            parts.abandon()
        os.write(2, b"interrupted\n")
        os._exit(_code)


def _wait(awaited: set[signal.Signals]) -> None:
    global _code
    _code = 128 + signal.sigwait(awaited)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    _kill(_started(os.getpid()))  # so that nobody waits for them
    threading.Event().wait(PATIENCE)
    leave()


def _raise(*_: object) -> NoReturn:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    raise Interrupted


def _started(parent: int) -> list[int]:
    """The processes that this one has started, and those have; where the system tells nothing, its workers alone."""
    children: dict[int, list[int]] = {}
    for process in filter(str.isdecimal, os.listdir("/proc") if os.path.isdir("/proc") else ()):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
                words = stat.read().rpartition(")")[2].split()
        except OSError:
            continue  # it is gone
        children.setdefault(int(words[1]), []).append(int(process))
    if not children and (pools := sys.modules.get("multiprocessing")):
        return [child.pid for child in pools.active_children()]
    found = [parent]
    for ancestor in found:
        found += children.get(ancestor, [])
    return found[1:]


def _kill(processes: list[int]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
