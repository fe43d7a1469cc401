"""Exercise 3.3: backpropagation through a stack."""

from collections.abc import Sequence
from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.drawing import labels, network, uniform
from tutorial_lib.exercises.fine_tuning.backpropagation_bugs import KNOWN_BUGS
from tutorial_lib.exercises.solutions import fine_tuning as solutions


def _problem(
    generator: torch.Generator, n_examples: int, sizes: Sequence[int], weight_decay: float
) -> dict[str, Any]:
    return {
        "x": uniform(generator, n_examples, sizes[0]),
        "labels": labels(generator, n_examples, sizes[-1]),
        **network(generator, sizes),
        "weight_decay": weight_decay,
    }


stacked_loss_and_gradients = Exercise(
    id="3.3",
    title="Backpropagation through the stack",
    points=3,
    reference=solutions.stacked_loss_and_gradients,
    builds_on=("softmax", "softmax_loss_and_gradient"),
    cases=lambda generator: {
        "5 examples, three layers and 4 units everywhere": _problem(
            generator, 5, (4, 4, 4, 4, 4), 0.3
        ),
        "5 examples of 4 pixels, layers of 3 and 5 units, 2 classes": _problem(
            generator, 5, (4, 3, 5, 2), 0.1
        ),
        "7 examples of 6 pixels, a single layer of 3 units, 4 classes": _problem(
            generator, 7, (6, 3, 4), 0.2
        ),
        "a single example, layers of 3 and 5 units, no weight decay": _problem(
            generator, 1, (4, 3, 5, 2), 0.0
        ),
        "3 examples of class 0, the first of 4": {
            **_problem(generator, 3, (5, 3, 4), 0.1),
            "labels": torch.zeros(3, dtype=torch.int64),
        },
        "2 examples, one with logits near 1000, the other near -1000": {
            "x": torch.eye(2) + 0.01 * uniform(generator, 2, 2),
            "labels": torch.tensor([1, 1]),
            "encoders": [(torch.tensor([[4.0, -4], [-4, 4]]), torch.zeros(2))],
            "softmax_weight": torch.tensor([[1000.0, -1000], [990, -1010]]),
            "weight_decay": 1e-6,
        },
    },
    parts=("loss", "gradients of encoders", "gradient of softmax_weight"),
    gradients=True,
    expects="the loss of 3.2 on the top code, a list with one pair of gradients per encoder, each "
    "in the shape of its parameter, and the gradient of softmax_weight.",
    known_bugs=KNOWN_BUGS,
    hints=(
        "Go up first and keep what you meet: a list that begins with x and gets one activation "
        "per encoder. Its last entry is the feature matrix for your 3.2, which gives the loss "
        "and the gradient of softmax_weight.",
        "The delta of a layer says how the loss changes with its sums. At the logits it is "
        "probability minus truth. To go down one layer: times the weight between the two, then "
        "times a (1 - a) of the layer you arrive at.",
        "A delta has the shape (n_examples, n_units). The layer's weight gets delta transposed "
        "times the activation that enters it, over m; its bias the mean of delta over examples.",
        "for k in reversed(range(len(encoders))): delta = (delta @ weight_above) * a * (1 - a) "
        "with a = activations[k + 1]; what enters the layer is activations[k]; then "
        "weight_above = encoders[k][0]. Put each pair in front of the list.",
    ),
    notice="Going down repeats one line per layer, so it is the same code at any depth.",
)
