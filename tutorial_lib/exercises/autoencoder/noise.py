"""Exercise 1.8: hide a part of the input."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import apart, uniform
from tutorial_lib.exercises.mistakes import autoencoder as mistakes
from tutorial_lib.exercises.parts import WrongStructure
from tutorial_lib.exercises.solutions import autoencoder as solutions
from tutorial_lib.exercises.values import Tolerance, compare_part

_ANY_VALUES = Tolerance(absolute=math.inf)
# The numbers are shares of 50,000 throws of the dice, which vary by less than this part of them.
_ROOM = 0.06


def _noise(
    corrupt: Callable[..., Any], x: Tensor, corruption_level: float, generator: torch.Generator
) -> dict[str, Any]:
    """Measure what all right answers have in common, whichever random numbers they draw."""
    clean, same_state = x.clone(), generator.clone_state()
    corrupted = corrupt(x, corruption_level, generator)
    if corrupted is ...:
        return {"the result": ...}
    form = compare_part("The result", clean, corrupted, _ANY_VALUES)
    if form.wrong:
        raise WrongStructure(form.text)
    hidden = corrupted == 0
    left = torch.where(hidden, clean, corrupted).to(clean)
    repeated = corrupt(clean.clone(), corruption_level, same_state)
    following = corrupt(clean.clone(), corruption_level, generator)
    share = f"{(1 - _ROOM) * corruption_level:.2f} to {(1 + _ROOM) * corruption_level:.2f}"
    return {
        "all values that are not 0 are those of x": torch.equal(left, clean),
        "the largest of them, in units of what it was": float((left / clean).max()),
        # Before the share: few patterns make the share of 0s a matter of luck.
        "the share of rows with a pattern of their own": _share_of_different(hidden),
        "the share of columns with a pattern of their own": _share_of_different(hidden.T),
        f"the share of values that are 0 ({share} is right)": float(hidden.double().mean()),
        "neighbours are hidden independently of each other": _are_independent(
            hidden, corruption_level
        ),
        "the number of 0s differs from row to row": len(hidden.sum(dim=1).unique()) > 1,
        "a generator in the same state hides the same values": torch.equal(repeated, corrupted),
        "the next call hides other values": not torch.equal(following, corrupted),
        "the result is a tensor of its own": corrupted.data_ptr() != x.data_ptr(),
    }


def _are_independent(hidden: Tensor, level: float) -> bool:
    """Tell whether two neighbours are hidden together about as often as dice would do that."""
    both = (hidden[:, 1:] & hidden[:, :-1]).double().mean().item()
    return abs(both - level**2) <= 0.2 * level**2  # ten times what chance does to 50,000 values


def _share_of_different(rows: Tensor) -> float:
    return len(torch.unique(rows, dim=0)) / len(rows)


corrupt = Exercise(
    id="1.8",
    title="Masking noise",
    points=1,
    reference=solutions.corrupt,
    cases=lambda generator: {
        "500 examples of 100 pixels, level 0.3": {
            "x": uniform(generator, 500, 100, low=0.2),
            "corruption_level": 0.3,
            "generator": apart(generator, 1),
        },
        "500 examples of 100 pixels, level 0.6": {
            "x": uniform(generator, 500, 100, low=0.2),
            "corruption_level": 0.6,
            "generator": apart(generator, 2),
        },
        "level 0": {
            "x": uniform(generator, 4, 6, low=0.2),
            "corruption_level": 0.0,
            "generator": apart(generator, 3),
        },
    },
    observe=_noise,
    tolerance=Tolerance(relative=_ROOM, absolute=1e-3),
    expects="a new tensor in which about the given share of values is 0, chosen one by one with "
    "the generator, and all others are as they were.",
    known_bugs=(
        KnownBug(
            "dropout",
            mistakes.corrupt_and_rescale,
            "You enlarged the survivors to make up for the loss. That is dropout; masking noise "
            "leaves them as they are.",
        ),
        KnownBug(
            "PyTorch's dropout",
            mistakes.corrupt_by_dropout,
            "PyTorch's dropout enlarges the survivors to make up for the loss, and it throws "
            "global dice, not those of the generator. Masking noise does neither.",
        ),
        KnownBug(
            "in place",
            mistakes.corrupt_in_place,
            "You hid the values of x itself. The clean picture is gone, and with it what the "
            "answer should be compared with.",
        ),
        KnownBug(
            "the other ones",
            mistakes.corrupt_the_others,
            "Your survivors and your victims have changed places: the level is the share that is "
            "lost.",
        ),
        KnownBug(
            "one mask for all examples",
            mistakes.corrupt_all_rows_alike,
            "You hide the same pixels in every example. Those are then never seen at all, where "
            "each should be seen in most examples.",
        ),
        KnownBug(
            "whole examples",
            mistakes.corrupt_whole_rows,
            "You hide whole examples and leave others whole. The dice must be thrown for each "
            "pixel.",
        ),
        KnownBug(
            "generator not used",
            mistakes.corrupt_without_the_generator,
            "Your noise comes from PyTorch's global dice, so nobody can repeat the experiment. "
            "Draw it from the generator.",
        ),
        KnownBug(
            "always the same noise",
            mistakes.corrupt_always_the_same,
            "Each call hides the same values: noise that does not change can be learnt by heart. "
            "Use the generator that was handed in, and do not seed it again.",
        ),
        KnownBug(
            "normal instead of uniform",
            mistakes.corrupt_with_normal_numbers,
            "You compare the level with normal random numbers, half of which are below 0. A "
            "uniform number from 0 to 1 is below 0.3 in three cases of ten.",
        ),
        KnownBug(
            "rounded dice",
            mistakes.corrupt_with_rounded_dice,
            "Rounding a number between 0 and 1 gives 0 in half of all cases, whatever the level. "
            "Compare it with the level.",
        ),
        KnownBug(
            "the same number in each row",
            mistakes.corrupt_the_same_number_in_each_row,
            "You hide exactly the same number of pixels in every row. Each pixel has its own dice, "
            "so that one row loses a few more and another a few less.",
        ),
        KnownBug(
            "ink instead of paper",
            mistakes.corrupt_with_ink,
            "You set the victims to 1. Masking noise takes ink away and adds none.",
        ),
        KnownBug(
            "faded",
            mistakes.corrupt_by_fading,
            "You made every value a little smaller. Masking noise hides some values altogether "
            "and leaves the others alone.",
        ),
        KnownBug(
            "scaled",
            mistakes.corrupt_by_scaling,
            "You took the same share of every value. Masking noise takes all of some values and "
            "nothing of the others; dice decide which.",
        ),
        KnownBug(
            "the mask alone",
            mistakes.corrupt_mask_alone,
            "You returned the mask. Apply it to x.",
        ),
    ),
    hints=(
        "Throw the dice once for each value: a uniform number between 0 and 1. With what must it "
        "be compared, so that three in ten are hidden at level 0.3?",
        "torch.rand(x.shape, generator=generator) are the numbers; comparing them gives True and "
        "False in the shape of x.",
        "A tensor times a tensor of True and False keeps the values where it says True.",
    ),
    notice="Paper that is hidden stays paper: it is the lost ink that must be guessed.",
)
