"""One epoch of full-batch training: an iteration of L-BFGS."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class FullBatch:
    """Iterations of L-BFGS with a strong-Wolfe line search.

    ``evaluate()`` returns the cost at the present parameters and leaves the gradients in ``grad``.
    """

    n_per_epoch = 1

    def __init__(self, evaluate: Callable[[], float], parameters: Sequence[nn.Parameter]) -> None:
        self.evaluate = evaluate
        self.parameters = parameters
        self.converged = False
        self.cost = math.inf
        # One iteration a call, so that each can end in a checkpoint; we judge convergence.
        self.optimiser = torch.optim.LBFGS(
            parameters,
            max_iter=1,
            max_eval=25,  # for the line search; the default follows from max_iter, and is 1
            history_size=20,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )
        self._last: tuple[list[Tensor], list[Tensor], float] | None = None

    def _cost(self) -> float:
        """Evaluate, or recall: each iteration begins where the last one's line search ended."""
        if self._last is not None:
            values, gradients, cost = self._last
            if all(map(torch.equal, values, self.parameters)):
                for parameter, gradient in zip(self.parameters, gradients, strict=True):
                    assert parameter.grad is not None
                    parameter.grad.copy_(gradient)
                return cost
        cost = self.evaluate()
        values = [parameter.detach().clone() for parameter in self.parameters]
        gradients = [p.grad.clone() for p in self.parameters if p.grad is not None]
        self._last = values, gradients, cost
        return cost

    def epoch(self, index: int) -> Iterator[int]:
        before = self._cost()
        self.optimiser.step(self._cost)
        self.cost = self._cost()
        self.converged = self.cost >= before
        yield from ()  # it cannot be left half done: the loop asks for interrupts between epochs

    def mean_cost(self) -> float:
        return self.cost

    def state(self) -> dict[str, Any]:
        return {"optimiser": self.optimiser.state_dict()["state"], "converged": self.converged}

    def restore(self, state: dict[str, Any]) -> None:
        self.converged = state["converged"]
        restore_optimiser(self.optimiser, state["optimiser"])


def restore_optimiser(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Take up the state of an optimiser again; its settings stay."""
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
