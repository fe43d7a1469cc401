"""Exercise 1.6: the gradient of the sparse autoencoder."""

from functools import partial

import torch

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import autoencoder_gradients as mistakes
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import autoencoder as solutions


def _case(
    generator: torch.Generator, m: int, n_visible: int, n_hidden: int, *penalties: float
) -> Case:
    sizes = {
        "x": uniform(generator, m, n_visible),
        "w1": normal(generator, n_hidden, n_visible),
        "b1": normal(generator, n_hidden),
        "w2": normal(generator, n_visible, n_hidden),
        "b2": normal(generator, n_visible),
    }
    names = ("weight_decay", "sparsity_target", "sparsity_weight")
    return sizes | dict(zip(names, penalties, strict=True))


def _bug(name: str, message: str, **switches: object) -> KnownBug:
    return KnownBug(name, partial(mistakes.sparse_gradients, **switches), message)


def _sum_in_one(name: str) -> KnownBug:
    others = tuple(other for other in ("w1", "b1", "w2", "b2") if other != name)
    return _bug(
        f"missing 1/m in {name}",
        f"Your gradient of {name} is a sum over the examples; the other three are means.",
        divide_by_m=others,
    )


sparse_autoencoder_loss_and_gradients = Exercise(
    id="1.6",
    title="The sparse autoencoder's gradient, by hand",
    points=3,
    reference=solutions.sparse_autoencoder_loss_and_gradients,
    cases=lambda generator: {
        "4 examples of 3 pixels, 3 units, no penalty": _case(generator, 4, 3, 3, 0.0, 0.1, 0.0),
        "5 examples of 6 pixels, 4 units, weight decay": _case(generator, 5, 6, 4, 0.2, 0.1, 0.0),
        "6 examples of 5 pixels, 3 units, decay and sparsity": _case(
            generator, 6, 5, 3, 0.1, 0.2, 0.7
        ),
    },
    builds_on=("encode", "decode", "squared_error", "kl_sparsity"),
    parts=("loss", "gradient of w1", "gradient of b1", "gradient of w2", "gradient of b2"),
    gradients=True,
    expects="a loss of shape () in which each penalty is multiplied by its weight, and each "
    "gradient in the shape of its parameter.",
    known_bugs=(
        _bug(
            "summed over examples",
            "The loss is a mean over the examples, but your gradients are sums: they belong to a "
            "loss m times as steep, and the decay beside them is too weak.",
            divide_by_m=(),
        ),
        _bug(
            "missing 1/m in the weights",
            "Your bias gradients are means over the examples, but those of the weights are sums: "
            "the product with x, or with the code, adds up all the examples.",
            divide_by_m=("b1", "b2"),
        ),
        _bug(
            "missing 1/m in the biases",
            "Your weight gradients are means over the examples, but those of the biases are sums.",
            divide_by_m=("w1", "w2"),
        ),
        *map(_sum_in_one, ("w1", "b1", "w2", "b2")),
        _bug(
            "divided by m twice",
            "You divided the deltas by m, and the mean over the examples divides by m again.",
            divide_twice=True,
        ),
        _bug(
            "sparsity weight left out of the loss",
            "With weight 0 there should be no sparsity penalty: is it multiplied by "
            "sparsity_weight in your loss?",
            loss_ignores_sparsity_weight=True,
        ),
        _bug(
            "sparsity weight left out of the delta",
            "With weight 0 there should be no sparsity term in the hidden delta: is it multiplied "
            "by sparsity_weight, as in your loss?",
            pull_ignores_sparsity_weight=True,
        ),
        _bug(
            "sparsity left out of the delta",
            "Your loss has the sparsity penalty and your gradients do not know of it: the hidden "
            "delta lacks its term.",
            pull=0,
        ),
        _bug(
            "sparsity left out of the loss",
            "Your gradients know of the sparsity penalty, but your loss lacks it. A line search "
            "compares the two, and would be misled.",
            loss_without=("sparsity",),
        ),
        _bug(
            "sign of the sparsity term",
            "The sparsity term in the hidden delta has the wrong sign: a unit that speaks too "
            "often would be taught to speak more.",
            pull=-1,
        ),
        _bug(
            "sparsity term outside the slope",
            "You added the sparsity term after multiplying by the slope of the sigmoid. The "
            "penalty is about h; to reach the sum inside, it too has to pass the sigmoid.",
            pull_outside=True,
        ),
        _bug(
            "sparsity divided by m twice",
            "You divided the sparsity term by m, and the mean over the examples divides it "
            "again. The term stands in every example's delta undivided.",
            pull_times_m_to_the=-1,
        ),
        _bug(
            "sparsity not divided by m",
            "Your deltas are divided by m at once and summed at the end. Then the sparsity term "
            "needs its 1/m as well; or leave 1/m to the end, for all of it.",
            pull_times_m_to_the=1,
        ),
        _bug(
            "the penalty itself",
            "The sparsity term in your hidden delta is the penalty of the unit. A delta is a "
            "slope: it takes the derivative of the penalty.",
            pull_is_the_penalty=True,
        ),
        _bug(
            "one mean for all units",
            "Your sparsity term uses one mean activation for all units. Each unit has its own.",
            pull_of="all",
        ),
        _bug(
            "sparsity of each example",
            "Your sparsity term uses the activation itself. The penalty is a function of the "
            "unit's mean over the examples, and so is its slope.",
            pull_of="examples",
        ),
        _bug(
            "sign of the error",
            "You start from x minus the reconstruction: every gradient of the error then points "
            "the wrong way, and training makes the reconstruction worse.",
            error_sign=-1,
        ),
        _bug(
            "slope of the output forgotten",
            "The output delta lacks the slope of the decoder's sigmoid. (With the cross-entropy "
            "it would cancel; with the squared error it does not.)",
            output_slope=False,
        ),
        _bug(
            "slope of the code forgotten",
            "The hidden delta lacks the slope of the encoder's sigmoid, h (1 - h).",
            hidden_slope=False,
        ),
        _bug(
            "back through w1",
            "You sent the error back through the encoder's weights. It came through the "
            "decoder's, w2, and must go back the same way.",
            backwards="w1",
        ),
        _bug(
            "w2 transposed",
            "You sent the error back through w2 lying on its side. That goes well only if there "
            "are as many units as pixels, and is wrong even then.",
            backwards="w2 transposed",
        ),
        _bug(
            "gradients transposed",
            "The gradients of the weights lie on their side: w1's needs a row for each unit, "
            "w2's a row for each pixel.",
            transposed=True,
        ),
        _bug(
            "another order",
            "The gradients come in the order of the arguments: w1, b1, w2, b2.",
            order=("w1", "w2", "b1", "b2"),
        ),
        _bug(
            "decay on biases",
            "You decay the biases too. They are few, and may be as large as the data want; the "
            "loss does not count them either.",
            decayed=("w1", "b1", "w2", "b2"),
        ),
        _bug(
            "decay on w1 alone",
            "Your gradient of w1 has the decay, that of w2 has not. The loss counts both.",
            decayed=("w1",),
        ),
        _bug(
            "decay divided by m",
            "You divide the decay by m together with the error. It is no mean over examples: it "
            "stands beside the mean, in the loss and in the gradient.",
            decay_divided=True,
        ),
        _bug(
            "length not squared",
            "Your loss adds the lengths of the weights. The decay is about their squares: the sum "
            "of the squares of all entries.",
            lengths_squared=False,
        ),
        _bug(
            "half the decay",
            "The decay in your gradients is half what the loss says: the derivative of a square "
            "brings a 2, which cancels the half.",
            decay_in_gradients=0.5,
        ),
        _bug(
            "no decay in the gradients",
            "Your loss has the weight decay, but your gradients do not.",
            decay_in_gradients=0,
        ),
        _bug(
            "no decay in the loss",
            "Your gradients have the weight decay, but your loss does not.",
            loss_without=("decay",),
        ),
        _bug(
            "decay without the half",
            "The gradient of the decay is right, its part of the loss twice as large as that.",
            decay_in_loss=2,
        ),
        _bug(
            "decay twice",
            "The decay in your gradients is twice what the loss says: what does the half cancel "
            "with, when a square is differentiated?",
            decay_in_gradients=2,
        ),
    ),
    hints=(
        "The loss first, from your encode, decode, squared_error and kl_sparsity. While you look "
        "for the gradients, return zeros in their place, torch.zeros_like(w1) and so on: the "
        "check tells you part by part what is right.",
        "Then the two biases. The output delta has a row for each example and a column for each "
        "pixel; the gradient of b2 is its mean over the examples. Send the delta back, "
        "output_delta @ w2, add the sparsity term (one number per unit, the same in each row), "
        "multiply by code * (1 - code): its mean is the gradient of b1.",
        "A weight's gradient is the mean over examples of (delta of the unit it leads to) times "
        "(value of the unit it comes from). For all weights at once: hidden_delta.T @ x / "
        "len(x), plus weight_decay * w1; and the same for w2, with the code in place of x.",
    ),
    notice="Both deltas have the same form: what comes back, times the slope of the sigmoid.",
)
