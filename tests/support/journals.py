"""Made-up journals for the tests of the journal: their header, and the lines of a past."""

from __future__ import annotations

from policy.audit.records import Header, Json, header_line, record_line

RULES = "9e7399ea7f26" + "0" * 52
HEADER = Header(RULES, "example.house", "2026-03-01", {"scenario": "shared book", "seed": 7})

Past = list[tuple[Json, list[Json]]]  # commands without their times, and their events


def past_of(count: int) -> Past:
    """A past of so many commands, each with two events."""
    return [
        ({"place": f"o{n}"}, [{"accepted": f"o{n}", "lots": n}, {"rested": f"o{n}"}]) for n in range(1, count + 1)
    ]


def lines_of(past: Past) -> list[bytes]:
    """The lines of a journal, its header first."""
    line, prev = header_line(HEADER)
    lines = [line]
    for seq, (command, events) in enumerate(past, 1):
        line, prev = record_line(seq, seq * 1_000, {**command, "at": seq * 1_000}, events, RULES, prev)
        lines.append(line)
    return lines
