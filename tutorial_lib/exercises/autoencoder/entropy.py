"""Exercise 1.4: the price of being sure and wrong."""

import math
from functools import partial

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import autoencoder_costs as mistakes
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import autoencoder as solutions


def _all(logit: float) -> Case:
    """Return two examples of three grey pixels, all with the same logit.

    None of them is exactly 0 or 1: nothing times infinity would hide what went wrong.
    """
    return {
        "x": torch.tensor([[0.1, 0.6, 0.3], [0.8, 0.4, 0.9]]),
        "logits": torch.full((2, 3), logit),
    }


def _cut_off(least: str) -> KnownBug:
    return KnownBug(
        f"cut off by {least}",
        partial(mistakes.cross_entropy_cut_off, least=float(least)),
        f"With {least} to keep it finite, no pixel costs more than {-math.log(float(least)):.0f} "
        "nats. Cutting off makes the cost finite, and wrong: beyond the cut, being more wrong "
        "costs nothing more. Work with the logits, not the probabilities.",
    )


cross_entropy = Exercise(
    id="1.4",
    title="The price of being sure and wrong",
    points=1,
    reference=solutions.cross_entropy,
    cases=lambda generator: {
        "5 examples of 7 pixels": {
            "x": uniform(generator, 5, 7),
            "logits": normal(generator, 5, 7, spread=2),
        },
        "logits between 0 and 1": {
            "x": uniform(generator, 4, 3),
            "logits": uniform(generator, 4, 3, low=0.1, high=0.9),
        },
        "pixels of exactly 0 and 1": {
            "x": torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
            "logits": normal(generator, 2, 3, spread=2),
        },
        # One step after the other: where float32 rounds a sigmoid to 1, where float64 does, and
        # where the exponential overflows. A least probability shows first of all, at -50.
        "logits of -50": _all(-50.0),
        "logits of 25": _all(25.0),
        "logits of 50": _all(50.0),
        "logits of 1000": _all(1000.0),
        "logits of -1000": _all(-1000.0),
    },
    parts=("the cost",),
    expects="a tensor of shape (), above 0. For a logit of 1000 where the pixel is 0 it is 1000 "
    "nats for that pixel: finite, and not cut off, so that being more wrong always costs more.",
    known_bugs=(
        KnownBug(
            "rounded to 0",
            mistakes.cross_entropy_rounded,
            "On paper all is right. But float32 rounds the sigmoid of 25 to 1, and the sigmoid of "
            "-1000 to 0, and the logarithm of 0 is infinite. Take the logarithm of the formula "
            "before you compute anything: what is log s(z), written with exp(-z)?",
        ),
        KnownBug(
            "rounded to 0 in float64",
            mistakes.cross_entropy_rounded_in_double,
            "More digits only move the edge: float32 rounds a sigmoid to 1 from a logit of about "
            "17 on, float64 from about 37. Take the logarithm on paper before you compute: what "
            "is log s(z), written with exp(-z)?",
        ),
        KnownBug(
            "overflow on both sides",
            mistakes.cross_entropy_overflowing_both_ways,
            "You no longer need the sigmoid: good. But exp(1000) is infinite, in float32 and in "
            "float64. For large u, log(1 + exp(u)) is simply u.",
        ),
        KnownBug(
            "overflow",
            mistakes.cross_entropy_overflowing,
            "You found the form without the sigmoid. But exp(1000) is more than float32 can "
            "hold: it becomes infinite. When z is large, log(1 + exp(z)) is simply z.",
        ),
        KnownBug(
            "overflow on the other side",
            mistakes.cross_entropy_overflowing_backwards,
            "You found a form without the sigmoid. But exp(1000), which is what a logit of -1000 "
            "makes of it, is infinite in float32. When u is large, log(1 + exp(u)) is simply u.",
        ),
        KnownBug(
            "cut off",
            mistakes.cross_entropy_clipped,
            "Finite, but cut off: beyond a certain point being more wrong costs you nothing more, "
            "and so nothing pulls the logit back. Work with the logits, not the probabilities.",
        ),
        *map(_cut_off, mistakes.LEAST),
        KnownBug(
            "mean over pixels",
            mistakes.cross_entropy_over_pixels,
            "You averaged over the pixels too. The cost of a picture is the sum of its pixels'.",
        ),
        KnownBug(
            "sum over examples",
            mistakes.cross_entropy_summed,
            "You summed over the examples, so a larger batch costs more though no picture is "
            "worse.",
        ),
        KnownBug(
            "the other axis",
            mistakes.cross_entropy_along_the_wrong_axis,
            "You summed over the examples and averaged over the pixels: it is the other way "
            "round. dim=1 runs along a row, and a row is an example.",
        ),
        KnownBug(
            "one cost per example",
            mistakes.cross_entropy_per_example,
            "You have the cost of each example. Training needs their mean, a single number.",
        ),
        KnownBug(
            "bits",
            mistakes.cross_entropy_in_bits,
            "You took logarithms to the base 2, and so count in bits. Nats come from the natural "
            "logarithm, torch.log.",
        ),
        KnownBug(
            "pixel and answer exchanged",
            mistakes.cross_entropy_pixel_and_answer_swapped,
            "You took the logarithm of the pixels. What is paid for is the probability that the "
            "answer gave; the pixel says how much each of the two logarithms counts.",
        ),
        KnownBug(
            "wrong sign",
            mistakes.cross_entropy_wrong_sign,
            "Logarithms of probabilities are negative. As it stands, the worst picture is the "
            "cheapest.",
        ),
        KnownBug(
            "ink alone",
            mistakes.cross_entropy_of_ink,
            "You count the ink and forget the paper: an all-black picture would cost nothing.",
        ),
        KnownBug(
            "ink and paper exchanged",
            mistakes.cross_entropy_ink_and_paper_swapped,
            "You charge for ink where there is ink: x and 1 - x have changed places.",
        ),
        KnownBug(
            "squashed twice",
            mistakes.cross_entropy_squashed_twice,
            "A sigmoid was applied twice: once by you, and once inside a function that expects "
            "logits.",
        ),
        KnownBug(
            "logits taken for probabilities",
            mistakes.cross_entropy_not_squashed,
            "You took the logarithm of the logits. They are what comes before the sigmoid, and "
            "many are negative.",
        ),
    ),
    hints=(
        "Begin with the formula as it stands, with torch.sigmoid(logits) as reconstruction, and "
        "check. What happens at 1000?",
        "Write out -log s(z) and -log(1 - s(z)). With p(z) = log(1 + exp(z)) they are p(-z) and "
        "p(z), and p(-z) = p(z) - z. What is left of x p(-z) + (1 - x) p(z)?",
        "Per pixel it is p(z) - x z. Now p(z) without overflow: for z above 0 take z outside the "
        "logarithm. PyTorch has p under the name torch.nn.functional.softplus.",
    ),
    notice="Far out on the wrong side, each further step of a logit costs one more nat.",
)
