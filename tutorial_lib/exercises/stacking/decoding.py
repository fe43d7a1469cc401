"""Exercise 2.2: down through a stack."""

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import layers, normal, uniform
from tutorial_lib.exercises.mistakes import stacking as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions

decode_stack = Exercise(
    id="2.2",
    title="All the way down",
    points=1,
    reference=solutions.decode_stack,
    cases=lambda generator: {
        "4 codes, three decoders and 3 units everywhere": {
            "code": uniform(generator, 4, 3),
            "decoders": layers(generator, [3, 3, 3, 3]),
        },
        # What leads down is drawn from the top, and stands in the list from the bottom.
        "5 codes of 2 units, layers of 4, 5 and 7 on the way down": {
            "code": uniform(generator, 5, 2),
            "decoders": layers(generator, [2, 4, 5, 7])[::-1],
        },
        "a single code of 4 units, a single decoder with sums far from 0": {
            "code": uniform(generator, 1, 4),
            "decoders": [(normal(generator, 3, 4), torch.tensor([100.0, -100.0, -300.0]))],
        },
        "2 codes of 2 units, five decoders": {
            "code": uniform(generator, 2, 2),
            "decoders": layers(generator, [2, 3, 5, 4, 6, 7])[::-1],
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
            "the list itself changed",
            mistakes.decode_reversing_the_list,
            "Whoever uses the decoders next finds their list upside down, or empty: reverse() "
            "and pop() change the list itself, and it is not yours.",
        ),
        KnownBug(
            "the lowest decoder left out",
            mistakes.decode_without_bottom,
            "You stop one decoder too early: what you return is a code of layer 1, not pixels. "
            "The lowest decoder is decoders[0]; a range that ends at 0 leaves 0 out.",
        ),
        KnownBug(
            "every step from the top code",
            mistakes.decode_from_the_top_code_each_time,
            "Every decoder gets the top code from you, and the last one wins. Each is to take "
            "what the one above it restored.",
        ),
        KnownBug(
            "sigmoid at the end alone",
            mistakes.decode_with_sigmoid_at_the_end,
            "You squash only the pixels. The decoders in between end in a sigmoid too: what "
            "they restore are codes.",
        ),
        KnownBug(
            "one sigmoid too many",
            mistakes.decode_with_one_sigmoid_more,
            "The pixels went through a sigmoid twice, so none of them is darker than a half.",
        ),
        KnownBug(
            "biases in the order given",
            mistakes.decode_biases_in_given_order,
            "The weights go from top to bottom, as they should, but the biases from bottom to "
            "top. A pair belongs together.",
        ),
        KnownBug(
            "weights in the order given",
            mistakes.decode_weights_in_given_order,
            "The biases go from top to bottom, as they should, but the weights from bottom to "
            "top. What is in one pair belongs together.",
        ),
        KnownBug(
            "counted from the end, begun at 0",
            mistakes.decode_by_minus_k,
            "decoders[-k] with k = 0 is decoders[0], the lowest. Counted from the end, a list "
            "begins at -1.",
        ),
        KnownBug(
            "only one step",
            mistakes.decode_one_step,
            "You stop after the top decoder, with the code of the layer below in hand. Does a "
            "return stand inside the loop, or is only one entry used?",
        ),
        KnownBug(
            "bias after the sigmoid",
            mistakes.decode_bias_outside,
            "You added the bias after squashing. It belongs into the sum; else pixels leave the "
            "range from 0 to 1.",
        ),
        KnownBug(
            "tanh",
            mistakes.decode_by_tanh,
            "You squashed by tanh, which runs from -1 to 1. Pixels and codes lie between 0 and "
            "1, where the logistic sigmoid puts them.",
        ),
    ),
    hints=(
        "Whose code do you have in hand? Which decoder was trained to undo that one?",
        "The list goes from bottom to top and you go from top to bottom; reversed(decoders) "
        "walks through it backwards without changing it.",
        "for weight, bias in reversed(decoders): code = torch.sigmoid(code @ weight.T + bias); "
        "return what is left.",
    ),
    notice="Layers are taken off like clothes: the last put on comes off first.",
)
