"""Exercise 4.4: the whole network fine-tuned."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.driving import drive_training
from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import layers, normal
from tutorial_lib.exercises.mistakes import mnist_exercise as mistakes
from tutorial_lib.exercises.mnist_exercise.autoencoder import pictures
from tutorial_lib.exercises.mnist_exercise.measuring import (
    keeps_checkpoint,
    other_number,
    require_difference,
    require_tensor,
    require_tensors,
    trained,
)
from tutorial_lib.exercises.parts import WrongStructure, describe
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import fine_tuning as solutions_of_03
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.values import Tolerance
from tutorial_lib.exercises.wording import join


def _stack_case(
    generator: torch.Generator,
    sizes: Sequence[int],
    decay: float,
    n_iterations: int,
    *,
    with_checkpoint: bool = False,
) -> Case:
    """Draw a stack of the given layer sizes, the last of them the classes, with its data."""
    x, labels = pictures(generator, 90, sizes[0], sizes[-1])
    return {
        "x": x,
        "labels": labels,
        "encoders": layers(generator, sizes[:-1]),
        "softmax_weight": normal(generator, sizes[-1], sizes[-2], spread=2),
        "weight_decay": decay,
        "n_iterations": n_iterations,
        "with_checkpoint": with_checkpoint,
    }


def _observe_stack(
    function: Any,
    x: Tensor,
    labels: Tensor,
    encoders: list[tuple[Tensor, Tensor]],
    softmax_weight: Tensor,
    decay: float,
    n_iterations: int,
    with_checkpoint: bool,
) -> dict[str, Any]:
    """Measure how far the tuning came."""
    before = [(weight.double(), bias.double()) for weight, bias in encoders]
    top = softmax_weight.double()

    def after(decay: float, n: int) -> tuple[list[Any], Tensor]:
        given = trained(function, x, labels, encoders, softmax_weight, decay, n)
        tuned, weight = _two(given)
        pairs = [_pair(tuned, k, before) for k in range(len(before))]
        return pairs, require_tensor("softmax_weight", weight, tuple(top.shape))

    pairs, weight = after(decay, n_iterations)
    _require_change([*before, (top,)], [*pairs, (weight,)])
    other = other_number(n_iterations)
    told = f"With {n_iterations} iterations and with {other}"
    require_difference(told, [weight], [after(decay, other)[1]])
    told = f"With a weight decay of {decay} and with one of {decay + 1}"
    require_difference(told, [weight], [after(decay + 1, n_iterations)[1]])
    loss, *_ = solutions_of_03.stacked_loss_and_gradients(x.double(), labels, pairs, weight, decay)
    measured: dict[str, Any] = {"the loss after tuning": loss.item()}
    if with_checkpoint:
        arguments = x, labels, encoders, softmax_weight, decay, n_iterations
        measured["a file is kept in the folder that is handed in as checkpoint"] = keeps_checkpoint(
            function, *arguments
        )
    return measured


def _require_change(before: list[tuple[Tensor, ...]], after: list[tuple[Tensor, ...]]) -> None:
    """Raise a WrongStructure that names the weights which took no part in the tuning."""
    names = [f"encoders[{k}]" for k in range(len(before) - 1)] + ["softmax_weight"]
    weights = zip(names, before, after, strict=True)
    if same := [name for name, (old, *_), (new, *_) in weights if torch.equal(old, new)]:
        raise WrongStructure(f"Tuning left {join(same)} unchanged.")


def _two(given: Any) -> tuple[Any, Any]:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise WrongStructure(f"It returned {describe(given)}; expected encoders, softmax_weight.")
    return given[0], given[1]


def _pair(tuned: Any, k: int, before: list[tuple[Tensor, Tensor]]) -> Any:
    if not isinstance(tuned, list | tuple) or len(tuned) != len(before):
        raise WrongStructure(f"encoders is {describe(tuned)}; expected a list of {len(before)}.")
    shapes = {
        f"the weight of encoders[{k}]": tuple(before[k][0].shape),
        f"the bias of encoders[{k}]": tuple(before[k][1].shape),
    }
    return tuple(require_tensors(tuned[k], shapes))


def _tuned(name: str, message: str, **switches: Any) -> KnownBug:
    return KnownBug(name, partial(mistakes.stack_tuned, **switches), message)


fine_tune_stack = Exercise(
    id="4.4",
    title="Fine-tune the whole network",
    points=2,
    reference=solutions.fine_tune_stack,
    cases=lambda generator: {
        "all layers of 6 units, 12 iterations": _stack_case(generator, [6, 6, 6, 6], 0.03, 12),
        "sizes 9-7-5-4, 12 iterations": _stack_case(generator, [9, 7, 5, 4], 0.02, 12),
        "sizes 9-7-5-4, 1 iteration": _stack_case(
            generator, [9, 7, 5, 4], 0.01, 1, with_checkpoint=True
        ),
    },
    builds_on=("stacked_loss_and_gradients",),
    drive=drive_training,
    observe=_observe_stack,
    tolerance=Tolerance(relative=0.04),
    expects="encoders, a list of pairs (weight, bias), and softmax_weight, from which the loss of "
    "exercise 3.3 is as low as so many iterations bring it from those given.",
    known_bugs=(
        KnownBug(
            "untouched",
            mistakes.stack_untouched,
            "The values are those you were given. minimise does not change them: the tuned ones "
            "are in the .parameters of what it returns.",
        ),
        _tuned(
            "only the softmax",
            "Only the softmax was tuned. Now the labels are to reach every encoder.",
            tuned=lambda k, n: False,
        ),
        _tuned(
            "only the encoders",
            "The softmax weight stayed as it was, though the codes that it reads have changed: "
            "all parts are tuned together.",
            tuned_softmax=False,
        ),
        _tuned(
            "the old encoders in the cost",
            "The function that you gave to minimise works on the encoders that were handed in, "
            "not on those that minimise passes to it. So minimise moves encoders whose place has "
            "no effect on the loss.",
            use=lambda given, old: (old[0], given[1]),
        ),
        _tuned(
            "the old softmax weight in the cost",
            "The function that you gave to minimise works on the softmax weight that was handed "
            "in, not on the one that minimise passes to it. So minimise moves a weight that has "
            "no effect on the loss.",
            use=lambda given, old: (given[0], old[1]),
        ),
        _tuned(
            "only the top encoder",
            "The lowest encoder stayed as it was: fine-tuning reaches down to the pixels.",
            tuned=lambda k, n: k == n - 1,
        ),
        _tuned(
            "every layer decayed",
            "You decay the encoders too. In this exercise only the softmax weight is decayed when "
            "fine-tuning.",
            decay_everywhere=True,
        ),
        _tuned(
            "decay not used",
            "The weight decay that is handed in had no effect: you left it out, or used a number "
            "of your own, such as the notebook's WEIGHT_DECAY.",
            decay=lambda weight_decay: 0.0,
        ),
        _tuned(
            "a new softmax",
            "You began with a fresh softmax weight. The one that is handed in was trained on "
            "these codes: go on from there.",
            fresh_softmax=True,
        ),
        _tuned(
            "n_iterations not used",
            "However many iterations are asked for, yours does the same number.",
            iterations=lambda n: 20,
        ),
        KnownBug(
            "the other way round",
            mistakes.stack_the_other_way_round,
            "You returned the softmax weight first; the encoders come first, as in the arguments.",
        ),
        KnownBug(
            "tuned in place",
            mistakes.stack_tuned_in_place,
            "You overwrote the encoders that were handed in: the network before fine-tuning, with "
            "which you want to compare, is gone.",
        ),
        _tuned(
            "checkpoint not used",
            "The tuning is right, but checkpoint goes nowhere: interrupted after a minute, it "
            "would have to begin again.",
            keep=lambda checkpoint: None,
        ),
    ),
    hints=(
        "Exercise 3.3 returns the loss, the gradients of the encoders as a list of pairs, and "
        "that of the softmax: just what minimise wants for two parameters, a list and a tensor.",
        "Inside: def loss_and_gradients(encoders, softmax_weight), which calls 3.3 with x, labels "
        "and weight_decay. Then minimise from [encoders, softmax_weight].",
    ),
    notice="minimise knows nothing of layers: all numbers go downhill together, as one list.",
)
