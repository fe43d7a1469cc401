"""Exercise 3.4: what a network says."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import network, normal
from tutorial_lib.exercises.mistakes import fine_tuning_network as mistakes
from tutorial_lib.exercises.mistakes.fine_tuning_softmax import softmax_without_maximum
from tutorial_lib.exercises.solutions import fine_tuning as solutions


def _problem(generator: torch.Generator, n_examples: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Draw examples that get different labels."""
    drawn = network(generator, sizes, bias_spread=2)
    # A code is positive: a class with larger weights than the others would win nearly always.
    drawn["softmax_weight"] -= drawn["softmax_weight"].mean(dim=1, keepdim=True)
    return {"x": normal(generator, n_examples, sizes[0], spread=3), **drawn}


def _sure(logits: list[float], n_examples: int) -> dict[str, Any]:
    return {
        "x": torch.ones(n_examples, 1),
        "encoders": [],
        "softmax_weight": torch.tensor(logits)[:, None],
    }


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
        "100 examples, two layers and 8 units everywhere": _problem(generator, 100, (8, 8, 8, 8)),
        "100 examples of 6 pixels, layers of 9 and 7 units, 10 classes": _problem(
            generator, 100, (6, 9, 7, 10)
        ),
        "40 examples of 6 pixels, no encoder at all": _problem(generator, 40, (6, 4)),
        # Where float32 rounds a sigmoid to 1, and where an exponential overflows too.
        "a single example with logits near 25": _sure([24.0, 26.0, 25.0], n_examples=1),
        "2 examples with logits near 500": _sure([490.0, 510.0, 500.0], n_examples=2),
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
            "logits squashed",
            "You squashed the logits before you compared them. A sigmoid keeps their order on "
            "paper, but float32 rounds it to 1 for all that are large, and then it is a tie.",
            read=lambda logits: torch.sigmoid(logits).argmax(dim=1),
        ),
        _prediction(
            "overflow",
            "You made probabilities by the formula as it stands, and the exponential of a large "
            "logit overflows: among NaN there is no largest.",
            read=lambda logits: softmax_without_maximum(logits).argmax(dim=1),
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
            "The encoders' biases were left out.",
            bias_sign=0,
        ),
        _prediction(
            "bias subtracted",
            "You subtracted the encoders' biases. They are added to the sums.",
            bias_sign=-1,
        ),
        _prediction(
            "least probable label",
            "Your labels are those of the smallest logit, the least probable class.",
            read=lambda logits: logits.argmin(dim=1),
        ),
        _prediction(
            "tanh instead of sigmoid",
            "You squashed with tanh. The encoders were trained with the sigmoid, whose codes lie "
            "between 0 and 1.",
            squash=torch.tanh,
            squash_top=torch.tanh,
        ),
        _prediction(
            "ReLU instead of sigmoid",
            "You cut negative sums off at 0. The encoders were trained with the sigmoid, whose "
            "codes lie between 0 and 1.",
            squash=torch.relu,
            squash_top=torch.relu,
        ),
        _prediction(
            "labels in a column",
            "The labels stand in a column of their own, as keepdim=True leaves them. A row for "
            "each example is one dimension too many here: the test labels have only one.",
            read=lambda logits: logits.argmax(dim=1, keepdim=True),
        ),
        _prediction(
            "one label for all",
            "You looked for the largest of all logits together, and found one place in the "
            "whole table. Say along which dimension to look: every example wants its own label.",
            read=torch.argmax,
        ),
        _prediction(
            "labels of another type",
            "The labels are right, but as floats. Labels are whole numbers, int64, as argmax "
            "gives them.",
            read=lambda logits: logits.argmax(dim=1).float(),
        ),
        KnownBug(
            "first encoder only",
            mistakes.prediction_from_first,
            "The code of the first encoder went straight into the softmax. Is there a return "
            "inside the loop?",
        ),
        KnownBug(
            "last encoder only",
            mistakes.prediction_from_last,
            "Only the last encoder did anything, and on the pixels. Each must take what the one "
            "before it made.",
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
