"""What one epoch does: shuffled minibatches, or one iteration of full-batch L-BFGS."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tutorial_lib.lbfgs import FullBatch, restore_optimiser
from tutorial_lib.schedules import value_at
from tutorial_lib.settings import Settings
from tutorial_lib.sinks import AddToGradients, Decay, Sink, StepDownhill, decay_cost


class Stepper(Protocol):
    """What one epoch consists of."""

    n_per_epoch: int
    converged: bool

    def epoch(self, index: int) -> Iterator[int]:
        """Do the (rest of the) epoch, yielding the number of examples done after each step."""

    def mean_cost(self) -> float:
        """Return the cost of the last epoch."""

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on, apart from the model."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""


class Minibatches:
    """Steps on contiguous slices of a shuffled index.

    ``step(rows, done)`` trains on the examples of index ``rows`` when the fraction ``done`` of
    all training is over, and returns their mean cost. The cost of the weight decay needs no
    minibatch: it is added once, at the end of an epoch.
    """

    converged = False

    def __init__(
        self,
        step: Callable[[Tensor, float], Tensor],
        *,
        n_examples: int,
        batch_size: int,
        n_epochs: int,
        generator: torch.Generator,
        shuffle: bool = True,
        optimiser: torch.optim.Optimizer | None = None,
        decay: Decay | None = None,
    ) -> None:
        self.step = step
        self.n_per_epoch = n_examples
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.generator = generator
        self.shuffle = shuffle
        self.optimiser = optimiser
        self.decay = decay or {}
        self.order = torch.arange(n_examples, device=generator.device)
        self.position = 0
        self.cost = torch.zeros((), dtype=torch.float64, device=generator.device)

    def epoch(self, index: int) -> Iterator[int]:
        if self.position == 0:
            self.cost.zero_()
            if self.shuffle:
                self.order = torch.randperm(
                    self.n_per_epoch, generator=self.generator, device=self.generator.device
                )
        while self.position < self.n_per_epoch:
            rows = self.order[self.position : self.position + self.batch_size]
            done = (index + self.position / self.n_per_epoch) / self.n_epochs
            self.cost += self.step(rows, done) * len(rows)
            self.position += len(rows)
            yield len(rows)
        self.position = 0

    def mean_cost(self) -> float:
        return self.cost.item() / self.n_per_epoch + decay_cost(self.decay)

    def state(self) -> dict[str, Any]:
        return {
            "order": self.order,
            "position": self.position,
            "cost": self.cost,
            "generator": self.generator.get_state(),
            "optimiser": self.optimiser.state_dict()["state"] if self.optimiser else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        device = self.generator.device
        self.order = state["order"].to(device)
        self.position = state["position"]
        self.cost = state["cost"].to(device)
        self.generator.set_state(state["generator"])
        if self.optimiser:
            restore_optimiser(self.optimiser, state["optimiser"])


def make_stepper(
    settings: Settings,
    parameters: Sequence[nn.Parameter],
    decay: Decay,
    cost_and_gradients: Callable[[Tensor | slice, float, Sink], Tensor],
    *,
    n_examples: int,
    generator: torch.Generator,
) -> Stepper:
    """Return what one epoch does; ``cost_and_gradients(rows, done, sink)`` knows the model."""
    optimiser = None
    into_gradients = None if settings.optimiser == "sgd" else AddToGradients(parameters, decay)
    if into_gradients is None:
        downhill = StepDownhill(decay)

        def step(rows: Tensor, done: float) -> Tensor:
            downhill.learning_rate = value_at(settings.learning_rate, done)
            return cost_and_gradients(rows, done, downhill)

    elif settings.optimiser == "lbfgs":

        def evaluate() -> float:
            cost = cost_and_gradients(slice(None), 0.0, into_gradients)
            return cost.item() + decay_cost(decay)

        return FullBatch(evaluate, parameters)
    else:
        optimiser = torch.optim.Adam(parameters, fused=True)

        def step(rows: Tensor, done: float) -> Tensor:
            cost = cost_and_gradients(rows, done, into_gradients)
            optimiser.param_groups[0]["lr"] = value_at(settings.learning_rate, done)
            optimiser.step()
            return cost

    return Minibatches(
        step,
        n_examples=n_examples,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        generator=generator,
        shuffle=settings.shuffle,
        optimiser=optimiser,
        decay=decay,
    )
