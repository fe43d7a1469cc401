"""Known bugs of exercise 3.3: which slope, which weight, which mean, which decay."""

from functools import partial

import torch

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.mistakes import fine_tuning_gradients as mistakes
from tutorial_lib.exercises.mistakes import fine_tuning_softmax as softmax_mistakes


def bug(name: str, message: str, **switches: object) -> KnownBug:
    """Declare what `mistakes.backpropagation` does with some of its switches turned."""
    return KnownBug(name, partial(mistakes.backpropagation, **switches), message)


KNOWN_BUGS = (
    bug(
        "sign of the top delta",
        "All gradients of the encoders have the wrong sign, as if the published gradient had "
        "been used without the minus in front of it. The cost would go up.",
        sign=-1,
    ),
    bug(
        "truth forgotten",
        "The delta that comes down is made of the probabilities alone: nothing in it knows which "
        "class is right.",
        truth=False,
    ),
    bug(
        "classes counted from the labels",
        "Your table of ones and zeros has a column for each class up to the largest label that "
        "occurs. In a small batch the last classes may be missing; they have logits all the same.",
        counted=True,
    ),
    bug(
        "sign of the slope",
        "The sigmoid's derivative has the wrong sign: a (a - 1) is negative. So the sign changes "
        "at every layer that a delta crosses.",
        slope=lambda a: a * (a - 1),
    ),
    bug(
        "sigmoid taken twice",
        "The slope was made of the sigmoid of the activations. They have been through the "
        "sigmoid already.",
        slope=lambda a: torch.sigmoid(a) * (1 - torch.sigmoid(a)),
    ),
    bug(
        "slope of tanh",
        "The slope 1 - a² is that of tanh. These units are sigmoids.",
        slope=lambda a: 1 - a**2,
    ),
    bug(
        "half of the slope",
        "The slope has only its second factor, 1 - a. A unit near 0 is as stuck as one near 1, "
        "and the first factor says so.",
        slope=lambda a: 1 - a,
    ),
    bug(
        "no derivative of the sigmoid",
        "The deltas came down through the weights, but never through the sigmoids: a unit "
        "that is stuck near 0 or 1 can hardly move, and its delta must say so.",
        slope_missing="everywhere",
    ),
    bug(
        "no derivative at the top",
        "The delta of the deepest code lacks the sigmoid's derivative; the layers below "
        "inherit the error.",
        slope_missing="top",
    ),
    bug(
        "no derivative below the top",
        "The top layer is right, but in the layers below it the sigmoid's derivative is missing.",
        slope_missing="lower",
    ),
    bug(
        "derivative of the layer below",
        "The factor a (1 - a) is made of what goes into a layer; the sigmoid whose slope is "
        "meant made what comes out of it.",
        slope_of="below",
    ),
    bug(
        "derivative of the layer above",
        "The factor a (1 - a) was made of what the layer above puts out. Take the layer at which "
        "the delta arrives.",
        slope_of="above",
    ),
    bug(
        "weight transposed",
        "On the way down the weight was used the same way round as on the way up, which only "
        "fits when all layers have the same size.",
        transposed=True,
    ),
    bug(
        "weight of the wrong layer",
        "A delta came down through the weight below it. What it has to cross is the layer "
        "between it and the delta above.",
        through="own",
    ),
    bug(
        "gradient of the softmax on the way down",
        "The first delta came down through the gradient of the softmax's weight. What lies "
        "between code and logits is the weight itself.",
        through_gradient=True,
    ),
    bug(
        "activation of the layer itself",
        "The weights' gradients were made with what comes out of each layer. What a weight "
        "multiplies is what goes in.",
        entering="own",
    ),
    bug(
        "gradient transposed",
        "The weights' gradients lie on their side: each must have the shape of its weight, "
        "(n_out, n_in). Square weights hide this.",
        gradient_transposed=True,
    ),
    bug(
        "bias forgotten on the way up",
        "You went up without adding the biases, and so the activations are those of another "
        "network.",
        bias=0,
    ),
    bug(
        "1/m twice",
        "The encoders' gradients were divided by the number of examples twice. A mean divides "
        "by it as well.",
        over_examples=2,
    ),
    bug(
        "missing 1/m in the weights",
        "The gradients of the weights are sums over the examples; those of the biases are "
        "means, as they should be.",
        summed_weights=True,
    ),
    bug(
        "missing 1/m",
        "The encoders' gradients are sums over the examples, while the loss is a mean.",
        summed_weights=True,
        summed_biases=True,
    ),
    bug(
        "missing 1/m in the biases",
        "The gradients of the biases are sums over the examples; those of the weights are "
        "means, as they should be.",
        summed_biases=True,
    ),
    bug(
        "from top to bottom",
        "The gradients are right, but they stand in the order in which they were worked out. "
        "Each must stand where its encoder does.",
        from_top=True,
    ),
    bug(
        "every layer decayed",
        "You decayed the encoders' weights as well. Here only the softmax is decayed: the "
        "encoders begin near good values, and decay would pull them back to nothing.",
        encoders_decayed=(True, True),
    ),
    bug(
        "every layer decayed in the loss",
        "The loss decays every layer and the gradients only the softmax. Some published "
        "solutions have this fault: the two do not belong together.",
        encoders_decayed=(True, False),
    ),
    bug(
        "every layer decayed in the gradients",
        "The gradients decay every layer, while the loss decays only the softmax: the two do "
        "not belong together.",
        encoders_decayed=(False, True),
    ),
    bug(
        "no decay in the gradient",
        "The loss has the decay of the softmax, but its gradient does not know of it.",
        softmax_decayed=(True, False),
    ),
    bug(
        "no decay in the loss",
        "The gradient has the decay of the softmax, but the loss does not.",
        softmax_decayed=(False, True),
    ),
    bug(
        "no decay",
        "The softmax is not decayed at all.",
        softmax_decayed=(False, False),
    ),
    bug(
        "top code not squashed",
        "The sums of the deepest layer went into the softmax as they are; the code is what "
        "the sigmoid makes of them.",
        squashed_code=False,
    ),
    bug(
        "global maximum",
        "You subtract the largest logit of all examples. Where another example's logits are 2000 "
        "lower, all its exponentials are still rounded to 0: each row needs its own maximum, as "
        "in your softmax of exercise 3.1.",
        softmax=softmax_mistakes.softmax_with_global_maximum,
        log_softmax=mistakes.log_softmax_with_global_maximum,
    ),
)
