"""The library's versions of what an exercise builds on, as a stranger may call them.

They run at the judge's: an answer in the box sends tensors, and gets tensors. By then the
exercises that they answer have been judged.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.minimise import without_bars
from tutorial_lib.nesting import leaves

MAX_ELEMENTS = 4_000_000  # 5,000 digits of 784 pixels
MAX_SIZE = 5000  # of a dimension, so that products stay small too
MAX_NUMBER = 1000  # of iterations, or of units


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes small tensors and numbers, and nothing else: no file name."""

    def called(*arguments: Any, **options: Any) -> Any:
        for _, value in leaves("", [list(arguments), list(options.values())]):
            if not _is_harmless(value):
                raise ValueError("The library's version takes small tensors and numbers, no more.")
        with without_bars():
            return function(*arguments, **options)

    return called


def _is_harmless(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.numel() <= MAX_ELEMENTS and max(value.shape, default=0) <= MAX_SIZE
    return isinstance(value, torch.Generator) or (
        isinstance(value, int | float) and abs(value) <= MAX_NUMBER
    )
