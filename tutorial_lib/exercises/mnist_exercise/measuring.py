"""What the checks of notebook 04 have in common: the form of a tensor, and runs put side by side.

A mistake that would end in other numbers each time is told by a `WrongStructure`, which says what
is wrong whatever the numbers are.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from tutorial_lib.exercises.parts import WrongStructure, describe, is_plain
from tutorial_lib.exercises.wording import join
from tutorial_lib.minimise import without_bars
from tutorial_lib.steppers import FullBatch


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
    with _watching_minimise() as seen, without_bars():
        given = call()
    if seen.called:
        _require_use(seen.call_args.args[0])
    return given


def keeps_checkpoint(call: Callable[[str], Any]) -> bool:
    """Tell whether a call leaves a file in the folder that it is given, if it uses `minimise`."""
    with _watching_minimise() as seen, without_bars(), TemporaryDirectory() as folder:
        call(f"{folder}/")
        return not seen.called or any(Path(folder).iterdir())


def _watching_minimise() -> Any:
    """Note what `minimise` makes of its arguments: the learner's cost, and its start."""
    return patch("tutorial_lib.minimise.FullBatch", wraps=FullBatch)


def _require_use(objective: Any) -> None:
    """Raise a WrongStructure if one of the parameters makes no difference to a cost."""

    def loss(moved: int | None) -> float:
        parts = (_copy(part, moved=k == moved) for k, part in enumerate(objective.given))
        return float(objective.function(*parts)[0])

    for k in range(len(objective.given)):
        if loss(None) == loss(k):
            raise WrongStructure(
                "The function that you gave to minimise returns the same loss, whatever its "
                f"argument number {k + 1} is."
            )


def _copy(part: Any, *, moved: bool) -> Any:
    if isinstance(part, list | tuple):
        return type(part)(_copy(leaf, moved=moved) for leaf in part)
    # Not only shifted: to a softmax, a weight and the same weight plus 1 are one.
    return 2 * part.detach() + 0.1 if moved else part.detach().clone()
