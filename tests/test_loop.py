"""The loop and its steppers: early stopping, history, interruption, and what one epoch does."""

import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_jobs import (
    FILES,
    OPTIMISERS,
    assert_same_bits,
    assert_same_checkpoints,
    find,
    settings,
    train,
)
from torch import nn

from tutorial_lib import loop as loop_module
from tutorial_lib import training
from tutorial_lib.checkpoints import CheckpointError, load_checkpoint, save_checkpoint, save_model
from tutorial_lib.lbfgs import FullBatch
from tutorial_lib.loop import History, Loop, TrainingDiverged, TrainingInterrupted
from tutorial_lib.settings import EarlyStopping
from tutorial_lib.steppers import Minibatches


class Counter:
    """A stepper whose only parameter counts the steps; an epoch has three of them."""

    n_per_epoch = 3
    converged = False

    def __init__(self, on_step=lambda step: None, costs=None, converges_after=math.inf) -> None:
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)
        self.on_step = on_step
        self.costs = costs
        self.converges_after = converges_after
        self.left = 3

    @property
    def steps(self) -> int:
        return int(self.model.weight.item())

    def epoch(self, index: int) -> Iterator[int]:
        while self.left:
            self.on_step(self.steps + 1)
            self.model.weight.data += 1
            self.left -= 1
            yield 1
        self.left = 3
        self.converged = index + 1 >= self.converges_after

    def mean_cost(self) -> float:
        return float(self.costs[self.steps // 3 - 1] if self.costs else self.steps)

    def state(self) -> dict[str, Any]:
        return {"left": self.left}

    def restore(self, state: dict[str, Any]) -> None:
        self.left = state["left"]


def make_loop(stepper: Counter, n_epochs: int = 4, **options) -> Loop:
    options = {"title": "Counting", "progress": False} | options
    return Loop(stepper.model, stepper, n_epochs=n_epochs, **options)


def interrupt() -> None:
    """What Ctrl-C does in a terminal, and the stop button in a notebook."""
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def usual_handler() -> Iterator[None]:
    """Whatever a test does, Ctrl-C works before and after it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are faster so, by far if the machine is busy."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


# --- history and the end


def test_history_holds_one_cost_an_epoch() -> None:
    history = make_loop(Counter(costs=[5, 4, 3, 2])).run()
    assert history.cost == [5, 4, 3, 2]
    assert history.validation_error == []
    assert history.best_epoch is None
    assert history.seconds > 0


def test_a_stepper_that_converged_ends_the_training() -> None:
    stepper = Counter(converges_after=2)
    assert make_loop(stepper, n_epochs=100).run().cost == [3, 6]


@pytest.mark.parametrize("cost", [math.nan, math.inf, -math.inf])
def test_a_cost_that_is_not_finite_ends_the_training_with_advice(cost: float) -> None:
    stepper = Counter(costs=[1, cost, 1, 1])
    message = f"^Counting: the cost became {cost} in epoch 2. Lower the learning rate"
    with pytest.raises(TrainingDiverged, match=message):
        make_loop(stepper).run()
    assert stepper.steps == 6


def validating(errors: list[float], restore_best: bool, **options) -> tuple[int, History]:
    """Train with these validation errors; return the epoch whose weights are left, the history."""
    stepper, left = Counter(), list(errors)
    options = {"n_epochs": len(errors), "restore_best": restore_best} | options
    history = make_loop(stepper, validate=lambda: left.pop(0), **options).run()
    return stepper.steps // 3, history


def test_the_weights_of_the_best_epoch_come_back() -> None:
    epoch, history = validating([5.0, 3.0, 2.0, 4.0, 2.0], restore_best=True)
    assert epoch == history.best_epoch == 3, "the first of equals: it trained less"
    assert history.validation_error == [5, 3, 2, 4, 2]


def test_the_last_weights_stay_on_request() -> None:
    epoch, history = validating([5.0, 3.0, 2.0, 4.0, 2.0], restore_best=False)
    assert epoch == 5
    assert history.best_epoch == 3


@pytest.mark.parametrize("restore_best", [True, False])
def test_early_stopping_as_published(restore_best: bool) -> None:
    """Better at epoch 6, so patience 12; what comes after is never asked for."""
    errors = [5.0] * 5 + [4.0] + [4.5] * 30
    epoch, history = validating(errors, restore_best, early_stopping=EarlyStopping())
    assert len(history.cost) == len(history.validation_error) == 12
    assert history.best_epoch == 6
    assert epoch == (6 if restore_best else 12)


def test_a_gain_too_small_for_patience_is_still_the_best() -> None:
    errors = [5.0] * 6 + [4.99] + [5.0] * 30
    epoch, history = validating(errors, True, early_stopping=EarlyStopping())
    assert len(history.cost) == 10
    assert epoch == history.best_epoch == 7


# --- the bar


def test_the_bar_is_silent_on_request(capfd: pytest.CaptureFixture[str]) -> None:
    make_loop(Counter(), progress=False).run()
    assert capfd.readouterr() == ("", "")


def test_the_bar_shows_title_total_cost_and_validation(capfd: pytest.CaptureFixture[str]) -> None:
    make_loop(Counter(costs=[4, 3, 2, 1.5]), validate=lambda: 2.25, progress=True).run()
    out, err = capfd.readouterr()
    last = err.rstrip().split("\r")[-1]
    assert out == ""
    for part in ("Counting: 100%", "12.0/12.0", "cost=1.5", "validation=2.25 %", "example"):
        assert part in last


def test_the_bar_runs_to_where_early_stopping_will_end(capfd: pytest.CaptureFixture[str]) -> None:
    """Else it would tell an hour left in the minute before the end."""
    errors = [5.0] * 5 + [4.0] + [4.5] * 30
    validating(errors, True, early_stopping=EarlyStopping(), progress=True)
    lines = capfd.readouterr().err.strip().split("\r")
    assert "/30.0 " in lines[0], "the patience of 10 epochs, 3 steps each"
    assert "100%" in lines[-1]
    assert "36.0/36.0 " in lines[-1]


# --- interruption


def test_an_interrupt_finishes_the_step_saves_and_says_so(tmp_path: Path) -> None:
    stepper = Counter(on_step=lambda step: interrupt() if step == 5 else None)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(TrainingInterrupted) as caught:
        make_loop(stepper, checkpoint=file).run()
    assert isinstance(caught.value, KeyboardInterrupt)
    assert stepper.steps == 5, "the step was finished, and no other one begun"
    for part in ("Counting", "1 whole epochs of 4", "usable", str(file), "goes on"):
        assert part in str(caught.value)

    again = Counter()
    assert make_loop(again, checkpoint=file).run().cost == [3, 6, 9, 12]
    assert again.steps == 12


def test_without_a_checkpoint_an_interrupt_still_leaves_the_weights() -> None:
    stepper = Counter(on_step=lambda step: interrupt() if step == 5 else None)
    with pytest.raises(TrainingInterrupted, match="usable") as caught:
        make_loop(stepper).run()
    assert "Saved" not in str(caught.value)
    assert stepper.steps == 5


@pytest.mark.parametrize("step", [3, 12])
def test_an_interrupt_in_the_last_step_of_an_epoch_is_not_lost(tmp_path: Path, step: int) -> None:
    stepper = Counter(on_step=lambda now: interrupt() if now == step else None)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(TrainingInterrupted):
        make_loop(stepper, checkpoint=file).run()
    again = Counter()
    assert make_loop(again, checkpoint=file).run().cost == [3, 6, 9, 12]


def test_an_interrupt_while_the_last_epoch_is_judged_is_not_lost(tmp_path: Path) -> None:
    """The caller may have more layers to train: they must not begin."""
    judged = []

    def validate() -> float:
        judged.append(1)
        if len(judged) == 4:
            interrupt()
        return 5.0 - len(judged)

    file = tmp_path / "run.checkpoint"
    with pytest.raises(TrainingInterrupted):
        make_loop(Counter(), checkpoint=file, validate=validate).run()
    again = Counter()
    history = make_loop(again, checkpoint=file, validate=validate).run()
    assert history.validation_error == [4, 3, 2, 1]
    assert again.steps == 12
    assert len(judged) == 4, "a finished training is only read"


def test_a_second_interrupt_acts_at_once() -> None:
    def on_step(step: int) -> None:
        if step == 5:
            interrupt()
            interrupt()

    stepper = Counter(on_step)
    with pytest.raises(KeyboardInterrupt) as caught:
        make_loop(stepper).run()
    assert not isinstance(caught.value, TrainingInterrupted)
    assert stepper.steps == 4, "the fifth step was not finished"


def test_the_handler_of_the_user_comes_back() -> None:
    def own(number: int, frame: object) -> None:
        raise AssertionError("not during the training")

    signal.signal(signal.SIGINT, own)
    try:
        make_loop(Counter()).run()
        assert signal.getsignal(signal.SIGINT) is own
        with pytest.raises(TrainingInterrupted):
            make_loop(Counter(on_step=lambda step: interrupt() if step == 2 else None)).run()
        assert signal.getsignal(signal.SIGINT) is own
        with pytest.raises(TrainingDiverged):
            make_loop(Counter(costs=[math.nan])).run()
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_training_works_in_a_thread() -> None:
    """Only the main thread may set signal handlers."""
    histories = []
    thread = threading.Thread(target=lambda: histories.append(make_loop(Counter()).run()))
    thread.start()
    thread.join()
    assert histories[0].cost == [3, 6, 9, 12]


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_interrupted_trainings_end_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimiser: str
) -> None:
    """Interrupted at a number of steps, in the middle of epochs, and resumed each time."""
    train(optimiser, tmp_path / "peace")
    calls = 0
    noisy = training._noisy

    def disturbed(*args):
        nonlocal calls
        calls += 1
        if calls % (9 if optimiser == "lbfgs" else 23) == 0:
            interrupt()
        return noisy(*args)

    monkeypatch.setattr(training, "_noisy", disturbed)
    interrupts = 0
    while True:
        try:
            stack, _ = train(optimiser, tmp_path / "disturbed")
            break
        except TrainingInterrupted:
            interrupts += 1
    monkeypatch.undo()
    assert interrupts >= 3
    assert_same_checkpoints(tmp_path / "disturbed", tmp_path / "peace")
    uninterrupted, _ = train(optimiser, None)
    assert_same_bits(dict(stack.state_dict()), dict(uninterrupted.state_dict()))


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_the_bits_depend_on_what_is_restored(tmp_path: Path, optimiser: str) -> None:
    """The comparison above would notice a generator that starts anew."""
    train(optimiser, tmp_path / "one", seed=1)
    train(optimiser, tmp_path / "two", seed=2)
    for folder in ("one", "two"):
        path = find(tmp_path / folder, FILES[0])
        save_checkpoint(path, load_checkpoint(path) | {"identity": {}})
    with pytest.raises(AssertionError, match=r"layer-1-of-2-.*/history/cost"):
        assert_same_checkpoints(tmp_path / "two", tmp_path / "one")


# --- checkpoints


def test_checkpoints_wait_for_their_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = []
    monkeypatch.setattr(loop_module, "save_checkpoint", lambda *_: saved.append(1))
    file = tmp_path / "run.checkpoint"
    make_loop(Counter(), checkpoint=file).run()
    assert len(saved) == 1, "at the end only: an epoch takes no half minute"
    monkeypatch.setattr(loop_module, "CHECKPOINT_SECONDS", 0)
    make_loop(Counter(), checkpoint=file).run()
    assert len(saved) == 1 + 4, "after every epoch"


def test_a_resumed_training_counts_the_seconds_of_both_runs(tmp_path: Path) -> None:
    file = tmp_path / "run.checkpoint"
    stop = Counter(on_step=lambda step: interrupt() if step == 5 else None)
    with pytest.raises(TrainingInterrupted):
        make_loop(stop, checkpoint=file).run()
    before = load_checkpoint(file)["history"]["seconds"]
    assert make_loop(Counter(), checkpoint=file).run().seconds > before > 0


def test_a_checkpoint_of_another_training_is_refused_by_its_differences(tmp_path: Path) -> None:
    file = tmp_path / "run.checkpoint"
    identity = {"settings": "A", "sizes": "(3, 2)"}
    make_loop(Counter(), checkpoint=file, identity=identity).run()
    bytes_before = file.read_bytes()
    stepper = Counter()
    with pytest.raises(CheckpointError) as caught:
        make_loop(stepper, checkpoint=file, identity=identity | {"settings": "B"}).run()
    assert "settings: A there, B here" in str(caught.value)
    assert "sizes" not in str(caught.value), "what agrees is not told"
    assert str(file) in str(caught.value)
    assert stepper.steps == 0
    assert file.read_bytes() == bytes_before


def test_a_file_with_only_a_model_is_no_training_to_go_on_from(tmp_path: Path) -> None:
    file = tmp_path / "model.checkpoint"
    save_model(file, Counter().model)
    with pytest.raises(CheckpointError, match="belongs to another training"):
        make_loop(Counter(), checkpoint=file, identity={"settings": "A"}).run()


def test_a_damaged_checkpoint_stops_the_training_before_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "run.checkpoint"
    file.write_bytes(b"")
    stepper = Counter()
    with pytest.raises(CheckpointError, match="damaged"):
        make_loop(stepper, checkpoint=file).run()
    assert stepper.steps == 0
    assert file.read_bytes() == b""


# --- minibatches


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make_minibatches(seen: list, shuffle: bool = True) -> Minibatches:
    def step(rows: torch.Tensor, done: float) -> torch.Tensor:
        seen.append((rows.tolist(), done))
        return rows.double().mean()

    return Minibatches(
        step, n_examples=10, batch_size=4, n_epochs=5, generator=seeded(), shuffle=shuffle
    )


def test_the_cost_of_an_epoch_is_the_mean_over_examples_plus_the_decay_once() -> None:
    stepper = Minibatches(
        lambda rows, done: rows.double().mean(),
        n_examples=10,
        batch_size=4,  # the last batch has two rows, and counts for two
        n_epochs=1,
        generator=seeded(),
        decay={torch.tensor([[3.0, 4.0]]): 0.1},
    )
    assert sum(stepper.epoch(0)) == 10
    assert stepper.mean_cost() == pytest.approx(4.5 + 0.5 * 0.1 * 25)


def test_an_epoch_sees_each_example_once_in_a_new_order() -> None:
    seen: list = []
    stepper = make_minibatches(seen)
    orders = []
    for epoch in range(5):
        seen.clear()
        assert list(stepper.epoch(epoch)) == [4, 4, 2]
        assert [done for _, done in seen] == pytest.approx([(epoch + p) / 5 for p in (0, 0.4, 0.8)])
        orders.append([row for rows, _ in seen for row in rows])
        assert sorted(orders[-1]) == list(range(10))
        assert stepper.mean_cost() == pytest.approx(4.5), "each example counts the same"
    assert len(set(map(tuple, orders))) == 5


def test_without_shuffling_the_order_stays() -> None:
    seen: list = []
    stepper = make_minibatches(seen, shuffle=False)
    for epoch in range(2):
        seen.clear()
        list(stepper.epoch(epoch))
        assert [row for rows, _ in seen for row in rows] == list(range(10))


@pytest.mark.parametrize("steps", range(7))
def test_minibatches_go_on_where_they_were_left(steps: int) -> None:
    peace: list = []
    stepper = make_minibatches(peace)
    for epoch in range(3):
        list(stepper.epoch(epoch))

    seen: list = []
    first = make_minibatches(seen)
    n_epochs = 0
    while len(seen) < steps:
        for _ in first.epoch(n_epochs):
            if len(seen) == steps:
                break
        else:
            n_epochs += 1
    second = make_minibatches(seen)
    second.generator.manual_seed(123)
    second.restore(first.state())
    for epoch in range(n_epochs, 3):
        list(second.epoch(epoch))
    assert seen == peace
    assert second.mean_cost() == stepper.mean_cost()


# --- L-BFGS


class Function:
    """A function of a vector, for L-BFGS to walk on; it notes where it was asked."""

    def __init__(self, function, start: list[float]) -> None:
        self.function = function
        self.at = nn.Parameter(torch.tensor(start, dtype=torch.float64))
        self.asked: list[np.ndarray] = []

    def __call__(self) -> float:
        self.asked.append(self.at.detach().numpy().copy())
        with torch.enable_grad():
            x = self.at.detach().clone().requires_grad_()
            cost = self.function(x)
        (self.at.grad,) = torch.autograd.grad(cost, x)
        return cost.item()


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def iterate(stepper: FullBatch, n: int = 1) -> None:
    for k in range(n):
        assert list(stepper.epoch(k)) == []


def test_the_line_search_searches_until_the_strong_wolfe_conditions_hold() -> None:
    function = Function(rosenbrock, [-1.2, 1.0])
    stepper = FullBatch(function, [function.at])
    several = 0
    for _ in range(25):
        start, cost = function.at.detach().clone(), function()
        gradient = function.at.grad.clone()
        function.asked.clear()
        iterate(stepper)
        several += len(function.asked) > 1
        step = function.at.detach() - start
        new_cost, new_gradient = function(), function.at.grad
        slope = gradient @ step
        assert slope < 0
        assert new_cost <= cost + 1e-4 * slope
        assert abs(new_gradient @ step) <= 0.9 * abs(slope)
    assert several >= 3, "some iterations need more than one evaluation"


def test_lbfgs_reaches_the_minimum_and_then_stops() -> None:
    function = Function(rosenbrock, [-1.2, 1.0])
    stepper = FullBatch(function, [function.at])
    for n in range(1000):  # noqa: B007
        iterate(stepper)
        if stepper.converged:
            break
    assert n < 60
    np.testing.assert_allclose(function.at.detach(), [1, 1], atol=1e-6)
    assert stepper.mean_cost() < 1e-12


def test_nothing_is_evaluated_twice_in_a_row() -> None:
    """An iteration begins where the last one ended: that evaluation is remembered."""
    function = Function(rosenbrock, [-1.2, 1.0])
    iterate(FullBatch(function, [function.at]), 20)
    for one, two in zip(function.asked, function.asked[1:], strict=False):
        assert not np.array_equal(one, two)


def test_lbfgs_notices_parameters_that_moved_between_iterations() -> None:
    function = Function(rosenbrock, [-1.2, 1.0])
    stepper = FullBatch(function, [function.at])
    iterate(stepper)
    with torch.no_grad():
        function.at += 0.5
    moved = function.at.detach().numpy().copy()
    function.asked.clear()
    iterate(stepper)
    np.testing.assert_array_equal(function.asked[0], moved)


@pytest.mark.parametrize("n_before", [0, 1, 2, 7])
def test_lbfgs_goes_on_where_it_was_left(n_before: int) -> None:
    peace = Function(rosenbrock, [-1.2, 1.0])
    iterate(FullBatch(peace, [peace.at]), 15)

    first = Function(rosenbrock, [-1.2, 1.0])
    stepper = FullBatch(first, [first.at])
    iterate(stepper, n_before)
    second = Function(rosenbrock, first.at.tolist())
    resumed = FullBatch(second, [second.at])
    resumed.restore(stepper.state())
    iterate(resumed, 15 - n_before)
    assert torch.equal(second.at, peace.at)


def test_lbfgs_stops_at_once_at_the_minimum() -> None:
    function = Function(rosenbrock, [1.0, 1.0])
    stepper = FullBatch(function, [function.at])
    iterate(stepper)
    assert stepper.converged
    assert function.at.tolist() == [1, 1]


def test_small_jobs_use_every_kind_of_state() -> None:
    """Else the comparisons of resumed trainings would prove less than they seem to."""
    for optimiser in OPTIMISERS:
        stack, histories = train(optimiser, None, n_epochs=12)
        assert all(history.cost[-1] < history.cost[0] for history in histories)
        assert histories[-1].best_epoch is not None
        assert all(torch.isfinite(p).all() for p in stack.parameters())
    layers, tuning = settings("adam")
    assert layers.corruption_level(0) != layers.corruption_level(1)
    assert tuning.early_stopping is not None
    lengths = [len(train(o, None, n_epochs=12)[1][-1].cost) for o in OPTIMISERS]
    assert min(lengths) < 12, "early stopping ends at least one of them"
