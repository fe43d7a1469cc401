"""Compare what a function returned with what was expected, value by value."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.parts import Parts, WrongStructure, describe, is_plain


@dataclass(frozen=True)
class Tolerance:
    """How far apart equal values may be: ``|a - e| <= relative * |e| + absolute * max |e|``.

    Whole numbers must agree exactly. The defaults leave room for float32 and for any order of
    operations. Compared with the largest value, for entries that cancel to nearly 0 have no
    correct digits.
    """

    relative: float = 1e-4
    absolute: float = 1e-5


USUAL = Tolerance()


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
    all_zero : bool
        Whether a tensor of zeros was given: a part that is still to be written.
    where : str
        Which values of a tensor are wrong, in words.
    """

    part: str
    text: str
    relative_error: float | None = None
    wrong: bool = True
    all_zero: bool = False
    where: str = ""


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
    """Say where a nested result first has another form."""
    for part, value in expected.items():
        list_name, pair_name = part.removeprefix("number of "), part.removesuffix(" weight")
        n_given = given.get(f"number of {pair_name}")
        if part in given:
            if list_name != part and given[part] != value:
                return f"{list_name} is a list of {given[part]}; expected {value}."
        elif list_name in given:
            return f"{list_name} is {describe(given[list_name])}; expected a list of {value}."
        elif pair_name in given:
            return f"{pair_name} is {describe(given[pair_name])}; expected a pair (weight, bias)."
        elif n_given is not None:
            kind = _kind(value) if pair_name == part else "a pair (weight, bias)"
            return f"{pair_name} is a list of {n_given}; expected {kind}."
    return "Its result is nested in another way than the docstring says."


def compare_part(part: str, expected: Any, given: Any, tolerance: Tolerance) -> Difference:
    """Compare one value: its type, its shape, then its numbers."""
    if isinstance(expected, Tensor):
        return _compare_tensor(part, expected, given, tolerance)
    if isinstance(expected, bool):
        words = "should be true here, and is not" if expected else "should not be true here, and is"
        return Difference(part, f'"{part}" {words}.', wrong=given is not expected)
    if isinstance(expected, Real):
        return _compare_number(part, expected, given, tolerance)
    wrong = type(expected) is not type(given) or (isinstance(expected, str) and expected != given)
    return Difference(part, f"{part} is {describe(given)}; expected another.", wrong=wrong)


def _kind(expected: Any) -> str:
    if isinstance(expected, Tensor):
        return f"a torch.Tensor of shape {tuple(expected.shape)}"
    return "a whole number" if isinstance(expected, Integral) else "a number"


def _compare_number(part: str, expected: Real, given: Any, tolerance: Tolerance) -> Difference:
    kind = Integral if isinstance(expected, Integral) else Real
    if not issubclass(type(given), kind) or type(given) is bool:
        return Difference(part, f"{part} is {describe(given)}; expected {_kind(expected)}.")
    e, g = torch.tensor([float(expected), _float(given)], dtype=torch.float64)
    text = f"{part} is {float(g):.6g}; another number was expected."
    right = given == expected if kind is Integral else bool(_are_close(e, g, tolerance).all())
    return Difference(part, text, wrong=not right)


def _float(number: Any) -> float:
    try:
        return float(number)
    except Exception:  # too large, or of a type that only claims to be a number
        return math.inf


def _compare_tensor(part: str, expected: Tensor, given: Any, tolerance: Tolerance) -> Difference:
    if problem := _problem_with_form(expected, given):
        return Difference(part, f"{part} {problem}")
    e, g = expected.detach().double(), given.detach().double()
    if torch.isfinite(e).all() and not torch.isfinite(g).all():
        return Difference(part, f"{part} has NaN or infinite values; all should be finite.")
    error = float((g - e).norm() / e.norm().clamp_min(1e-30))
    wrong = e != g if not expected.is_floating_point() else ~_are_close(e, g, tolerance)
    where = _where(wrong, (g - e).abs())
    text = f"{part} has other values than expected{': ' * bool(where)}{where}."
    return Difference(part, text, error, bool(wrong.any()), all_zero=not g.any(), where=where)


def _problem_with_form(expected: Tensor, given: Any) -> str | None:
    """Say what is wrong with type, dtype or shape; any wide float passes for another."""
    if not is_plain(given):
        return f"is {describe(given)}; expected {_kind(expected)}."
    wide = (torch.float32, torch.float64)
    allowed = wide if expected.dtype in wide else (expected.dtype,)
    if given.dtype not in allowed:
        return f"has dtype {given.dtype}; expected {expected.dtype}."
    if given.device != expected.device:
        return f"is on {given.device}; expected it on {expected.device}, like the arguments."
    if given.shape != expected.shape:
        return f"has shape {tuple(given.shape)}; expected {tuple(expected.shape)}."
    return None


def _are_close(expected: Tensor, given: Tensor, tolerance: Tolerance) -> Tensor:
    finite = expected[torch.isfinite(expected)]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    absolute = tolerance.absolute * (largest or 1.0)
    return torch.isclose(given, expected, tolerance.relative, absolute, equal_nan=True)


def _where(wrong: Tensor, error: Tensor) -> str:
    """Say how many values are wrong and where; "" for none, and where there is only one."""
    if wrong.numel() <= 1 or not wrong.any():
        return ""
    places = torch.nonzero(wrong)
    told = "all" if wrong.all() else f"{len(places)} of {wrong.numel()}"
    if wrong.ndim == 2 and len(places) > 1 and not wrong.all():
        for name, line in zip(("row", "column"), places.T.tolist(), strict=True):
            if len(set(line)) == 1:
                return f"{told} wrong, all in {name} {line[0]}"
    place = [int(i) for i in torch.unravel_index(error.argmax(), error.shape)]
    return f"{told} wrong, furthest off at index {place}"
