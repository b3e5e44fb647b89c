"""The columns of a kernel in the memory of a device, each value so many times over.

In: a kernel, and the facts of rows by path. Out: columns as Arrow has them. Absent: what changes from one time to the
next, which a caller puts in their place.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import assert_never

from policy.answers import MISSING
from policy.backends.c.device import DeviceKernel
from policy.backends.c.devices import Device, Memory
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.rows import Slot
from policy.ir.validation import attribute
from policy.model import types
from policy.vocabulary import RuntimeValue

Facts = Callable[[str], Sequence[RuntimeValue] | Memory]


class Columns:
    """Where the columns of a kernel are: `at` holds their places. Raises UnsupportedError.

    `facts` gives the facts at a path, each of which stands there `times` times, a multiple of eight; or memory that
    holds numbers already.
    """

    def __init__(self, device: Device, kernel: DeviceKernel, facts: Facts, times: int) -> None:
        self.kept: list[Memory] = []  # what `at` points to
        words = array("Q")
        for slot in kernel.slots:
            found = facts(slot.path)
            parts = (found, None, None) if isinstance(found, Memory) else _parts(slot, found, times)
            for part in parts:
                memory = device.filled(part) if isinstance(part, bytes) else part
                self.kept += [memory] if memory else []
                words.append(memory.at if memory else 0)
        self.at = device.filled(words.tobytes())


def fact(value: RuntimeValue, names: Sequence[str]) -> RuntimeValue:
    """The fact below a record, by the names of fields."""
    for name in names:
        value = MISSING if value is MISSING else getattr(value, attribute(name))
    return value


def _parts(slot: Slot, values: Sequence[RuntimeValue], times: int) -> tuple[bytes, bytes | None, bytes | None]:
    """The elements of a column, its texts, and the bits of what is there."""
    of, there = types.inner_of(slot.type), [value is not MISSING and value is not None for value in values]
    if of is not slot.type and any(value is MISSING for value in values):
        raise UnsupportedError(f"`{slot.path}` is optional, and was not given")
    given, texts = list(zip(values, there, strict=True)), None
    match slot.shape:
        case "number":
            at = b"".join(array("q", [int(v) if t else 0]).tobytes() * times for v, t in given)
        case "boolean":
            at = _bits([t and bool(v) for v, t in given], times)
        case "code":
            assert isinstance(of, types.Enum)
            width = "B" if slot.width == 1 else "I"
            at = b"".join(array(width, [of.every.index(v) if t else 0]).tobytes() * times for v, t in given)
        case "text":
            at, texts = _texts([v.encode("utf-8", "surrogatepass") if t else b"" for v, t in given], times)
        case "record" | "set" | "list":
            raise AssertionError(slot)
        case _:
            assert_never(slot.shape)
    return at, texts, None if all(there) else _bits(there, times)


def _texts(texts: Sequence[bytes], times: int) -> tuple[bytes, bytes]:
    """Where each text begins and ends, and all of them."""
    begins = array("q", [0])
    for text in texts:
        last = begins[-1]
        begins.extend(last + n * len(text) for n in range(1, times + 1))
    return begins.tobytes(), b"".join(text * times for text in texts)


def _bits(values: Sequence[bool], times: int) -> bytes:
    return b"".join((b"\xff" if value else b"\0") * (times // 8) for value in values)
