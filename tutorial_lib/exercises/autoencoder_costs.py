"""Exercises 1.3 and 1.4: how bad a reconstruction is."""

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import autoencoder as mistakes
from tutorial_lib.exercises.solutions import autoencoder as solutions

squared_error = Exercise(
    id="1.3",
    title="How far is the reconstruction?",
    points=1,
    reference=solutions.squared_error,
    cases=lambda generator: {
        "5 examples of 7 pixels": {
            "x": uniform(generator, 5, 7),
            "reconstruction": uniform(generator, 5, 7),
        },
        "1 example of 3 pixels": {
            "x": uniform(generator, 1, 3),
            "reconstruction": uniform(generator, 1, 3),
        },
    },
    parts=("the cost",),
    expects="a tensor of shape (), the mean over examples of half the sum over pixels.",
    known_bugs=(
        KnownBug(
            "mean over pixels",
            mistakes.squared_error_over_pixels,
            "You averaged over the pixels too. This cost sums them: it says how wrong a whole "
            "picture is.",
        ),
        KnownBug(
            "no half",
            mistakes.squared_error_without_half,
            "The half is missing. It is there so that the slope comes out as the plain difference.",
        ),
        KnownBug(
            "mean of everything",
            mistakes.squared_error_mean_of_all,
            "This is the mean squared error per pixel, the number under the pictures. The cost "
            "sums over pixels, and has a half.",
        ),
        KnownBug(
            "sum over examples",
            mistakes.squared_error_summed,
            "You summed over the examples. Twice as many digits would cost twice as much, though "
            "no picture is worse.",
        ),
        KnownBug(
            "squared after the sum",
            mistakes.squared_error_of_sums,
            "You summed the differences and squared the sum. Too much ink here and too little "
            "there then cancel, and a wrong picture looks perfect.",
        ),
        KnownBug(
            "distance instead of its square",
            mistakes.squared_error_rooted,
            "You took the length of the difference; this cost is about its square.",
        ),
        KnownBug(
            "absolute difference",
            mistakes.squared_error_absolute,
            "You took the size of each difference. Squared, a large one counts for far more than "
            "several small ones.",
        ),
        KnownBug(
            "one cost per example",
            mistakes.squared_error_per_example,
            "You have the cost of each example. Training needs a single number.",
        ),
    ),
    hints=(
        "What is the cost of one example, a single row? Write that first.",
        "Rows are examples: square the differences, sum along dim=1, then average what is left.",
        "Then the half. All of it fits on one line: (...).sum(dim=1).mean() / 2.",
    ),
    notice="The slope of this cost along one pixel of one example is the difference, over m.",
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
        "logits of 1000": {
            "x": torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.9]]),
            "logits": torch.full((2, 3), 1000.0),
        },
        "logits of -1000": {
            "x": torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.9]]),
            "logits": torch.full((2, 3), -1000.0),
        },
    },
    parts=("the cost",),
    expects="a tensor of shape (), above 0. For a logit of 1000 where the pixel is 0 it is 1000 "
    "nats for that pixel: finite, and not cut off.",
    known_bugs=(
        KnownBug(
            "rounded to 0",
            mistakes.cross_entropy_rounded,
            "On paper all is right. But the sigmoid of -1000 is rounded to 0, and the logarithm "
            "of 0 is infinite. Take the logarithm of the formula before you compute anything: "
            "what is log s(z), written with exp(-z)?",
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
