"""Exercise 2.4: greedy layer-wise training, judged by what each layer is given to learn from."""

from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import stacking_pretraining as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions
from tutorial_lib.exercises.stacking.watching import watched


def _problem(
    generator: torch.Generator, n_examples: int, n_visible: int, hidden_sizes: list[int]
) -> dict[str, Any]:
    return {"x": uniform(generator, n_examples, n_visible), "hidden_sizes": hidden_sizes}


pretrain_greedily = Exercise(
    id="2.4",
    title="Layer by layer",
    points=2,
    reference=solutions.pretrain_greedily,
    cases=lambda generator: {
        "6 examples of 4 pixels, three layers of 4 units": _problem(generator, 6, 4, [4, 4, 4]),
        "8 examples of 7 pixels, layers of 5, 3 and 2 units": _problem(generator, 8, 7, [5, 3, 2]),
        "5 examples of 6 pixels, a single layer of 4 units": _problem(generator, 5, 6, [4]),
    },
    parts=("",),
    observe=watched,
    expects="train_layer called once per layer, from the input up, each time with the clean codes "
    "of the layer below and the size of the layer; and a list of all the (weight, bias).",
    known_bugs=(
        KnownBug(
            "raw input to every layer",
            mistakes.pretrain_on_raw_input,
            "Every layer is trained on the input, so you get several first layers. A second layer "
            "learns from what the first one says.",
        ),
        KnownBug(
            "corrupted codes passed up",
            mistakes.pretrain_on_corrupted_codes,
            "What you hand to the upper layers is damaged. A layer below makes its code from "
            "clean input once it is trained; only the layer in training sees noise, and "
            "train_layer makes that noise.",
        ),
        KnownBug(
            "noise added to the data",
            mistakes.pretrain_on_corrupted_data,
            "You corrupt the data before you hand them over. A denoising layer needs the clean "
            "ones to compare with, and train_layer adds its own noise.",
        ),
        KnownBug(
            "no sigmoid",
            mistakes.pretrain_without_sigmoid,
            "You pass weighted sums upward instead of codes. They can be any number, and a "
            "decoder that ends in a sigmoid can only restore what lies between 0 and 1.",
        ),
        KnownBug(
            "reconstructions passed up",
            mistakes.pretrain_on_reconstructions,
            "You pass on what the layer restored, which is the input once more. What goes up is "
            "the code.",
        ),
        KnownBug(
            "raw input encoded",
            mistakes.pretrain_encoding_the_input,
            "You encode the input by the newest encoder alone. From the second layer on, an "
            "encoder takes the codes of the layer below.",
        ),
        KnownBug(
            "sizes from the top",
            mistakes.pretrain_from_the_top,
            "You take the sizes in reverse. The first of them belongs to the layer next to the "
            "input.",
        ),
        KnownBug(
            "only the last returned",
            mistakes.pretrain_returning_the_last,
            "You return the last encoder alone; the others are needed to get up to it.",
        ),
        KnownBug(
            "lower layers trained again",
            mistakes.pretrain_again_from_below,
            "For each new layer you train all those below once more. They are finished, and stay "
            "as they are: that is what makes the method greedy.",
        ),
        KnownBug(
            "codes returned",
            mistakes.pretrain_returning_codes,
            "You collect the codes. What was learnt, and is asked for, are weights and biases.",
        ),
        KnownBug(
            "top first",
            mistakes.pretrain_from_the_top_down,
            "All is trained as it should be, but your list begins with the top. The encoder of "
            "the input comes first.",
        ),
        KnownBug(
            "no bias",
            mistakes.pretrain_without_bias,
            "The codes are made without the biases. train_layer returns a pair: encode by both "
            "parts.",
        ),
        KnownBug(
            "weight not transposed",
            mistakes.pretrain_transposed,
            "You encode by the columns of the weight. Each of its rows belongs to one hidden unit.",
        ),
        KnownBug(
            "always the first codes",
            mistakes.pretrain_on_the_first_codes,
            "From the third layer on you train on the codes of layer 1. What is wanted is the "
            "deepest code there is so far.",
        ),
        KnownBug(
            "encoded all over again",
            mistakes.pretrain_encoding_all_over_again,
            "You send codes up through all finished layers, though they have come through some "
            "of them already. Begin with x, or go one layer up.",
        ),
        KnownBug(
            "trained once more for the codes",
            mistakes.pretrain_once_more_for_the_codes,
            "You train each layer twice, and encode by a layer that you then throw away. Call "
            "train_layer once, and keep what it returns.",
        ),
        KnownBug(
            "trained once for each part",
            mistakes.pretrain_once_for_each_part,
            "You train each layer twice, once for its weight and once for its bias: they are "
            "parts of two machines. Take both from one call.",
        ),
        KnownBug(
            "the top left out",
            mistakes.pretrain_without_top,
            "The last size in the list never had its turn. Each of them stands for a layer.",
        ),
        KnownBug(
            "only the first",
            mistakes.pretrain_first_only,
            "You stop after the first layer. A return inside the loop ends it in the first round.",
        ),
        KnownBug(
            "a single pair",
            mistakes.pretrain_returning_a_pair,
            "You return one weight and one bias. Note each pair in a list on the way up, and "
            "return the list.",
        ),
        KnownBug(
            "two lists",
            mistakes.pretrain_returning_two_lists,
            "You keep weights and biases apart. They are wanted in pairs, one for each layer, "
            "as encode_stack takes them.",
        ),
        KnownBug(
            "pairs taken apart",
            mistakes.pretrain_returning_one_row,
            "Weights and biases stand in one row. encoders.append((weight, bias)) keeps a pair "
            "together; += and extend take it apart.",
        ),
        KnownBug(
            "weights alone",
            mistakes.pretrain_returning_weights,
            "You return the weights without their biases.",
        ),
        KnownBug(
            "the first size for all",
            mistakes.pretrain_by_the_first_size,
            "Every layer got the first size. Each entry of hidden_sizes belongs to one layer.",
        ),
    ),
    hints=(
        "Write it for two layers, without a loop: train the first on x; what are the data of the "
        "second?",
        "In the loop, keep the current data in a variable that is x at the start. After each "
        "training, encode these data by the weight and bias you were just given.",
        "for n_hidden in hidden_sizes: weight, bias = train_layer(x, n_hidden); note the pair; "
        "x = torch.sigmoid(x @ weight.T + bias).",
    ),
    notice="Noise appears nowhere in your function: it is the business of the layer in training.",
)
