"""Exercise 1.3: how far a reconstruction is from its input."""

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import autoencoder_costs as mistakes
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
        "4 examples of 3 values from 0 to 9": {
            "x": uniform(generator, 4, 3, high=9),
            "reconstruction": uniform(generator, 4, 3, high=9),
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
            "the bare sum of squares",
            mistakes.squared_error_summed_without_half,
            "You have the sum of all the squares. Two things are missing: the half, and the mean "
            "over the examples.",
        ),
        KnownBug(
            "the other axis",
            mistakes.squared_error_along_the_wrong_axis,
            "You summed over the examples and averaged over the pixels: it is the other way "
            "round. dim=1 runs along a row, and a row is an example.",
        ),
        KnownBug(
            "half squared",
            mistakes.squared_error_with_the_half_squared,
            "The half was squared with the difference, and so became a quarter.",
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
