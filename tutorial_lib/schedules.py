"""Values that change while a network trains: learning rates and corruption levels.

Wherever a setting may change, a number means "constant" and a schedule is any function from the
fraction of the training done, 0 to 1, to the value. These two have a readable ``repr``, by which
a checkpoint tells whether it belongs to the same settings.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Schedule = float | Callable[[float], float]


@dataclass(frozen=True)
class Linear:
    """A straight line from ``start`` to ``end``."""

    start: float
    end: float

    def __call__(self, done: float) -> float:
        """Return the value when the fraction ``done`` of the training is over."""
        return self.start + (self.end - self.start) * done


@dataclass(frozen=True)
class Cosine:
    """A straight rise to ``peak`` during the fraction ``warm_up``, then half a cosine down to 0."""

    peak: float
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.warm_up < 1:
            raise ValueError(
                f"warm_up is {self.warm_up}; expected a fraction of the training in [0, 1)."
            )

    def __call__(self, done: float) -> float:
        """Return the value when the fraction ``done`` of the training is over."""
        if done < self.warm_up:
            return self.peak * done / self.warm_up
        falling = (done - self.warm_up) / (1 - self.warm_up)
        return self.peak * 0.5 * (1 + math.cos(math.pi * falling))


def value_at(schedule: Schedule, done: float) -> float:
    """Return the value of a number or schedule when the fraction ``done`` is over."""
    return schedule(done) if callable(schedule) else schedule
