"""The reference solutions of notebook 02, against independent oracles, and how 2.4 is watched.

What holds for every exercise is tested in test_exercises.py.
"""

import math

import numpy as np
import pytest
import torch
from numpy_oracles import autoencoder_cost, central_difference, relative_difference, sigmoid
from torch import Tensor
from torch.nn import functional

from tutorial_lib import (
    Autoencoder,
    Pretraining,
    StackedAutoencoder,
    combine_filters,
    corrupt,
    pretrain_greedily,
    pretrain_layer,
)
from tutorial_lib.exercises import stacking as ex
from tutorial_lib.exercises.mistakes import stacking_gradients as mistakes
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.solutions import stacking as solutions
from tutorial_lib.exercises.stacking.watching import watched

MANY_SEEDS = range(100, 120)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def stack_of(*sizes: int, tied: bool = True) -> StackedAutoencoder:
    """A stack in float64 in which every bias differs from 0."""
    stack = StackedAutoencoder(sizes[0], sizes[1:], tied=tied, generator=seeded()).double()
    with torch.no_grad():
        for parameter in stack.parameters():
            if parameter.ndim == 1:
                parameter.normal_(generator=seeded(len(parameter)))
    return stack


# --- 2.1 and 2.2 --------------------------------------------------------------------------------


def test_two_layers_of_one_unit_by_hand():
    encoders = [
        (torch.tensor([[2.0]]), torch.tensor([-1.0])),
        (torch.tensor([[4.0]]), torch.zeros(1)),
    ]
    first, second = solutions.encode_stack(torch.tensor([[1.0]]), encoders)
    assert first.item() == pytest.approx(1 / (1 + math.exp(-1)))
    assert second.item() == pytest.approx(1 / (1 + math.exp(-4 * first.item())))
    # From bottom to top: the second is applied first.
    restored = solutions.decode_stack(torch.tensor([[0.5]]), encoders)
    assert restored.item() == pytest.approx(1 / (1 + math.exp(-(2 / (1 + math.exp(-2)) - 1))))


@pytest.mark.parametrize("sizes", [(6, 4), (7, 5, 4, 2), (3, 3, 3, 3, 3)])
def test_up_and_down_is_what_the_stack_does(sizes):
    stack, x = stack_of(*sizes, tied=False), random(5, sizes[0]).sigmoid()
    encoders = [(a.encoder.weight, a.encoder.bias) for a in stack.autoencoders]
    decoders = [(a.decoder_weight, a.visible_bias) for a in stack.autoencoders]
    codes = solutions.encode_stack(x, encoders)
    torch.testing.assert_close(codes, stack.encode_layers(x))
    torch.testing.assert_close(solutions.decode_stack(codes[-1], decoders), stack(x))
    expected = x.numpy()
    for weight, bias in encoders:
        expected = sigmoid(
            np.einsum("mi,oi->mo", expected, weight.detach()) + bias.detach().numpy()
        )
    np.testing.assert_allclose(codes[-1].detach(), expected, rtol=1e-12)


def test_stacks_of_any_depth_are_asked_for():
    def three_up(x, encoders):
        return solutions.encode_stack(x, encoders[:3])

    def three_down(code, decoders):
        for k in (2, 1, 0):
            code = torch.sigmoid(code @ decoders[k][0].T + decoders[k][1])
        return code

    assert ex.encode_stack.judge(three_up).status is Status.INCORRECT
    assert ex.decode_stack.judge(three_down).status is Status.ERROR


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
def test_another_sigmoid_is_refused(squash):
    def up(x, encoders):
        codes = [x]
        for weight, bias in encoders:
            codes.append(squash(codes[-1] @ weight.T + bias))
        return codes[1:]

    assert ex.encode_stack.judge(up).status is Status.INCORRECT
    down = ex.decode_stack.judge(lambda code, decoders: up(code, decoders[::-1])[-1])
    assert down.status is Status.INCORRECT


# --- 2.3 ----------------------------------------------------------------------------------------


def problem(m: int, n_visible: int, n_hidden: int) -> tuple[Tensor, ...]:
    x = random(m, n_visible).sigmoid()
    noisy = corrupt(x, 0.4, generator=seeded(1))
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,)
    return x, noisy, *(random(*shape, seed=k) for k, shape in enumerate(shapes, start=2))


PROBLEMS = [problem(5, 7, 4), problem(1, 4, 6), problem(8, 3, 3)]


def test_one_pixel_and_one_unit_by_hand():
    zero, one = torch.zeros(1), torch.ones(1, 1)
    loss, *gradients = solutions.denoising_gradients(one, one, torch.zeros(1, 1), zero, zero)
    assert loss.item() == pytest.approx(math.log(2))
    # The reconstruction is 1/2, the error -1/2, the code 1/2; a weight of 0 lets no delta through.
    assert [g.item() for g in gradients] == pytest.approx([-0.25, 0, -0.5])
    loss, *gradients = solutions.denoising_gradients(one, 0 * one, one, zero, zero)
    # The code of a hidden pixel is 1/2 as well, and now the logit is 1/2; the error is s(1/2) - 1.
    error = 1 / (1 + math.exp(-0.5)) - 1
    assert loss.item() == pytest.approx(-math.log(1 + error))
    assert [g.item() for g in gradients] == pytest.approx([error / 2, error / 4, error])


@pytest.mark.parametrize("arguments", PROBLEMS)
def test_gradients_agree_with_autograd(arguments):
    x, noisy, *parameters = arguments
    for parameter in parameters:
        parameter.requires_grad_()
    weight, bias, visible_bias = parameters
    logits = torch.sigmoid(noisy @ weight.T + bias) @ weight + visible_bias
    loss = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    expected = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        given = solutions.denoising_gradients(*arguments)
    torch.testing.assert_close(given, (loss.detach(), *expected))


@pytest.mark.parametrize("arguments", PROBLEMS)
def test_gradients_agree_with_numpy_example_by_example(arguments):
    x, noisy, *parameters = (argument.detach().numpy() for argument in arguments)
    weights = dict(zip(("encoder", "bias", "visible_bias"), parameters, strict=True))
    cost, gradients = autoencoder_cost(weights, x, noisy, loss="cross_entropy")
    loss, *given = solutions.denoising_gradients(*(a.detach() for a in arguments))
    assert loss.item() == pytest.approx(cost, rel=1e-12)
    for name, gradient in zip(weights, given, strict=True):
        assert relative_difference(gradient.numpy(), gradients[name]) < 1e-12, name


@pytest.mark.parametrize("arguments", PROBLEMS)
def test_gradients_agree_with_differences_of_the_loss(arguments):
    arguments = [argument.detach() for argument in arguments]
    _, *given = solutions.denoising_gradients(*arguments)
    for k, gradient in enumerate(given, start=2):

        def loss(value: np.ndarray, k: int = k) -> float:
            changed = [*arguments[:k], torch.from_numpy(value), *arguments[k + 1 :]]
            return solutions.denoising_gradients(*changed)[0].item()

        expected = central_difference(loss, arguments[k].numpy())
        assert relative_difference(gradient.numpy(), expected) < 1e-9


def test_the_weights_gradient_is_the_sum_of_its_two_paths():
    arguments = [argument.detach() for argument in PROBLEMS[0]]
    whole = solutions.denoising_gradients(*arguments)[1]
    one, other = (
        mistakes.denoising_gradients(*arguments, paths=paths)[1] for paths in ((0, 1), (1, 0))
    )
    assert min(one.norm(), other.norm()) > 0.05 * whole.norm(), "neither is negligible here"
    torch.testing.assert_close(one + other, whole)


def test_a_sigmoid_that_overflows_in_the_code_is_refused():
    def answer(x, corrupted, weight, bias, visible_bias):
        odds = torch.exp(corrupted @ weight.T + bias)
        by_code = solutions.denoising_gradients(x, corrupted, weight, bias, visible_bias)
        return tuple(part + 0 * (odds / (1 + odds)).sum() for part in by_code)

    outcome = ex.denoising_gradients.judge(answer)
    assert outcome.status is Status.INCORRECT
    assert "NaN" in outcome.message


def test_the_loss_is_finite_where_the_reconstruction_is_rounded_to_0_or_1():
    x, noisy, weight, bias, _ = (argument.detach().float() for argument in PROBLEMS[0])
    visible_bias = torch.tensor([1000.0, -1000, 200, -200, 90, -90, 0])
    given = solutions.denoising_gradients(x, noisy, weight, bias, visible_bias)
    assert all(torch.isfinite(part).all() for part in given)


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, x: -(x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)),
        lambda p, x: -(x * p.clamp(1e-8).log() + (1 - x) * (1 - p).clamp(1e-8).log()),
        lambda p, x: functional.binary_cross_entropy(p.clamp(1e-8, 1 - 1e-8), x, reduction="none"),
    ],
)
def test_a_least_probability_is_recognised_in_whatever_way_it_was_brought_in(loss):
    def cut_off(x, corrupted, weight, bias, visible_bias):
        _, *gradients = solutions.denoising_gradients(x, corrupted, weight, bias, visible_bias)
        code = torch.sigmoid(corrupted @ weight.T + bias)
        restored = torch.sigmoid(code @ weight + visible_bias)
        return loss(restored, x).sum(dim=1).mean(), *gradients

    outcome = ex.denoising_gradients.judge(cut_off)
    assert outcome.known_bug == "logarithms cut off by 1e-8"
    assert "the price stops growing" in " ".join(outcome.message.split())


def test_the_mistakes_make_none_when_no_switch_is_turned():
    for arguments in PROBLEMS:
        arguments = [argument.detach() for argument in arguments]
        given = mistakes.denoising_gradients(*arguments)
        torch.testing.assert_close(given, solutions.denoising_gradients(*arguments))


@pytest.mark.parametrize("seed", MANY_SEEDS)
def test_autograd_is_a_right_answer_and_each_mistake_named_whatever_is_drawn(seed):
    def by_autograd(x, corrupted, weight, bias, visible_bias):
        parameters = [p.clone().requires_grad_() for p in (weight, bias, visible_bias)]
        logits = torch.sigmoid(corrupted @ parameters[0].T + parameters[1]) @ parameters[0]
        logits = logits + parameters[2]
        loss = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
        loss = loss.sum(dim=1).mean()
        return loss, *torch.autograd.grad(loss, parameters)

    assert ex.denoising_gradients.judge(by_autograd, seed=seed).status is Status.CORRECT
    for bug in ex.denoising_gradients.known_bugs:
        assert ex.denoising_gradients.judge(bug.answer, seed=seed).known_bug == bug.name


# --- 2.4 ----------------------------------------------------------------------------------------


def test_it_trains_the_same_stack_as_the_library():
    x, sizes = random(60, 6).sigmoid().float(), [5, 4, 3]
    settings = Pretraining(n_epochs=2, batch_size=10, corruption_level=0.3)
    wanted = StackedAutoencoder(6, sizes, generator=seeded())
    pretrain_greedily(wanted, x, settings=settings, generator=seeded(1), progress=False)

    waiting = iter(StackedAutoencoder(6, sizes, generator=seeded()).autoencoders)
    generator = seeded(1)

    def train_layer(data: Tensor, n_hidden: int) -> tuple[Tensor, Tensor]:
        layer = next(waiting)
        assert isinstance(layer, Autoencoder)
        assert layer.encoder.out_features == n_hidden
        pretrain_layer(layer, data, settings=settings, generator=generator, progress=False)
        return layer.encoder.weight.detach(), layer.encoder.bias.detach()

    encoders = solutions.pretrain_greedily(x, sizes, train_layer)
    for (weight, bias), encoder in zip(encoders, wanted.classifier.layers, strict=False):
        torch.testing.assert_close(weight, encoder.weight.detach())
        torch.testing.assert_close(bias, encoder.bias.detach())


def hiding(level: float, where: str):
    """Return a greedy training that hides a part of what it handles, by numbers of its own."""
    generator = seeded(7)

    def noisy(data: Tensor) -> Tensor:
        return corrupt(data, level, generator=generator)

    def pretrain(x, hidden_sizes, train_layer):
        encoders, data = [], noisy(x) if where == "once, at the start" else x
        for n_hidden in hidden_sizes:
            weight, bias = train_layer(
                noisy(data) if where == "what is trained on" else data, n_hidden
            )
            encoders.append((weight, bias))
            seen = noisy(data) if where == "what is encoded" else data
            data = torch.sigmoid(seen @ weight.T + bias)
            data = noisy(data) if where == "the codes" else data
        return encoders

    return pretrain


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(
    ("where", "bug"),
    [
        ("the codes", "corrupted codes passed up"),
        ("what is encoded", "corrupted codes passed up"),
        ("what is trained on", "noise added to the data"),
        ("once, at the start", "noise added to the data"),
    ],
)
def test_noise_of_any_making_is_recognised(level, where, bug):
    outcome = ex.pretrain_greedily.judge(hiding(level, where))
    assert outcome.status is Status.INCORRECT
    assert outcome.known_bug == bug
    assert "free of noise" in " ".join(outcome.message.split())


def test_noise_of_level_0_is_none():
    for where in ("the codes", "what is encoded", "what is trained on", "once, at the start"):
        assert ex.pretrain_greedily.judge(hiding(0, where)).status is Status.CORRECT


def test_zeros_of_the_digits_are_not_taken_for_noise():
    x = random(9, 5).sigmoid().float() * (random(9, 5, seed=1) > 0)
    told = watched(solutions.pretrain_greedily, x, [4, 3])
    assert (x == 0).any()
    assert all(told[f"call {k} was given data free of noise"] for k in (1, 2))


@pytest.mark.parametrize("data", ["the codes", torch.zeros(3), np.zeros((2, 3)), None])
def test_what_is_no_data_is_said_at_the_learners_line(data):
    def pretrain(x, hidden_sizes, train_layer):
        return [train_layer(data, n_hidden) for n_hidden in hidden_sizes]

    outcome = ex.pretrain_greedily.judge(pretrain)
    assert outcome.status is Status.ERROR
    assert "takes a tensor of rows" in outcome.message
    assert "train_layer(data, n_hidden)" in outcome.message


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (lambda pairs: pairs[-1], "It returned a single pair of tensors; expected a list of 3"),
        (lambda pairs: tuple(zip(*pairs, strict=True)), "It returned two lists of 3; expected"),
    ],
)
def test_another_form_of_the_encoders_is_called_by_its_name(form, said):
    def pretrain(*arguments):
        return form(solutions.pretrain_greedily(*arguments))

    outcome = ex.pretrain_greedily.judge(pretrain)
    assert outcome.status is Status.INCORRECT
    assert said in " ".join(outcome.message.split())


def test_calls_and_sizes_are_told_beside_those_of_the_layers():
    def once(x, hidden_sizes, train_layer):
        return [train_layer(x, hidden_sizes[0])] * len(hidden_sizes)

    def one_size(x, hidden_sizes, train_layer):
        return solutions.pretrain_greedily(x, [5] * len(hidden_sizes), train_layer)

    message = " ".join(ex.pretrain_greedily.judge(once).message.split())
    assert "the number of calls of train_layer for 3 layers is 1" in message
    message = " ".join(ex.pretrain_greedily.judge(one_size).message.split())
    assert "n_hidden of call 1 (layer 1 has 4 units) is 5" in message


# --- 2.5 ----------------------------------------------------------------------------------------


def test_filters_are_mixed_by_hand():
    w1 = torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 0, 5]])
    w2 = torch.tensor([[3.0, 2, 0], [0, 0, -1]])
    expected = torch.tensor([[0.6, 0.8, 0], [0, 0, -1]])
    torch.testing.assert_close(solutions.combine_filters(w1, w2), expected)


def test_filters_are_those_of_the_library_in_the_third_layer_too():
    w1, w2, w3 = random(6, 9), random(5, 6, seed=1), random(4, 5, seed=2)
    torch.testing.assert_close(solutions.combine_filters(w1, w2), combine_filters(w1, w2))
    torch.testing.assert_close(solutions.combine_filters(w2 @ w1, w3), combine_filters(w1, w2, w3))


# --- Questions ----------------------------------------------------------------------------------


def test_the_numbers_asked_for_follow_from_the_library():
    stack = StackedAutoencoder(784, [500, 500, 500])
    classifier = {id(parameter) for parameter in stack.classifier.parameters()}
    own = [p for p in stack.parameters() if id(p) not in classifier]
    assert ex.n_own.reference == sum(p.numel() for p in own)
    assert ex.n_passes.reference == 15 * len(range(2, 6))
