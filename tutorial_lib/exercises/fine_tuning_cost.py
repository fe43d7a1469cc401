"""Exercise 3.2: softmax regression, its cost and gradient."""

from functools import partial

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import labels, normal, uniform
from tutorial_lib.exercises.mistakes import fine_tuning_gradients as mistakes
from tutorial_lib.exercises.solutions import fine_tuning as solutions


def _bug(name: str, message: str, **switches: object) -> KnownBug:
    return KnownBug(name, partial(mistakes.softmax_regression, **switches), message)


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
        "3 examples with logits of 1000, 0 and -1000": {
            "features": torch.eye(3) + 0.01 * uniform(generator, 3, 3),
            "labels": torch.tensor([0, 1, 1]),
            "weight": torch.tensor([[1000.0, 0, -1000], [0, -1000, 1000], [-1000, 1000, 0]]),
            "weight_decay": 1e-4,
        },
    },
    parts=("loss", "gradient of weight"),
    gradients=True,
    expects="a finite loss of shape (), and a gradient in the shape of weight.",
    known_bugs=(
        _bug(
            "summed over examples",
            "Loss and gradient are sums over the examples. Twice as much data would then double "
            "both, and the decay would weigh half as much beside them.",
            summed_in_loss=True,
            summed_in_gradient=True,
        ),
        _bug(
            "missing 1/m in the gradient",
            "The loss is a mean over the examples, but the gradient is a sum: it belongs to "
            "another loss.",
            summed_in_gradient=True,
        ),
        _bug(
            "missing 1/m in the loss",
            "The gradient is a mean over the examples, but the loss is a sum: they do not belong "
            "together.",
            summed_in_loss=True,
        ),
        _bug(
            "mean over the classes too",
            "You averaged over examples and classes. Each example has one right class, and its "
            "cost is not shared out among the others.",
            over_classes=True,
        ),
        _bug(
            "sign of the error",
            "The gradient has the wrong sign (but for the decay): going down along it makes the "
            "right class less probable. What must happen to the right class's logit?",
            sign=-1,
        ),
        _bug(
            "gradient transposed",
            "The gradient lies on its side. It must have the shape of weight, a row for a class.",
            transposed=True,
        ),
        _bug(
            "no decay in the gradient",
            "The loss has the weight decay, but the gradient does not know of it.",
            decay_in_gradient=0,
        ),
        _bug(
            "no decay in the loss",
            "The gradient has the weight decay, but the loss does not. A line search compares the "
            "two, and will be misled.",
            decay_in_loss=0,
        ),
        _bug(
            "no decay",
            "The weight decay is in neither of the two. Without it the weights can grow for ever, "
            "since doubling them makes right answers surer.",
            decay_in_loss=0,
            decay_in_gradient=0,
        ),
        _bug(
            "decay without the half",
            "Loss and gradient belong together, but the decay is twice as strong as asked for: "
            "the formula has half the squared norm.",
            decay_in_loss=2,
            decay_in_gradient=2,
        ),
        _bug(
            "decay without the half in the loss",
            "The decay's part of the loss is twice what its part of the gradient belongs to.",
            decay_in_loss=2,
        ),
        _bug(
            "decay twice in the gradient",
            "The decay's part of the gradient is twice as large as the loss says: what does the "
            "half cancel with?",
            decay_in_gradient=2,
        ),
        _bug(
            "decay divided by m",
            "You divided the decay by the number of examples too. It is about the weights, not "
            "about the data.",
            decay_over_examples=True,
        ),
        _bug(
            "no logarithm",
            "Your loss is the mean probability of the right class, with a minus sign. The cost is "
            "made of its logarithm, which makes a sure mistake expensive.",
            log=lambda probabilities: probabilities,
        ),
        _bug(
            "logarithm of a rounded probability",
            "On paper all is right. But a probability below 1e-45 is rounded to 0, and its "
            "logarithm is minus infinity. Take the logarithm before the exponentials are gone.",
            log=torch.log,
        ),
        _bug(
            "overflow",
            "On paper all is right. But exp(1000) overflows to infinity, and infinity divided by "
            "infinity is no number: use your stable softmax.",
            softmax=mistakes.softmax_without_maximum,
            log=torch.log,
        ),
        _bug(
            "softmax over the examples",
            "Your probabilities sum to 1 down the columns. The classes should compete for an "
            "example, not the examples for a class.",
            softmax=mistakes.softmax_over_examples,
            log=torch.log,
        ),
    ),
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
