"""Exercise 1.9: what a unit looks for."""

from functools import partial

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import autoencoder as mistakes
from tutorial_lib.exercises.solutions import autoencoder as solutions


def _something_added(added: str) -> KnownBug:
    return KnownBug(
        f"{added} added to the length",
        partial(mistakes.strongest_with_something_added, added=float(added)),
        f"You added {added} to every length so as not to divide by 0. Rows of weak weights then "
        "come out too short: treat only the length 0 in another way.",
    )


strongest_inputs = Exercise(
    id="1.9",
    title="What excites a unit most",
    points=1,
    reference=solutions.strongest_inputs,
    cases=lambda generator: {
        "4 units of 4 pixels": {"weight": normal(generator, 4, 4, spread=2)},
        "3 units of 6 pixels, one with weak weights and one with very weak ones": {
            "weight": normal(generator, 3, 6) * torch.tensor([[1.0], [0.1], [1e-6]])
        },
        "3 units, one of them with weights of 0": {
            "weight": normal(generator, 3, 5) * torch.tensor([[1.0], [0.0], [1.0]])
        },
    },
    expects="the shape of weight; in each row, however weak its weights, the squares sum to 1; "
    "a row of 0 stays 0.",
    known_bugs=(
        KnownBug(
            "over the units",
            mistakes.strongest_over_units,
            "Your columns have length 1. A column is one pixel of all units; each unit needs an "
            "input of its own.",
        ),
        KnownBug(
            "lengths in a row",
            mistakes.strongest_without_keepdim,
            "Row i should be divided by length i; yours divides column j by length j. Keep the "
            "lengths as a column: keepdim=True.",
        ),
        KnownBug(
            "one length for all",
            mistakes.strongest_of_all,
            "You divided by the length of the whole matrix. Each row has a length of its own.",
        ),
        KnownBug(
            "no square root",
            mistakes.strongest_not_rooted,
            "You divided by the sum of the squares, which is the square of the length.",
        ),
        KnownBug(
            "sum of sizes",
            mistakes.strongest_by_sum_of_sizes,
            "In your rows the sizes sum to 1. The length of a vector is the root of the sum of "
            "squares.",
        ),
        KnownBug(
            "sum",
            mistakes.strongest_by_sum,
            "In your rows the values sum to 1. Positive and negative weights cancel in a sum, "
            "which may even be 0 or negative; a length is the root of the sum of squares.",
        ),
        KnownBug(
            "largest value is 1",
            mistakes.strongest_by_largest_value,
            "You divided each row by its largest value. All inputs are to have the same length, "
            "which is the root of the sum of squares.",
        ),
        KnownBug(
            "largest is 1",
            mistakes.strongest_by_largest,
            "You made the largest weight of each row 1. That is good for a picture, but such "
            "inputs differ in length, and a longer one excites more at no merit of its own.",
        ),
        KnownBug(
            "sign lost",
            mistakes.strongest_without_sign,
            "Your inputs have no negative values: ink on a negative weight quiets the unit.",
        ),
        KnownBug(
            "divided by zero",
            mistakes.strongest_dividing_by_zero,
            "A unit whose weights are all 0 has length 0, and 0 / 0 is no number. Nothing excites "
            "it, so its row is 0.",
        ),
        KnownBug(
            "short rows left short",
            mistakes.strongest_not_shortened,
            "A row shorter than 1 comes back as it is. It too is to be scaled to length 1: only a "
            "length of exactly 0 needs care.",
        ),
        *map(_something_added, ("1e-3", "1e-4", "1e-5", "1e-6")),
        KnownBug(
            "any length",
            mistakes.strongest_as_it_is,
            "The direction is right, the length is not: these are the weights themselves.",
        ),
    ),
    hints=(
        "The input points the same way as the unit's weights: only its length has to change.",
        "The length of every row at once: square, sum along dim=1 (keepdim=True keeps a column), "
        "take the root.",
        "For a row of 0, divide by something harmless instead: torch.where(length > 0, length, "
        "1.0).",
    ),
    notice="The filter itself, drawn as a picture, is what the unit looks for.",
)
