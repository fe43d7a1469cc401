"""The reference solutions of notebook 01, against independent oracles.

They are what a right answer is compared with, so they are held to numbers worked out by hand, to
NumPy in float64, and to autograd. What holds for every exercise is tested in test_exercises.py.
"""

import math
from functools import partial

import numpy as np
import pytest
import torch
from numpy_oracles import autoencoder_cost, central_difference, relative_difference, sigmoid
from other_answers.autoencoder import OTHER
from torch.nn import functional

from tutorial_lib import Autoencoder, losses
from tutorial_lib.exercises import autoencoder as ex
from tutorial_lib.exercises.mistakes import autoencoder_gradients as mistakes
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.solutions import autoencoder as solutions

# More than a learner ever sees: the grader draws cases of its own for each of hundreds.
MANY_SEEDS = range(100, 120)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# --- 1.1 to 1.4 ---------------------------------------------------------------------------------


def test_encode_and_decode_the_three_pixels_of_the_notebook():
    x = torch.tensor([[1.0, 0.0, 0.5]])
    weight = torch.tensor([[2.0, -1.0, 0.0], [-1.0, 3.0, 1.0]])
    code = solutions.encode(x, weight, torch.tensor([-1.0, 0.5]))
    torch.testing.assert_close(code, torch.tensor([[1 / (1 + math.exp(-1)), 0.5]]))
    visible_bias = torch.tensor([0.0, -1.0, 0.5])
    reconstruction = solutions.decode(code, weight.T, visible_bias)
    sums = torch.tensor([2 * 0.731059 - 0.5, -0.731059 + 0.5, 1.0])
    torch.testing.assert_close(reconstruction, torch.sigmoid(sums)[None])
    differences = reconstruction - x
    expected = (differences[0, 0] ** 2 + differences[0, 1] ** 2 + differences[0, 2] ** 2) / 2
    torch.testing.assert_close(solutions.squared_error(x, reconstruction), expected)


def test_encode_and_decode_agree_with_numpy():
    x, weight, bias = random(5, 7), random(4, 7, seed=1), random(4, seed=2)
    expected = sigmoid(np.einsum("ik,jk->ij", x, weight) + bias.numpy())
    for function in (solutions.encode, solutions.decode):
        np.testing.assert_allclose(function(x, weight, bias), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "squash",
    [
        lambda z: torch.exp(z) / (1 + torch.exp(z)),
        lambda z: torch.sigmoid(z.clamp(-10, 10)),
        lambda z: torch.sigmoid(z).clamp(0.01, 0.99),
        lambda z: torch.sigmoid(z).squeeze(),
    ],
    ids=["overflow", "sums cut off", "codes cut off", "squeezed"],
)
@pytest.mark.parametrize("exercise", [ex.encode, ex.decode], ids=lambda task: task.name)
def test_another_sigmoid_is_refused(exercise, squash):
    outcome = exercise.judge(lambda x, weight, bias: squash(x @ weight.T + bias))
    assert outcome.status is Status.INCORRECT


@pytest.mark.parametrize("loss", [functional.smooth_l1_loss, functional.huber_loss])
def test_a_cost_that_is_square_only_near_0_is_refused(loss):
    outcome = ex.squared_error.judge(lambda x, r: loss(x, r, reduction="sum") / len(x))
    assert outcome.status is Status.INCORRECT


def test_the_costs_are_those_of_the_library():
    x, z = torch.rand(6, 5, dtype=torch.float64), 3 * random(6, 5)
    torch.testing.assert_close(solutions.squared_error(x, z), losses.squared_error(x, z))
    torch.testing.assert_close(solutions.cross_entropy(x, z), losses.cross_entropy(x, z))


def test_cross_entropy_is_the_published_formula():
    x, z = torch.rand(6, 5, dtype=torch.float64), random(6, 5)
    p = sigmoid(z.numpy())
    expected = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log(1 - p)).sum(axis=1).mean()
    np.testing.assert_allclose(solutions.cross_entropy(x, z), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("pixel", "logit", "nats"),
    [(1, -1000, 1000), (0, 1000, 1000), (1, 1000, 0), (0, -1000, 0), (0.3, 1000, 700)],
)
def test_cross_entropy_of_a_sure_answer(pixel, logit, nats):
    cost = solutions.cross_entropy(torch.tensor([[float(pixel)]]), torch.tensor([[float(logit)]]))
    torch.testing.assert_close(cost, torch.tensor(float(nats)))


def naive_cross_entropy(x, logits, log=torch.log):
    p = torch.sigmoid(logits)
    return -(x * log(p) + (1 - x) * log(1 - p)).sum(dim=1).mean()


LEAST = [1e-6, 1e-7, 1e-8, 1e-12]
WAYS_TO_1_4 = {
    "as it stands": (naive_cross_entropy, "rounded to 0"),
    "in float64": (
        lambda x, z: naive_cross_entropy(x, z.double()),
        "rounded to 0 in float64",
    ),
    "one side mended": (
        lambda x, z: (
            -(x * functional.logsigmoid(z) + (1 - x) * torch.log(1 - torch.sigmoid(z)))
            .sum(dim=1)
            .mean()
        ),
        "rounded to 0",
    ),
    "without the sigmoid": (
        lambda x, z: (
            (x * torch.log(1 + torch.exp(-z)) + (1 - x) * torch.log(1 + torch.exp(z)))
            .sum(dim=1)
            .mean()
        ),
        "overflow on both sides",
    ),
    "one logarithm from the other": (
        lambda x, z: (torch.log(1 + torch.exp(-z)) + (1 - x) * z).sum(dim=1).mean(),
        "overflow on the other side",
    ),
    "infinity replaced": (
        lambda x, z: naive_cross_entropy(x, z, lambda p: torch.log(p).nan_to_num()),
        "rounded to 0",
    ),
    "naive bits": (lambda x, z: naive_cross_entropy(x, z, torch.log2), "bits"),
} | {
    f"{way} {least}": (
        partial(naive_cross_entropy, log=log),
        f"cut off by {least:.0e}".replace("e-0", "e-"),
    )
    for least in LEAST
    for way, log in {
        "added": lambda p, least=least: torch.log(p + least),
        "clamped below": lambda p, least=least: torch.log(p.clamp(min=least)),
        "clamped": lambda p, least=least: torch.log(p.clamp(least, 1 - least)),
    }.items()
}


@pytest.mark.parametrize("way", WAYS_TO_1_4)
def test_each_step_on_the_way_to_a_finite_cross_entropy_is_named(way):
    answer, name = WAYS_TO_1_4[way]
    for seed in MANY_SEEDS:
        assert ex.cross_entropy.judge(answer, seed=seed).known_bug == name


# --- 1.5 and 1.6 --------------------------------------------------------------------------------


def test_the_penalty_by_hand():
    code = torch.tensor([[0.9, 0.1], [0.1, 0.1]], dtype=torch.float64)
    expected = 0.1 * math.log(0.1 / 0.5) + 0.9 * math.log(0.9 / 0.5)
    assert solutions.kl_sparsity(code, 0.1).item() == pytest.approx(expected, rel=1e-12)
    assert solutions.kl_sparsity(torch.full((3, 4), 0.1), 0.1).item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(solutions.kl_sparsity(code, 0.3), losses.kl_sparsity(code, 0.3))


def test_the_penalty_of_batches_is_on_average_larger():
    """What question Q3 is about: the penalty bends upwards."""
    for seed in range(20):
        code = torch.sigmoid(4 * random(40, 3, seed=seed) - 3)
        batches = [solutions.kl_sparsity(batch, 0.1) for batch in code.split(5)]
        assert torch.stack(batches).mean() > solutions.kl_sparsity(code, 0.1)


def sparse_case(seed: int = 0) -> list[torch.Tensor]:
    shapes = ((5, 6), (4, 6), (4,), (6, 4), (6,))
    x, *parameters = (random(*shape, seed=seed + k) for k, shape in enumerate(shapes))
    return [torch.sigmoid(x), *parameters]


PENALTIES = [(0.0, 0.1, 0.0), (0.3, 0.1, 0.0), (0.0, 0.2, 3.0), (3e-3, 0.1, 3.0)]


@pytest.mark.parametrize("penalties", PENALTIES)
def test_the_gradient_agrees_with_numpy_one_example_at_a_time(penalties):
    x, w1, b1, w2, b2 = case = sparse_case()
    weight_decay, sparsity_target, sparsity_weight = penalties
    loss, *gradients = solutions.sparse_autoencoder_loss_and_gradients(*case, *penalties)
    names = ("encoder", "bias", "decoder", "visible_bias")
    expected_loss, expected = autoencoder_cost(
        dict(zip(names, (p.numpy() for p in (w1, b1, w2, b2)), strict=True)),
        x.numpy(),
        x.numpy(),
        loss="squared_error",
        sparsity_target=sparsity_target,
        sparsity_weight=sparsity_weight,
        weight_decay=weight_decay,
    )
    assert loss.item() == pytest.approx(expected_loss, rel=1e-12)
    for name, gradient in zip(names, gradients, strict=True):
        assert relative_difference(gradient.numpy(), expected[name]) < 1e-12


@pytest.mark.parametrize("penalties", PENALTIES)
def test_the_gradient_agrees_with_autograd_on_the_librarys_cost(penalties):
    x, *parameters = sparse_case(seed=10)
    weight_decay, sparsity_target, sparsity_weight = penalties
    _, *by_hand = solutions.sparse_autoencoder_loss_and_gradients(x, *parameters, *penalties)
    w1, b1, w2, b2 = leaves = [p.clone().requires_grad_() for p in parameters]
    code = torch.sigmoid(functional.linear(x, w1, b1))
    loss = (
        losses.squared_error(x, torch.sigmoid(functional.linear(code, w2, b2)))
        + losses.weight_penalty(w1, w2, weight_decay=weight_decay)
        + sparsity_weight * losses.kl_sparsity(code, sparsity_target)
    )
    for gradient, expected in zip(by_hand, torch.autograd.grad(loss, leaves), strict=True):
        torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-14)


def test_without_a_switch_the_mistakes_of_the_gradient_make_none():
    """Each named mistake is then that one mistake, and no other besides."""
    case = [*sparse_case(), 0.1, 0.2, 0.7]
    right = solutions.sparse_autoencoder_loss_and_gradients(*case)
    for given, expected in zip(mistakes.sparse_gradients(*case), right, strict=True):
        torch.testing.assert_close(given, expected, rtol=1e-12, atol=1e-14)


# --- 1.7 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2), (0,)])
def test_numerical_gradients_of_any_shape_leave_theta_alone(shape):
    theta = random(*shape)
    before = theta.clone()
    gradient = solutions.numerical_gradient(lambda t: torch.sin(3 * t).sum(), theta)
    assert torch.equal(theta, before)
    assert gradient.dtype == torch.float64
    torch.testing.assert_close(gradient, 3 * torch.cos(3 * theta), rtol=1e-6, atol=1e-8)


def test_numerical_gradients_agree_with_a_finer_oracle():
    x, *parameters = sparse_case()

    def loss(w1):
        case = (x, w1, *parameters[1:], 3e-3, 0.1, 3.0)
        return solutions.sparse_autoencoder_loss_and_gradients(*case)[0]

    gradient = solutions.numerical_gradient(loss, parameters[0])
    finer = central_difference(lambda w: float(loss(torch.from_numpy(w))), parameters[0].numpy())
    assert relative_difference(gradient.numpy(), finer) < 1e-8


def test_the_step_is_the_one_that_is_asked_for():
    """Of a cube, the central difference errs by exactly the square of the step."""
    gradient = solutions.numerical_gradient(lambda t: t**3, random(), epsilon=0.5)
    torch.testing.assert_close(gradient, 3 * random() ** 2 + 0.25)


def test_another_step_where_none_is_given_is_not_taken_for_a_derivative():
    def finer(loss, theta, epsilon=1e-5):
        return solutions.numerical_gradient(loss, theta, epsilon)

    outcome = ex.numerical_gradient.judge(finer)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, None)


# --- 1.8 and 1.9 --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.3, 0.9])
def test_corruption_hides_the_given_share_and_nothing_else(level):
    x = torch.full((400, 100), 0.7)
    before, generator = x.clone(), torch.Generator().manual_seed(0)
    corrupted = solutions.corrupt(x, level, generator)
    assert torch.equal(x, before)
    assert set(corrupted.unique().tolist()) <= {0.0, x[0, 0].item()}
    assert (corrupted == 0).double().mean().item() == pytest.approx(level, abs=0.01)
    again = solutions.corrupt(x, level, torch.Generator().manual_seed(0))
    assert torch.equal(corrupted, again)
    assert level == 0 or not torch.equal(corrupted, solutions.corrupt(x, level, generator))


def test_what_is_measured_of_noise_does_not_depend_on_the_dice():
    """The tolerance is wide enough for any right answer, and no wider than the mistakes need."""
    for seed in MANY_SEEDS:
        for answer in (ex.corrupt.reference, *OTHER["corrupt"]):
            assert ex.corrupt.judge(answer, seed=seed).status is Status.CORRECT
    for level in (0.27, 0.33):

        def somewhat_off(x, corruption_level, generator, level=level):
            return solutions.corrupt(x, level if corruption_level == 0.3 else 0.6, generator)

        assert ex.corrupt.judge(somewhat_off).status is Status.INCORRECT


def test_each_pixel_has_its_own_dice():
    """Hiding the same number in each row is told from what a right answer may do by chance."""

    def same_number(x, corruption_level, generator):
        order = torch.rand(x.shape, generator=generator).argsort(dim=1)
        return x * (order >= round(corruption_level * x.shape[1]))

    for seed in MANY_SEEDS:
        assert ex.corrupt.judge(same_number, seed=seed).known_bug == "the same number in each row"


@pytest.mark.parametrize("least_length", [1.0, 0.01, 1e-3])
def test_weak_weights_are_scaled_too(least_length):
    def not_shortened(weight):
        return weight / weight.norm(dim=1, keepdim=True).clamp(min=least_length)

    for seed in MANY_SEEDS:
        assert ex.strongest_inputs.judge(not_shortened, seed=seed).status is Status.INCORRECT


def test_nothing_of_length_one_excites_a_unit_more_than_its_strongest_input():
    weight = random(6, 9)
    inputs = solutions.strongest_inputs(weight)
    torch.testing.assert_close(inputs.norm(dim=1), torch.ones(6, dtype=torch.float64))
    excitement = (inputs * weight).sum(dim=1)
    others = functional.normalize(random(5000, 9, seed=1), dim=1)
    assert ((others @ weight.T) <= excitement).all()


def test_a_unit_without_weights_gets_a_row_of_zeros():
    weight = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    expected = torch.tensor([[0.6, 0.8], [0.0, 0.0]])
    torch.testing.assert_close(solutions.strongest_inputs(weight), expected)


# --- Questions ----------------------------------------------------------------------------------


def test_the_parameters_are_counted_as_the_library_has_them():
    machine = Autoencoder(784, 500)
    assert ex.n_parameters.reference == sum(p.numel() for p in machine.parameters())
    assert 7.5 < ex.n_parameters.reference / 50_000 < 8.5, "about eight to each digit"
