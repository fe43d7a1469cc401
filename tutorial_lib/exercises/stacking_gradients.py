"""Exercise 2.3: the gradients of a denoising autoencoder whose weight is used twice."""

from functools import partial
from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import stacking as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions


def _denoising(
    generator: torch.Generator,
    n_examples: int,
    n_visible: int,
    n_hidden: int,
    *,
    level: float = 0.3,
    bias_spread: float = 1,
) -> dict[str, Any]:
    """Draw examples, the same with some pixels hidden, and an autoencoder with tied weights."""
    x = uniform(generator, n_examples, n_visible)
    return {
        "x": x,
        "corrupted": x * (uniform(generator, n_examples, n_visible) >= level),
        "weight": normal(generator, n_hidden, n_visible),
        "bias": normal(generator, n_hidden),
        "visible_bias": normal(generator, n_visible, spread=bias_spread),
    }


def _bug(name: str, message: str) -> KnownBug:
    return KnownBug(name, partial(mistakes.denoising_gradients, mistake=name), message)


denoising_gradients = Exercise(
    id="2.3",
    title="One weight, two paths",
    points=3,
    reference=solutions.denoising_gradients,
    cases=lambda generator: {
        "4 examples of 3 pixels, 3 hidden units": _denoising(generator, 4, 3, 3, level=0.5),
        "6 examples of 7 pixels, 4 hidden units": _denoising(generator, 6, 7, 4),
        "a single example of 5 pixels, nothing hidden": _denoising(generator, 1, 5, 2, level=0),
        "a reconstruction that is quite sure of itself": _denoising(
            generator, 5, 4, 3, bias_spread=1000
        ),
    },
    parts=("loss", "gradient of weight", "gradient of bias", "gradient of visible_bias"),
    expects="the loss, a tensor of shape (), and three gradients, each in the shape of what it "
    "belongs to; means over the examples, all of them finite.",
    gradients=True,
    known_bugs=(
        _bug(
            "encoder's path forgotten",
            "You took the weight as the decoder's alone. It also makes the code, and a changed "
            "code changes the reconstruction.",
        ),
        _bug(
            "decoder's path forgotten",
            "You took the weight as the encoder's alone. The decoder uses the same numbers, and "
            "changes with them.",
        ),
        _bug(
            "paths averaged",
            "You took the mean of the two paths. The weight acts through both at once, so their "
            "effects add up.",
        ),
        _bug(
            "decoder's path transposed",
            "The decoder's share is added the wrong way round: every gradient has the shape of "
            "its parameter, (n_hidden, n_visible). Square weights hide this.",
        ),
        _bug(
            "clean input in the encoder's path",
            "In the encoder's path you multiplied by the clean input. What entered the encoder, "
            "and made it answer as it did, was the corrupted one.",
        ),
        _bug(
            "clean input encoded",
            "You encoded the clean input, and so nothing was ever hidden: this is a plain "
            "autoencoder.",
        ),
        _bug(
            "corrupted target",
            "You compare the reconstruction with the corrupted input. So the machine is asked to "
            "copy the damage, where it should mend it.",
        ),
        _bug(
            "squared error's delta",
            "Your delta at the output has the sigmoid's slope in it, as for the squared error. "
            "The cross-entropy's own derivative cancels that slope.",
        ),
        _bug(
            "no slope of the encoder",
            "On the way down through the code the slope of its sigmoid is missing: a unit that "
            "is sure of itself hardly moves.",
        ),
        _bug(
            "no 1/m",
            "The loss is a mean over examples, your gradients are sums: with ten times as many "
            "examples you would take steps ten times as long.",
        ),
        _bug(
            "no 1/m in the biases",
            "The weight's gradient is a mean over examples, those of the biases are sums.",
        ),
        _bug(
            "sign",
            "All your gradients point the other way: following them would raise the loss.",
        ),
        _bug(
            "loss averaged over units",
            "The gradients are right, but the loss is a mean over units. They are summed, so that "
            "gradients and loss belong together.",
        ),
        _bug(
            "logarithm of zero",
            "A reconstruction that is rounded to 0 or 1 gives you the logarithm of 0. Work the "
            "loss out from the logits, as in exercise 1.4.",
        ),
    ),
    hints=(
        "Forget for a moment that the weights are tied. Find the gradient of the encoder's W and "
        "that of the decoder's W', each in its own shape.",
        "Begin at the output: the delta there is (reconstruction - x) / m. On its way to the "
        "code it passes the decoder, and then the slope of the sigmoid, code * (1 - code).",
        "The decoder's weight is the transpose of W, so the gradient of W' must be transposed "
        "before it is added to that of W.",
        "delta_h.T @ corrupted + code.T @ delta_out is the gradient of the weight; those of the "
        "biases are the sums of delta_h and of delta_out over the examples (dim=0).",
    ),
    notice="Two paths, one sum. Autograd adds them up in just the same way.",
)
