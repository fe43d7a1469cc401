"""The exercises of notebook 01: one autoencoder."""

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import autoencoder as mistakes
from tutorial_lib.exercises.solutions import autoencoder as solutions

encode = Exercise(
    id="1.1",
    title="The encoder",
    points=1,
    reference=solutions.encode,
    cases=lambda generator: {
        "4 examples of 3 pixels, 3 hidden units": {
            "x": uniform(generator, 4, 3),
            "weight": normal(generator, 3, 3),
            "bias": normal(generator, 3),
        },
        "5 examples of 7 pixels, 4 hidden units": {
            "x": uniform(generator, 5, 7),
            "weight": normal(generator, 4, 7),
            "bias": normal(generator, 4),
        },
    },
    parts=("the code",),
    expects="one row per example, one column per hidden unit, every value between 0 and 1.",
    known_bugs=(
        KnownBug(
            "no sigmoid",
            mistakes.encode_without_sigmoid,
            "The weighted sums are there, but they were not squashed to between 0 and 1.",
        ),
        KnownBug(
            "no bias",
            mistakes.encode_without_bias,
            "The bias was not added: on an empty image, every unit would say exactly 0.5.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.encode_transposed,
            "A row of the weight belongs to one hidden unit, and you used its columns.",
        ),
    ),
    hints=(
        "One hidden unit first: multiply a row of x by a row of weight, pixel by pixel, and add up.",
        "All units of all examples at once are a product of two matrices; which one must be "
        "transposed, so that (n_examples, n_visible) becomes (n_examples, n_hidden)?",
    ),
    notice="Every value lies between 0 and 1, like the pixels: a code could be encoded again.",
)

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
    },
    parts=("the cost",),
    expects="a tensor of shape (), the mean over examples of half the sum over pixels.",
    known_bugs=(
        KnownBug("mean over pixels", mistakes.squared_error_over_pixels, "You averaged over pixels too."),
        KnownBug("no half", mistakes.squared_error_without_half, "The half is missing."),
        KnownBug("sum over examples", mistakes.squared_error_summed, "You summed over examples."),
    ),
    hints=("What is the cost of one example?", "Sum along dim=1, then average what is left."),
    notice="The gradient of this cost with respect to the reconstruction is the difference.",
)
