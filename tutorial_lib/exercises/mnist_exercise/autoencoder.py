"""Exercise 4.2: one sparse autoencoder, trained."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.driving import drive_training
from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import uniform
from tutorial_lib.exercises.mistakes import mnist_exercise as mistakes
from tutorial_lib.exercises.mnist_exercise.measuring import (
    keeps_checkpoint,
    other_number,
    require_difference,
    require_tensors,
    trained,
)
from tutorial_lib.exercises.parts import WrongStructure
from tutorial_lib.exercises.running import Case
from tutorial_lib.exercises.solutions import autoencoder as solutions_of_01
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.values import Tolerance
from tutorial_lib.minimise import without_bars


def pictures(generator: torch.Generator, n_examples: int, n_visible: int, n_kinds: int) -> Any:
    """Draw noisy copies of a few patterns of black and white, and which pattern each one is."""
    patterns = uniform(generator, n_kinds, n_visible).round()
    kinds = torch.arange(n_examples) % n_kinds
    fog = uniform(generator, n_examples, n_visible, high=0.6)
    return (patterns[kinds] - fog).abs(), kinds


def _observe_autoencoder(
    function: Any, x: Tensor, start: tuple[Tensor, ...], n_iterations: int, with_checkpoint: bool
) -> dict[str, Any]:
    """Measure how far the training came."""
    names = ("w1", "b1", "w2", "b2")
    shapes = {name: tuple(tensor.shape) for name, tensor in zip(names, start, strict=True)}

    def after(n: int) -> list[Tensor]:
        return require_tensors(trained(function, x, start, n), shapes)

    before = [tensor.double() for tensor in start]
    parameters, other = after(n_iterations), other_number(n_iterations)
    if all(map(torch.equal, parameters, before)):
        raise WrongStructure("It returned the numbers of the start.")
    require_difference(f"With {n_iterations} iterations and with {other}", parameters, after(other))
    constants = solutions.WEIGHT_DECAY, solutions.SPARSITY_TARGET, solutions.SPARSITY_WEIGHT
    arguments: list[Any] = [x.double(), *parameters, *constants]
    cost, *_ = solutions_of_01.sparse_autoencoder_loss_and_gradients(*arguments)
    code = solutions_of_01.encode(x.double(), *parameters[:2])
    measured = {"the cost": cost.item(), "the mean activation of the code": code.mean().item()}
    if with_checkpoint:
        measured["a file is kept in the folder that is handed in as checkpoint"] = keeps_checkpoint(
            function, x, start, n_iterations
        )
    return measured


def _autoencoder_case(
    generator: torch.Generator,
    n_examples: int,
    n_hidden: int,
    n_iterations: int,
    *,
    before: int = 0,
    with_checkpoint: bool = False,
) -> Case:
    """Draw pictures of 49 pixels and a start; ``before`` iterations were done already."""
    x, _ = pictures(generator, n_examples, 49, 6)
    start = solutions.initial_parameters(49, n_hidden, generator)
    if before:
        with without_bars():
            start = tuple(solutions.train_sparse_autoencoder(x, start, before))
    return {
        "x": x,
        "start": start,
        "n_iterations": n_iterations,
        "with_checkpoint": with_checkpoint,
    }


def _trained(name: str, message: str, **switches: Any) -> KnownBug:
    return KnownBug(name, partial(mistakes.autoencoder_trained, **switches), message)


train_sparse_autoencoder = Exercise(
    id="4.2",
    title="Train one sparse autoencoder",
    points=2,
    reference=solutions.train_sparse_autoencoder,
    cases=lambda generator: {
        "90 pictures of 49 pixels, 49 hidden units, 60 iterations": _autoencoder_case(
            generator, 90, 49, 60
        ),
        "80 pictures of 49 pixels, 20 hidden units, 4 iterations": _autoencoder_case(
            generator, 80, 20, 4
        ),
        "a start that 50 iterations have trained, 2 more iterations": _autoencoder_case(
            generator, 80, 20, 2, before=50, with_checkpoint=True
        ),
    },
    builds_on=("sparse_autoencoder_loss_and_gradients",),
    drive=drive_training,
    observe=_observe_autoencoder,
    tolerance=Tolerance(relative=0.03),
    expects="w1, b1, w2 and b2, where so many iterations of L-BFGS bring the cost of exercise 1.6 "
    "from the start given, with this notebook's three constants.",
    known_bugs=(
        KnownBug(
            "untrained",
            mistakes.autoencoder_untrained,
            "This is the start. minimise does not change what you give it: the trained tensors "
            "are in the .parameters of what it returns.",
        ),
        _trained(
            "the start in the cost",
            "The function that you gave to minimise computes the cost of the start that was "
            "handed in, not of the parameters that minimise passes to it: for minimise, the "
            "ground is flat.",
            use=lambda given, start: start,
        ),
        _trained(
            "the encoder alone",
            "You returned w1 and b1 only. The decoder will go, but not yet: training may have to "
            "go on from here.",
            given=mistakes.encoder_only,
        ),
        _trained(
            "begun anew",
            "Your training begins at random numbers of its own. It is to go on from the start "
            "that is handed in.",
            begin=mistakes.begun_anew,
        ),
        _trained(
            "no sparsity",
            "The sparsity penalty had no weight: the units are active far more often than their "
            "target says.",
            sparsity_weight=0.0,
        ),
        _trained(
            "no weight decay",
            "The weight decay was left out: the weights grow, and the cost that counts with them.",
            weight_decay=0.0,
        ),
        _trained(
            "decay and sparsity swapped",
            "The weight decay and the sparsity weight have each other's value. Look up the order "
            "of arguments in exercise 1.6.",
            weight_decay=solutions.SPARSITY_WEIGHT,
            sparsity_weight=solutions.WEIGHT_DECAY,
        ),
        _trained(
            "no probability for a target",
            "The sparsity target that reaches exercise 1.6 is not between 0 and 1, so the penalty "
            "has the logarithm of a negative number. In which order does exercise 1.6 take the "
            "three constants?",
            weight_decay=solutions.SPARSITY_TARGET,
            sparsity_target=solutions.SPARSITY_WEIGHT,
            sparsity_weight=solutions.WEIGHT_DECAY,
        ),
        _trained(
            "n_iterations not used",
            "However many iterations are asked for, yours does the same number.",
            iterations=lambda n: 20,
        ),
        KnownBug(
            "trained in place",
            mistakes.autoencoder_trained_in_place,
            "You overwrote the start. Whoever handed it in may want to compare with it.",
        ),
        _trained(
            "checkpoint not used",
            "The training is right, but checkpoint goes nowhere: interrupted after some minutes, "
            "it would have to begin again.",
            keep=lambda checkpoint: None,
        ),
    ),
    hints=(
        "minimise wants a function of the four parameters alone. Yours from exercise 1.6 wants x "
        "and three constants as well: define a function inside that calls it with them.",
        "def loss_and_gradients(w1, b1, w2, b2): return the result of 1.6 on x, these four, "
        "WEIGHT_DECAY, SPARSITY_TARGET and SPARSITY_WEIGHT, in its own order.",
        "Then minimise(loss_and_gradients, start, n_iterations=n_iterations, "
        "checkpoint=checkpoint): in its result, .parameters is a list [w1, b1, w2, b2].",
    ),
    notice="Nothing in your function knows that x are pixels, so it will train on codes as well.",
)
