"""Exercise 3.4: what a network says; and networks drawn for this and other exercises."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import fine_tuning_network as mistakes
from tutorial_lib.exercises.solutions import fine_tuning as solutions


def network(
    generator: torch.Generator, sizes: Sequence[int], *, bias_spread: float = 1
) -> dict[str, Any]:
    """Draw encoders and a softmax weight: sizes from the input to the classes."""
    *widths, n_classes = sizes
    encoders: list[tuple[Tensor, Tensor]] = [
        (normal(generator, upper, lower), normal(generator, upper, spread=bias_spread))
        for lower, upper in pairwise(widths)
    ]
    return {"encoders": encoders, "softmax_weight": normal(generator, n_classes, widths[-1])}


def _prediction(name: str, message: str, **switches: object) -> KnownBug:
    return KnownBug(name, partial(mistakes.prediction, **switches), message)


def _as_it_is(z: Tensor) -> Tensor:
    return z


predict = Exercise(
    id="3.4",
    title="What the network says",
    points=1,
    reference=solutions.predict,
    cases=lambda generator: {
        "100 examples, two layers and 8 units everywhere": {
            "x": normal(generator, 100, 8),
            **network(generator, (8, 8, 8, 8), bias_spread=2),
        },
        "100 examples of 6 pixels, layers of 9 and 7 units, 10 classes": {
            "x": normal(generator, 100, 6),
            **network(generator, (6, 9, 7, 10), bias_spread=2),
        },
        "40 examples of 6 pixels, no encoder at all": {
            "x": normal(generator, 40, 6),
            **network(generator, (6, 4)),
        },
    },
    parts=("the tensor of labels",),
    expects="one whole number per example, int64, from 0 to the number of classes minus 1.",
    known_bugs=(
        _prediction(
            "counted from 1",
            "Your labels run from 1. In MATLAB, where this exercise was born, they do, but the "
            "labels here begin with 0, like everything in Python.",
            read=lambda logits: logits.argmax(dim=1) + 1,
        ),
        _prediction(
            "best example of each class",
            "You looked for the largest value down each column, and found the most typical "
            "example of each class. Every example wants its own answer.",
            read=lambda logits: logits.argmax(dim=0),
        ),
        _prediction(
            "largest value instead of its place",
            "This is how large the largest logit is. Asked for is which class it belongs to.",
            read=lambda logits: logits.max(dim=1).values,
        ),
        _prediction(
            "logits instead of labels",
            "These are the logits of all classes; one of them must be chosen for each example.",
            read=_as_it_is,
        ),
        _prediction(
            "probabilities instead of labels",
            "These are the probabilities of all classes; one must be chosen for each example.",
            read=solutions.softmax,
        ),
        _prediction(
            "no sigmoid",
            "The sums went up without being squashed. Layers that only multiply and add are "
            "together no more than one such layer.",
            squash=_as_it_is,
            squash_top=_as_it_is,
        ),
        _prediction(
            "top code not squashed",
            "The sums of the deepest layer went into the softmax as they are; the code is what "
            "the sigmoid makes of them.",
            squash_top=_as_it_is,
        ),
        _prediction(
            "no bias",
            "The encoders' biases were left out, or have the wrong sign.",
            with_bias=False,
        ),
        KnownBug(
            "from top to bottom",
            mistakes.prediction_from_top,
            "You went through the encoders from the last to the first. The first takes the pixels.",
        ),
    ),
    hints=(
        "Up through the encoders as in 3.3, but nothing needs to be kept except the last code.",
        "Softmax keeps the order of the logits, so the largest logit is the most probable class: "
        "no probabilities are needed.",
        "tensor.argmax(dim=1) says at which column each row has its largest value.",
    ),
    notice="No exponential was needed: to say which class is most probable, logits will do.",
)
