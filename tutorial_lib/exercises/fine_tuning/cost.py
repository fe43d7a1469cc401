"""Exercise 3.2: softmax regression, its cost and gradient."""

import torch

from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.drawing import labels, normal, uniform
from tutorial_lib.exercises.fine_tuning.cost_bugs import KNOWN_BUGS
from tutorial_lib.exercises.solutions import fine_tuning as solutions

softmax_loss_and_gradient = Exercise(
    id="3.2",
    title="The cost of a classifier, and its gradient",
    points=2,
    reference=solutions.softmax_loss_and_gradient,
    cases=lambda generator: {
        "4 examples, 4 features and 4 classes": {
            "features": uniform(generator, 4, 4),
            "labels": torch.tensor([2, 0, 3, 0]),
            "weight": normal(generator, 4, 4),
            "weight_decay": 0.3,
        },
        "7 examples, 5 features and 3 classes": {
            "features": uniform(generator, 7, 5),
            "labels": labels(generator, 7, 3),
            "weight": normal(generator, 3, 5),
            "weight_decay": 0.1,
        },
        "6 examples without weight decay": {
            "features": uniform(generator, 6, 3),
            "labels": labels(generator, 6, 2),
            "weight": normal(generator, 2, 3),
            "weight_decay": 0.0,
        },
        "3 examples of class 0, the first of 4": {
            "features": uniform(generator, 3, 2),
            "labels": torch.zeros(3, dtype=torch.int64),
            "weight": normal(generator, 4, 2),
            "weight_decay": 0.2,
        },
        "3 examples with logits of 1000, 0 and -1000": {
            "features": torch.eye(3) + 0.01 * uniform(generator, 3, 3),
            "labels": torch.tensor([0, 1, 1]),
            "weight": torch.tensor([[1000.0, 0, -1000], [0, -1000, 1000], [-1000, 1000, 0]]),
            "weight_decay": 1e-4,
        },
        "2 examples, one with logits near 1000, the other near -1000": {
            "features": torch.eye(2) + 0.001 * uniform(generator, 2, 2),
            "labels": torch.tensor([1, 1]),
            "weight": torch.tensor([[1000.0, -1000], [990, -1010]]),
            "weight_decay": 1e-6,
        },
    },
    builds_on=("softmax",),
    parts=("loss", "gradient of weight"),
    gradients=True,
    expects="a finite loss of shape (), and a gradient in the shape of weight.",
    known_bugs=KNOWN_BUGS,
    hints=(
        "First the logits: a row of features times a row of weight, for each example and class. "
        "From them your softmax makes the probabilities.",
        "The right class's logit of every example at once: "
        "logits[torch.arange(len(labels)), labels].",
        "The gradient by a logit is the probability, minus 1 if it is the right class's. Each "
        "logit is features times a row of weight; so the gradient is that error, transposed, "
        "times features, over m, plus the decay's part.",
        "For a loss that stays finite: the log of softmax is the right logit minus the log of "
        "the sum of the row's exponentials, and torch.logsumexp(logits, dim=1) is safe.",
    ),
    notice="The error is probability minus truth, which is all of it that an example teaches.",
)
