"""A question to whole tables by one loop in C, over the memory of their columns.

In: the facts of some rows as columns. Out: of each row the number of its answer and its value; and the different
answers, few, by number. A row of number nought is left to the plan and the interpreter. There is a kernel where a C
compiler is and the question is one for it; `POLICY_KERNEL=off` says that there is none, `POLICY_KERNEL=always` makes
it for the first row. It may be called from several threads.
"""

from __future__ import annotations

import ctypes
import os
import sys
from array import array
from threading import Lock
from typing import Any

import polars as pl
import pyarrow as pa
from attrs import define, field, frozen

from policy.answers import Outcome
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.native import NoCompilerError, library
from policy.backends.c.rows import MOST_ANSWERS, RowLoop, Slot, rows_of
from policy.backends.c.shapes import Shape
from policy.diagnostics import PolicyError
from policy.facts.from_table import TableLayout
from policy.ir.program import Function, Program
from policy.model import types

MOST_REMEMBERED = 64  # sets of answers that are remembered
FROM_CACHE = 50_000  # rows after which a kernel that was compiled before is worth its loading
FROM_SOURCE = 1_000_000  # and after which one is worth being compiled
VALUE = 4
HEAD = 5  # words before the number of rows of each answer: how many answers there are, and the total
OUTCOMES = {1: Outcome.UNDECIDED, 2: Outcome.PERMITTED, 3: Outcome.DENIED, VALUE: Outcome.VALUE}
_STORED = {"int64_t": 16, "policy_int128": 16, "int32_t": 4, "uint8_t": 1}


@frozen
class OneAnswer:
    """What several rows are answered, their values apart."""

    outcome: Outcome
    reasons: tuple[str, ...]
    needs: tuple[str, ...]


@frozen(eq=False)
class KernelAnswers:
    """The number of each row's answer, from one on; nought for the rows that are `left`.

    `rows` says how many have each of the `answers`, which are always the same under the same `key`. `total` is the
    sum of the values that are numbers.
    """

    numbers: pl.Series
    value: pl.Series | None
    key: bytes
    answers: tuple[OneAnswer, ...]
    rows: tuple[int, ...]
    total: int
    left: int


class _Column(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("at", "texts", "valid")]


GOOD = Slot("", types.BOOLEAN, 0, False)  # the last column: in which rows all cells are good


@define(eq=False)
class Kernel:
    """The loop of one question. `known` are the different answers so far, as the loop holds them."""

    function: Function
    rows: RowLoop
    loop: Any
    known: bytes
    remembered: dict[bytes, tuple[OneAnswer, ...]] = field(factory=dict)

    def run(self, frame: pl.DataFrame, good: pl.Series | None) -> KernelAnswers | None:
        """The answers to rows; None where a column is not held as the loop takes it."""
        held = {s.path: _array(frame[s.path]) for s in self.rows.slots if s.path in frame.columns}
        held |= {} if good is None else {GOOD.path: _array(good)}
        bits = {bit for array in held.values() if (bit := _bit_of(array)) is not None}
        if len(bits) > 1:  # slices that begin elsewhere in a byte
            held = {path: _array(_moved(array)) for path, array in held.items()}
            bits = {0}
        columns, whole = (_Column * (len(self.rows.slots) + 1))(), True
        for column, slot in zip(columns, (*self.rows.slots, GOOD), strict=True):
            if slot.path in held and not _point(column, held[slot.path], slot):
                return None
            whole = whole and not (slot.is_required and (not column.at or column.valid))
        if columns[-1].valid:
            return None
        n, result = frame.height, self.rows.value
        value = pa.allocate_buffer(n * _STORED[result.held]) if result else None
        present = pa.allocate_buffer(n) if self.rows.is_optional else None
        numbers, found = pa.allocate_buffer(2 * n), ctypes.create_string_buffer(self.known, len(self.known))
        places = [b.address if b is not None else None for b in (value, present, numbers)]
        left = self.loop(n, whole, columns, min(bits, default=0), *places, found)
        del held
        told = found.raw
        key, answers, rows = self._answers(told)
        numbered = _series(pa.uint16(), n, numbers)
        column = self._value(n, value, present, numbered, answers)
        return KernelAnswers(numbered, column, key, answers, rows, total_of(told), left)

    def _answers(self, found: bytes) -> tuple[bytes, tuple[OneAnswer, ...], tuple[int, ...]]:
        """The different answers, and how many rows have each."""
        words, start = memoryview(found).cast("Q"), HEAD + MOST_ANSWERS
        count = words[0]
        key = found[8 * start : 8 * (start + count * self.rows.width)]
        answers = self.remembered.get(key)
        if answers is None:
            width = self.rows.width
            each = (words[at : at + width].tolist() for at in range(start, start + count * width, width))
            answers = tuple(map(self._decoded, each))
            if len(self.remembered) == MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = answers
            is_full = count == MOST_ANSWERS
            self.known = nothing_known(self.rows) if is_full else found
        return key, answers, tuple(words[HEAD : HEAD + count])

    def _decoded(self, words: list[int]) -> OneAnswer:
        outcome, *bits = words
        needs = sorted(self.rows.needs[b] for b in _set(bits[: self.rows.words]))
        reasons = tuple(self.function.rules[b].name for b in _set(bits[self.rows.words :]))
        return OneAnswer(OUTCOMES[outcome], reasons, tuple(needs))

    def _value(
        self, n: int, value: Any, present: Any, numbers: pl.Series, answers: tuple[OneAnswer, ...]
    ) -> pl.Series | None:
        """The value of each row; null where there is none."""
        result = self.rows.value
        if result is None:
            return None
        assert not isinstance(result.type, types.Results), "which has no kernel"
        of = types.inner_of(result.type)
        if isinstance(of, types.Boolean):
            held = _series(pa.uint8(), n, value).cast(pl.Boolean)
        elif isinstance(of, types.Enum):
            held = pl.Series(sorted(of.every), dtype=pl.String).gather(_series(pa.int32(), n, value))
        else:
            held = _series(pa.decimal128(38, 0), n, value).to_physical()
        there = None
        if any(a.outcome is not Outcome.VALUE for a in answers):
            are = [True, *(a.outcome is Outcome.VALUE for a in answers)]
            there = pl.Series(are).gather(numbers)
        if present is not None:
            some = _series(pa.uint8(), n, present).cast(pl.Boolean)
            there = some if there is None else there & some
        return held if there is None else pl.select(pl.when(there).then(held)).to_series()


def _set(words: list[int]) -> list[int]:
    """The numbers of the bits that are set."""
    return [64 * n + b for n, word in enumerate(words) for b in range(64) if word >> b & 1]


def _array(series: pl.Series) -> pa.Array:
    """A column in one piece as Arrow holds it, texts with their offsets."""
    return series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def _series(of: pa.DataType, n: int, buffer: pa.Buffer) -> pl.Series:
    made = pl.from_arrow(pa.Array.from_buffers(of, n, [None, buffer]))
    assert isinstance(made, pl.Series)
    return made


_WIDTHS = {pa.int64(): 8, pa.uint8(): 1, pa.uint32(): 4, pa.large_string(): 8, pa.bool_(): 0}
_TAKEN: dict[Shape, tuple[pa.DataType, ...]] = {
    "number": (pa.int64(),),
    "code": (pa.uint8(), pa.uint32()),
    "boolean": (pa.bool_(),),
    "text": (pa.large_string(),),
}


def _bit_of(array: pa.Array) -> int | None:
    """Where in its byte the first bit of an array is; None where it has no bits."""
    return array.offset % 8 if array.null_count or pa.types.is_boolean(array.type) else None


def _moved(array: pa.Array) -> pl.Series:
    """The same at the beginning of other memory."""
    made = pl.from_arrow(array)
    assert isinstance(made, pl.Series)
    return made.gather(pl.int_range(len(made), eager=True))


def _point(column: _Column, array: pa.Array, slot: Slot) -> bool:
    """Points at the memory of a column; whether it is of the type and alignment that the loop takes."""
    width = slot.width
    if array.type not in _TAKEN[slot.shape] or _WIDTHS[array.type] != width or not len(array):
        return False
    valid, at, *texts = array.buffers()
    column.at = at.address + (array.offset * width if width else array.offset // 8)
    column.texts = texts[0].address if texts and texts[0] is not None else None
    column.valid = valid.address + array.offset // 8 if valid is not None and array.null_count else None
    return not width or not column.at % width


@define(eq=False)
class Kernels:
    """The kernel of a question, from so many rows on that it is worth making. `refusal` says why there is none."""

    program: Program
    function: Function
    refusal: str = ""
    kernel: Kernel | None = None
    seen: int = 0  # rows
    rows: RowLoop | None = None
    lock: Lock = field(factory=Lock)

    @property
    def reason(self) -> str:
        """Why there is no kernel, where there are rows enough for one."""
        return self.refusal if self.seen >= FROM_CACHE else ""

    def for_rows(self, height: int) -> Kernel | None:
        """The kernel for so many more rows; None where the plan answers them."""
        said = os.environ.get("POLICY_KERNEL", "")
        if said == "off":
            return None
        self.seen += height
        if self.kernel is not None or self.refusal:
            return self.kernel
        always = said == "always"
        may_compile = always or self.seen >= FROM_SOURCE
        if not may_compile and (self.seen < FROM_CACHE or self.rows is not None):
            return None
        if self.lock.acquire(blocking=always):  # while another thread makes it, the plan answers
            try:
                if self.kernel is None and not self.refusal:
                    self._make(may_compile)
            finally:
                self.lock.release()
        return self.kernel

    def _make(self, may_compile: bool) -> None:
        try:
            self.rows = self.rows or rows_of(self.program, self.function)
            loaded = library(self.rows.source, may_compile)
        except UnsupportedError as reason:
            self.refusal = str(reason)
        except PolicyError as refused:
            self.refusal = refused.diagnostics[0].message
        except NoCompilerError as reason:
            self.refusal = str(reason)
        else:
            if loaded is not None:
                loop = loaded.kernel
                loop.restype = ctypes.c_int64
                loop.argtypes = [
                    ctypes.c_int64,
                    ctypes.c_int32,
                    ctypes.POINTER(_Column),
                    ctypes.c_int64,
                    *[ctypes.c_void_p] * 4,
                ]
                self.kernel = Kernel(self.function, self.rows, loop, nothing_known(self.rows))


def nothing_known(rows: RowLoop) -> bytes:
    """What the loop knows of answers before its first row: that of a value is the first, where that is asked for."""
    words = [0] * (HEAD + MOST_ANSWERS * (2 + rows.width))
    if rows.value is not None:
        words[0], words[HEAD + MOST_ANSWERS] = 1, VALUE
    return array("Q", words).tobytes()


def total_of(found: bytes) -> int:
    """The sum of the values, whose halves of 128 bits overlap."""
    low, high = (int.from_bytes(found[at : at + 16], sys.byteorder, signed=True) for at in (8, 24))
    return (high << 64) + low


def kernels_of(program: Program, function: Function, layout: TableLayout) -> Kernels:
    """The kernel of a question for tables of this layout, which is made later."""
    listed = [sheet.path[:-2] for _, sheet in layout.sheet.lists] + [path for path, _ in layout.sheet.records]
    return Kernels(program, function, f"`{listed[0]}` is a list or an optional record" if listed else "")
