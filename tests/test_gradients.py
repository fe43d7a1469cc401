"""The gradients worked out by hand: against NumPy, central differences and autograd."""

import numpy as np
import pytest
import torch
from numpy_oracles import (
    autoencoder_cost,
    central_difference,
    classifier_cost,
    relative_difference,
)
from torch import Tensor, nn

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.gradients import AutoencoderGradients, ClassifierGradients
from tutorial_lib.losses import (
    cross_entropy,
    kl_sparsity,
    softmax_loss,
    squared_error,
    weight_penalty,
)
from tutorial_lib.sinks import AddToGradients, StepDownhill, decay_cost
from tutorial_lib.stacked import Classifier, StackedAutoencoder

TIGHT = 1e-9  # relative norm, in float64
WIDE = torch.float64
N_VISIBLE, N_HIDDEN, N_EXAMPLES = 6, 4, 7
LOSSES = ["cross_entropy", "squared_error"]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_parameters(model: nn.Module) -> None:
    """Move all parameters away from 0 and from one another."""
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter += 0.3 * torch.randn(parameter.shape, generator=seeded(k), dtype=WIDE)


def make_autoencoder(tied: bool, dtype: torch.dtype = WIDE) -> Autoencoder:
    model = Autoencoder(N_VISIBLE, N_HIDDEN, tied=tied, generator=seeded(0)).to(dtype)
    random_parameters(model)
    return model


def make_classifier(
    hidden: list[int], softmax_bias: bool = True, dtype: torch.dtype = WIDE
) -> Classifier:
    """UFLDL's check: 4 pixels, layers of 3 and 5 units, 2 classes."""
    if hidden:
        stack = StackedAutoencoder(
            4, hidden, n_classes=2, softmax_bias=softmax_bias, generator=seeded(0)
        )
        classifier = stack.classifier.to(dtype)
    else:
        classifier = Classifier([], nn.Linear(4, 2, bias=softmax_bias, dtype=dtype))
        for parameter in classifier.parameters():
            nn.init.zeros_(parameter)
    random_parameters(classifier)
    return classifier


X = torch.rand(N_EXAMPLES, N_VISIBLE, dtype=WIDE, generator=seeded(10))
NOISY = X * (torch.rand(X.shape, generator=seeded(11)) > 0.3)
IMAGES = torch.rand(5, 4, dtype=WIDE, generator=seeded(12))
LABELS = torch.tensor([0, 1, 1, 0, 1])


def flat(tensors: list[Tensor]) -> np.ndarray:
    return torch.cat([t.detach().flatten() for t in tensors]).double().numpy()


def cost_of_parameters(model: nn.Module, cost):
    """Turn a cost of a model into a function of the vector of its parameters."""

    def of_vector(vector: np.ndarray) -> float:
        torch.nn.utils.vector_to_parameters(torch.tensor(vector), model.parameters())
        return cost().item()

    return of_vector


# --- one autoencoder


def autograd_cost(model, x, noisy, loss, sparsity_weight, weight_decay) -> Tensor:
    code = model.encode(noisy)
    if loss == "cross_entropy":
        cost = cross_entropy(x, model.decode_logits(code))
    else:
        cost = squared_error(x, model.decode(code))
    weights = [p for p in model.parameters() if p.ndim == 2]
    cost = cost + sparsity_weight * kl_sparsity(code, 0.2)
    return cost + weight_penalty(*weights, weight_decay=weight_decay)


def numpy_gradient(model, x, noisy, loss, sparsity_weight, weight_decay):
    names = {
        "encoder.weight": "encoder",
        "encoder.bias": "bias",
        "visible_bias": "visible_bias",
        "own_decoder_weight": "decoder",
    }
    weights = {names[k]: p.detach().numpy() for k, p in model.named_parameters()}
    cost, gradients = autoencoder_cost(
        weights,
        x.numpy(),
        noisy.numpy(),
        loss=loss,
        sparsity_target=0.2,
        sparsity_weight=sparsity_weight,
        weight_decay=weight_decay,
    )
    ordered = [gradients[names[k]].ravel() for k, _ in model.named_parameters()]
    return cost, np.concatenate(ordered)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sparsity_weight", [0.0, 3.0])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("chunk_rows", [1, 3, 1000])
def test_autoencoder(tied, loss, sparsity_weight, weight_decay, chunk_rows) -> None:
    model = make_autoencoder(tied)
    parameters = list(model.parameters())
    decay = {p: weight_decay for p in parameters if p.ndim == 2}
    gradients = AutoencoderGradients(
        model,
        loss=loss,
        dtype=WIDE,
        sparsity_target=0.2,
        sparsity_weight=sparsity_weight,
        chunk_rows=chunk_rows,
    )
    cost = gradients(X, NOISY, AddToGradients(parameters, decay)).item() + decay_cost(decay)
    ours = flat([p.grad for p in parameters])

    how = (X, NOISY, loss, sparsity_weight, weight_decay)
    automatic = torch.autograd.grad(autograd_cost(model, *how), parameters)
    numpy_cost, by_numpy = numpy_gradient(model, *how)
    assert cost == pytest.approx(numpy_cost, rel=1e-12)
    assert autograd_cost(model, *how).item() == pytest.approx(numpy_cost, rel=1e-12)
    assert relative_difference(ours, by_numpy) < TIGHT
    assert relative_difference(ours, flat(automatic)) < TIGHT
    if chunk_rows == 1000:
        of_vector = cost_of_parameters(model, lambda: autograd_cost(model, *how))
        numeric = central_difference(of_vector, flat(parameters))
        assert relative_difference(ours, numeric) < TIGHT


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_examples", [1, N_EXAMPLES])
@pytest.mark.parametrize("sparsity_weight", [0.0, 0.5])
def test_step_downhill_moves_against_the_gradient(tied, loss, n_examples, sparsity_weight) -> None:
    x, noisy = X[:n_examples], NOISY[:n_examples]
    stepped, kept = make_autoencoder(tied), make_autoencoder(tied)
    decay = {p: 0.1 for p in stepped.parameters() if p.ndim == 2}
    sink = StepDownhill(decay)
    sink.learning_rate = 0.7
    options = {"loss": loss, "dtype": WIDE, "sparsity_weight": sparsity_weight}
    cost = AutoencoderGradients(stepped, **options)(x, noisy, sink)

    into = AddToGradients(
        list(kept.parameters()), {p: 0.1 for p in kept.parameters() if p.ndim == 2}
    )
    assert cost == AutoencoderGradients(kept, **options)(x, noisy, into)
    for after, before in zip(stepped.parameters(), kept.parameters(), strict=True):
        expected = before - 0.7 * before.grad
        torch.testing.assert_close(after, expected, rtol=1e-12, atol=1e-14)
        assert not torch.equal(after, before)


def test_the_cost_agrees_for_logits_that_saturate() -> None:
    """Probabilities of exactly 0 and 1 in float32: the naive formula would give inf or NaN."""
    model = make_autoencoder(True, torch.float32)
    with torch.no_grad():
        model.visible_bias.copy_(torch.tensor([1000.0, -1000, 500, -500, 200, -200]))
    x = torch.tensor([[1.0, 0, 0, 1, 1, 0]])
    gradients = AutoencoderGradients(model, loss="cross_entropy", dtype=torch.float32)
    sink = AddToGradients(list(model.parameters()), {})
    cost = gradients(x, x, sink).item()
    assert cost == pytest.approx(cross_entropy(x, model.decode_logits(model.encode(x))).item())
    assert 900 < cost < 1100
    assert model.visible_bias.grad.tolist() == [0, 0, 1, -1, 0, 0]


# --- a classifier


def classifier_arrays(classifier: Classifier):
    weights = [layer.weight.detach().numpy() for layer in classifier.layers]
    biases = [
        np.zeros(len(layer.weight)) if layer.bias is None else layer.bias.detach().numpy()
        for layer in classifier.layers
    ]
    return weights, biases


@pytest.mark.parametrize("hidden", [[3, 5], [3], []])
@pytest.mark.parametrize("softmax_bias", [True, False])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("chunk_rows", [1, 2, 1000])
def test_classifier(hidden, softmax_bias, weight_decay, chunk_rows) -> None:
    classifier = make_classifier(hidden, softmax_bias)
    parameters = list(classifier.parameters())
    decay = {classifier.softmax.weight: weight_decay}
    gradients = ClassifierGradients(classifier, dtype=WIDE, chunk_rows=chunk_rows)
    cost = gradients(IMAGES, LABELS, AddToGradients(parameters, decay)).item() + decay_cost(decay)
    ours = flat([p.grad for p in parameters])

    def total() -> Tensor:
        penalty = weight_penalty(classifier.softmax.weight, weight_decay=weight_decay)
        return softmax_loss(classifier(IMAGES), LABELS) + penalty

    weights, biases = classifier_arrays(classifier)
    numpy_cost, *by_layer, _ = classifier_cost(
        weights, biases, IMAGES.numpy(), LABELS.numpy(), weight_decay=weight_decay
    )
    by_numpy = [g for pair in zip(*by_layer, strict=True) for g in pair][: len(parameters)]
    assert cost == pytest.approx(numpy_cost, rel=1e-12)
    assert total().item() == pytest.approx(numpy_cost, rel=1e-12)
    assert relative_difference(ours, np.concatenate([g.ravel() for g in by_numpy])) < TIGHT
    assert relative_difference(ours, flat(torch.autograd.grad(total(), parameters))) < TIGHT
    if chunk_rows == 1000:
        numeric = central_difference(cost_of_parameters(classifier, total), flat(parameters))
        assert relative_difference(ours, numeric) < TIGHT


@pytest.mark.parametrize("hidden", [[3, 5], []])
@pytest.mark.parametrize("n_examples", [1, 5])
def test_step_downhill_on_a_classifier(hidden, n_examples) -> None:
    """In place, every layer's delta must still come from the weights before the step."""
    stepped, kept = make_classifier(hidden), make_classifier(hidden)
    sink = StepDownhill({stepped.softmax.weight: 0.1})
    sink.learning_rate = 0.7
    x, labels = IMAGES[:n_examples], LABELS[:n_examples]
    ClassifierGradients(stepped, dtype=WIDE)(x, labels, sink)
    into = AddToGradients(list(kept.parameters()), {kept.softmax.weight: 0.1})
    ClassifierGradients(kept, dtype=WIDE)(x, labels, into)
    for after, before in zip(stepped.parameters(), kept.parameters(), strict=True):
        expected = before - 0.7 * before.grad
        torch.testing.assert_close(after, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("hidden", [[3, 5], []])
def test_input_gradient(hidden) -> None:
    classifier = make_classifier(hidden)
    ours = ClassifierGradients(classifier, dtype=WIDE, chunk_rows=2).input_gradient(IMAGES, LABELS)
    x = IMAGES.clone().requires_grad_()
    (automatic,) = torch.autograd.grad(softmax_loss(classifier(x), LABELS) * len(x), x)
    *_, by_numpy = classifier_cost(*classifier_arrays(classifier), IMAGES.numpy(), LABELS.numpy())
    assert relative_difference(ours.numpy(), automatic.numpy()) < TIGHT
    assert relative_difference(ours.numpy(), by_numpy) < TIGHT


def test_softmax_survives_logits_of_a_thousand() -> None:
    classifier = make_classifier([], dtype=torch.float32)
    with torch.no_grad():
        classifier.softmax.weight.zero_()
        classifier.softmax.bias.copy_(torch.tensor([1000.0, -1000.0]))
    gradients = ClassifierGradients(classifier, dtype=torch.float32)
    sink = AddToGradients(list(classifier.parameters()), {})
    assert gradients(IMAGES[:2].float(), LABELS[:2], sink).item() == 1000  # mean of 0 and 2000
    assert classifier.softmax.bias.grad.tolist() == [0.5, -0.5]


# --- buffers and bfloat16


def fresh_and_used(make, sizes: list[int]):
    """Gradients for batches of these sizes, from one object, and from a new one for each."""
    used = make()
    for n in sizes:
        yield used(n), make()(n)


@pytest.mark.parametrize("dtype", [WIDE, torch.float32])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("chunk_rows", [2, 1000])
def test_autoencoder_buffers_do_not_leak_between_batches(dtype, loss, chunk_rows) -> None:
    def make():
        model = make_autoencoder(False, dtype)
        parameters = list(model.parameters())
        sink = AddToGradients(parameters, {})
        gradients = AutoencoderGradients(
            model, loss=loss, dtype=dtype, sparsity_weight=1.0, chunk_rows=chunk_rows
        )

        def call(n: int) -> np.ndarray:
            cost = gradients(X[:n].to(dtype), NOISY[:n].to(dtype), sink)
            return np.append(flat([p.grad for p in parameters]), cost.item())

        return call

    for used, fresh in fresh_and_used(make, [7, 3, 1, 5, 7, 2]):
        np.testing.assert_array_equal(used, fresh)


@pytest.mark.parametrize("chunk_rows", [2, 1000])
def test_classifier_buffers_do_not_leak_between_batches(chunk_rows) -> None:
    def make():
        classifier = make_classifier([3, 5])
        parameters = list(classifier.parameters())
        sink = AddToGradients(parameters, {})
        gradients = ClassifierGradients(classifier, dtype=WIDE, chunk_rows=chunk_rows)

        def call(n: int) -> np.ndarray:
            uphill = gradients.input_gradient(IMAGES[:n], LABELS[:n]).clone()
            cost = gradients(IMAGES[:n], LABELS[:n], sink)
            return np.append(flat([uphill, *(p.grad for p in parameters)]), cost.item())

        return call

    for used, fresh in fresh_and_used(make, [5, 2, 1, 4, 5]):
        np.testing.assert_array_equal(used, fresh)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_bfloat16_products_stay_near_float32(tied, loss) -> None:
    x = torch.rand(200, 50, generator=seeded(1))
    noisy = x * (torch.rand(x.shape, generator=seeded(2)) > 0.3)
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        model = Autoencoder(50, 30, tied=tied, generator=seeded(0))
        gradients = AutoencoderGradients(model, loss=loss, dtype=dtype, sparsity_weight=0.5)
        parameters = list(model.parameters())
        cost = gradients(x.to(dtype), noisy.to(dtype), AddToGradients(parameters, {}))
        assert cost.dtype == WIDE
        assert all(p.dtype == p.grad.dtype == torch.float32 for p in parameters)
        results.append((cost.item(), flat([p.grad for p in parameters])))
    (cost, gradient), (coarse_cost, coarse) = results
    assert coarse_cost == pytest.approx(cost, rel=0.01)
    assert 0 < relative_difference(coarse, gradient) < 0.02  # bfloat16 keeps 8 bits: 0.4 %


def test_bfloat16_steps_move_float32_weights() -> None:
    """Weights are not rounded: a step too small for bfloat16 must still count, decay and all."""
    classifier = make_classifier([3, 5], dtype=torch.float32)
    parameters = list(classifier.parameters())
    before = [p.detach().clone() for p in parameters]
    decay = {classifier.softmax.weight: 0.5}
    sink = StepDownhill(decay)
    sink.learning_rate = 1e-4
    into = AddToGradients(parameters, decay)
    ClassifierGradients(classifier, dtype=torch.float32)(IMAGES.float(), LABELS, into)
    ClassifierGradients(classifier, dtype=torch.bfloat16)(IMAGES.bfloat16(), LABELS, sink)
    moved = flat([after - old for after, old in zip(parameters, before, strict=True)])
    assert relative_difference(moved, -1e-4 * flat([p.grad for p in parameters])) < 0.03


def test_an_unknown_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="loss is 'mse'; choose one of 'cross_entropy'"):
        AutoencoderGradients(make_autoencoder(True), loss="mse", dtype=WIDE)
