"""L-BFGS for a plain function that returns its loss and the gradients you derived.

The same full-batch steps as ``optimiser="lbfgs"`` in `tutorial_lib.training`, for models that are
nothing but tensors.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tutorial_lib.checkpoints import checkpoint_file, digest_of
from tutorial_lib.checks import require_floats, require_size
from tutorial_lib.lbfgs import FullBatch
from tutorial_lib.loop import Loop, TrainingDiverged, TrainingInterrupted
from tutorial_lib.nesting import described, filled, leaves, matched
from tutorial_lib.precision import fast_products

_MANY_ROWS = 1000  # full batches are large: no reason to keep to one thread
_shows_bars = ContextVar("shows_bars", default=True)
_calls: ContextVar[list["Call"] | None] = ContextVar("calls", default=None)


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation arrived.

    Attributes
    ----------
    parameters : list
        New tensors, nested like those given.
    costs : list of float
        The loss at the start, then after each iteration.
    """

    parameters: list[Any]
    costs: list[float]


class Call(NamedTuple):
    """What `minimise` was asked to do: its first two arguments."""

    loss_and_gradients: Callable[..., Any]
    parameters: Sequence[Any]


class MinimisationInterrupted(TrainingInterrupted):
    """The user stopped a minimisation; ``minimum`` is what it had reached."""

    def __init__(self, message: str, minimum: Minimum) -> None:
        super().__init__(message)
        self.minimum = minimum


def minimise(
    loss_and_gradients: Callable[..., Any],
    parameters: Sequence[Any],
    *,
    n_iterations: int,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    title: str = "L-BFGS",
) -> Minimum:
    """Minimise a function of all the data with L-BFGS and a strong-Wolfe line search.

    Parameters
    ----------
    loss_and_gradients : callable
        ``loss_and_gradients(*parameters)`` returns ``(loss, *gradients)``: a number, and for each
        parameter its gradient, nested like the parameter. It must return the same loss for the
        same parameters: all the data, no fresh noise.
    parameters : sequence of float32 or float64 tensors, or of lists of (weight, bias) pairs
        Where to start; they are not changed.
    n_iterations : int
        At most so many: it ends before when the loss no longer falls.
    checkpoint : path, optional
        File to go on from, if it exists, and to save to: every half minute and at the end. In a
        folder, such as ``"checkpoints/"``, each minimisation has a file of its own, named by title
        and a fingerprint of the start, the loss and gradients there, and ``n_iterations``.
    progress : bool
        Whether to show a progress bar.
    title : str
        Text of the progress bar.

    Returns
    -------
    Minimum

    Raises
    ------
    TypeError, ValueError
        If the function does not return a loss and one gradient for each parameter, of its shape.
    TrainingDiverged
        If the loss or a gradient is not finite.
    MinimisationInterrupted
        If the user interrupts; the iteration is finished, and the state saved, first.
    CheckpointError
        If the checkpoint is damaged or belongs to another minimisation.

    Source: the L-BFGS step of UFLDL's exercises; notebooks 01 and 04.
    """
    require_size("n_iterations", n_iterations)
    objective = _Objective(loss_and_gradients, parameters, title)
    if (calls := _calls.get()) is not None:
        calls.append(Call(loss_and_gradients, parameters))
    with fast_products(_MANY_ROWS):
        costs = [objective()]
        identity = objective.fingerprint(costs[0]) | {"n_iterations": str(n_iterations)}
        file = checkpoint_file(checkpoint, title, identity) if checkpoint else None
        loop = Loop(
            objective.model,
            FullBatch(objective, list(objective.model)),
            n_epochs=n_iterations,
            title=title,
            checkpoint=file,
            identity=identity,
            progress=progress and _shows_bars.get(),
        )
        try:
            loop.run()
        except TrainingInterrupted:
            reached = Minimum(objective.arguments(), costs + loop.history.cost)
            raise MinimisationInterrupted(_told(title, loop, file), reached) from None
    return Minimum(objective.arguments(), costs + loop.history.cost)


@contextmanager
def without_bars() -> Iterator[None]:
    """Hide the progress bars of all minimisations within: of a check that runs many small ones."""
    token = _shows_bars.set(False)
    try:
        yield
    finally:
        _shows_bars.reset(token)


@contextmanager
def watching() -> Iterator[list[Call]]:
    """Yield a list to which every minimisation within adds its call, when it begins."""
    calls: list[Call] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def _told(title: str, loop: Loop, file: Path | None) -> str:
    kept = f"Saved in {file}: the same call goes on."
    if file is None:
        kept = (
            "What was reached is in the error's attribute `minimum`; with "
            'checkpoint="checkpoints/" the same call would go on from there.'
        )
    return f"{title}: stopped after {len(loop.history.cost)} of {loop.n_epochs} iterations. {kept}"


class _Objective:
    """A function as `FullBatch` wants it: it leaves the gradients, checked, in ``grad``."""

    def __init__(self, function: Callable[..., Any], parameters: Sequence[Any], title: str) -> None:
        if not isinstance(parameters, list | tuple):
            raise TypeError(
                f"parameters is a {type(parameters).__name__}; pass a list, such as [w1, b1]."
            )
        self.function = function
        self.given = parameters
        self.title = title
        start = [_require_digits(*leaf) for leaf in leaves("parameter", parameters)]
        self.model = nn.ParameterList(nn.Parameter(leaf.detach().clone()) for leaf in start)

    def arguments(self) -> list[Any]:
        """Return copies of the present parameters: the function may do with them what it likes."""
        copies = (parameter.detach().clone() for parameter in self.model)
        return [filled(part, copies) for part in self.given]

    def fingerprint(self, loss: float) -> dict[str, str]:
        """Return what tells one minimisation from another, up to rounding."""
        gradients = [p.grad for p in self.model if p.grad is not None]
        sizes = [f"{torch.linalg.vector_norm(gradient):.4g}" for gradient in gradients]
        return {
            "start": digest_of(*(parameter.flatten() for parameter in self.model)),
            "loss at the start": f"{loss:.5g}",
            "gradients at the start": " ".join(sizes),
        }

    def __call__(self) -> float:
        with torch.enable_grad():  # a function may use autograd inside
            result = self.function(*self.arguments())
        n = len(self.given)
        if not isinstance(result, list | tuple) or len(result) != n + 1:
            raise ValueError(
                f"The function returned {described(result)}; expected the loss and, for "
                f"{n} {'parameter' if n == 1 else 'parameters'}, as many gradients."
            )
        loss = _number(result[0])
        gradients = matched("gradient", self.given, result[1:])
        for parameter, (name, gradient) in zip(self.model, gradients, strict=True):
            if not (math.isfinite(loss) and torch.isfinite(gradient).all()):
                what = name if math.isfinite(loss) else f"the loss, {loss},"
                raise TrainingDiverged(
                    f"{self.title}: {what} is not finite. Look for a division by zero, the "
                    "logarithm of zero or exp of a large number in your function, and NaN in the "
                    "data."
                )
            # Copied, for the function may return the same tensors each time.
            parameter.grad = gradient.detach().to(parameter, copy=True)
        return loss


def _require_digits(name: str, value: Any) -> Tensor:
    leaf = require_floats(name, value)
    if leaf.dtype not in (torch.float32, torch.float64):
        raise TypeError(
            f"{name} has dtype {leaf.dtype}, too few digits for a line search; pass it .float()."
        )
    return leaf


def _number(loss: Any) -> float:
    try:
        return float(loss.detach() if isinstance(loss, Tensor) else loss)
    except (TypeError, ValueError, RuntimeError):
        kind = f"shape {tuple(loss.shape)}" if hasattr(loss, "shape") else f"{loss!r}"
        raise ValueError(f"The loss must be one number; it is {kind}.") from None
