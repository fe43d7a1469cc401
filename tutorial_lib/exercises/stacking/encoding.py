"""Exercise 2.1: up through a stack."""

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import layers, normal, uniform
from tutorial_lib.exercises.mistakes import stacking as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions

encode_stack = Exercise(
    id="2.1",
    title="All the way up",
    points=1,
    reference=solutions.encode_stack,
    cases=lambda generator: {
        "4 examples, three layers and 3 units everywhere": {
            "x": uniform(generator, 4, 3),
            "encoders": layers(generator, [3, 3, 3, 3]),
        },
        "5 examples of 7 pixels, layers of 5, 4 and 2 units": {
            "x": uniform(generator, 5, 7),
            "encoders": layers(generator, [7, 5, 4, 2]),
        },
        "3 examples of 6 pixels, a single layer of 4 units": {
            "x": uniform(generator, 3, 6),
            "encoders": layers(generator, [6, 4]),
        },
        "a single example of 7 pixels, five layers": {
            "x": uniform(generator, 1, 7),
            "encoders": layers(generator, [7, 6, 4, 5, 3, 2]),
        },
        "2 examples with sums far from 0": {
            "x": uniform(generator, 2, 6),
            "encoders": [
                (normal(generator, 4, 6), torch.tensor([100.0, -100.0, 300.0, -300.0])),
                *layers(generator, [4, 3]),
            ],
        },
    },
    parts=("codes",),
    expects="a list with one code per layer, the lowest first, each (n_examples, n_out of that "
    "layer) with values between 0 and 1; the input is not among them.",
    known_bugs=(
        KnownBug(
            "the input is among them",
            mistakes.encode_stack_with_input,
            "Your list begins with the input. It is where the way up starts, but it is no code.",
        ),
        KnownBug(
            "only the deepest code",
            mistakes.encode_stack_only_deepest,
            "The last code is right, but the ones on the way are lost. Each of them is the input "
            "of a layer, and will be needed when that layer is trained.",
        ),
        KnownBug(
            "no sigmoid",
            mistakes.encode_stack_without_sigmoid,
            "Nothing squashes the weighted sums. Without it three layers could do no more than "
            "one: a product of matrices is a matrix.",
        ),
        KnownBug(
            "sigmoid only for the list",
            mistakes.encode_stack_sigmoid_at_the_end,
            "What you return is squashed, but what you pass upward is not. The next layer gets "
            "the code, the very numbers that stand in the list.",
        ),
        KnownBug(
            "no bias",
            mistakes.encode_stack_without_bias,
            "The biases were not added. A pair in the list is a weight and a bias.",
        ),
        KnownBug(
            "every layer sees the input",
            mistakes.encode_stack_from_input,
            "You feed the input to each of the layers. They would stand side by side; in a stack "
            "each takes what the one below gives.",
        ),
        KnownBug(
            "from the top",
            mistakes.encode_stack_from_the_top,
            "You begin with the last pair of the list, which is the top of the stack.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.encode_stack_transposed,
            "A row of a weight belongs to one hidden unit, and you used its columns.",
        ),
        KnownBug(
            "deepest first",
            mistakes.encode_stack_from_the_deepest,
            "The codes are right, but the deepest comes first. The lowest is wanted at the "
            "beginning: codes[k] is then what encoders[k] made.",
        ),
        KnownBug(
            "sums in the list",
            mistakes.encode_stack_to_sums,
            "You pass the codes upward, but the list holds the sums that were squashed to make "
            "them. A code is what comes out of the sigmoid.",
        ),
        KnownBug(
            "the first layer for all",
            mistakes.encode_stack_by_the_first_layer,
            "You went up through the first encoder each time. Every layer has a weight and a "
            "bias of its own.",
        ),
        KnownBug(
            "bias after the sigmoid",
            mistakes.encode_stack_bias_outside,
            "You added the bias to what was squashed already, so that codes leave the range "
            "from 0 to 1. It belongs into the sum.",
        ),
        KnownBug(
            "minus the bias",
            mistakes.encode_stack_minus_bias,
            "You took the bias away. It is added to the weighted sum.",
        ),
        KnownBug(
            "tanh",
            mistakes.encode_stack_by_tanh,
            "You squashed by tanh, which runs from -1 to 1. These layers have the logistic "
            "sigmoid, from 0 to 1.",
        ),
        KnownBug(
            "the top left out",
            mistakes.encode_stack_without_top,
            "The last encoder of the list never had its turn, and its code is the deepest.",
        ),
        KnownBug(
            "the bottom left out",
            mistakes.encode_stack_without_bottom,
            "You began with the second encoder. A list counts from 0, and encoders[0] takes the "
            "input.",
        ),
        KnownBug(
            "only the first",
            mistakes.encode_stack_first_only,
            "You stop after the first layer. A return inside the loop ends it in its first round.",
        ),
        KnownBug(
            "one tensor",
            mistakes.encode_stack_in_one_tensor,
            "You put all codes into one tensor, side by side. Layers differ in size and in "
            "meaning: keep each as an entry of a list.",
        ),
    ),
    hints=(
        "You have written the step for one layer: encode, exercise 1.1. What is the x of the "
        "second layer?",
        "A loop over the pairs (weight, bias); in each round, x becomes a code and is noted.",
        "codes = [], then for weight, bias in encoders: x = torch.sigmoid(x @ weight.T + bias), "
        "and codes.append(x). Return the list.",
    ),
    notice="The last entry is the deepest code. The others are the data on which each next layer "
    "is going to be trained.",
)
