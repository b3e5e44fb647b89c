"""The CUDA text of kernels on this machine: compiled as C++ for the processor, and run as a grid of several blocks.

In: a text. Out: a device as `policy.backends.c.devices` has them; what nvcc and NVRTC make of it, where they are; and
what stands for CuPy, with the part of it that `Gpu` uses. A grid's threads run one after another.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optional
from policy.backends.c.devices import OPTIONS, Memory, Processor

SHIM = """
#include <stdint.h>
#define __CUDACC__
#define __global__
#define __device__
static struct { int64_t x; } threadIdx, blockIdx, blockDim, gridDim;
extern "C" void stand(int64_t thread, int64_t block, int64_t threads, int64_t blocks) {
    threadIdx.x = thread; blockIdx.x = block; blockDim.x = threads; gridDim.x = blocks;
}
"""
FLAGS = ("-std=c++17", "-O0", "-w", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-fPIC", "-shared")
BLOCKS, THREADS = 3, 4


def compiler() -> str:
    return optional.program("g++", "g++", "clang++")


class CudaOnHost(Processor):
    """A device that runs the text as CUDA has it."""

    def __attrs_post_init__(self) -> None:
        self.loaded = built(self.text)

    def run(self, kernel: str, n: int, *given: int | Memory) -> None:
        launch(self.loaded, kernel, BLOCKS, THREADS, (n, *(g.at if isinstance(g, Memory) else g for g in given)))


@cache
def built(text: str) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "kernels.cpp"), Path(folder, "kernels.so")
        source.write_text(SHIM + text, encoding="utf-8")
        command = [compiler(), *FLAGS, "-o", str(library), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:4_000]
        return ctypes.CDLL(str(library))


def launch(library: ctypes.CDLL, kernel: str, blocks: int, threads: int, given: Sequence[int]) -> None:
    """Every thread of every block, one after another."""
    function = library[kernel]
    function.restype = None
    for block in range(blocks):
        for thread in range(threads):
            library.stand(*map(ctypes.c_int64, (thread, block, threads, blocks)))
            function(*map(ctypes.c_int64, given))


# ── compilers for devices ───────────────────────────────────────────────────────────────────


def by_nvcc(text: str) -> str:
    """The instructions that nvcc makes, with every warning an error."""
    nvcc = optional.program("nvidia-cuda-toolkit", "nvcc")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "kernels.cu"), Path(folder, "kernels.ptx")
        source.write_text(text, encoding="utf-8")
        command = [nvcc, "-ptx", "-std=c++17", "-Werror", "all-warnings", "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:4_000]
        return target.read_text(encoding="utf-8")


def by_nvrtc(text: str) -> str:
    """The instructions that NVRTC makes, with the options that CuPy is given."""
    nvrtc, program = ctypes.CDLL(str(optional.nvrtc())), ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None) == 0
    options = (ctypes.c_char_p * len(OPTIONS))(*(option.encode() for option in OPTIONS))
    status = nvrtc.nvrtcCompileProgram(program, len(OPTIONS), options)

    def told(what: str) -> str:
        size = ctypes.c_size_t()
        nvrtc[f"nvrtcGet{what}Size"](program, ctypes.byref(size))
        held = ctypes.create_string_buffer(size.value)
        nvrtc[f"nvrtcGet{what}"](program, held)
        return held.value.decode()

    assert status == 0, told("ProgramLog")[:4_000]
    return told("PTX")


# ── CuPy ────────────────────────────────────────────────────────────────────────────────────


class _Pointer:
    """Memory of the device, which a program may only copy to and from."""

    def __init__(self, size: int) -> None:
        self._held = ctypes.create_string_buffer(size)
        self.ptr = ctypes.addressof(self._held)

    def copy_from_host(self, host: ctypes.c_void_p, size: int) -> None:
        ctypes.memmove(self.ptr, host, size)

    def copy_to_host(self, host: ctypes.c_void_p, size: int) -> None:
        ctypes.memmove(host, self.ptr, size)


class _Module:
    def __init__(self, code: str, options: tuple[str, ...]) -> None:
        assert "--device-int128" in options
        self.code = code

    def compile(self) -> None:
        self.library = built(self.code)

    def get_function(self, name: str) -> Any:
        def call(blocks: tuple[int], threads: tuple[int], given: tuple[int, ...]) -> None:
            assert all(isinstance(g, int) for g in given)
            assert blocks[0] * threads[0] >= min(given[0], 1)
            launch(self.library, name, min(blocks[0], BLOCKS), THREADS, given)

        return call


def cupy() -> Any:
    """What stands for the library, on a machine with one GPU."""
    compiling = SimpleNamespace(CompileException=type("CompileException", (Exception,), {}))
    runtime = SimpleNamespace(getDeviceCount=lambda: 1)
    cuda = SimpleNamespace(alloc=_Pointer, runtime=runtime, compiler=compiling)
    return SimpleNamespace(cuda=cuda, RawModule=_Module)
