"""Where gradients go: straight into the parameters, or into ``parameter.grad``.

The code that works out gradients (`tutorial_lib.gradients`) hands each product over here, so one
implementation serves gradient descent in place, Adam, and L-BFGS over chunks.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from tutorial_lib.losses import weight_penalty

Decay = Mapping[Tensor, float]  # the weight decay of each weight; biases are not decayed


def decay_cost(decay: Decay) -> float:
    """Return the weight decay's share of the cost."""
    return sum(weight_penalty(w.detach(), weight_decay=d).item() for w, d in decay.items() if d)


class Sink(Protocol):
    """Where the sums over examples that make up a gradient go."""

    def start(self, n_examples: int) -> None:
        """Begin a gradient that is a mean over so many examples."""

    def weight(self, parameter: Tensor, left: Tensor, right: Tensor) -> None:
        """Take ``left.T @ right``, a sum over rows, as gradient of a weight."""

    def bias(self, parameter: Tensor | None, rows: Tensor) -> None:
        """Take the sum of the rows as gradient of a bias."""


def _add_product(target: Tensor, left: Tensor, right: Tensor, keep: float, scale: float) -> None:
    """Set ``target`` to ``keep * target + scale * left.T @ right``."""
    if target.dtype != left.dtype:
        target.mul_(keep).add_(left.t() @ right, alpha=scale)
    elif len(left) == 1:
        target.addr_(left[0], right[0], beta=keep, alpha=scale)
    else:
        target.addmm_(left.t(), right, beta=keep, alpha=scale)


class AddToGradients:
    """Sink that fills ``parameter.grad``, weight decay included."""

    def __init__(self, parameters: Sequence[nn.Parameter], decay: Decay) -> None:
        self.parameters = parameters
        self.decay = decay
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)

    def start(self, n_examples: int) -> None:
        self.scale = 1 / n_examples
        for parameter in self.parameters:
            assert parameter.grad is not None
            if decay := self.decay.get(parameter, 0.0):
                torch.mul(parameter.detach(), decay, out=parameter.grad)
            else:
                parameter.grad.zero_()

    def weight(self, parameter: Tensor, left: Tensor, right: Tensor) -> None:
        assert parameter.grad is not None
        _add_product(parameter.grad, left, right, 1.0, self.scale)

    def bias(self, parameter: Tensor | None, rows: Tensor) -> None:
        if parameter is not None:
            assert parameter.grad is not None
            parameter.grad.add_(rows.sum(0), alpha=self.scale)


class StepDownhill:
    """Sink that takes the step of plain gradient descent at once, in place."""

    def __init__(self, decay: Decay) -> None:
        self.decay = decay
        self.learning_rate = 0.0

    def start(self, n_examples: int) -> None:
        self.scale = -self.learning_rate / n_examples

    def weight(self, parameter: Tensor, left: Tensor, right: Tensor) -> None:
        keep = 1 - self.learning_rate * self.decay.get(parameter, 0.0)
        _add_product(parameter.data, left, right, keep, self.scale)

    def bias(self, parameter: Tensor | None, rows: Tensor) -> None:
        if parameter is not None:
            parameter.data.add_(rows.sum(0), alpha=self.scale)
