"""Every cost: numbers worked out by hand, NumPy, central differences, extreme and wrong input."""

import math

import numpy as np
import pytest
import torch
from numpy_oracles import central_difference, relative_difference, sigmoid

from tutorial_lib.losses import (
    cross_entropy,
    kl_divergence,
    kl_sparsity,
    softmax_loss,
    squared_error,
    weight_penalty,
)

TIGHT = 1e-9
RNG = np.random.default_rng(0)
X = RNG.random((5, 7))
GIVEN = RNG.normal(size=(5, 7))
CODE = RNG.uniform(0.3, 0.7, size=(6, 4))
LABELS = torch.tensor([0, 6, 3, 3, 1])


def np_softmax_loss(logits: np.ndarray) -> float:
    rows = range(len(logits))
    return -float(
        np.mean([np.log(np.exp(logits[i, LABELS[i]]) / np.exp(logits[i]).sum()) for i in rows])
    )


def np_kl(mean: np.ndarray, rho: float = 0.2) -> float:
    return float(
        sum(rho * math.log(rho / q) + (1 - rho) * math.log((1 - rho) / (1 - q)) for q in mean)
    )


def np_cross_entropy(z: np.ndarray) -> float:
    p = sigmoid(z)
    return -float(np.mean(np.sum(X * np.log(p) + (1 - X) * np.log(1 - p), axis=1)))


# name: the loss as a function of one tensor, the same in NumPy, and where to take it
LOSSES = {
    "squared_error": (
        lambda r: squared_error(torch.tensor(X), r),
        lambda r: 0.5 * float(np.mean(np.sum((X - r) ** 2, axis=1))),
        GIVEN,
    ),
    "cross_entropy": (lambda z: cross_entropy(torch.tensor(X), z), np_cross_entropy, GIVEN),
    "kl_divergence": (lambda q: kl_divergence(0.2, q), np_kl, CODE[0]),
    "kl_sparsity": (lambda h: kl_sparsity(h, 0.2), lambda h: np_kl(h.mean(axis=0)), CODE),
    "weight_penalty": (
        lambda w: weight_penalty(w, weight_decay=0.3),
        lambda w: 0.15 * float(np.sum(w**2)),
        GIVEN,
    ),
    "softmax_loss": (lambda z: softmax_loss(z, LABELS), np_softmax_loss, GIVEN),
}
# The derivatives, worked out on paper.
SOFTMAX = np.exp(GIVEN) / np.exp(GIVEN).sum(axis=1, keepdims=True)
Q = CODE.mean(axis=0)
GRADIENTS = {
    "squared_error": (GIVEN - X) / 5,
    "cross_entropy": (sigmoid(GIVEN) - X) / 5,
    "kl_divergence": -0.2 / CODE[0] + 0.8 / (1 - CODE[0]),
    "kl_sparsity": np.tile((-0.2 / Q + 0.8 / (1 - Q)) / 6, (6, 1)),
    "weight_penalty": 0.3 * GIVEN,
    "softmax_loss": (SOFTMAX - np.eye(7)[LABELS.numpy()]) / 5,
}


@pytest.mark.parametrize("name", LOSSES)
def test_value_agrees_with_numpy(name: str) -> None:
    loss, oracle, at = LOSSES[name]
    value = loss(torch.tensor(at))
    assert value.shape == ()
    assert value.item() == pytest.approx(oracle(at), rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_agrees_with_paper_and_central_differences(name: str) -> None:
    loss, oracle, at = LOSSES[name]
    point = torch.tensor(at, requires_grad=True)
    loss(point).backward()
    gradient = point.grad.numpy()
    assert relative_difference(gradient, GRADIENTS[name]) < TIGHT
    for cost in (oracle, lambda a: loss(torch.tensor(a)).item()):
        assert relative_difference(gradient, central_difference(cost, at)) < TIGHT


def test_squared_error_by_hand() -> None:
    x = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    restored = torch.tensor([[0.0, 4.0], [1.0, 0.0]])
    # (1 + 4) / 2 for the first, 1 / 2 for the second, mean of the two
    assert squared_error(x, restored).item() == 1.5
    assert squared_error(x, x).item() == 0


def test_cross_entropy_by_hand() -> None:
    # A logit of 0 is probability 1/2: ln 2 a pixel, summed over 3 pixels, whatever the target.
    x = torch.tensor([[0.0, 1.0, 0.3], [1.0, 1.0, 0.5]])
    assert cross_entropy(x, torch.zeros(2, 3)).item() == pytest.approx(3 * math.log(2))
    # sigmoid(ln 3) = 3/4
    logit = torch.full((1, 1), math.log(3), dtype=torch.float64)
    one, zero = torch.ones_like(logit), torch.zeros_like(logit)
    assert cross_entropy(one, logit).item() == pytest.approx(math.log(4 / 3), rel=1e-12)
    assert cross_entropy(zero, logit).item() == pytest.approx(math.log(4), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_is_exact_at_logits_of_a_thousand(dtype: torch.dtype) -> None:
    x = torch.tensor([[1.0, 0.0, 1.0, 0.0, 0.25]], dtype=dtype)
    logits = torch.tensor([[1000.0, -1000.0, -1000.0, 1000.0, 1000.0]], dtype=dtype)
    logits.requires_grad_()
    cost = cross_entropy(x, logits)
    assert cost.item() == 2750  # right, right, wrong by 1000, wrong by 1000, and 0.75 * 1000
    cost.backward()
    assert logits.grad.tolist() == [[0, 0, -1, 1, 0.75]]


def test_kl_divergence_by_hand() -> None:
    assert kl_divergence(0.1, torch.full((4,), 0.1, dtype=torch.float64)).item() == pytest.approx(0)
    # rho = 1/2, mean = 1/4: 1/2 ln 2 + 1/2 ln(2/3) = 1/2 ln(4/3), for each of two units
    mean = torch.full((2,), 0.25, dtype=torch.float64)
    assert kl_divergence(0.5, mean).item() == pytest.approx(math.log(4 / 3), rel=1e-12)


def test_kl_divergence_is_lowest_at_the_target() -> None:
    means = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    costs = [kl_divergence(0.3, mean[None]).item() for mean in means]
    assert means[int(np.argmin(costs))].item() == pytest.approx(0.3)
    assert min(costs) >= 0


def test_kl_sparsity_takes_the_mean_over_examples_first() -> None:
    # One unit, on for half the examples: its mean is the target, though no single code is.
    code = torch.tensor([[0.9], [0.1]], dtype=torch.float64)
    assert kl_sparsity(code, 0.5).item() == pytest.approx(0)


def test_weight_penalty_by_hand() -> None:
    first, second = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [1.0]])
    assert weight_penalty(first, second, weight_decay=0.2).item() == pytest.approx(0.1 * 15)
    assert weight_penalty(first, weight_decay=0).item() == 0


def test_softmax_loss_by_hand() -> None:
    # Equal logits: ln(number of classes). Then probabilities 1/4 and 3/4.
    assert softmax_loss(torch.zeros(3, 10), torch.tensor([0, 5, 9])).item() == pytest.approx(
        math.log(10)
    )
    logits = torch.tensor([[0.0, math.log(3)]], dtype=torch.float64)
    assert softmax_loss(logits, torch.tensor([0])).item() == pytest.approx(math.log(4), rel=1e-12)
    assert softmax_loss(logits, torch.tensor([1])).item() == pytest.approx(math.log(4 / 3))


def test_softmax_loss_survives_logits_of_a_thousand() -> None:
    logits = torch.tensor([[1000.0, -1000.0], [1000.0, -1000.0]])
    assert softmax_loss(logits, torch.tensor([0, 1])).item() == 1000  # mean of 0 and 2000


@pytest.mark.parametrize(
    ("loss", "name"), [(squared_error, "reconstruction"), (cross_entropy, "logits")]
)
@pytest.mark.parametrize("shape", [(5, 6), (4, 7), (7,), (1, 7), (5, 1)])
def test_shapes_that_would_broadcast_are_refused(loss, name: str, shape) -> None:
    with pytest.raises(ValueError, match=rf"^{name} has shape .*x has \(5, 7\)"):
        loss(torch.tensor(X), torch.zeros(shape))


@pytest.mark.parametrize("target", [0, 1, -0.1, 1.5, math.nan])
def test_sparsity_target_outside_zero_and_one_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match=f"sparsity_target is {target}"):
        kl_sparsity(torch.full((2, 2), 0.5), target)


def test_weight_penalty_refuses_no_weights_and_a_negative_decay() -> None:
    with pytest.raises(ValueError, match="0 weights"):
        weight_penalty(weight_decay=0.1)
    with pytest.raises(ValueError, match="weight_decay -1"):
        weight_penalty(torch.ones(2), weight_decay=-1)


@pytest.mark.parametrize("labels", [torch.tensor([0, 1]), torch.zeros(3, 1, dtype=torch.int64)])
def test_softmax_loss_refuses_other_numbers_of_labels(labels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"logits have shape \(3, 4\) and labels"):
        softmax_loss(torch.zeros(3, 4), labels)
