"""Exercise 2.3: the gradients of a denoising autoencoder whose weight is used twice."""

from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.solutions import stacking as solutions
from tutorial_lib.exercises.stacking.gradient_bugs import BUGS
from tutorial_lib.exercises.stacking.loss_bugs import BUGS as BUGS_OF_THE_LOSS


def _denoising(
    generator: torch.Generator,
    n_examples: int,
    n_visible: int,
    n_hidden: int,
    *,
    level: float = 0.3,
) -> dict[str, Any]:
    """Draw examples, the same with some pixels hidden, and an autoencoder with tied weights."""
    x = uniform(generator, n_examples, n_visible)
    return {
        "x": x,
        "corrupted": x * (uniform(generator, n_examples, n_visible) >= level),
        "weight": normal(generator, n_hidden, n_visible),
        "bias": normal(generator, n_hidden),
        "visible_bias": normal(generator, n_visible),
    }


def _sure(generator: torch.Generator, visible_bias: list[float]) -> dict[str, Any]:
    """Draw an autoencoder whose visible biases leave the code little to say."""
    arguments = _denoising(generator, 5, len(visible_bias), 3)
    return {**arguments, "visible_bias": torch.tensor(visible_bias, dtype=torch.float32)}


denoising_gradients = Exercise(
    id="2.3",
    title="One weight, two paths",
    points=3,
    reference=solutions.denoising_gradients,
    cases=lambda generator: {
        "4 examples of 3 pixels, 3 hidden units": _denoising(generator, 4, 3, 3, level=0.5),
        "6 examples of 7 pixels, 4 hidden units": _denoising(generator, 6, 7, 4),
        "a single example of 5 pixels, nothing hidden": _denoising(generator, 1, 5, 2, level=0),
        "2 examples of 4 pixels, code of nearly 0 and 1": {
            **_denoising(generator, 2, 4, 3),
            "bias": torch.tensor([100.0, -100.0, 0.0]),
        },
        # Here a least probability shows, in whatever way it was brought in; float32 still
        # tells these probabilities from 0.
        "visible biases of about -50": _sure(generator, [-50, -52, -48, -51]),
        "visible biases of 1000 and -1000": _sure(generator, [1000, -1000, 1000, -1000]),
    },
    parts=("loss", "gradient of weight", "gradient of bias", "gradient of visible_bias"),
    expects="the loss, a tensor of shape (), and three gradients, each in the shape of what it "
    "belongs to; means over the examples. All of it is finite even where the reconstruction is "
    "rounded to 0 or 1: the loss is worked out from the logits, as in exercise 1.4.",
    gradients=True,
    known_bugs=(*BUGS, *BUGS_OF_THE_LOSS),
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
