"""Known bugs of exercise 3.2: which entries, which sign, which mean, which decay."""

from functools import partial

import torch

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.mistakes import fine_tuning_gradients as mistakes
from tutorial_lib.exercises.mistakes import fine_tuning_softmax as softmax_mistakes


def bug(name: str, message: str, **switches: object) -> KnownBug:
    """Declare what `mistakes.softmax_regression` does with some of its switches turned."""
    return KnownBug(name, partial(mistakes.softmax_regression, **switches), message)


KNOWN_BUGS = (
    bug(
        "summed over examples",
        "Loss and gradient are sums over the examples. Twice as much data would then double "
        "both, and the decay would weigh half as much beside them.",
        summed_in_loss=True,
        summed_in_gradient=True,
    ),
    bug(
        "missing 1/m in the gradient",
        "The loss is a mean over the examples, but the gradient is a sum: it belongs to "
        "another loss.",
        summed_in_gradient=True,
    ),
    bug(
        "missing 1/m in the loss",
        "The gradient is a mean over the examples, but the loss is a sum: they do not belong "
        "together.",
        summed_in_loss=True,
    ),
    bug(
        "every label with every example",
        "In the loss and in the gradient you chose whole columns: [:, labels] takes, for *each* "
        "example, the classes of *all* examples. Wanted is one entry of each row.",
        columns=(True, True),
    ),
    bug(
        "every label with every example in the loss",
        "Your loss takes whole columns: [:, labels] gives, for *each* example, the classes of "
        "*all* examples, a table of m by m. Wanted is one entry of each row.",
        columns=(True, False),
    ),
    bug(
        "every label with every example in the gradient",
        "Your gradient takes whole columns: [:, labels] means, for *each* example, the classes "
        "of *all* examples. The 1 belongs to one entry of each row.",
        columns=(False, True),
    ),
    bug(
        "sign of the loss",
        "A logarithm of a probability is negative, and the minus in front of it makes it a cost. "
        "Your loss lacks the minus, so it would be largest for the best answers.",
        loss_sign=-1,
    ),
    bug(
        "truth forgotten",
        "Your gradient is made of the probabilities alone. Nothing in it knows which class is "
        "right.",
        truth="none",
    ),
    bug(
        "labels off by one",
        "You counted the classes from 1. Label 0 is the first of them, row 0 of weight.",
        truth="shifted",
    ),
    bug(
        "classes counted from the labels",
        "Your table of ones and zeros has a column for each class up to the largest label that "
        "occurs. In a small batch the last classes may be missing; they have logits all the same.",
        counted=(True, True),
    ),
    bug(
        "classes counted from the labels in the gradient",
        "In your gradient the table of ones and zeros has a column for each class up to the "
        "largest label that occurs. In a small batch the last classes may be missing; they have "
        "logits all the same.",
        counted=(False, True),
    ),
    bug(
        "derivative of a sigmoid",
        "You multiplied by p (1 - p) as well. With this cost the slope of the softmax has "
        "already cancelled: nothing is left of it by the logits.",
        slope=True,
    ),
    bug(
        "sum over the examples under the logarithm",
        "Your logarithm has the sum over the examples under it. The exponentials to be added "
        "are those of one row, one for each class.",
        sum_over_examples=True,
    ),
    bug(
        "mean over the classes too",
        "You averaged over examples and classes. Each example has one right class, and its "
        "cost is not shared out among the others.",
        over_classes=True,
    ),
    bug(
        "sign of the error",
        "The gradient has the wrong sign (but for the decay): going down along it makes the "
        "right class less probable. What must happen to the right class's logit?",
        sign=-1,
    ),
    bug(
        "gradient transposed",
        "The gradient lies on its side. It must have the shape of weight, a row for a class.",
        transposed=True,
    ),
    bug(
        "no decay in the gradient",
        "The loss has the weight decay, but the gradient does not know of it.",
        decay_in_gradient=0,
    ),
    bug(
        "no decay in the loss",
        "The gradient has the weight decay, but the loss does not. A line search compares the "
        "two, and will be misled.",
        decay_in_loss=0,
    ),
    bug(
        "no decay",
        "The weight decay is in neither of the two. Without it the weights can grow for ever, "
        "since doubling them makes right answers surer.",
        decay_in_loss=0,
        decay_in_gradient=0,
    ),
    bug(
        "decay without the half",
        "Loss and gradient belong together, but the decay is twice as strong as asked for: "
        "the formula has half the squared norm.",
        decay_in_loss=2,
        decay_in_gradient=2,
    ),
    bug(
        "decay without the half in the loss",
        "The decay's part of the loss is twice what its part of the gradient belongs to.",
        decay_in_loss=2,
    ),
    bug(
        "decay twice in the gradient",
        "The decay's part of the gradient is twice as large as the loss says: what does the "
        "half cancel with?",
        decay_in_gradient=2,
    ),
    bug(
        "half of the decay in the gradient",
        "The decay's part of the gradient is half as large as the loss says. The derivative of a "
        "square brings a 2, which the half takes away.",
        decay_in_gradient=0.5,
    ),
    bug(
        "decay divided by m",
        "You divided the decay by the number of examples too. It is about the weights, not "
        "about the data.",
        decay_over_examples=(True, True),
    ),
    bug(
        "decay divided by m in the gradient",
        "In the gradient you divided the decay by the number of examples too; there as in the "
        "loss, it is no mean over anything.",
        decay_over_examples=(False, True),
    ),
    bug(
        "decay divided by m in the loss",
        "In the loss you divided the decay by the number of examples too. It is no mean over "
        "anything.",
        decay_over_examples=(True, False),
    ),
    bug(
        "no logarithm",
        "Your loss is the mean probability of the right class, with a minus sign. The cost is "
        "made of its logarithm, which makes a sure mistake expensive.",
        log=lambda probabilities: probabilities,
    ),
    bug(
        "logarithm of a rounded probability",
        "On paper all is right. But a probability below 1e-45 is rounded to 0, and its "
        "logarithm is minus infinity. Take the logarithm before the exponentials are gone.",
        log=torch.log,
    ),
    bug(
        "small number under the logarithm",
        "A small number added under the logarithm keeps it finite, but then no mistake can cost "
        "more than some 28 nats, and the loss no longer fits its gradient. Take the logarithm "
        "before the exponentials are gone.",
        log=lambda probabilities: torch.log(probabilities + 1e-12),
    ),
    bug(
        "overflow",
        "On paper all is right. But exp(1000) overflows to infinity, and infinity divided by "
        "infinity is no number: use your stable softmax.",
        softmax=softmax_mistakes.softmax_without_maximum,
        log=torch.log,
    ),
    bug(
        "global maximum",
        "You subtract the largest logit of all examples. Where another example's logits are 2000 "
        "lower, all its exponentials are still rounded to 0: each row needs its own maximum.",
        softmax=softmax_mistakes.softmax_with_global_maximum,
        log_softmax=mistakes.log_softmax_with_global_maximum,
    ),
    bug(
        "global maximum in the loss",
        "Your loss subtracts the largest logit of all examples. Where another example's logits "
        "are 2000 lower, all its exponentials are still rounded to 0: each row needs its own "
        "maximum.",
        log_softmax=mistakes.log_softmax_with_global_maximum,
    ),
    bug(
        "softmax over the examples",
        "Your probabilities sum to 1 down the columns. The classes should compete for an "
        "example, not the examples for a class.",
        softmax=softmax_mistakes.softmax_over_examples,
        log=torch.log,
    ),
)
