"""The exercises of notebook 04: their references against oracles, and the judge of accuracy."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy_oracles import autoencoder_cost, classifier_cost, softmax_regression_optimum

from tutorial_lib.exercises import accuracy
from tutorial_lib.exercises.accuracy import AccuracyExercise, Reading, Symptom
from tutorial_lib.exercises.mistakes import mnist_exercise as mistakes
from tutorial_lib.exercises.mnist_exercise import (
    fine_tune_stack,
    initial_parameters,
    train_softmax,
    train_sparse_autoencoder,
)
from tutorial_lib.exercises.mnist_exercise import train_digit_classifier as exercise
from tutorial_lib.exercises.mnist_exercise.autoencoder import pictures
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.solutions.autoencoder import sparse_autoencoder_loss_and_gradients
from tutorial_lib.exercises.solutions.fine_tuning import (
    softmax_loss_and_gradient,
    stacked_loss_and_gradients,
)
from tutorial_lib.minimise import minimise
from tutorial_lib.mnist import Split


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The references show progress bars, which would fill a failing test's output."""
    minimise = solutions.minimise
    quiet = lambda *args, **options: minimise(*args, **{**options, "progress": False})  # noqa: E731
    monkeypatch.setattr(solutions, "minimise", quiet)


# --- 4.1


def test_the_start_has_the_published_range_and_sizes() -> None:
    w1, b1, w2, b2 = solutions.initial_parameters(784, 200, seeded())
    r = 0.0780472  # sqrt(6 / 985)
    for weight in (w1, w2):
        assert weight.abs().max() <= r
        assert weight.abs().max() > 0.999 * r
        assert weight.mean().abs() < 0.01 * r
        # A uniform distribution on [-r, r] has the variance r**2 / 3.
        assert weight.var().item() == pytest.approx(r**2 / 3, rel=0.01)
    assert not b1.any()
    assert not b2.any()
    assert sum(p.numel() for p in (w1, b1, w2, b2)) == 314_584
    assert sum(p.numel() for p in solutions.initial_parameters(200, 200, seeded())) == 80_400
    assert np.corrcoef(w1.flatten(), w2.T.flatten())[0, 1] == pytest.approx(0, abs=0.02)


# --- 4.2


def test_the_trained_autoencoder_is_at_a_minimum_of_the_published_cost() -> None:
    x = pictures(seeded(1), 30, 12, 4)[0].double()
    start = [p.double() for p in solutions.initial_parameters(12, 6, seeded(2))]
    parameters = solutions.train_sparse_autoencoder(x, start, 400)
    names = ("encoder", "bias", "decoder", "visible_bias")

    def cost_and_gradients(values):
        weights = {name: value.numpy() for name, value in zip(names, values, strict=True)}
        constants = {"sparsity_target": 0.1, "sparsity_weight": 3.0, "weight_decay": 3e-3}
        return autoencoder_cost(weights, x.numpy(), x.numpy(), loss="squared_error", **constants)

    before, steep = cost_and_gradients(start)
    after, flat = cost_and_gradients(parameters)
    assert after < 0.2 * before
    for name in names:
        assert np.linalg.norm(flat[name]) < 1e-3 * np.linalg.norm(steep[name]), name


# --- 4.3


def test_the_trained_softmax_is_the_one_optimum() -> None:
    features, labels = pictures(seeded(3), 60, 8, 10)
    weight = solutions.train_softmax(features, labels, 0.01, 200, seeded(4))
    _, optimum = softmax_regression_optimum(
        features.double().numpy(), labels.numpy(), n_classes=10, weight_decay=0.01
    )
    assert np.linalg.norm(weight.numpy() - optimum) < 1e-3 * np.linalg.norm(optimum)


# --- 4.4


def test_tuning_decays_the_softmax_only_and_ends_where_the_gradient_vanishes() -> None:
    x, labels = pictures(seeded(5), 40, 7, 3)
    x = x.double()
    sizes = [7, 5, 4]
    encoders = [
        (torch.randn(n, m, generator=seeded(m)).double(), torch.zeros(n).double())
        for m, n in pairwise(sizes)
    ]
    top = torch.randn(3, 4, generator=seeded(6)).double()

    def cost_and_gradients(encoders, top):
        weights = [*(w.numpy() for w, _ in encoders), top.numpy()]
        biases = [*(b.numpy() for _, b in encoders), np.zeros(3)]
        cost, by_weight, by_bias, _ = classifier_cost(
            weights, biases, x.numpy(), labels.numpy(), weight_decay=0.05
        )
        # The softmax has no bias, so its gradient there is no matter.
        return cost, [*by_weight, *by_bias[:-1]]

    before, steep = cost_and_gradients(encoders, top)
    tuned, tuned_top = solutions.fine_tune_stack(x, labels, encoders, top, 0.05, 300)
    after, flat = cost_and_gradients(tuned, tuned_top)
    assert after < before
    size = sum(np.linalg.norm(g) for g in steep)
    assert sum(np.linalg.norm(g) for g in flat) < 1e-2 * size


@pytest.mark.parametrize("stage", ["autoencoder", "softmax", "tuning"])
def test_every_stage_keeps_a_checkpoint_and_goes_on_from_it(tmp_path: Path, stage: str) -> None:
    x, labels = pictures(seeded(7), 20, 6, 10)
    start = solutions.initial_parameters(6, 4, seeded(8))
    top = torch.randn(10, 4, generator=seeded(9))

    def run(place):
        if stage == "autoencoder":
            return solutions.train_sparse_autoencoder(x, start, 5, checkpoint=place)
        if stage == "softmax":
            return [solutions.train_softmax(x, labels, 0.1, 5, seeded(), checkpoint=place)]
        encoders = [(start[0], start[1])]
        tuned, weight = solutions.fine_tune_stack(x, labels, encoders, top, 0.1, 5, place)
        return [*tuned[0], weight]

    first = run(f"{tmp_path}/")
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again = run(f"{tmp_path}/")
    assert all(map(torch.equal, first, again))
    assert file.stat().st_mtime_ns == written
    assert all(map(torch.equal, first, run(None)))


# --- 4.1 to 4.4, mistakes written in other ways than the known bugs


def told(task, answer, seed: int = 0) -> str | None:
    outcome = task.judge(answer, seed=seed)
    assert outcome.status is Status.INCORRECT, outcome
    return outcome.known_bug


def drawn_by(draw, shapes="1b2c"):
    """Return an answer to 4.1 whose weights are ``draw(r, shape, generator)``."""

    def initial_parameters(n_visible, n_hidden, generator):
        r = (6 / (n_hidden + n_visible + 1)) ** 0.5
        parts = {
            "1": draw(r, (n_hidden, n_visible), generator),
            "b": torch.zeros(n_hidden),
            "2": draw(r, (n_visible, n_hidden), generator),
            "c": torch.zeros(n_visible),
        }
        return [parts[name].double() for name in shapes]

    return initial_parameters


def evenly(r, shape, generator=None):
    return (2 * torch.rand(shape, generator=generator) - 1) * r


def evenly_by_numpy(r, shape, generator):
    return torch.from_numpy(np.random.default_rng(0).uniform(-r, r, shape))


def evenly_from_a_seed(r, shape, generator):
    return evenly(r, shape, torch.manual_seed(0))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("half the range", drawn_by(lambda r, s, g: r * (torch.rand(s, generator=g) - 0.5))),
        ("shifted by 1", drawn_by(lambda r, s, g: 2 * r * torch.rand(s, generator=g) - 1)),
        ("weights first", drawn_by(evenly, "12bc")),
        ("units that begin alike", drawn_by(lambda r, s, g: evenly(r, s[1:], g).expand(s))),
        ("one number a unit", drawn_by(lambda r, s, g: evenly(r, (s[0], 1), g).expand(s))),
        ("the same numbers in every call", drawn_by(evenly_by_numpy)),
        ("the same numbers in every call", drawn_by(evenly_from_a_seed)),
        ("generator not used", drawn_by(lambda r, s, g: evenly(r, s))),
    ],
)
def test_a_wrong_start_is_named_however_it_is_written(name: str, answer, seed: int) -> None:
    assert told(initial_parameters, answer, seed) == name


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused(dtype: torch.dtype) -> None:
    def halved(part):
        return [halved(p) for p in part] if isinstance(part, list | tuple) else part.to(dtype)

    for task in (initial_parameters, train_sparse_autoencoder, train_softmax, fine_tune_stack):

        def answer(*arguments, task=task):
            return halved(task.reference(*arguments))

        assert str(dtype) in " ".join(task.judge(answer).message.split())


@pytest.mark.parametrize("n_iterations", [1, 3, 60, 400])
@pytest.mark.parametrize(
    ("task", "answer"),
    [
        (train_sparse_autoencoder, mistakes.autoencoder_trained),
        (train_softmax, mistakes.softmax_trained),
        (fine_tune_stack, mistakes.stack_tuned),
    ],
)
def test_any_fixed_number_of_iterations_is_noticed(task, answer, n_iterations: int) -> None:
    fixed = partial(answer, iterations=lambda n: n_iterations)
    assert told(task, fixed) == "n_iterations not used"


@pytest.mark.parametrize(
    ("constants", "name"),
    [
        ((0.1, 3.0, 3e-3), "no probability for a target"),
        ((3e-3, 3.0, 0.1), "no probability for a target"),
        ((3.0, 0.1, 3e-3), "decay and sparsity swapped"),
    ],
)
def test_constants_in_another_order_are_named(constants: tuple[float, ...], name: str) -> None:
    def train(x, start, n_iterations, checkpoint=None):
        x, start = x.double(), [part.double() for part in start]

        def cost(*parameters):
            return sparse_autoencoder_loss_and_gradients(x, *parameters, *constants)

        options = {"n_iterations": n_iterations, "checkpoint": checkpoint, "title": "Mine"}
        return minimise(cost, start, **options).parameters

    for seed in (0, 1):
        assert told(train_sparse_autoencoder, train, seed) == name


@pytest.mark.parametrize(
    "start",
    [
        lambda shape, generator: torch.zeros(shape),
        lambda shape, generator: 0.005 * torch.randn(shape),
        lambda shape, generator: 0.005 * torch.randn(shape, generator=torch.manual_seed(3)),
    ],
)
def test_a_softmax_that_begins_elsewhere_is_told(start) -> None:
    def train(features, labels, weight_decay, n_iterations, generator, checkpoint=None):
        def cost(weight):
            return softmax_loss_and_gradient(features, labels, weight, weight_decay)

        begin = [start((10, features.shape[1]), generator)]
        return minimise(cost, begin, n_iterations=n_iterations, checkpoint=checkpoint).parameters[0]

    for seed in (0, 1, 2):
        assert told(train_softmax, train, seed) == "generator not used"


@pytest.mark.parametrize(
    ("old", "name"),
    [
        ("encoders", "the old encoders in the cost"),
        ("softmax", "the old softmax weight in the cost"),
        ("both", "the old encoders in the cost"),
    ],
)
def test_a_cost_of_what_was_handed_in_is_named_in_any_precision(old: str, name: str) -> None:
    def tune(x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None):
        x, softmax_weight = x.double(), softmax_weight.double()
        encoders = [(weight.double(), bias.double()) for weight, bias in encoders]

        def cost(e, w):
            e = e if old == "softmax" else encoders
            w = w if old == "encoders" else softmax_weight
            return stacked_loss_and_gradients(x, labels, e, w, weight_decay)

        return minimise(cost, [encoders, softmax_weight], n_iterations=n_iterations).parameters

    for seed in (0, 1, 2):
        assert told(fine_tune_stack, tune, seed) == name


def test_who_tunes_the_encoders_alone_is_told_so() -> None:
    def tune(x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None):
        def cost(encoders):
            return stacked_loss_and_gradients(x, labels, encoders, softmax_weight, weight_decay)[:2]

        (tuned,) = minimise(cost, [encoders], n_iterations=n_iterations).parameters
        return tuned, softmax_weight

    assert told(fine_tune_stack, tune) == "only the encoders"


# --- 4.5, the reference


def test_the_whole_exercise_on_real_digits() -> None:
    """The only test here that trains on MNIST."""
    outcome = exercise.judge(exercise.reference)
    assert outcome.status is Status.CORRECT, outcome
    assert "learnt from 5,000 digits" in " ".join(outcome.message.split())


# --- 4.5, the judge: made-up digits, which tell their names in their first pixel


def made_up(n: int = 2400) -> Split:
    names = torch.randint(10, (n,), generator=seeded(10))
    images = torch.rand(n, 5, generator=seeded(11))
    images[:, 0] = names / 10
    return Split(images, names)


def judge_of(**changes) -> AccuracyExercise:
    changes = {"digits": made_up, "n_train": 400, "n_unseen": 2000} | changes
    return replace(exercise, **changes)


def names_in(images: torch.Tensor) -> torch.Tensor:
    return (10 * images[:, 0]).round().long()


def reader(share_wrong: float = 0.0, on_seen: bool = False):
    """Return an answer that learns how the check calls the digits, and misreads a share of them."""

    def train(images, labels, generator):
        called = torch.zeros(10, dtype=torch.int64)
        called[names_in(images)] = labels
        seen = {image.numpy().tobytes() for image in images}

        def read(new_images):
            right = called[names_in(new_images)]
            wrong = new_images[:, 1] < share_wrong
            if not on_seen:
                wrong &= torch.tensor([i.numpy().tobytes() not in seen for i in new_images])
            return torch.where(wrong, (right + 5) % 10, right)

        return read

    return train


@pytest.mark.parametrize(
    ("share_wrong", "points"), [(0.0, 4), (0.05, 4), (0.08, 3), (0.12, 2), (0.2, 1), (0.4, 0)]
)
def test_points_come_in_steps(share_wrong: float, points: int) -> None:
    outcome = judge_of().judge(reader(share_wrong, on_seen=True))
    assert outcome.points == points
    assert outcome.out_of == 4
    assert outcome.status is (Status.CORRECT if points == 4 else Status.INCORRECT)
    words = " ".join(outcome.message.split())
    assert f"{points} of 4 points" in words
    assert "400 digits" in words
    assert "of 2,000 others" in words
    if 0 < points < 4:
        step = exercise.steps[points]
        assert f"More points begin at {step.accuracy:.1%}: that takes {step.needs}." in words
        assert outcome.known_bug is None


def test_the_accuracy_told_is_that_of_digits_not_seen() -> None:
    outcome = judge_of().judge(reader(0.3))
    words = " ".join(outcome.message.split())
    assert "learnt from it read 100.0% right" in words
    assert outcome.points < 4


def test_a_seed_draws_other_digits_and_other_names() -> None:
    drawn = []

    def train(images, labels, generator):
        drawn.append((images.clone(), labels.clone(), generator.initial_seed()))
        return reader()(images, labels, generator)

    judge = judge_of()
    for seed in (0, 0, 1):
        assert judge.judge(train, seed=seed).status is Status.CORRECT
    large = [each for each in drawn if len(each[0]) == 400]
    assert len(large) == 3
    assert torch.equal(large[0][0], large[1][0])
    assert torch.equal(large[0][1], large[1][1])
    assert not torch.equal(large[0][0], large[2][0])
    called = [dict(zip(names_in(x).tolist(), y.tolist(), strict=True)) for x, y, _ in large]
    assert called[0] == called[1] != called[2]
    assert set(called[0].values()) == set(range(10))


def test_who_goes_by_other_labels_is_told_so() -> None:
    outcome = judge_of().judge(lambda images, labels, generator: names_in)
    assert outcome.status is Status.INCORRECT
    assert outcome.known_bug == "other labels"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("counts from 1", lambda labels, seen: labels + 1),
        ("images and labels out of step", lambda labels, seen: (labels * 7 + 3) % 10),
        ("known by heart", lambda labels, seen: torch.where(seen, labels, (labels + 4) % 10)),
    ],
)
def test_what_is_read_betrays_the_mistake(name: str, change) -> None:
    def train(images, labels, generator):
        read = reader()(images, labels, generator)
        known = {image.numpy().tobytes() for image in images}
        return lambda new: change(
            read(new), torch.tensor([image.numpy().tobytes() in known for image in new])
        )

    outcome = judge_of().judge(train)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, name)
    assert outcome.points == 0


def test_every_symptom_is_absent_from_a_good_reading() -> None:
    labels = torch.arange(10).repeat(20)
    names = labels.roll(1)
    misread = torch.where(torch.arange(200) % 9 == 0, (labels + 3) % 10, labels)
    for seen, unseen in [(labels, labels), (labels, misread), (misread, misread)]:
        reading = Reading(seen, unseen, labels, labels, names)
        shown = [b.name for b in exercise.known_bugs if isinstance(b, Symptom) and b.shows(reading)]
        assert shown == []


def test_a_slip_is_told_after_the_trial_not_after_the_training() -> None:
    """Nobody waits for half a minute to hear of a missing return."""
    sizes = []

    def train(images, labels, generator):
        sizes.append(len(images))

    outcome = judge_of().judge(train)
    assert outcome.status is Status.INCORRECT
    assert "is the return missing?" in outcome.message
    assert max(sizes) <= accuracy.N_TRIAL


def test_an_error_with_many_digits_is_told() -> None:
    def train(images, labels, generator):
        if len(images) > accuracy.N_TRIAL:
            raise MemoryError("too many")
        return reader()(images, labels, generator)

    outcome = judge_of().judge(train)
    assert outcome.status is Status.ERROR
    assert "Learning from 400 digits" in outcome.message
    assert "MemoryError: too many" in outcome.message
    assert 'raise MemoryError("too many")' in outcome.message, "at the learner's line"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda new: None, "None (is the return missing?)"),
        (lambda new: [0] * len(new), "a list of"),
        (lambda new: names_in(new).numpy(), "a NumPy array"),
        (lambda new: names_in(new)[:, None], "a tensor of shape"),
        (lambda new: names_in(new)[:-1], "a tensor of shape"),
        (lambda new: torch.full((len(new),), float("nan")), "dtype torch.float32"),
        (lambda new: names_in(new) > 4, "dtype torch.bool"),
    ],
)
def test_labels_of_the_wrong_form_are_told(answer, message: str) -> None:
    outcome = judge_of().judge(lambda images, labels, generator: answer)
    assert outcome.status is Status.INCORRECT
    assert message in " ".join(outcome.message.split())


def test_labels_that_depend_on_the_other_images_are_told() -> None:
    def train(images, labels, generator):
        read = reader()(images, labels, generator)
        return lambda new: (read(new) + len(new)) % 10

    outcome = judge_of().judge(train)
    assert outcome.status is Status.INCORRECT
    assert "image alone got another label" in " ".join(outcome.message.split())


def test_changing_the_digits_is_told() -> None:
    def train(images, labels, generator):
        read = reader()(images, labels, generator)
        images.mul_(0.5)
        return read

    outcome = judge_of().judge(train)
    assert outcome.status is Status.INCORRECT
    assert "changed its argument images" in " ".join(outcome.message.split())


def test_the_learner_can_interrupt() -> None:
    def train(images, labels, generator):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_of().check(train)


def test_digits_are_loaded_only_when_an_answer_is_judged(monkeypatch) -> None:
    def fail():
        raise AssertionError("loaded")

    judge = judge_of(digits=fail)
    assert judge.check(...).status is Status.NOT_ATTEMPTED
    judge.hint()
    judge.solution()
