"""Where kernels run: on this machine's own processor, or on a GPU through CuPy.

In: the text of kernels, bytes for their memory, and calls. Out: bytes. Absent: what a kernel computes
(`policy.backends.c.device`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from attrs import define, field, frozen

from policy.backends.c.native import library
from policy.diagnostics import PolicyError
from policy.extras import absent, require_extra, silence

OPTIONS = ("-std=c++17", "--device-int128", "--device-as-default-execution-space")  # of NVRTC
_BLOCK, _MOST_BLOCKS = 256, 65_535
_INSTEAD = "do without `--engine gpu`"


@frozen(eq=False)
class Memory:
    """Bytes of a device: where they are, how many, and what keeps them."""

    at: int
    size: int
    held: Any


class Device(Protocol):
    """What has loaded a text of kernels. A number that a kernel is given is an `int64_t`."""

    def filled(self, data: bytes) -> Memory:
        """Memory with these bytes."""

    def empty(self, size: int) -> Memory:
        """Memory with anything in it."""

    def run(self, kernel: str, n: int, *given: int | Memory) -> None:
        """A kernel over `n` rows, its first argument."""

    def read(self, memory: Memory) -> bytes:
        """What is in a memory, once all kernels before have ended."""


@define(eq=False)
class Processor:
    """This machine's own processor, one row after another. Raises NoCompilerError."""

    text: str
    loaded: ctypes.CDLL = field(init=False)

    def __attrs_post_init__(self) -> None:
        made = library(self.text)
        assert made is not None, "which may be compiled"
        self.loaded = made

    def filled(self, data: bytes) -> Memory:
        held = ctypes.create_string_buffer(data, max(1, len(data)))
        return Memory(ctypes.addressof(held), len(data), held)

    def empty(self, size: int) -> Memory:
        return self.filled(bytes(size))

    def run(self, kernel: str, n: int, *given: int | Memory) -> None:
        function = self.loaded[kernel]
        function.restype = None
        function(ctypes.c_int64(n), *(ctypes.c_int64(g.at if isinstance(g, Memory) else g) for g in given))

    def read(self, memory: Memory) -> bytes:
        return ctypes.string_at(memory.at, memory.size)


def required() -> Any:
    """CuPy. Raises PolicyError where it is not installed, or finds no GPU."""
    require_extra("cupy", "gpu")
    with silence():
        import cupy
    try:
        count, reason = cupy.cuda.runtime.getDeviceCount(), "none is found"
    except RuntimeError as failure:
        count, reason = 0, " ".join(str(failure).split())
    if not count:
        raise PolicyError([absent(f"this needs a GPU that CUDA drives: {reason}", _INSTEAD)])
    return cupy


@contextmanager
def failures_told() -> Iterator[None]:
    """Raises PolicyError for what CuPy raises: no memory is left, or the device is lost."""
    try:
        yield
    except (MemoryError, RuntimeError) as failure:
        reason = " ".join(str(failure).split()) or type(failure).__name__
        help = f"ask for less at once, or {_INSTEAD}"
        raise PolicyError.of("device-failed", f"the GPU failed: {reason[:300]}", help) from None


@define(eq=False)
class Gpu:
    """The first GPU of this machine. Raises PolicyError where there is none, or the text does not compile there."""

    text: str
    cupy: Any = field(init=False)
    module: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.cupy = required()
        self.module = self.cupy.RawModule(code=self.text, options=OPTIONS)
        try:
            self.module.compile()
        except (self.cupy.cuda.compiler.CompileException, RuntimeError) as failure:  # the latter without NVRTC
            lines = str(failure).splitlines() or [type(failure).__name__]
            told = next((line for line in lines if "error" in line), lines[0])
            message = f"`nvrtc` does not compile the rules to a kernel: {told[:300]}"
            raise PolicyError.of("compiler-failed", message, _INSTEAD) from None

    def filled(self, data: bytes) -> Memory:
        made, host = self.empty(len(data)), ctypes.create_string_buffer(data)
        with failures_told():
            made.held.copy_from_host(ctypes.c_void_p(ctypes.addressof(host)), len(data))
        return made

    def empty(self, size: int) -> Memory:
        with failures_told():
            held = self.cupy.cuda.alloc(max(1, size))
        return Memory(held.ptr, size, held)

    def run(self, kernel: str, n: int, *given: int | Memory) -> None:
        blocks = max(1, min(_MOST_BLOCKS, -(-n // _BLOCK)))
        arguments = (n, *(g.at if isinstance(g, Memory) else g for g in given))
        with failures_told():
            self.module.get_function(kernel)((blocks,), (_BLOCK,), arguments)

    def read(self, memory: Memory) -> bytes:
        host = ctypes.create_string_buffer(max(1, memory.size))
        with failures_told():
            memory.held.copy_to_host(ctypes.c_void_p(ctypes.addressof(host)), memory.size)
        return host.raw[: memory.size]
