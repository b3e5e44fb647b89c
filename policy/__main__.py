"""The program `policy`, which is also `python -m policy`: signals are waited for before it imports anything large."""

from __future__ import annotations

from policy.interrupts import interruptible


def main() -> None:
    """Runs the command line as a process of its own."""
    interruptible(_run)


def _run() -> None:
    from policy.cli import main as command

    command()


if __name__ == "__main__":
    main()
