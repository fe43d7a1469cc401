"""Exercise 4.3: a softmax on the codes."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.driving import drive_training
from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import apart
from tutorial_lib.exercises.mistakes import mnist_exercise as mistakes
from tutorial_lib.exercises.mnist_exercise.autoencoder import pictures
from tutorial_lib.exercises.mnist_exercise.measuring import (
    keeps_checkpoint,
    other_number,
    require_difference,
    require_tensor,
    trained,
)
from tutorial_lib.exercises.parts import WrongStructure
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import fine_tuning as solutions_of_03
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.values import Tolerance

NEAR_0 = 0.03  # six times what is usual in a start


def _softmax_case(
    generator: torch.Generator,
    n_examples: int,
    n_features: int,
    decay: float,
    n_iterations: int,
    *,
    n_kinds: int = 10,
) -> Case:
    features, labels = pictures(generator, n_examples, n_features, n_kinds)
    return {
        "features": features,
        "labels": labels,
        "weight_decay": decay,
        "n_iterations": n_iterations,
        "generator": apart(generator, n_examples),
    }


def _observe_softmax(
    function: Any, features: Tensor, labels: Tensor, decay: float, n_iterations: int, generator: Any
) -> dict[str, Any]:
    """Measure how far the training came; thanks to the decay there is one best weight."""

    def after(n: int, source: torch.Generator) -> Tensor:
        given = trained(function, features, labels, decay, n, source.clone_state())
        return require_tensor("the weight", given, (10, features.shape[1]))

    weight, other = after(n_iterations, generator), other_number(n_iterations)
    if weight.abs().max() < NEAR_0:
        raise WrongStructure("All numbers in the weight are close to 0, as at the start.")
    shorter = after(other, generator)
    require_difference(f"With {n_iterations} iterations and with {other}", [weight], [shorter])
    loss, _ = solutions_of_03.softmax_loss_and_gradient(features.double(), labels, weight, decay)
    measured: dict[str, Any] = {"the loss with this weight": loss.item()}
    if n_iterations > 1:
        return measured | {"the size of the weight": weight.norm().item()}
    # Only a start that is not yet forgotten tells where it came from.
    elsewhere = after(n_iterations, torch.Generator().manual_seed(generator.initial_seed() + 1))
    measured["the start comes from the generator"] = torch.equal(
        weight, after(n_iterations, generator)
    ) and not torch.equal(weight, elsewhere)
    measured["a file is kept in the folder that is handed in as checkpoint"] = keeps_checkpoint(
        function, features, labels, decay, n_iterations, generator
    )
    return measured


def _softmax(name: str, message: str, **switches: Any) -> KnownBug:
    return KnownBug(name, partial(mistakes.softmax_trained, **switches), message)


train_softmax = Exercise(
    id="4.3",
    title="A softmax on top",
    points=1,
    reference=solutions.train_softmax,
    cases=lambda generator: {
        "60 examples of 10 features, 60 iterations": _softmax_case(generator, 60, 10, 0.01, 60),
        "80 examples of 14 features, 60 iterations": _softmax_case(generator, 80, 14, 0.1, 60),
        "80 examples of 14 features and 9 of the classes, 1 iteration": _softmax_case(
            generator, 80, 14, 0.01, 1, n_kinds=9
        ),
    },
    builds_on=("softmax_loss_and_gradient",),
    drive=drive_training,
    observe=_observe_softmax,
    tolerance=Tolerance(relative=0.01),
    expects="a weight, (10, n_features), whose loss, that of exercise 3.2 with the weight decay "
    "given, is as low as so many iterations bring it from a start near 0.",
    known_bugs=(
        KnownBug(
            "untrained",
            mistakes.softmax_untrained,
            "This is the start. minimise does not change what you give it: the trained weight is "
            "in the .parameters of what it returns.",
        ),
        _softmax(
            "decay not used",
            "You trained without the weight decay: the weight grew larger than it should.",
            decay=lambda weight_decay: 0.0,
        ),
        _softmax(
            "decay of another step",
            "You used the notebook's WEIGHT_DECAY. Here the decay is an argument, because raw "
            "pixels will be given a smaller one.",
            decay=lambda weight_decay: mistakes.WEIGHT_DECAY,
        ),
        _softmax(
            "n_iterations not used",
            "However many iterations are asked for, yours does the same number.",
            iterations=lambda n: 20,
        ),
        _softmax(
            "start too far from 0",
            "After one iteration the loss is far too high: the start was not scaled down. With "
            "large random weights, the classifier begins by being sure of nonsense.",
            scale=1.0,
        ),
        _softmax(
            "classes counted in the labels",
            "You made one row for each class that occurs in the labels, but some digit may be "
            "missing there, and the softmax has to know all ten.",
            n_classes=lambda labels: len(labels.unique()),
        ),
        _softmax(
            "generator not used",
            "Your start does not come from the generator as it was handed in. After many "
            "iterations that makes no difference, for every start leads to the same weight; "
            "before, nobody can choose another start, or repeat yours.",
            scale=0.0,
        ),
        _softmax(
            "checkpoint not used",
            "The training is right, but checkpoint goes nowhere: interrupted, it would have to "
            "begin again.",
            keep=lambda checkpoint: None,
        ),
        _softmax(
            "transposed",
            "The weight lies on its side: one row per class, one column per feature is wanted.",
            given=lambda weight: weight.T.clone(),
        ),
    ),
    hints=(
        "The same plan as for the autoencoder: a function of the weight alone, inside, which "
        "calls exercise 3.2 with features, labels and weight_decay; a start; minimise.",
        "The start is 0.005 * torch.randn(10, n_features, generator=generator). There is one "
        "parameter: minimise takes the list [start], and returns a list of one.",
    ),
    notice="This problem has a single minimum, so unlike the autoencoder's, the result does not "
    "depend on the start.",
)
