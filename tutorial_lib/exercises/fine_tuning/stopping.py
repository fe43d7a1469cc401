"""Exercise 3.5: when to stop."""

from collections.abc import Iterable
from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.fine_tuning.stopping_bugs import KNOWN_BUGS
from tutorial_lib.exercises.solutions import fine_tuning as solutions


def _errors(
    errors: Iterable[float], patience: int, increase: float = 2, threshold: float = 0.995
) -> dict[str, Any]:
    return {
        "validation_errors": list(errors),
        "patience": patience,
        "patience_increase": increase,
        "improvement_threshold": threshold,
    }


def _drawn(generator: torch.Generator, n_epochs: int) -> list[float]:
    """Draw errors that fall ever more slowly, with noise."""
    noise = uniform(generator, n_epochs, low=-0.4, high=0.4)
    return [round(2 + 6 / (k + 1) + value, 2) for k, value in enumerate(noise.tolist())]


early_stopping = Exercise(
    id="3.5",
    title="When to stop",
    points=2,
    reference=solutions.early_stopping,
    cases=lambda generator: {
        "errors [5, 4, 3] and then no better, patience 5": _errors([5, 4, 3] + [3.1] * 9, 5),
        "errors that never fall, patience 5": _errors([4.0, 4.5, 5.0, 4.5, 5.0, 4.5, 5.0, 4.5], 5),
        "errors that fall by 0.2 % at each epoch, patience 4": _errors(
            [5.0 * 0.998**k for k in range(12)], 4
        ),
        "3 epochs, patience 10": _errors([3, 2, 1], 10),
        "errors [4, 3, 2, 2, 2, ...], patience 3": _errors([4, 3] + [2] * 8, 3),
        "errors that rise again between two new lows, patience 4": _errors(
            [4, 3, 6, 5.5, 5, 4.5, 2, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1, 1], 4
        ),
        "a patience increase of 1.5, patience 2": _errors([4, 3, 2, 2.5, 2.5, 2.5, 2.5, 1], 2, 1.5),
        "errors above 100: [500, 400, 300] and then no better, patience 4": _errors(
            [500, 400, 300] + [310] * 9, 4
        ),
        "errors [4, 2, 2, 2, 2], patience 2, threshold 0.5": _errors([4, 2, 2, 2, 2], 2, 2, 0.5),
        "errors [4, 3, 3, 3, 3], patience 1": _errors([4, 3, 3, 3, 3], 1),
        "40 noisy errors, patience 5": _errors(_drawn(generator, 40), 5, 2, 0.97),
        "60 noisy errors, patience 10": _errors(_drawn(generator, 60), 10, 2, 0.995),
    },
    parts=("the last epoch", "the best epoch"),
    expects="two whole numbers, the epoch at whose end training stops, and the best one by then, "
    "where the first epoch is number 1.",
    known_bugs=KNOWN_BUGS,
    hints=(
        "Go through the errors with enumerate(validation_errors, start=1), and keep three things: "
        "the best error so far, its epoch, and the patience.",
        "Two questions at each epoch, in this order: is the error below improvement_threshold "
        "times the best so far (then the patience may grow)? Is it below the best (then it is "
        "the new best)? Begin with a best of float('inf').",
        "The patience becomes max(patience, epoch * patience_increase); after both questions, "
        "stop if epoch >= patience.",
    ),
    notice="Small gains become the new best but buy no time, so the rule ends a slow decline.",
)
