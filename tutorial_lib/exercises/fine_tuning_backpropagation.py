"""Exercise 3.3: backpropagation through a stack."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import labels, uniform
from tutorial_lib.exercises.fine_tuning_prediction import network
from tutorial_lib.exercises.mistakes import fine_tuning_gradients as mistakes
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


def _bug(name: str, message: str, **switches: object) -> KnownBug:
    return KnownBug(name, partial(mistakes.backpropagation, **switches), message)


stacked_loss_and_gradients = Exercise(
    id="3.3",
    title="Backpropagation through the stack",
    points=3,
    reference=solutions.stacked_loss_and_gradients,
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
    },
    parts=("loss", "gradients of encoders", "gradient of softmax_weight"),
    gradients=True,
    expects="the loss of 3.2 on the top code, a list with one pair of gradients per encoder, each "
    "in the shape of its parameter, and the gradient of softmax_weight.",
    known_bugs=(
        _bug(
            "sign of the top delta",
            "All gradients of the encoders have the wrong sign, as if the published gradient had "
            "been used without the minus in front of it. The cost would go up.",
            sign=-1,
        ),
        _bug(
            "no derivative of the sigmoid",
            "The deltas came down through the weights, but never through the sigmoids: a unit "
            "that is stuck near 0 or 1 can hardly move, and its delta must say so.",
            slope_missing="everywhere",
        ),
        _bug(
            "no derivative at the top",
            "The delta of the deepest code lacks the sigmoid's derivative; the layers below "
            "inherit the error.",
            slope_missing="top",
        ),
        _bug(
            "no derivative below the top",
            "The top layer is right, but in the layers below it the sigmoid's derivative is "
            "missing.",
            slope_missing="lower",
        ),
        _bug(
            "derivative of the layer below",
            "The factor a (1 - a) is made of what goes into a layer; the sigmoid whose slope is "
            "meant made what comes out of it.",
            slope_of="below",
        ),
        _bug(
            "weight transposed",
            "On the way down the weight was used the same way round as on the way up, which only "
            "fits when all layers have the same size.",
            transposed=True,
        ),
        _bug(
            "weight of the wrong layer",
            "A delta came down through the weight below it. What it has to cross is the layer "
            "between it and the delta above.",
            through="own",
        ),
        _bug(
            "missing 1/m",
            "The encoders' gradients are sums over the examples, while the loss is a mean.",
            summed_weights=True,
            summed_biases=True,
        ),
        _bug(
            "missing 1/m in the biases",
            "The gradients of the biases are sums over the examples; those of the weights are "
            "means, as they should be.",
            summed_biases=True,
        ),
        _bug(
            "from top to bottom",
            "The gradients are right, but they stand in the order in which they were worked out. "
            "Each must stand where its encoder does.",
            from_top=True,
        ),
        _bug(
            "every layer decayed",
            "You decayed the encoders' weights as well. Here only the softmax is decayed: the "
            "encoders begin near good values, and decay would pull them back to nothing.",
            encoders_decayed=(True, True),
        ),
        _bug(
            "every layer decayed in the loss",
            "The loss decays every layer and the gradients only the softmax. Some published "
            "solutions have this fault: the two do not belong together.",
            encoders_decayed=(True, False),
        ),
        _bug(
            "every layer decayed in the gradients",
            "The gradients decay every layer, while the loss decays only the softmax: the two do "
            "not belong together.",
            encoders_decayed=(False, True),
        ),
        _bug(
            "no decay in the gradient",
            "The loss has the decay of the softmax, but its gradient does not know of it.",
            softmax_decayed=(True, False),
        ),
        _bug(
            "no decay in the loss",
            "The gradient has the decay of the softmax, but the loss does not.",
            softmax_decayed=(False, True),
        ),
        _bug(
            "no decay",
            "The softmax is not decayed at all.",
            softmax_decayed=(False, False),
        ),
        _bug(
            "top code not squashed",
            "The sums of the deepest layer went into the softmax as they are; the code is what "
            "the sigmoid makes of them.",
            squashed_code=False,
        ),
    ),
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
