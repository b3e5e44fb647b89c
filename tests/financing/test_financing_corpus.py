"""Margin financing as text: commands, `---`, events. What stands before the first case sets every case's stage.

A case begins with the date, and the overlay if there is one: `on 2026-04-01 under example.house`.
"""

from __future__ import annotations

from case_files import Case, parametrised, read
from financing_cases import lender, said, shown


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@parametrised("financing")
def test_margin_financing(case: Case, update: bool) -> None:
    first, *commands = lines(case.input)
    on, day, *under = first.split()
    assert on == "on"
    desk = lender(day, under[1] if under else "")
    for line in lines(read(case.file)[0]):
        desk.submit(said(line))
    told = [f"{line}\n" + "".join(f"  {shown(e)}\n" for e in desk.submit(said(line))) for line in commands]
    case.settle("\n".join(told), update)
