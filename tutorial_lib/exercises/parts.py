"""What a function returned, taken apart into named values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import torch
from torch import Tensor

Parts = dict[str, Any]


class WrongStructure(Exception):
    """The result does not have the parts that were expected; the message says which it has."""


def is_plain(value: Any) -> TypeGuard[Tensor]:
    """Tell whether a value is an ordinary dense tensor, which does what tensors do.

    By its exact type: what a subclass or a look-alike would do when it is compared, nobody knows.
    """
    if type(value) not in (Tensor, torch.nn.Parameter):
        return False
    return value.layout is torch.strided and value.device.type != "meta"


def take_apart(value: Any, names: Sequence[str]) -> Parts:
    """Name the leaves of a result: one name for a single value, as many as a tuple has parts.

    Lists inside get an index, ``code[0]``; pairs in such a list are weight and bias.

    Raises
    ------
    WrongStructure
        If a tuple of as many parts was expected, and is not there.
    """
    if len(names) == 1:
        return dict(_leaves(names[0], value))
    if not isinstance(value, list | tuple) or len(value) != len(names):
        raise WrongStructure(
            f"It returned {describe(value)}; expected {len(names)} values: {', '.join(names)}."
        )
    pairs = zip(names, value, strict=True)
    return dict(leaf for name, part in pairs for leaf in _leaves(name, part))


def measured(quantities: Mapping[str, Any]) -> Parts:
    """Name the leaves of measured quantities, which have names of their own."""
    return dict(leaf for name, part in quantities.items() for leaf in _leaves(name, part))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list | tuple):
        yield name, value
        return
    yield f"number of {name}", len(value)
    for k, part in enumerate(value):
        if isinstance(part, list | tuple) and len(part) == 2:
            yield f"{name}[{k}] weight", part[0]
            yield f"{name}[{k}] bias", part[1]
        else:
            yield from _leaves(f"{name}[{k}]", part)


def describe(value: Any) -> str:
    """Say what a value is without showing its numbers."""
    if value is None:
        return "None (is the return missing?)"
    if value is ...:
        return "... (it still stands in your code)"
    if is_plain(value):
        return f"a tensor of shape {tuple(value.shape)}"
    if type(value) in (Tensor, torch.nn.Parameter):
        return f"a tensor of layout {value.layout} on the device {value.device}"
    if type(value) is np.ndarray:
        return f"a NumPy array of shape {value.shape}"
    name = type(value).__name__
    if issubclass(type(value), np.generic):
        return f"a NumPy {name}"
    article = "an" if name[:1].lower() in set("aeiou") else "a"
    return f"{article} {name}" + (f" of {len(value)}" if type(value) in (list, tuple) else "")
