"""The library's versions of what an exercise builds on, as a stranger may call them.

They run at the judge's: an answer in the box sends tensors, and gets tensors. By then the
exercises that they answer have been judged.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.minimise import without_bars
from tutorial_lib.nesting import leaves

MAX_ELEMENTS = 4_000_000  # 5,000 digits of 784 pixels
MAX_SIZE = 5000  # of a dimension, so that products stay small too
MAX_NUMBER = 1000  # of units, say
MAX_ITERATIONS = 100
MAX_ALL = 6_000_000  # elements of all arguments together
MAX_VALUES = 50  # a stack of 800 layers would have us keep 800 codes


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes small tensors and numbers, and nothing else: no file name."""

    def called(*arguments: Any, **options: Any) -> Any:
        named = signature(function).bind(*arguments, **options).arguments
        values = [value for _, value in leaves("", [list(arguments), list(options.values())])]
        size = sum(value.numel() for value in values if isinstance(value, Tensor))
        is_long = len(values) > MAX_VALUES or (named.get("n_iterations") or 0) > MAX_ITERATIONS
        if is_long or size > MAX_ALL or not all(map(_is_harmless, values)):
            raise ValueError("The library's version takes small tensors and numbers, no more.")
        with without_bars():
            return function(*arguments, **options)

    return called


def _is_harmless(value: Any) -> bool:
    if isinstance(value, Tensor):
        # Of more dimensions, broadcasting would make giants.
        is_small = value.ndim <= 2 and value.numel() <= MAX_ELEMENTS
        return is_small and max(value.shape, default=0) <= MAX_SIZE
    return (
        value is None
        or isinstance(value, torch.Generator)
        or (isinstance(value, int | float) and abs(value) <= MAX_NUMBER)
    )
