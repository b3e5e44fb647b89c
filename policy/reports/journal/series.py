"""Amounts read exactly, and figures over time that never take more room than a picture can show.

In: amounts as events write them, and moments. Out: integers at one scale, and thinned steps. Absent: rounding; a
step that is left out of a picture is never higher than the one that stands for it.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field, frozen

from policy.model.values import decimal_text, scaled

SCALE = 12  # more decimals than any amount of the engines has
_MOST = 400


def exact(text: str | None) -> int:
    """An amount without its currency, as an integer at `SCALE`; nothing is 0."""
    value = scaled(Decimal(text.partition(" ")[0]), SCALE) if text else 0
    assert value is not None, f"`{text}` has more decimals than an amount can"
    return value


def plain(value: int) -> str:
    """The decimal text of an amount, with two decimals at least."""
    whole, _, part = decimal_text(value, SCALE).partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


@define
class Steps:
    """A figure over time. Where there are too many changes, neighbours merge and keep the higher."""

    points: list[tuple[int, int]] = field(factory=list)
    highest: int = 0

    def add(self, at: int, value: int) -> None:
        if self.points and self.points[-1][1] == value:
            return
        self.highest = max(self.highest, value)
        self.points.append((at, value))
        if len(self.points) > 2 * _MOST:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            kept = [(a[0], max(a[1], b[1])) for a, b in pairs]
            self.points = kept + self.points[len(kept) * 2 :]


@frozen
class Drawn:
    """Steps in the coordinates of a picture 1000 wide and 1000 high, and the lines of a cap."""

    path: str
    cap: str
    first: str
    last: str
    highest: str
    lowest: str


def drawn(steps: Steps, cap: Steps, first: int, last: int, moments: tuple[str, str]) -> Drawn:
    """The picture of a figure and of the cap it must keep under."""
    top = max(steps.highest, cap.highest, 1)
    lowest = min((v for _, v in steps.points), default=0)
    return Drawn(
        _path(steps, first, last, top), _path(cap, first, last, top), *moments, plain(steps.highest), plain(lowest)
    )


def _path(steps: Steps, first: int, last: int, top: int) -> str:
    long = max(last - first, 1)
    path = ""
    for at, value in steps.points:
        x, y = 1000 * (at - first) // long, 1000 - 1000 * max(value, 0) // top
        path += f"M{x} {y}" if not path else f"H{x}V{y}"
    return path + "H1000" if path else ""
