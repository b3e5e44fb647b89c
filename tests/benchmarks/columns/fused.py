"""The loop of `fused.c` over the same columns: compiled for this processor, called on one thread, nothing copied."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from positions import CAPS, KEPT

FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


def c_loop(table: pl.DataFrame) -> Callable[[], int]:
    """Raises RuntimeError where it cannot be compiled."""
    loop = _compiled()
    quantity, price = table["quantity"].to_numpy(), table["price"].to_numpy()
    codes = table["class"].to_physical().to_numpy()
    kept, caps = np.ascontiguousarray(KEPT, np.int64), np.ascontiguousarray(CAPS, np.int64)
    columns = (codes, quantity, price, kept, caps)
    assert all(c.flags.c_contiguous for c in columns)
    assert [c.dtype for c in columns] == [np.uint8, *[np.int64] * 4]

    def run() -> int:
        total = ctypes.c_int64()
        addresses = [ctypes.c_void_p(c.ctypes.data) for c in columns]
        if loop(ctypes.c_int64(len(codes)), *addresses, ctypes.c_int64(len(kept)), ctypes.byref(total)):
            raise OverflowError("a number is negative or beyond 64 bits")
        return total.value

    return run


def _compiled() -> Any:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("this needs `cc`: apt install gcc libc6-dev")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "fused.so")
        command = [compiler, *FLAGS, str(Path(__file__).with_suffix(".c")), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"cc: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return ctypes.CDLL(str(library)).lending
