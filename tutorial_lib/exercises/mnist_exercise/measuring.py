"""What the checks of notebook 04 have in common: the form of a tensor, and runs put side by side.

A mistake that would end in other numbers each time is told by a `WrongStructure`, which says what
is wrong whatever the numbers are.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.parts import WrongStructure, describe, is_plain
from tutorial_lib.exercises.wording import join


def require_tensor(name: str, value: Any, shape: tuple[int, ...]) -> Tensor:
    """Return a tensor in float64, or raise a WrongStructure that says what came instead."""
    if not is_plain(value) or value.shape != shape:
        wanted = f"expected a float tensor of shape {shape}"
        raise WrongStructure(f"{name} is {describe(value)}; {wanted}.")
    if value.dtype not in (torch.float32, torch.float64):
        wanted = "expected torch.float32 or torch.float64"
        raise WrongStructure(f"{name} has dtype {value.dtype}; {wanted}.")
    if not value.isfinite().all():
        raise WrongStructure(f"{name} has NaN or infinite values; all should be finite.")
    return value.detach().double()


def require_tensors(value: Any, shapes: dict[str, tuple[int, ...]]) -> list[Tensor]:
    """Return the tensors of a tuple; see `require_tensor`."""
    if not isinstance(value, list | tuple) or len(value) != len(shapes):
        raise WrongStructure(f"It returned {describe(value)}; expected {join(list(shapes))}.")
    named = zip(shapes.items(), value, strict=True)
    return [require_tensor(name, part, shape) for (name, shape), part in named]


def other_number(n_iterations: int) -> int:
    """Return another number of iterations, which takes little time."""
    return 1 if n_iterations > 1 else 3


def require_difference(what: str, one: Sequence[Tensor], other: Sequence[Tensor]) -> None:
    """Raise a WrongStructure if two runs that ``what`` tells apart returned the same numbers."""
    if all(map(torch.equal, one, other)):
        raise WrongStructure(f"{what} it returned the same numbers.")


def trained(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what an answer trained, if its cost depends on all that `minimise` hands to it.

    ``function`` is the answer, driven by `tutorial_lib.driving.drive_training`. An answer that
    trains without `minimise` has no such cost.
    """
    done = function(*arguments)
    if done["diverged"]:
        raise WrongStructure("minimise met a cost that is not a finite number.")
    if done["unused"] is not None:
        raise WrongStructure(
            "The function that you gave to minimise returns the same loss, whatever its "
            f"argument number {done['unused'] + 1} is."
        )
    return done["given"]


def keeps_checkpoint(function: Callable[..., Any], *arguments: Any) -> bool:
    """Tell whether an answer leaves a file in the folder that it is given, if it uses `minimise`.

    ``function`` is the answer, driven as for `trained`.
    """
    return function(*arguments, in_folder=True) is True
