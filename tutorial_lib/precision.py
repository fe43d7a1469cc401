"""Which arithmetic the matrix products use.

Weights are always kept in float32. On request the products run in bfloat16, which halves the
memory they read and doubles the rate on a CPU with AVX512-BF16 or AMX.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Literal, get_args

import torch

from tutorial_lib.checks import require_choice

Precision = Literal["float32", "bfloat16"]

# oneDNN pays for its preparation from about this many rows on; below, BLAS is faster.
_FEWEST_ROWS = 16
# Threads meet after each product. With fewer rows they wait for each other about as long as they
# work, and on a machine that does anything else, such as show a browser, many times longer.
_FEWEST_ROWS_TO_SHARE = 64

# What each open block found. Two threads' blocks may end in any order, so an end takes back the
# latest entry, whoever made it: the last to end restores what the first one found.
_found: list[str] = []
_lock = Lock()


def compute_dtype(precision: Precision) -> torch.dtype:
    """Return the dtype of the matrix products.

    Raises
    ------
    ValueError
        If the precision is not "float32" or "bfloat16".
    """
    require_choice("precision", precision, get_args(Precision))
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@contextmanager
def _onednn_products() -> Iterator[None]:
    setting = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    with _lock:
        _found.append(setting.fp32_precision)
        setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        with _lock:
            setting.fp32_precision = _found.pop()


@cache
def onednn_keeps_float32() -> bool:
    """Tell whether oneDNN's products of float32 matrices are exact to float32 on this machine.

    PyTorch sends float32 products to oneDNN only where it may round its inputs to bfloat16. On
    a CPU without AMX oneDNN does not take up that permission: it computes in full float32, and
    on AMD CPUs at twice the rate of the default library. So we measure rather than guess.
    """
    generator = torch.Generator().manual_seed(0)
    left = torch.rand(64, 784, generator=generator) - 0.5
    right = torch.rand(784, 256, generator=generator) - 0.5
    exact = left.double() @ right.double()
    with _onednn_products():
        error = torch.linalg.vector_norm((left @ right) - exact) / torch.linalg.vector_norm(exact)
    return bool(error < 1e-6)


@contextmanager
def fast_products(n_rows: int) -> Iterator[None]:
    """Use the fastest float32 products that lose no accuracy, for batches of ``n_rows`` rows.

    Small batches run on one thread. The settings are PyTorch's own; they are put back at the end.
    """
    threads = torch.get_num_threads()
    if n_rows < _FEWEST_ROWS_TO_SHARE:
        torch.set_num_threads(1)
    try:
        if n_rows < _FEWEST_ROWS or not onednn_keeps_float32():
            yield
        else:
            with _onednn_products():
                yield
    finally:
        torch.set_num_threads(threads)
