"""Exercises 2.1, 2.2 and 2.5: up through a stack, down again, and what its units look for."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import stacking as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions

Layers = list[tuple[Tensor, Tensor]]


def _encoders(generator: torch.Generator, sizes: Sequence[int]) -> Layers:
    """Draw layers that lead from one size to the next."""
    return [(normal(generator, n, m), normal(generator, n)) for m, n in pairwise(sizes)]


def _decoders(generator: torch.Generator, sizes: Sequence[int]) -> Layers:
    """Draw layers that lead back, from bottom to top; sizes from the input upward."""
    return [(normal(generator, m, n), normal(generator, m)) for m, n in pairwise(sizes)]


encode_stack = Exercise(
    id="2.1",
    title="All the way up",
    points=1,
    reference=solutions.encode_stack,
    cases=lambda generator: {
        "4 examples, three layers and 3 units everywhere": {
            "x": uniform(generator, 4, 3),
            "encoders": _encoders(generator, [3, 3, 3, 3]),
        },
        "5 examples of 7 pixels, layers of 5, 4 and 2 units": {
            "x": uniform(generator, 5, 7),
            "encoders": _encoders(generator, [7, 5, 4, 2]),
        },
        "3 examples of 6 pixels, a single layer of 4 units": {
            "x": uniform(generator, 3, 6),
            "encoders": _encoders(generator, [6, 4]),
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

decode_stack = Exercise(
    id="2.2",
    title="All the way down",
    points=1,
    reference=solutions.decode_stack,
    cases=lambda generator: {
        "4 codes, three decoders and 3 units everywhere": {
            "code": uniform(generator, 4, 3),
            "decoders": _decoders(generator, [3, 3, 3, 3]),
        },
        "5 codes of 2 units, layers of 4, 5 and 7 on the way down": {
            "code": uniform(generator, 5, 2),
            "decoders": _decoders(generator, [7, 5, 4, 2]),
        },
    },
    parts=("the reconstruction",),
    expects="one row per example and one column per pixel, every value between 0 and 1.",
    known_bugs=(
        KnownBug(
            "in the order given",
            mistakes.decode_in_given_order,
            "You apply the lowest decoder first. It expects a code of layer 1, and what you have "
            "in hand is the code of the top layer.",
        ),
        KnownBug(
            "the top decoder skipped",
            mistakes.decode_without_top,
            "You begin one decoder too low, as the printed formula does: the code of the top "
            "layer goes through the top decoder first.",
        ),
        KnownBug(
            "no sigmoid",
            mistakes.decode_without_sigmoid,
            "Nothing squashes the sums. Each decoder was trained to end in a sigmoid, and the "
            "one below expects its values.",
        ),
        KnownBug(
            "logits at the end",
            mistakes.decode_to_logits,
            "The last sigmoid is missing: these are logits, and pixels were asked for.",
        ),
        KnownBug(
            "no bias",
            mistakes.decode_without_bias,
            "The biases were not added. They say how dark a pixel is when every unit is silent.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.decode_transposed,
            "A row of a decoder's weight belongs to one of its outputs, and you used its columns.",
        ),
        KnownBug(
            "all layers returned",
            mistakes.decode_to_list,
            "You return what comes out of every decoder. Only the last is asked for, the pixels.",
        ),
        KnownBug(
            "the list turned round in place",
            mistakes.decode_reversing_the_list,
            "decoders.reverse() turns round the list itself, and whoever uses it next finds it "
            "upside down.",
        ),
    ),
    hints=(
        "Whose code do you have in hand? Which decoder was trained to undo that one?",
        "The list goes from bottom to top and you go from top to bottom; reversed(decoders) "
        "walks through it backwards without changing it.",
        "for weight, bias in reversed(decoders): code = torch.sigmoid(code @ weight.T + bias); "
        "return what is left.",
    ),
    notice="Decoders are undone like clothes: the last put on is the first to come off.",
)

combine_filters = Exercise(
    id="2.5",
    title="Filters of the second layer",
    points=1,
    reference=solutions.combine_filters,
    cases=lambda generator: {
        "3 pixels, 3 units and 3 units": {
            "w1": normal(generator, 3, 3),
            "w2": normal(generator, 3, 3),
        },
        "7 pixels, 5 units of the first layer, 4 of the second": {
            "w1": normal(generator, 5, 7),
            "w2": normal(generator, 4, 5),
        },
    },
    parts=("the matrix of filters",),
    expects="one row per unit of the second layer, one column per pixel, every row of length 1.",
    known_bugs=(
        KnownBug(
            "not scaled",
            mistakes.combine_without_scaling,
            "The sums are right, but their lengths were left as they are. The strongest input was "
            "asked for among those of length 1.",
        ),
        KnownBug(
            "the other way round",
            mistakes.combine_the_other_way,
            "You multiplied w1 by w2. A row of the result should be a mixture of rows of w1.",
        ),
        KnownBug(
            "columns instead of rows",
            mistakes.combine_by_columns,
            "You mixed by the columns of w2. A row of w2 belongs to one unit of the second layer, "
            "and says how strongly it listens to each unit of the first.",
        ),
        KnownBug(
            "scaled as one",
            mistakes.combine_scaled_as_one,
            "You divided by the length of all filters together. Each is to have length 1 by "
            "itself.",
        ),
        KnownBug(
            "scaled by pixel",
            mistakes.combine_scaled_by_pixel,
            "You scaled the columns, and they belong to pixels. A filter is a row.",
        ),
        KnownBug(
            "no square root",
            mistakes.combine_without_root,
            "You divided by the sum of the squares, which is the length times itself.",
        ),
        KnownBug(
            "filters below scaled first",
            mistakes.combine_scaled_filters,
            "You gave each filter of the first layer length 1 before mixing. A unit with large "
            "weights does speak louder, and should count for more.",
        ),
        KnownBug(
            "signs dropped",
            mistakes.combine_magnitudes,
            "You took the magnitudes of w2. A unit that quiets this one belongs into the mixture "
            "with a minus.",
        ),
        KnownBug(
            "only the strongest",
            mistakes.combine_the_strongest,
            "You show the one filter that each unit listens to most. It listens to all of them.",
        ),
    ),
    hints=(
        "Take one unit of the second layer. Its weights say how much it likes each unit of the "
        "first, and each of those likes a picture. Add up the pictures.",
        "All of them at once are a product of two matrices, (n_second, n_first) and (n_first, "
        "n_visible). Then divide each row by its length.",
        "filters = w2 @ w1, and filters.norm(dim=1, keepdim=True) are the lengths of its rows.",
    ),
    notice="Applied to the result and to a third weight, the same function gives the filters of "
    "the third layer, if you leave the scaling to the end.",
)
