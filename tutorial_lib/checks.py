"""Checks of arguments: each error names the argument, what was given and what is expected."""

import argparse
import math
from collections.abc import Callable
from numbers import Integral, Real

import torch
from torch import Tensor


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise a ValueError that lists the choices unless ``value`` is one of them."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(map(repr, choices))}.")


def require_at_least(name: str, value: object, lowest: float) -> None:
    """Raise unless ``value`` is a number of at least ``lowest``."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; expected a number of at least {lowest}.")
    if not float(value) >= lowest:
        raise ValueError(f"{name} is {value}; expected at least {lowest}.")


def require_size(name: str, value: object) -> None:
    """Raise unless ``value`` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}; expected a whole number.")
    require_at_least(name, value, 1)


def require_floats(name: str, x: object) -> Tensor:
    """Return ``x``, or raise a TypeError unless it is a floating-point tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}; pass a torch.Tensor.")
    if not x.is_floating_point():
        raise TypeError(
            f"{name} has dtype {x.dtype}; convert it with .float() and scale to [0, 1]."
        )
    return x


def require_matrix(name: str, x: object, n_columns: int | None = None) -> None:
    """Raise unless ``x`` is a floating-point tensor of shape (n_examples, n_columns)."""
    x = require_floats(name, x)
    columns = "n_features" if n_columns is None else n_columns
    if x.ndim != 2 or n_columns not in (None, x.shape[1]):
        raise ValueError(f"{name} has shape {tuple(x.shape)}; expected (n_examples, {columns}).")


def require_data(name: str, x: Tensor, n_columns: int) -> None:
    """Raise unless ``x`` is a matrix with at least one row and finite values only."""
    require_matrix(name, x, n_columns)
    if len(x) == 0:
        raise ValueError(f"{name} has no rows; pass at least one example.")
    # One pass, and no second tensor: NaN or infinity anywhere shows in the extremes.
    if not torch.isfinite(torch.stack(torch.aminmax(x))).all():
        row = int((~torch.isfinite(x)).any(dim=1).nonzero()[0, 0])
        raise ValueError(f"{name} has NaN or infinite values, first in row {row}; clean the data.")


def require_unit_interval(name: str, x: Tensor) -> None:
    """Raise a ValueError unless all values lie in [0, 1]."""
    low, high = (extreme.item() for extreme in torch.aminmax(x))
    if low < 0 or high > 1:
        raise ValueError(
            f"{name} runs from {low:g} to {high:g}; a sigmoid decoder can only give values in "
            "[0, 1]: divide pixels by 255."
        )


def require_labels(labels: object, n_examples: int, n_classes: int, name: str = "labels") -> None:
    """Raise unless ``labels`` is an int64 tensor of one class per example."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"{name} are {kind}; expected an int64 tensor.")
    if labels.shape != (n_examples,):
        raise ValueError(
            f"{name} have shape {tuple(labels.shape)}; expected ({n_examples},), one per example."
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= n_classes:
        raise ValueError(
            f"{name} run from {low} to {high}; this classifier has classes 0 to {n_classes - 1}."
        )


def require_corruption_level(level: float, kind: str = "masking") -> None:
    """Raise a ValueError unless a level suits its kind of noise.

    A probability lies in [0, 1); the standard deviation of Gaussian noise has no upper end.
    """
    upper = math.inf if kind == "gaussian" else 1
    if not 0 <= level < upper:
        raise ValueError(
            f"corruption_level is {level}; expected a fraction of at least 0 and below {upper} "
            "(0.3 hides 30 %: it is not a percentage)."
        )


def require_fraction(name: str, value: float) -> None:
    """Raise a ValueError unless ``value`` is strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}; expected a number between 0 and 1, such as 0.1.")


def require_generator(generator: torch.Generator, x: Tensor) -> None:
    """Raise unless ``generator`` is one, on the device of the data."""
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator is {generator!r}; pass a torch.Generator, such as "
            "torch.Generator().manual_seed(0)."
        )
    if generator.device.type != x.device.type:
        raise ValueError(
            f"generator is on {generator.device}, but x is on {x.device}; "
            f"make it with torch.Generator({x.device.type!r})."
        )


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of a command's option: a whole number in this range."""

    def read(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r}; expected a whole number from {lowest:,} to {highest:,}"
            )
        return int(text)

    return read
