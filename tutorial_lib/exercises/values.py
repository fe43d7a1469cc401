"""What a function returned, taken apart into named values and compared with what was expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

Parts = dict[str, Any]


class WrongStructure(Exception):
    """The result does not have the parts that were expected; the message says which it has."""


@dataclass(frozen=True)
class Tolerance:
    """How far apart equal values may be: ``|a - e| <= relative * |e| + absolute * max |e|``.

    The defaults leave room for float32 and for any order of operations. Compared with the largest
    value, for entries that cancel to nearly 0 have no correct digits.
    """

    relative: float = 1e-4
    absolute: float = 1e-5


@dataclass(frozen=True)
class Difference:
    """How one part differs from what was expected.

    Attributes
    ----------
    part : str
    text : str
        A sentence, without the expected values.
    relative_error : float or None
        ||given - expected|| / ||expected||, where both have the same shape.
    wrong : bool
    """

    part: str
    text: str
    relative_error: float | None = None
    wrong: bool = True


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
    return dict(leaf for name, part in zip(names, value, strict=True) for leaf in _leaves(name, part))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(f"{name} {key}".strip(), part)
    elif isinstance(value, list | tuple):
        yield f"number of {name}", len(value)
        for k, part in enumerate(value):
            if isinstance(part, list | tuple) and len(part) == 2:
                yield f"{name}[{k}] weight", part[0]
                yield f"{name}[{k}] bias", part[1]
            else:
                yield from _leaves(f"{name}[{k}]", part)
    else:
        yield name, value


def describe(value: Any) -> str:
    """Say what a value is without showing its numbers."""
    if value is None:
        return "None (is the return missing?)"
    if value is ...:
        return "... (it still stands in your code)"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def compare(expected: Parts, given: Parts, tolerance: Tolerance) -> list[Difference]:
    """Compare part by part, in the order in which they were expected.

    Raises
    ------
    WrongStructure
        If other parts are there than expected.
    """
    if expected.keys() != given.keys():
        raise WrongStructure(_other_parts(expected, given))
    return [compare_part(part, expected[part], given[part], tolerance) for part in expected]


def _other_parts(expected: Parts, given: Parts) -> str:
    for part, value in expected.items():
        if part.startswith("number of "):
            if part not in given:
                name = part.removeprefix("number of ")
                return f"{name} is {describe(given.get(name))}; expected a list of {value}."
            if given[part] != value:
                return f"The {part} is {given[part]}; expected {value}."
    extra = [part for part in given if part not in expected]
    return f"It returned {', '.join(extra) or 'too little'}; expected {', '.join(expected)}."


def compare_part(part: str, expected: Any, given: Any, tolerance: Tolerance) -> Difference:
    """Compare one value: its type, its shape, then its numbers."""
    if isinstance(expected, Tensor):
        return _compare_tensor(part, expected, given, tolerance)
    if isinstance(expected, Real):
        return _compare_number(part, expected, given, tolerance)
    wrong = type(expected) is not type(given) or bool(expected != given)
    return Difference(part, f"{part} is {given!r}." if wrong else "", wrong=wrong)


def _compare_number(part: str, expected: Real, given: Any, tolerance: Tolerance) -> Difference:
    kind = "a whole number" if isinstance(expected, Integral) else "a number"
    if not isinstance(given, Integral if isinstance(expected, Integral) else Real):
        return Difference(part, f"{part} is {describe(given)}; expected {kind}.")
    e, g = torch.tensor(float(expected)), torch.tensor(float(given))
    wrong = not _close(e.double(), g.double(), tolerance)
    return Difference(part, f"{part} is {given}: another number was expected.", wrong=wrong)


def _compare_tensor(part: str, expected: Tensor, given: Any, tolerance: Tolerance) -> Difference:
    if problem := _problem_with_form(expected, given):
        return Difference(part, f"{part} {problem}")
    e, g = expected.double(), given.double()
    if torch.isfinite(e).all() and not torch.isfinite(g).all():
        return Difference(part, f"{part} has NaN or infinite values; all should be finite.")
    error = float((g - e).norm() / e.norm().clamp_min(1e-30))
    wrong = not _close(e, g, tolerance)
    where = _where(e, g) if wrong else ""
    return Difference(part, f"{part} has other values than expected{where}.", error, wrong)


def _problem_with_form(expected: Tensor, given: Any) -> str | None:
    """Say what is wrong with type, dtype or shape; any wide float passes for another."""
    if not isinstance(given, Tensor):
        return f"is {describe(given)}; expected a torch.Tensor of shape {tuple(expected.shape)}."
    wide = (torch.float32, torch.float64)
    allowed = wide if expected.dtype in wide else (expected.dtype,)
    if given.dtype not in allowed:
        return f"has dtype {given.dtype}; expected {expected.dtype}."
    if given.shape != expected.shape:
        return f"has shape {tuple(given.shape)}; expected {tuple(expected.shape)}."
    return None


def _close(expected: Tensor, given: Tensor, tolerance: Tolerance) -> bool:
    finite = expected[torch.isfinite(expected)]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    absolute = tolerance.absolute * (largest or 1.0)
    return torch.allclose(given, expected, tolerance.relative, absolute, equal_nan=True)


def _where(expected: Tensor, given: Tensor) -> str:
    if expected.ndim == 0 or expected.numel() == 1:
        return ""
    place = tuple(int(i) for i in torch.unravel_index((given - expected).abs().argmax(), given.shape))
    return f", furthest off at index {list(place)}"
