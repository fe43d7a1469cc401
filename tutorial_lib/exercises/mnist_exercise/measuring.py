"""What the checks of notebook 04 have in common: the form of a tensor, and runs put side by side.

A mistake that would end in other numbers each time is told by a `WrongStructure`, which says what
is wrong whatever the numbers are.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.parts import WrongStructure, describe, is_plain
from tutorial_lib.exercises.wording import join
from tutorial_lib.minimise import Call, watching, without_bars
from tutorial_lib.nesting import filled, leaves


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


def trained(call: Callable[[], Any]) -> Any:
    """Return what an answer trained, if its cost depends on all that `minimise` hands to it.

    An answer that trains without `minimise` has no such cost.
    """
    with watching() as calls, without_bars():
        given = call()
    if calls:
        _require_use(calls[-1])
    return given


def keeps_checkpoint(call: Callable[[str], Any]) -> bool:
    """Tell whether a call leaves a file in the folder that it is given, if it uses `minimise`."""
    with watching() as calls, without_bars(), TemporaryDirectory() as folder:
        call(f"{folder}/")
        return not calls or any(Path(folder).iterdir())


def _require_use(call: Call) -> None:
    """Raise a WrongStructure if one of the parameters makes no difference to a cost."""

    def loss(moved: int | None) -> float:
        parts = (_copy(part, moved=k == moved) for k, part in enumerate(call.parameters))
        return float(call.loss_and_gradients(*parts)[0])

    for k in range(len(call.parameters)):
        if loss(None) == loss(k):
            raise WrongStructure(
                "The function that you gave to minimise returns the same loss, whatever its "
                f"argument number {k + 1} is."
            )


def _copy(part: Any, *, moved: bool) -> Any:
    tensors = (leaf.detach() for _, leaf in leaves("parameter", part))
    # Not only shifted: to a softmax, a weight and the same weight plus 1 are one.
    return filled(part, (2 * t + 0.1 if moved else t.clone() for t in tensors))
