"""Exercises 1.1 and 1.2: to the code and back."""

import torch

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
        "a single example with sums far from 0": {
            "x": uniform(generator, 1, 6),
            "weight": normal(generator, 4, 6),
            "bias": torch.tensor([100.0, -100.0, 300.0, -300.0]),
        },
    },
    parts=("the code",),
    expects="one row per example, one column per hidden unit, every value between 0 and 1.",
    known_bugs=(
        KnownBug(
            "no sigmoid",
            mistakes.encode_without_sigmoid,
            "The weighted sums are there, but nothing squashed them to between 0 and 1.",
        ),
        KnownBug(
            "no bias",
            mistakes.encode_without_bias,
            "The bias was not added: on an empty image every unit would say exactly 0.5.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.encode_transposed,
            "A hidden unit's weights are a row of weight, and you used a column. With as many "
            "units as pixels that gives numbers, but they mean nothing; with other sizes it fails.",
        ),
        KnownBug(
            "bias outside the sigmoid",
            mistakes.encode_bias_outside,
            "You added the bias after squashing. It belongs to the sum: a bias should make a unit "
            "speak more readily, not push its answer out of the range from 0 to 1.",
        ),
        KnownBug(
            "sigmoid of the negative",
            mistakes.encode_wrong_sign,
            "Your units fall silent where they should speak up: look at the sign in the "
            "exponential of the sigmoid.",
        ),
        KnownBug(
            "bias subtracted",
            mistakes.encode_bias_subtracted,
            "You subtracted the bias. It is added: a unit with a large bias speaks readily.",
        ),
        KnownBug(
            "squashed twice",
            mistakes.encode_squashed_twice,
            "You took the sigmoid of a sigmoid. What comes out of the second one lies between 0.5 "
            "and 0.73, so no unit can say no.",
        ),
        KnownBug(
            "another curve",
            mistakes.encode_tanh,
            "You squashed with tanh, which goes from -1 to 1. The code is to lie between 0 and 1, "
            "like the pixels.",
        ),
        KnownBug(
            "softmax",
            mistakes.encode_softmax,
            "Your units share a total of 1 among them. Here each answers for itself: several may "
            "say 1 at once, or none.",
        ),
    ),
    hints=(
        "One hidden unit first: multiply a row of x by a row of weight, pixel by pixel, and add "
        "up. What is still to be added, and what is done to the sum?",
        "All units of all examples at once are a product of two matrices, @ in Python. Which of "
        "the two must be transposed, so that (n_examples, n_visible) becomes (n_examples, "
        "n_hidden)?",
        "x @ weight.T has the sums of all examples; adding bias adds it to every row. The "
        "sigmoid is torch.sigmoid.",
    ),
    notice="Every value lies between 0 and 1, like the pixels: a code could be encoded again.",
)

decode = Exercise(
    id="1.2",
    title="The decoder",
    points=1,
    reference=solutions.decode,
    cases=lambda generator: {
        "4 codes of 3 hidden units, 3 pixels": {
            "code": uniform(generator, 4, 3),
            "weight": normal(generator, 3, 3),
            "bias": normal(generator, 3),
        },
        "5 codes of 4 hidden units, 7 pixels": {
            "code": uniform(generator, 5, 4),
            "weight": normal(generator, 7, 4),
            "bias": normal(generator, 7),
        },
        "a single code with sums far from 0": {
            "code": uniform(generator, 1, 6),
            "weight": normal(generator, 4, 6),
            "bias": torch.tensor([100.0, -100.0, 300.0, -300.0]),
        },
    },
    parts=("the reconstruction",),
    expects="one row per example, one column per pixel, every value between 0 and 1.",
    known_bugs=(
        KnownBug(
            "no sigmoid",
            mistakes.encode_without_sigmoid,
            "These are the logits: they can be negative or above 1, and a pixel cannot.",
        ),
        KnownBug(
            "no bias",
            mistakes.encode_without_bias,
            "The visible bias was not added. It knows where ink is common; without it an empty "
            "code would draw an even grey.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.encode_transposed,
            "You multiplied as if weight were the encoder's. The decoder's own weight comes with "
            "a row for each pixel.",
        ),
        KnownBug(
            "bias outside the sigmoid",
            mistakes.encode_bias_outside,
            "You added the bias after squashing, which pushes pixels out of the range 0 to 1.",
        ),
        KnownBug(
            "sigmoid of the negative",
            mistakes.encode_wrong_sign,
            "Ink and paper have changed places: look at the sign in the exponential.",
        ),
        KnownBug(
            "bias subtracted",
            mistakes.encode_bias_subtracted,
            "You subtracted the visible bias: ink would come where it is rare.",
        ),
        KnownBug(
            "squashed twice",
            mistakes.encode_squashed_twice,
            "You took the sigmoid of a sigmoid: every pixel is then between 0.5 and 0.73, and "
            "there is no paper.",
        ),
        KnownBug(
            "another curve",
            mistakes.encode_tanh,
            "You squashed with tanh, which goes from -1 to 1. A pixel cannot be negative.",
        ),
    ),
    hints=(
        "What does a pixel do with the code that a hidden unit does not do with the pixels?",
        "Nothing: it weighs its inputs, adds a bias and squashes. Its weights are a row of weight.",
        "So it is the encoder's line with other names: code for x.",
    ),
    notice="A decoder is an encoder the other way round: the same line, with the sizes exchanged.",
)
