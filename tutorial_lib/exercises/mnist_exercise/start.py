"""Exercise 4.1: where the training of an autoencoder begins."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.mistakes import mnist_exercise as mistakes
from tutorial_lib.exercises.parts import WrongStructure, describe, is_plain
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.values import Tolerance
from tutorial_lib.exercises.wording import join


def require_tensor(name: str, value: Any, shape: tuple[int, ...]) -> Tensor:
    """Return a tensor in float64, or raise a WrongStructure that says what came instead."""
    if not is_plain(value) or value.shape != shape or not value.is_floating_point():
        wanted = f"expected a float tensor of shape {shape}"
        kind = f", {value.dtype}" if is_plain(value) else ""
        raise WrongStructure(f"{name} is {describe(value)}{kind}; {wanted}.")
    if not value.isfinite().all():
        raise WrongStructure(f"{name} has NaN or infinite values; all should be finite.")
    return value.detach().double()


def require_tensors(value: Any, shapes: dict[str, tuple[int, ...]]) -> list[Tensor]:
    """Return the tensors of a tuple; see `require_tensor`."""
    if not isinstance(value, list | tuple) or len(value) != len(shapes):
        raise WrongStructure(f"It returned {describe(value)}; expected {join(list(shapes))}.")
    named = zip(shapes.items(), value, strict=True)
    return [require_tensor(name, part, shape) for (name, shape), part in named]


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
    repeated = function(n_visible, n_hidden, generator.clone_state())
    w1, b1, w2, b2 = require_tensors(function(n_visible, n_hidden, generator), shapes)
    again = require_tensors(repeated, shapes)[0]
    later = require_tensors(function(n_visible, n_hidden, generator), shapes)[0]
    measured: dict[str, Any] = {
        "the biases are 0": not (b1.any() or b2.any()),
        "w2 is w1 transposed": torch.equal(w2, w1.T),
        "the same state of the generator gives the same numbers": torch.equal(w1, again),
        "another call with the generator gives other numbers": not torch.equal(w1, later),
    }
    for name, weight in {"w1": w1, "w2": w2}.items():
        # Not the extremes, which differ from draw to draw where the range is not bounded.
        low, high = weight.flatten().quantile(weight.new_tensor([0.01, 0.99])).tolist()
        measured[f"the number that 1 % of {name} lie below"] = low
        measured[f"the number that 1 % of {name} lie above"] = high
        measured[f"the mean size of the numbers in {name}"] = weight.abs().mean().item()
    return measured


def _other_range(name: str, message: str, **switches: Any) -> KnownBug:
    switches = {"bound": mistakes.right_bound} | switches
    return KnownBug(name, partial(mistakes.parameters_with_range, **switches), message)


initial_parameters = Exercise(
    id="4.1",
    title="Where training begins",
    points=1,
    reference=solutions.initial_parameters,
    cases=lambda generator: {
        "100 pixels, 100 hidden units": {
            "n_visible": 100,
            "n_hidden": 100,
            "generator": generator.clone_state(),
        },
        "300 pixels, 40 hidden units": {
            "n_visible": 300,
            "n_hidden": 40,
            "generator": generator.clone_state(),
        },
    },
    observe=_observe_start,
    tolerance=Tolerance(relative=0.04),
    expects="weights spread evenly from -r to r, each drawn by itself from the generator, and "
    "biases of 0.",
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
            "seeded anew",
            mistakes.parameters_seeded_anew,
            "You seed the generator inside: every call begins with the same numbers, and both "
            "autoencoders of a stack would, too.",
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
