"""Parameters as lists and tuples of tensors, and what is nested like them."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def described(result: Any) -> str:
    """Say what a value is in a few words, such as "a tuple of 2"."""
    if isinstance(result, list | tuple):
        return f"a {type(result).__name__} of {len(result)}"
    return "None" if result is None else f"one {type(result).__name__}"


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a nested value with their names: "parameter 1", "parameter 2[0][1]"."""
    if isinstance(value, list | tuple):
        for k, part in enumerate(value):
            yield from leaves(_inside(name, k), part)
    else:
        yield name, value


def _inside(name: str, k: int) -> str:
    return f"{name}[{k}]" if " " in name else f"{name} {k + 1}"


def filled(shape: Any, leaves: Iterator[Any]) -> Any:
    """Return a value nested like ``shape``, of these leaves."""
    if isinstance(shape, list | tuple):
        parts = [filled(part, leaves) for part in shape]
        return getattr(type(shape), "_make", type(shape))(parts)  # a named tuple takes no list
    return next(leaves)


def matched(name: str, parameter: Any, gradient: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a nested gradient, or raise if it is not nested like its parameter."""
    if isinstance(parameter, list | tuple):
        if not isinstance(gradient, list | tuple) or len(gradient) != len(parameter):
            raise ValueError(
                f"{name} is {described(gradient)}; its parameter has {len(parameter)} parts."
            )
        for k, pair in enumerate(zip(parameter, gradient, strict=True)):
            yield from matched(_inside(name, k), *pair)
        return
    try:
        gradient = torch.as_tensor(gradient)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} is {described(gradient)}; expected a tensor.") from None
    if gradient.shape != parameter.shape:
        raise ValueError(
            f"{name} has shape {tuple(gradient.shape)}; its parameter has {tuple(parameter.shape)}."
        )
    yield name, gradient
