"""Exercise 3.5: when to stop."""

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import fine_tuning_network as mistakes
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


def _stopping(name: str, message: str, **switches: object) -> KnownBug:
    return KnownBug(name, partial(mistakes.stopping, **switches), message)


def _growing(name: str, message: str, grow: Callable[[float, int, float], float]) -> KnownBug:
    return _stopping(name, message, grow=grow)


early_stopping = Exercise(
    id="3.5",
    title="When to stop",
    points=2,
    reference=solutions.early_stopping,
    cases=lambda generator: {
        "errors [5, 4, 3] and then no better, patience 4": _errors([5, 4, 3] + [3.1] * 9, 4),
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
        "40 noisy errors, patience 5": _errors(_drawn(generator, 40), 5, 2, 0.97),
        "60 noisy errors, patience 10": _errors(_drawn(generator, 60), 10, 2, 0.995),
    },
    parts=("the last epoch", "the best epoch"),
    expects="two whole numbers, the epoch at whose end training stops, and the best one by then, "
    "where the first epoch is number 1.",
    known_bugs=(
        KnownBug(
            "stops after a standstill",
            mistakes.stopping_after_standstill,
            "You stop after so many epochs without a new best. Other libraries do; but here the "
            "patience is an epoch number, which good news puts off.",
        ),
        _growing(
            "patience never grows",
            "You stop when the patience you were given is used up, whatever the errors did.",
            lambda patience, epoch, increase: patience,
        ),
        _growing(
            "patience can shrink",
            "Your patience is always that of the last good news, even if that is less than it "
            "was: good news in epoch 1 makes you stop in epoch 2.",
            lambda patience, epoch, increase: epoch * increase,
        ),
        _growing(
            "patience plus the increase",
            "You add the increase to the patience. What is asked for is a multiple of the present "
            "epoch: late news buys more time than early news.",
            lambda patience, epoch, increase: patience + increase,
        ),
        _growing(
            "patience times the increase",
            "You multiply the patience itself, and so it doubles with each piece of good news. "
            "It is the present epoch that is multiplied.",
            lambda patience, epoch, increase: patience * increase,
        ),
        _growing(
            "patience added up",
            "You add to the patience where the larger of two should be taken.",
            lambda patience, epoch, increase: patience + epoch * increase,
        ),
        _stopping(
            "threshold ignored",
            "Every new best makes you more patient. Only one that is clearly lower should: below "
            "improvement_threshold times the best so far.",
            any_improvement=True,
        ),
        _stopping(
            "best needs the threshold",
            "You take note of a new best only if it is clearly lower. For the patience it has to "
            "be; but the best is the best, by however little.",
            best_needs_threshold=True,
        ),
        _stopping(
            "compared with the epoch before",
            "You compare with the error before, and so a recovery from a bad epoch looks like "
            "progress. Compare with the best so far.",
            compared_with_last=True,
        ),
        _stopping(
            "a tie counts",
            "An error that only equals the best is not better: the first of equals stays the best.",
            ties_count=True,
        ),
        _stopping(
            "one epoch late",
            "You stop one epoch after the patience is used up: an epoch of that number ends it.",
            stops=operator.gt,
        ),
        _stopping(
            "looks past the stop",
            "Your best epoch comes after training has stopped. Nobody will ever see that error.",
            looks_ahead=True,
        ),
        _stopping(
            "epochs counted from 0",
            "You count epochs from 0, in the rule as well. The first is number 1; it matters, "
            "since epochs are multiplied here.",
            first=0,
        ),
        KnownBug(
            "index instead of epoch",
            mistakes.stopping_by_index,
            "Both numbers are 1 too small: places in the list, where epochs were asked for.",
        ),
        KnownBug(
            "the two swapped",
            mistakes.stopping_swapped,
            "Both numbers are right, but the other way round.",
        ),
    ),
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
