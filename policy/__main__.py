"""The program `policy`, which is also `python -m policy`: signals are waited for before it imports anything large."""

from __future__ import annotations

import gc

from policy.interrupts import interruptible


def main() -> None:
    """Runs the command line as a process of its own."""
    interruptible(_run)


def _run() -> None:
    # What is imported and built stays: looking through it for garbage takes a fifth of a short command.
    gc.set_threshold(50_000)
    try:
        from policy.cli import main as command
        from policy.recursion import allow_deep_programs

        allow_deep_programs()
        command()
    finally:
        gc.freeze()  # the process ends


if __name__ == "__main__":
    main()
