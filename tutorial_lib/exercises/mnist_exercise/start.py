"""Exercise 4.1: where the training of an autoencoder begins."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import apart
from tutorial_lib.exercises.mistakes import mnist_exercise_start as mistakes
from tutorial_lib.exercises.mnist_exercise.measuring import require_tensors
from tutorial_lib.exercises.parts import WrongStructure
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.values import Tolerance

N_DRAWS = 20  # calls of an answer with one generator
MANY = 10_000  # numbers: then their spread hardly depends on the draw


def _observe_start(
    function: Any, n_visible: int, n_hidden: int, generator: torch.Generator
) -> dict[str, Any]:
    """Measure what all right draws have in common."""
    shapes = {
        "w1": (n_hidden, n_visible),
        "b1": (n_hidden,),
        "w2": (n_visible, n_hidden),
        "b2": (n_visible,),
    }
    again = require_tensors(function(n_visible, n_hidden, generator.clone_state()), shapes)
    draws = [
        require_tensors(function(n_visible, n_hidden, generator), shapes) for _ in range(N_DRAWS)
    ]
    w1, b1, w2, b2 = first = draws[0]
    _require_lines_of_their_own({"w1": w1, "w2": w2})
    measured: dict[str, Any] = {
        "the biases are 0": not (b1.any() or b2.any()),
        "w2 is w1 transposed": torch.equal(w2, w1.T),
        "the same state of the generator gives the same numbers": all(
            map(torch.equal, first, again)
        ),
        "another call with the generator gives other numbers": not (
            torch.equal(w1, draws[1][0]) or torch.equal(w2, draws[1][2])
        ),
    }
    r = (6 / (n_hidden + n_visible + 1)) ** 0.5
    for name, k in {"w1": 0, "w2": 2}.items():
        measured |= _range(name, torch.stack([draw[k] for draw in draws]).flatten() / r)
    return measured


def _require_lines_of_their_own(weights: dict[str, Tensor]) -> None:
    for name, weight in weights.items():
        for k, lines in enumerate(("rows", "columns")):
            if weight.any() and weight.unique(dim=k).shape[k] < weight.shape[k]:
                raise WrongStructure(f"{name} has equal {lines}; each is to be drawn by itself.")


def _range(name: str, numbers: Tensor) -> dict[str, Any]:
    """Measure how numbers in units of r are spread."""
    measured: dict[str, Any] = {
        f"all numbers in {name} lie between -r and r": numbers.abs().max().item() < 1 + 1e-6
    }
    if len(numbers) < MANY:
        return measured
    sizes = numbers.abs()
    # Not the extremes, which differ from draw to draw where the range is not bounded.
    return measured | {
        f"{name}, in units of r: the size that a quarter lie below": _quantile(sizes, 0.25),
        f"{name}, in units of r: the size that a quarter lie above": _quantile(sizes, 0.75),
        f"{name}, in units of r: the number that 1 % lie below": _quantile(numbers, 0.01),
        f"{name}, in units of r: the number that 1 % lie above": _quantile(numbers, 0.99),
        f"{name}, in units of r: the mean size": sizes.mean().item(),
    }


def _quantile(numbers: Tensor, share: float) -> float:
    # PyTorch's own sorts all of them, which takes ten times as long.
    return numbers.kthvalue(round(share * len(numbers))).values.item()


def _sizes(n_visible: int, n_hidden: int, generator: torch.Generator) -> Case:
    return {"n_visible": n_visible, "n_hidden": n_hidden, "generator": apart(generator, n_visible)}


def _other_range(name: str, message: str, **switches: Any) -> KnownBug:
    switches = {"bound": mistakes.right_bound} | switches
    return KnownBug(name, partial(mistakes.parameters_with_range, **switches), message)


initial_parameters = Exercise(
    id="4.1",
    title="Where training begins",
    points=1,
    reference=solutions.initial_parameters,
    cases=lambda generator: {
        "100 pixels, 100 hidden units": _sizes(100, 100, generator),
        "300 pixels, 40 hidden units": _sizes(300, 40, generator),
        "4 pixels, 2 hidden units": _sizes(4, 2, generator),
    },
    observe=_observe_start,
    tolerance=Tolerance(relative=0.04),
    expects="weights spread evenly from -r to r, that is from -1 to 1 in units of r, each drawn by "
    "itself from the generator, and biases of 0.",
    known_bugs=(
        _other_range(
            "no square root",
            "The range is 6 divided by the number of units, without the root: so close to 0, all "
            "units begin nearly alike.",
            bound=lambda n_visible, n_hidden: 6 / (n_hidden + n_visible + 1),
        ),
        _other_range(
            "only positive weights",
            "torch.rand draws from 0 to 1, and you only scaled that: with all weights positive, "
            "every unit begins by answering to ink anywhere.",
            low=0.0,
        ),
        _other_range(
            "the range of the other tutorial",
            "The range is four times too wide: that factor belongs to deeplearning.net's recipe. "
            "Here it would push many sigmoids to their flat ends.",
            bound=lambda n_visible, n_hidden: 4 * (6 / (n_hidden + n_visible)) ** 0.5,
        ),
        _other_range(
            "half the range",
            "Your weights run from -r/2 to r/2. What torch.rand draws is 1 wide, and the range "
            "from -r to r is twice as wide as r.",
            bound=lambda n_visible, n_hidden: mistakes.right_bound(n_visible, n_hidden) / 2,
        ),
        _other_range(
            "the 1 under the root forgotten",
            "The root is taken of 6 over the number of units alone. With hundreds of units nobody "
            "would notice; with a handful the range is clearly too wide.",
            bound=lambda n_visible, n_hidden: (6 / (n_visible + n_hidden)) ** 0.5,
        ),
        KnownBug(
            "shifted by 1",
            mistakes.parameters_shifted_by_1,
            "Whatever r is, you shift by 1, so the weights do not lie about 0: where r is small, "
            "all are close to -1, and every unit begins by saying no.",
        ),
        _other_range(
            "biases drawn too",
            "The weights are right, but the biases are random too: they are to begin at 0.",
            bias_scale=1.0,
        ),
        KnownBug(
            "normal numbers",
            mistakes.parameters_from_a_normal,
            "The weights have a bell-shaped distribution, torch.randn's: a third of them lie "
            "outside of the range. All values in the range are to be equally likely.",
        ),
        KnownBug(
            "tied weights",
            mistakes.parameters_tied,
            "w2 is w1 transposed. In this exercise the decoder has a matrix of its own, drawn by "
            "itself.",
        ),
        KnownBug(
            "all zero",
            mistakes.parameters_all_zero,
            "All weights are 0. Then all hidden units compute the same, get the same gradient, "
            "and stay the same for ever.",
        ),
        KnownBug(
            "units that begin alike",
            mistakes.parameters_with_equal_rows,
            "You drew one row and gave it to all hidden units. Units that begin alike get the "
            "same code, so only the decoder could ever tell them apart.",
        ),
        KnownBug(
            "one number a unit",
            mistakes.parameters_with_equal_columns,
            "Each hidden unit has one number for all its pixels, so it begins by answering to "
            "nothing but the amount of ink.",
        ),
        KnownBug(
            "weights first",
            mistakes.parameters_weights_first,
            "You returned both weights, then both biases. Each weight is followed by the bias of "
            "the units that it feeds, as in the arguments of exercise 1.6.",
        ),
        KnownBug(
            "shapes swapped",
            mistakes.parameters_in_other_shapes,
            "w1 and w2 have each other's shape. A row of a weight belongs to one unit that it "
            "feeds: w1 feeds the hidden units.",
        ),
        KnownBug(
            "generator not used",
            mistakes.parameters_without_generator,
            "The same state of the generator gave different numbers: you draw from another "
            "source, so nobody could repeat your run.",
        ),
        KnownBug(
            "the same numbers in every call",
            mistakes.parameters_seeded_anew,
            "Every call gives the same numbers: you seed inside, be it the generator handed in or "
            "another source of your own. Both autoencoders of a stack would begin with them.",
        ),
    ),
    hints=(
        "torch.rand(rows, columns, generator=generator) draws numbers from 0 to 1. Which factor "
        "and which shift make them run from -r to r?",
        "Twice a number from 0 to 1, less 1, runs from -1 to 1. Do that for w1 in its shape, and "
        "once more for w2 in its own; the biases are torch.zeros.",
    ),
    notice="r shrinks with the number of units, so that the sum over many inputs stays where the "
    "sigmoid is steep.",
)
