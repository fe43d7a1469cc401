"""Exercise 1.7: a witness for gradients."""

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.mistakes import autoencoder_gradients as mistakes
from tutorial_lib.exercises.solutions import autoencoder as solutions
from tutorial_lib.exercises.values import Tolerance


def _squares_and_product(theta: Tensor) -> Tensor:
    return (theta**2).sum() + theta.prod()  # the product: each slope depends on the others


def _fifth_powers(theta: Tensor) -> Tensor:
    return (theta**5).sum()


def _waves(theta: Tensor) -> Tensor:
    return (torch.sin(20 * theta) * theta.roll(1)).sum()


numerical_gradient = Exercise(
    id="1.7",
    title="A gradient without a formula",
    points=2,
    reference=solutions.numerical_gradient,
    cases=lambda generator: {
        "the sum of squares and the product of 3 numbers": {
            "loss": _squares_and_product,
            "theta": normal(generator, 3).double(),
        },
        "the fifth powers of 4 numbers, summed, with epsilon 0.1": {
            "loss": _fifth_powers,
            "theta": normal(generator, 4).double(),
            "epsilon": 0.1,
        },
        "a function of a 3 x 2 matrix": {
            "loss": _waves,
            "theta": normal(generator, 3, 2).double(),
        },
    },
    # Fine enough to tell float64 from float32, which is the point of the exercise.
    tolerance=Tolerance(relative=1e-8, absolute=1e-9),
    parts=("the gradient",),
    expects="a float64 tensor in the shape of theta, right to 8 digits.",
    known_bugs=(
        KnownBug(
            "one-sided",
            mistakes.forward_difference,
            "You took the difference between a point and the next one. That errs by about "
            "epsilon; a step to either side errs by epsilon squared only.",
        ),
        KnownBug(
            "one-sided, backwards",
            mistakes.backward_difference,
            "You took the difference between a point and the one before. That errs by about "
            "epsilon; a step to either side errs by epsilon squared only.",
        ),
        KnownBug(
            "divided by epsilon",
            mistakes.difference_over_epsilon,
            "Your gradient is twice too large: how far are the two points apart?",
        ),
        KnownBug(
            "brackets",
            mistakes.difference_times_epsilon,
            "Your gradient is tiny: `/ 2 * epsilon` divides by 2 and then multiplies by epsilon. "
            "The whole distance stands below the line.",
        ),
        KnownBug(
            "not divided",
            mistakes.difference_not_divided,
            "This is how much the loss changes, not how fast: the distance is missing.",
        ),
        KnownBug(
            "sign",
            mistakes.difference_turned_round,
            "Your gradient points downhill: above minus below, not below minus above.",
        ),
        KnownBug(
            "epsilon not used",
            mistakes.difference_with_a_fixed_step,
            "Your step is always 0.0001. It should be the epsilon that was handed in.",
        ),
        KnownBug(
            "all at once",
            mistakes.difference_along_the_diagonal,
            "You moved all entries of theta at once, and gave each the same slope. The gradient "
            "has a slope for each entry, with the others held still.",
        ),
        KnownBug(
            "one number",
            mistakes.difference_of_all_at_once,
            "You moved all entries of theta at once, and got one number. The gradient has a slope "
            "for each entry, with the others held still: it takes a loop.",
        ),
        KnownBug(
            "steps pile up",
            mistakes.difference_of_piled_up_steps,
            "The entries that you have moved stay moved when the next one's turn comes. Begin "
            "each round with a new step of zeros.",
        ),
        KnownBug(
            "flattened",
            mistakes.difference_flattened,
            "The numbers are right, but they should have the shape of theta.",
        ),
        KnownBug(
            "single precision",
            mistakes.difference_in_single_precision,
            "The differences are right, but you keep them in float32, which has 7 digits. A "
            "witness must be more exact than what it judges: make the result like theta, with "
            "torch.zeros_like.",
        ),
        KnownBug(
            "step in single precision",
            mistakes.difference_by_a_step_in_single_precision,
            "Your step is kept in float32, where 0.0001 is not quite 0.0001. Make it like theta, "
            "with torch.zeros_like(theta).",
        ),
        KnownBug(
            "copy left moved",
            mistakes.difference_left_in_a_copy,
            "You moved the entries of a copy and did not put them back: each slope is taken at "
            "another point. Put each entry back before you go on, or copy theta anew.",
        ),
        KnownBug(
            "theta left moved",
            mistakes.difference_left_in_place,
            "You moved the entries of theta itself, and did not put them back: each slope is "
            "taken at another point, and the caller's parameters have changed.",
        ),
        KnownBug(
            "more points",
            mistakes.difference_of_five_points,
            "You evaluate the loss at four points for each entry. That errs less, but costs twice "
            "as much; a step to either side is what was asked for.",
        ),
        KnownBug(
            "exact derivative",
            mistakes.exact_gradient,
            "This is the exact derivative, by autograd. The point of the exercise is a witness "
            "that knows nothing about derivatives, only the loss.",
        ),
    ),
    hints=(
        "One entry first: make a tensor of zeros like theta, set one entry of it to epsilon, and "
        "evaluate the loss at theta plus and minus that step.",
        "For any shape, count the entries from 0 to theta.numel() - 1: step.view(-1)[i] is the "
        "i-th entry of step, whatever its shape, and setting it changes step.",
        "gradient = torch.zeros_like(theta); in the loop gradient.view(-1)[i] = (loss(theta + "
        "step) - loss(theta - step)) / (2 * epsilon).",
    ),
    notice="Two evaluations for each parameter: exact enough, and far too slow to train with.",
)
