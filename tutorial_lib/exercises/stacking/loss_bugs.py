"""Known bugs of exercise 2.3: means and sums, the loss itself, and what was left out."""

import math

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.mistakes.autoencoder_costs import LEAST
from tutorial_lib.exercises.stacking.gradient_bugs import bug


def _cut_off(least: str) -> KnownBug:
    return bug(
        f"logarithms cut off by {least}",
        f"With {least} to keep its logarithm finite, no pixel costs more than "
        f"{-math.log(float(least)):.0f} nats. Clamping makes the loss finite but wrong (the price "
        "stops growing); work from the logits.",
        loss="logarithms",
        least=float(least),
    )


DIVISIONS = (
    bug(
        "no 1/m",
        "The loss is a mean over examples, your gradients are sums: with ten times as many "
        "examples you would take steps ten times as long.",
        times_divided=(0, 0, 0, 0),
    ),
    bug(
        "no 1/m anywhere",
        "Loss and gradients are sums over the examples. A mean is asked for: else a larger "
        "batch costs more, and takes longer steps.",
        times_divided=(0, 0, 0, 0),
        loss_over="nothing",
    ),
    bug(
        "no 1/m in the biases",
        "The weight's gradient is a mean over examples, those of the biases are sums.",
        times_divided=(1, 1, 0, 0),
    ),
    bug(
        "no 1/m in the weight",
        "The gradients of the biases are means over examples, that of the weight is a sum.",
        times_divided=(0, 0, 1, 1),
    ),
    bug(
        "no 1/m in the encoder's path",
        "In the weight's gradient only the decoder's share is divided by m. Both are sums over the "
        "examples; a division binds more tightly than a plus.",
        times_divided=(0, 1, 1, 1),
    ),
    bug(
        "no 1/m in the decoder's path",
        "In the weight's gradient only the encoder's share is divided by m. Both are sums over the "
        "examples, and both belong into the mean.",
        times_divided=(1, 0, 1, 1),
    ),
    bug(
        "1/m twice",
        "Your gradients are divided by m twice. If the delta at the output has it, everything "
        "that comes from it has it too.",
        times_divided=(2, 2, 2, 2),
    ),
    bug(
        "1/m twice in the weight",
        "The weight's gradient is divided by m once more, though the delta was divided already.",
        times_divided=(2, 2, 1, 1),
    ),
    bug(
        "1/m twice in the biases",
        "You took the mean of deltas that are divided by m already. If 1/m stands in the delta, "
        "what is left to do is to sum.",
        times_divided=(1, 1, 2, 2),
    ),
    bug(
        "1/m twice in the hidden delta",
        "The delta of the code is divided by m once more. It comes from the delta at the output, "
        "which has been divided.",
        times_divided=(2, 1, 2, 1),
    ),
    bug(
        "mean over pixels throughout",
        "Loss and gradients are means over the units too. The cost of a picture is the sum of its "
        "pixels'; only over the examples is a mean taken.",
        over_pixels=True,
    ),
)

LOSSES = (
    bug(
        "loss averaged over units",
        "The gradients are right, but the loss is a mean over units. They are summed, so that "
        "gradients and loss belong together.",
        loss_over="examples and pixels",
    ),
    bug(
        "loss summed over examples",
        "The gradients are right, but the loss is a sum over the examples; they belong to its "
        "mean.",
        loss_over="nothing",
    ),
    bug(
        "loss negative",
        "Logarithms of probabilities are negative, and a cost is not: a minus is missing in your "
        "loss.",
        loss_sign=-1,
    ),
    bug(
        "squared error as the loss",
        "Your gradients are those of the cross-entropy, but the loss you return is the squared "
        "error.",
        loss="squared error",
    ),
    bug(
        "squared error throughout",
        "You worked it all out for the squared error. The cross-entropy is asked for.",
        loss="squared error",
        output_slope=True,
    ),
    bug(
        "logarithm of zero",
        "A reconstruction that is rounded to 0 or 1 gives you the logarithm of 0. Work the "
        "loss out from the logits, as in exercise 1.4.",
        loss="logarithms",
    ),
    bug(
        "logarithms cut off",
        "PyTorch's function for probabilities cuts logarithms off at -100: the loss stays finite "
        "but is wrong, for its price stops growing. Work from the logits, as in exercise 1.4.",
        loss="torch",
    ),
    *map(_cut_off, LEAST),
)

OMISSIONS = (
    bug(
        "bias forgotten",
        "The code is made without its bias. The sum inside a sigmoid begins with it.",
        without=("bias",),
    ),
    bug(
        "visible bias forgotten",
        "The reconstruction is made without the visible bias, which says how bright each pixel is "
        "when all units are silent.",
        without=("visible bias",),
    ),
)

BUGS = (*DIVISIONS, *LOSSES, *OMISSIONS)
