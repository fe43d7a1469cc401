"""L-BFGS of a function with its own gradients: minima known otherwise, nests, resuming, errors."""

import math
import os
import signal
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy_oracles import softmax_regression_optimum

from tutorial_lib import loop as loop_module
from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.checkpoints import CheckpointError
from tutorial_lib.loop import TrainingDiverged, TrainingInterrupted
from tutorial_lib.minimise import MinimisationInterrupted, Minimum, minimise, watching, without_bars
from tutorial_lib.settings import Pretraining
from tutorial_lib.training import pretrain_layer


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


A = torch.randn(30, 5, generator=seeded(1))
Y = torch.randn(30, generator=seeded(2))


def least_squares(weight, bias):
    """Half the mean squared error of a line, with its gradients."""
    rest = A @ weight + bias - Y
    return (rest**2).mean() / 2, A.T @ rest / len(Y), rest.mean()


def start() -> list[torch.Tensor]:
    return [torch.zeros(5), torch.zeros(())]


def run(function=least_squares, parameters=None, n_iterations: int = 60, **options: Any) -> Minimum:
    parameters = start() if parameters is None else parameters
    return minimise(
        function, parameters, n_iterations=n_iterations, **{"progress": False} | options
    )


def solution() -> np.ndarray:
    matrix = np.column_stack([A.double().numpy(), np.ones(len(Y))])
    return np.linalg.lstsq(matrix, Y.double().numpy())[0]


def assert_solved(minimum: Minimum) -> None:
    weight, bias = minimum.parameters
    np.testing.assert_allclose(np.append(weight.numpy(), bias.item()), solution(), atol=1e-4)


# --- what it finds


def test_it_finds_the_least_squares_solution_and_leaves_the_start_alone() -> None:
    parameters = start()
    minimum = run(parameters=parameters)
    assert_solved(minimum)
    assert not torch.stack([parameter.abs().max() for parameter in parameters]).any()
    assert [(p.dtype, p.shape) for p in minimum.parameters] == [
        (p.dtype, p.shape) for p in parameters
    ]
    assert not any(p.requires_grad or isinstance(p, torch.nn.Parameter) for p in minimum.parameters)


def test_the_costs_begin_at_the_start_fall_and_end_at_the_minimum() -> None:
    minimum = run(n_iterations=4)
    assert minimum.costs[0] == pytest.approx(float((Y**2).mean() / 2))
    assert len(minimum.costs) == 5
    assert minimum.costs == sorted(minimum.costs, reverse=True)
    assert minimum.costs[-1] == pytest.approx(float(least_squares(*minimum.parameters)[0]))


def test_it_ends_when_the_loss_no_longer_falls() -> None:
    assert len(run(n_iterations=1000).costs) < 40


def test_softmax_regression_agrees_with_newtons_method() -> None:
    x = torch.rand(40, 6, generator=seeded(3), dtype=torch.float64)
    labels = torch.randint(3, (40,), generator=seeded(4))
    right = torch.eye(3, dtype=torch.float64)[labels]

    def loss_and_gradient(weight):
        log_p = torch.log_softmax(x @ weight.T, dim=1)
        loss = -(log_p * right).sum() / 40 + 0.005 * (weight**2).sum()
        return loss, (log_p.exp() - right).T @ x / 40 + 0.01 * weight

    zeros = torch.zeros(3, 6, dtype=torch.float64)
    minimum = run(loss_and_gradient, [zeros], n_iterations=200)
    cost, weight = softmax_regression_optimum(
        x.numpy(), labels.numpy(), n_classes=3, weight_decay=0.01
    )
    assert minimum.parameters[0].dtype == torch.float64
    assert minimum.costs[-1] == pytest.approx(cost, rel=1e-12)
    np.testing.assert_allclose(minimum.parameters[0].numpy(), weight, atol=1e-6)


def test_the_steps_are_those_of_pretrain_layer() -> None:
    """One autoencoder, trained by the library and as a plain function of its tensors."""
    x = torch.rand(50, 8, generator=seeded(5))
    model = Autoencoder(8, 5, tied=False, generator=seeded(6))
    names = ["encoder.weight", "encoder.bias", "own_decoder_weight", "visible_bias"]
    at_start = [model.get_parameter(name).detach().clone() for name in names]

    def loss_and_gradients(*values):
        values = [value.requires_grad_() for value in values]
        w1, b1, w2, b2 = values
        restored = torch.sigmoid(torch.sigmoid(x @ w1.T + b1) @ w2.T + b2)
        loss = ((restored - x) ** 2).sum(1).mean() / 2 + 0.0015 * ((w1**2).sum() + (w2**2).sum())
        return loss, *torch.autograd.grad(loss, values)

    minimum = run(loss_and_gradients, at_start, n_iterations=15)
    settings = Pretraining(
        optimiser="lbfgs",
        n_epochs=15,
        loss="squared_error",
        weight_decay=0.003,
        corruption_level=0.0,
    )
    history = pretrain_layer(model, x, settings=settings, progress=False)
    assert minimum.costs[1:] == pytest.approx(history.cost, rel=1e-6)
    for name, value in zip(names, minimum.parameters, strict=True):
        torch.testing.assert_close(value, model.get_parameter(name).detach(), rtol=1e-4, atol=1e-5)


# --- what a function may be like


def test_a_function_may_print_warn_and_count_in_numpy(capsys: pytest.CaptureFixture[str]) -> None:
    a, y = A.double().numpy(), Y.double().numpy()

    def in_numpy(weight, bias):
        rest = a @ weight.double().numpy() + bias.item() - y
        print("called")
        return np.mean(rest**2) / 2, a.T @ rest / len(y), torch.tensor(rest.mean())

    minimum = run(in_numpy)
    assert_solved(minimum)
    assert minimum.parameters[0].dtype == torch.float32, "as they were given"
    assert "called" in capsys.readouterr().out


def test_a_function_may_use_autograd() -> None:
    def automatic(weight, bias):
        weight, bias = weight.requires_grad_(), bias.requires_grad_()
        loss = ((A @ weight + bias - Y) ** 2).mean() / 2
        loss.backward()
        return loss, weight.grad, bias.grad

    with torch.no_grad():
        assert_solved(run(automatic))


def test_a_function_may_spoil_its_arguments_and_reuse_its_results() -> None:
    buffers = start()

    def careless(weight, bias):
        loss, *gradients = least_squares(weight, bias)
        for buffer, gradient, argument in zip(buffers, gradients, (weight, bias), strict=True):
            buffer.copy_(gradient)
            argument.fill_(math.nan)
        return loss, *buffers

    assert_solved(run(careless))


def test_parameters_may_be_nested() -> None:
    """A stack as a list of (weight, bias) pairs, then a single tensor."""
    target = torch.randn(3, generator=seeded(7))
    encoders = [(torch.ones(2, 3), torch.ones(2)), (torch.ones(4, 2), torch.ones(4))]

    def loss_and_gradients(pairs, weight):
        assert [tuple(map(type, pair)) for pair in pairs] == [(torch.Tensor,) * 2] * 2
        loss = sum((w**2).sum() + (b**2).sum() for w, b in pairs) + ((weight - target) ** 2).sum()
        return loss, [[2 * w, 2 * b] for w, b in pairs], 2 * (weight - target)

    pairs, weight = run(loss_and_gradients, (encoders, torch.zeros(3))).parameters
    assert isinstance(pairs, list)
    assert all(isinstance(pair, tuple) for pair in pairs), "as they were given"
    for pair, given in zip(pairs, encoders, strict=True):
        for value, before in zip(pair, given, strict=True):
            torch.testing.assert_close(value, torch.zeros_like(before), atol=1e-4, rtol=0)
            assert torch.equal(before, torch.ones_like(before)), "what was given stays"
    torch.testing.assert_close(weight, target, atol=1e-4, rtol=0)


def test_a_pair_may_be_a_named_tuple() -> None:
    Layer = namedtuple("Layer", ["weight", "bias"])

    def loss_and_gradients(layer):
        return (layer.weight**2).sum() + layer.bias**2, [2 * layer.weight, 2 * layer.bias]

    [layer] = run(loss_and_gradients, [Layer(torch.ones(3), torch.ones(()))]).parameters
    assert isinstance(layer, Layer)
    torch.testing.assert_close(layer.weight, torch.zeros(3), atol=1e-4, rtol=0)


# --- interruption and checkpoints


def interrupted_after(n_calls: int):
    calls = 0

    def function(weight, bias):
        nonlocal calls
        calls += 1
        if calls == n_calls:
            os.kill(os.getpid(), signal.SIGINT)
        return least_squares(weight, bias)

    return function


def test_an_interrupt_keeps_what_was_reached() -> None:
    with pytest.raises(
        MinimisationInterrupted, match=r"stopped after \d of 60 .*minimum"
    ) as caught:
        run(interrupted_after(4), n_iterations=60, title="Line")
    assert isinstance(caught.value, TrainingInterrupted)
    assert isinstance(caught.value, KeyboardInterrupt)
    reached = caught.value.minimum
    assert 2 <= len(reached.costs) < 6
    assert reached.costs[-1] == pytest.approx(float(least_squares(*reached.parameters)[0]))


@pytest.mark.parametrize("place", ["folder", "line.checkpoint"])
def test_the_same_call_goes_on_to_the_same_bits(tmp_path: Path, place: str) -> None:
    options: dict[str, Any] = {"checkpoint": tmp_path / place, "n_iterations": 6, "title": "A line"}
    with pytest.raises(MinimisationInterrupted, match="the same call goes on"):
        run(interrupted_after(4), **options)
    minimum, in_peace = run(**options), run(n_iterations=6)
    assert minimum.costs == in_peace.costs
    assert all(map(torch.equal, minimum.parameters, in_peace.parameters))


def test_a_finished_minimisation_is_only_read(tmp_path: Path) -> None:
    calls = 0

    def counted(weight, bias):
        nonlocal calls
        calls += 1
        return least_squares(weight, bias)

    first = run(counted, checkpoint=tmp_path / "ck")
    calls = 0
    again = run(counted, checkpoint=tmp_path / "ck")
    assert calls == 1, "the loss at the start is part of its fingerprint"
    assert again.costs == first.costs
    assert all(map(torch.equal, again.parameters, first.parameters))


def halved(weight, bias):
    loss, *gradients = least_squares(weight, bias)
    return (loss, *(gradient / 2 for gradient in gradients))


def test_in_a_folder_whatever_is_different_has_a_file_of_its_own(tmp_path: Path) -> None:
    """A mended gradient, too: else the learner would see the result of the wrong one."""
    folder = f"{tmp_path}/new/"
    run(checkpoint=folder)
    run(checkpoint=folder, n_iterations=7)
    run(checkpoint=folder, title="Other")
    run(halved, checkpoint=folder)
    run(parameters=[torch.ones(5), torch.zeros(())], checkpoint=folder)
    assert len(list(Path(folder).iterdir())) == 5
    assert len(list(Path(folder).glob("other-*.checkpoint"))) == 1


def test_a_file_of_another_minimisation_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "line.checkpoint"
    run(checkpoint=file)
    with pytest.raises(CheckpointError, match="n_iterations: 60 there, 7 here"):
        run(checkpoint=file, n_iterations=7)
    with pytest.raises(CheckpointError, match="gradients at the start"):
        run(halved, checkpoint=file)


def test_it_is_saved_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = []
    monkeypatch.setattr(loop_module, "save_checkpoint", lambda path, state: saved.append(path))
    monkeypatch.setattr(loop_module, "CHECKPOINT_SECONDS", 0)
    run(checkpoint=tmp_path, n_iterations=3)
    assert len(saved) == 3
    assert len(set(saved)) == 1


# --- the bar


def test_the_bar_shows_title_iterations_and_cost(capfd: pytest.CaptureFixture[str]) -> None:
    minimum = run(n_iterations=3, progress=True, title="A line")
    last = capfd.readouterr().err.rstrip().split("\r")[-1]
    for part in ("A line: 100%", "3.00/3.00", "iteration", f"cost={minimum.costs[-1]:.4g}"):
        assert part in last
    run(n_iterations=3)
    with without_bars():
        run(n_iterations=3, progress=True)
    assert capfd.readouterr() == ("", "")
    run(n_iterations=3, progress=True)
    assert "3.00/3.00" in capfd.readouterr().err


def test_who_watches_sees_every_call_as_it_was_made() -> None:
    function, start = (lambda w: ((w**2).sum(), 2 * w)), [torch.ones(2)]
    with watching() as calls:
        minimise(function, start, n_iterations=1, progress=False)
        with pytest.raises(ZeroDivisionError):
            minimise(lambda w: 1 / 0, start, n_iterations=1)
    minimise(function, start, n_iterations=1, progress=False)
    assert len(calls) == 2
    assert calls[0] == (function, start)


# --- errors

WRONG = {
    "no gradients": (lambda w, b: 1.0, "returned one float; expected the loss and, for 2 param"),
    "nothing": (lambda w, b: None, "returned None; expected"),
    "one gradient": (lambda w, b: (1.0, w), "returned a tuple of 2; expected .* 2 parameters"),
    "transposed": (lambda w, b: (1.0, A, b), r"gradient 1 has shape \(30, 5\); its .* has \(5,\)"),
    "second": (lambda w, b: (1.0, w, w), r"gradient 2 has shape \(5,\); its parameter has \(\)"),
    "no tensor": (lambda w, b: (1.0, None, b), "gradient 1 is None; expected a tensor"),
    "text": (lambda w, b: (1.0, w, "b"), "gradient 2 is one str; expected a tensor"),
    "losses": (lambda w, b: (w, w, b), r"loss must be one number; it is shape \(5,\)"),
    "word": (lambda w, b: ("low", w, b), "loss must be one number; it is 'low'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_result_of_the_wrong_form_is_told(name: str) -> None:
    function, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        run(function)


def test_a_nested_gradient_is_told_by_its_place() -> None:
    encoders = [(torch.zeros(2, 3), torch.zeros(2))]
    with pytest.raises(ValueError, match=r"gradient 1\[0\]\[1\] has shape \(3,\); .* has \(2,\)"):
        run(lambda pairs, w: (1.0, [(pairs[0][0], w)], w), [encoders, torch.zeros(3)])
    with pytest.raises(ValueError, match="gradient 1 is a list of 2; its parameter has 1 parts"):
        run(lambda pairs, w: (1.0, [*pairs, *pairs], w), [encoders, torch.zeros(3)])
    with pytest.raises(ValueError, match="gradient 1 is one Tensor; its parameter has 1 parts"):
        run(lambda pairs, w: (1.0, w, w), [encoders, torch.zeros(3)])


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_told(loss: float) -> None:
    with pytest.raises(TrainingDiverged, match=f"^A line: the loss, {loss}, is not finite. Look"):
        run(lambda w, b: (loss, w, b), title="A line")


def test_a_gradient_that_is_not_finite_is_told() -> None:
    with pytest.raises(TrainingDiverged, match="gradient 2 is not finite"):
        run(lambda w, b: (1.0, w, b / 0))


def test_an_error_in_the_function_is_its_own() -> None:
    def broken(weight, bias):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(broken)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(TypeError, match=r"parameters is a Tensor; pass a list, such as \[w1, b1\]"):
        run(parameters=torch.zeros(5))
    with pytest.raises(TypeError, match=r"parameter 2 is a float; pass a torch.Tensor"):
        run(parameters=[torch.zeros(5), 0.0])
    with pytest.raises(TypeError, match=r"parameter 1\[0\]\[0\] has dtype torch.int64"):
        run(parameters=[[(torch.arange(3), torch.zeros(3))]])
    with pytest.raises(TypeError, match=r"parameter 1 has dtype torch\.bfloat16, too few digits"):
        run(parameters=[torch.zeros(5, dtype=torch.bfloat16)])
    with pytest.raises(ValueError, match="n_iterations is 0"):
        run(n_iterations=0)
