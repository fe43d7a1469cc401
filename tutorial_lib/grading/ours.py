"""The library's versions of what an exercise builds on, as a stranger may call them.

They run at the judge's: an answer in the box sends tensors, and gets tensors. By then the
exercises that they answer have been judged.
"""

from collections.abc import Callable
from inspect import signature
from itertools import starmap
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.minimise import without_bars
from tutorial_lib.nesting import leaves

ROWS = ("x", "code", "images", "labels", "features", "logits", "reconstruction")
MAX_ROWS = 5000  # in arguments of these names: one for each digit
MAX_WIDTH = 1000  # of all else: pixels, units; so no code of 5,000 digits is a giant
MAX_WEIGHTS = 1_000_000  # elements of all that is not rows, so that no product takes long
MAX_NUMBER = 1000  # of units, say
MAX_ITERATIONS = 100
MAX_VALUES = 24  # a stack of 800 layers would have us keep 800 codes
DTYPES = (torch.float32, torch.float64, torch.int64)


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes small tensors and numbers, and nothing else: no file name."""

    def called(*arguments: Any, **options: Any) -> Any:
        named = signature(function).bind(*arguments, **options).arguments
        values = [(name, leaf) for name in named for _, leaf in leaves("", named[name])]
        weights = [value for name, value in values if name not in ROWS]
        size = sum(value.numel() for value in weights if isinstance(value, Tensor))
        is_long = len(values) > MAX_VALUES or (named.get("n_iterations") or 0) > MAX_ITERATIONS
        if is_long or size > MAX_WEIGHTS or not all(starmap(_is_harmless, values)):
            raise ValueError("The library's version takes small tensors and numbers, no more.")
        with without_bars():
            return function(*arguments, **options)

    return called


def lent(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Return a bounded function, and its gradients as `grading.lent` in the box asks for them."""
    called = bounded(function)
    if "n_iterations" in signature(function).parameters:
        return called, None  # what a training gives hangs on nothing

    def gradients(cotangents: Any, arguments: Any, options: Any) -> list[Tensor | None]:
        # A giant tensor in the place of a list would be taken apart, number by number.
        if [type(told) for told in (cotangents, arguments, options)] != [list, list, dict]:
            raise TypeError("Gradients take two lists and a dict.")
        flat = [leaf for _, leaf in leaves("", [arguments, list(options.values())])]
        inputs = [leaf for leaf in flat if isinstance(leaf, Tensor) and leaf.is_floating_point()]
        for tensor in inputs:
            tensor.requires_grad_()
        with torch.enable_grad():
            results = [leaf for _, leaf in leaves("", called(*arguments, **options))]
        known = [
            (result, cotangent)
            for result, cotangent in zip(results, cotangents, strict=True)
            if isinstance(result, Tensor) and result.requires_grad
        ]
        if not known:
            return [None] * len(flat)
        outputs, theirs = zip(*known, strict=True)
        found = torch.autograd.grad(outputs, inputs, theirs, allow_unused=True)
        by_tensor = dict(zip(map(id, inputs), found, strict=True))
        return [by_tensor.get(id(leaf)) for leaf in flat]

    return called, gradients


def _is_harmless(name: str, value: Any) -> bool:
    if isinstance(value, Tensor):
        # Of more dimensions, broadcasting would make giants.
        limits = (MAX_ROWS if name in ROWS else MAX_WIDTH, MAX_WIDTH)
        fits = all(size <= limit for size, limit in zip(value.shape, limits, strict=False))
        return value.ndim <= 2 and fits and value.dtype in DTYPES
    return (
        value is None
        or isinstance(value, torch.Generator)
        or (isinstance(value, int | float) and abs(value) <= MAX_NUMBER)
    )
