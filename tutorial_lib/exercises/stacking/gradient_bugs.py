"""Known bugs of exercise 2.3: which path, which way round, which input, which slope."""

from functools import partial
from typing import Any

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.mistakes import stacking_gradients as mistakes


def bug(name: str, message: str, **switches: Any) -> KnownBug:
    """Declare what `mistakes.denoising_gradients` does with some of its switches turned."""
    return KnownBug(name, partial(mistakes.denoising_gradients, **switches), message)


PATHS = (
    bug(
        "encoder's path forgotten",
        "You took the weight as the decoder's alone. It also makes the code, and a changed "
        "code changes the reconstruction.",
        paths=(0, 1),
    ),
    bug(
        "decoder's path forgotten",
        "You took the weight as the encoder's alone. The decoder uses the same numbers, and "
        "changes with them.",
        paths=(1, 0),
    ),
    bug(
        "paths averaged",
        "You took the mean of the two paths. The weight acts through both at once, so their "
        "effects add up.",
        paths=(0.5, 0.5),
    ),
    bug(
        "encoder's path doubled",
        "You took one path twice. The two have the weight in common, but not the gradient: in "
        "the decoder it meets the code, in the encoder the input.",
        paths=(2, 0),
    ),
    bug(
        "decoder's path transposed",
        "The decoder's share is added the wrong way round: every gradient has the shape of "
        "its parameter, (n_hidden, n_visible). Square weights hide this.",
        decoder_path_turned=True,
    ),
)

DIRECTIONS = (
    bug(
        "decoder's weight not turned round",
        "On the way down you multiplied by weight where the formula has W'. That is the decoder's "
        "weight, and here it is the transpose of yours. Square weights hide this.",
        as_it_stands=("delta",),
    ),
    bug(
        "decoded by the transpose",
        "You decoded by weight.T, as in encoding. But the decoder's weight is W' = W.T, and a "
        "layer multiplies by its own weight turned round; two turns are none.",
        as_it_stands=("decoder",),
    ),
    bug(
        "decoder's weight taken for the weight itself",
        "You decode, and come back, as if the decoder's weight were W. Tied means W' = W.T: "
        "the same numbers, with rows and columns exchanged. Square weights hide this.",
        as_it_stands=("decoder", "delta"),
        decoder_path_turned=True,
    ),
    bug(
        "encoder's weight not turned round",
        "You encoded by the columns of the weight. Each of its rows belongs to one hidden unit.",
        as_it_stands=("encoder",),
    ),
    bug(
        "weight's gradient transposed",
        "The gradient of the weight lies on its side: each of its rows belongs to a hidden unit, "
        "as in the weight.",
        transposed=True,
    ),
    bug(
        "bias gradients swapped",
        "The gradients of the two biases have changed places. They are returned in the order of "
        "the arguments.",
        biases_swapped=True,
    ),
    bug(
        "sign",
        "All your gradients point the other way: following them would raise the loss.",
        delta_sign=-1,
    ),
)

CLEAN_OR_CORRUPTED = (
    bug(
        "clean input in the encoder's path",
        "In the encoder's path you multiplied by the clean input. What entered the encoder, "
        "and made it answer as it did, was the corrupted one.",
        entered="x",
    ),
    bug(
        "clean input encoded",
        "You encoded the clean input, and so nothing was ever hidden: this is a plain autoencoder.",
        encoded="x",
        entered="x",
    ),
    bug(
        "clean input encoded, corrupted in the gradient",
        "You encoded the clean input, and took the corrupted one in the gradient. It is one and "
        "the same input in both places, and it is the one with holes.",
        encoded="x",
    ),
    bug(
        "corrupted target",
        "You compare the reconstruction with the corrupted input. So the machine is asked to "
        "copy the damage, where it should mend it.",
        target_of_loss="corrupted",
        target_of_delta="corrupted",
    ),
    bug(
        "corrupted target in the loss",
        "Your gradients mend the damage, but your loss charges for it: there you compare with the "
        "corrupted input.",
        target_of_loss="corrupted",
    ),
    bug(
        "corrupted target in the delta",
        "Your loss asks for the whole input, but your delta at the output is measured against the "
        "corrupted one.",
        target_of_delta="corrupted",
    ),
    bug(
        "clean and corrupted exchanged",
        "The two inputs have changed places: you show the whole one, and ask for the holes.",
        encoded="x",
        entered="x",
        target_of_loss="corrupted",
        target_of_delta="corrupted",
    ),
)

SLOPES = (
    bug(
        "squared error's delta",
        "Your delta at the output has the sigmoid's slope in it, as for the squared error. "
        "The cross-entropy's own derivative cancels that slope.",
        output_slope=True,
    ),
    bug(
        "no slope of the encoder",
        "On the way down through the code the slope of its sigmoid is missing: a unit that "
        "is sure of itself hardly moves.",
        hidden_slope="none",
    ),
    bug(
        "slope of the code's sigmoid",
        "You squash the code once more to find its slope. The code is already the sigmoid's value, "
        "from which the slope is worked out.",
        hidden_slope="sigmoid of the code",
    ),
    bug(
        "code overwritten",
        "You changed the code in place when you worked out its slope, and used it again "
        "afterwards. The decoder's path needs the code as it was.",
        code_overwritten=True,
    ),
    bug(
        "logits compared",
        "Your delta is the logits less the input. What is compared with the input is the "
        "reconstruction, which has been through the sigmoid.",
        delta_of="logits",
    ),
)

BUGS = (*PATHS, *DIRECTIONS, *CLEAN_OR_CORRUPTED, *SLOPES)
