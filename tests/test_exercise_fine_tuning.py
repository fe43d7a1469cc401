"""The right answers of notebook 03 against oracles that share no code with them."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy_oracles import central_difference, classifier_cost, relative_difference
from other_answers.fine_tuning import OTHER
from torch.nn import functional

from tutorial_lib.exercises import fine_tuning as ex
from tutorial_lib.exercises import tasks_of
from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.solutions import fine_tuning as solutions
from tutorial_lib.settings import EarlyStopping, FineTuning, Pretraining
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily

EXERCISES = [task for task in tasks_of(ex) if isinstance(task, Exercise)]
# More than a learner ever sees: the grader draws cases of its own for each of hundreds.
MANY_SEEDS = range(100, 110)
LIMIT = 1e-9  # of the relative difference, as in UFLDL's exercise


def test_the_tasks_stand_in_the_order_of_the_notebook():
    ids = [task.id for task in tasks_of(ex)]
    assert ids == ["3.1", "3.2", "Q9", "Q10", "3.3", "3.4", "3.5", "3.6", "Q11", "Q12"]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda task: task.name)
def test_cases_of_many_seeds_tell_right_from_wrong_and_wrong_from_wrong(exercise):
    for seed in MANY_SEEDS:
        for answer in (exercise.reference, *OTHER[exercise.name]):
            outcome = exercise.judge(answer, seed=seed)
            assert outcome.status is Status.CORRECT, f"seed {seed}, {answer}: {outcome}"
        for bug in exercise.known_bugs:
            outcome = exercise.judge(bug.answer, seed=seed)
            assert outcome.known_bug == bug.name, f"seed {seed}, {bug.name}: {outcome}"


# --- 3.1 and 3.2 --------------------------------------------------------------------------------


def test_softmax_of_a_row_worked_out_by_hand():
    logits = torch.tensor([[math.log(1), math.log(2), math.log(5)]])
    torch.testing.assert_close(solutions.softmax(logits), torch.tensor([[1, 2, 5]]) / 8)


finite_rows = st.lists(st.floats(-1000, 1000, width=32), min_size=2, max_size=6)


@given(finite_rows, finite_rows)
def test_softmax_is_a_probability_and_only_differences_count(row, other):
    n = min(len(row), len(other))
    logits = torch.tensor([row[:n], other[:n]], dtype=torch.float64)
    probabilities = solutions.softmax(logits)
    assert torch.isfinite(probabilities).all()
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(probabilities, functional.softmax(logits, dim=1))
    moved = logits + torch.tensor([[500.0], [-500.0]])
    torch.testing.assert_close(solutions.softmax(moved), probabilities)


def network(seed, sizes, n_examples):
    """Draw data and a network in float64: sizes from the input to the classes."""
    random = np.random.default_rng(seed)
    weights = [0.5 * random.standard_normal((b, a)) for a, b in pairwise(sizes)]
    biases = [0.5 * random.standard_normal(b) for b in sizes[1:-1]] + [np.zeros(sizes[-1])]
    x = random.random((n_examples, sizes[0]))
    labels = np.concatenate([[0], random.integers(0, sizes[-1], n_examples - 1)])
    return x, labels, weights, biases


def as_tensors(weights, biases):
    pairs = zip(weights[:-1], biases[:-1], strict=True)
    encoders = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in pairs]
    return encoders, torch.from_numpy(weights[-1])


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_softmax_regression_is_that_of_numpy(weight_decay):
    x, labels, weights, biases = network(0, [5, 3], 7)
    cost, (gradient,), *_ = classifier_cost(weights, biases, x, labels, weight_decay=weight_decay)
    loss, given = solutions.softmax_loss_and_gradient(
        torch.from_numpy(x), torch.from_numpy(labels), torch.from_numpy(weights[0]), weight_decay
    )
    assert loss.item() == pytest.approx(cost, rel=1e-12)
    assert relative_difference(given.numpy(), gradient) < 1e-12


def test_softmax_regression_knows_the_price_of_knowing_nothing():
    features, labels = torch.rand(6, 4), torch.tensor([0, 1, 2, 3, 4, 9])
    weight = torch.zeros(10, 4)
    loss, gradient = solutions.softmax_loss_and_gradient(features, labels, weight, 1.0)
    assert loss.item() == pytest.approx(math.log(10))
    torch.testing.assert_close(gradient.sum(dim=0), torch.zeros(4))  # errors of a row sum to 0


# --- 3.3 and 3.4 --------------------------------------------------------------------------------

# The first is the network of UFLDL's gradient check.
SIZES = ([4, 3, 5, 2], [6, 4], [6, 5, 4, 3, 2], [3, 3, 3, 3])


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("weight_decay", [0.0, 0.2])
def test_backpropagation_is_that_of_numpy_of_nudges_and_of_autograd(sizes, weight_decay):
    x, labels, weights, biases = network(1, sizes, 5)
    arrays = [*weights, *biases[:-1]]

    def cost_at(vector):
        moved, at = [], 0
        for array in arrays:
            moved.append(vector[at : at + array.size].reshape(array.shape))
            at += array.size
        parts = moved[: len(weights)], [*moved[len(weights) :], biases[-1]]
        return classifier_cost(*parts, x, labels, weight_decay=weight_decay)[0]

    cost, g_weights, g_biases, _ = classifier_cost(
        weights, biases, x, labels, weight_decay=weight_decay
    )
    encoders, softmax_weight = as_tensors(weights, biases)
    loss, pairs, top = solutions.stacked_loss_and_gradients(
        torch.from_numpy(x), torch.from_numpy(labels), encoders, softmax_weight, weight_decay
    )
    assert loss.item() == pytest.approx(cost, rel=1e-12)
    given = [*(weight for weight, _ in pairs), top, *(bias for _, bias in pairs)]
    for mine, theirs in zip(given, [*g_weights, *g_biases[:-1]], strict=True):
        assert relative_difference(mine.numpy(), theirs) < 1e-12
    flat = np.concatenate([array.ravel() for array in arrays])
    numerical = central_difference(cost_at, flat)
    by_hand = torch.cat([gradient.flatten() for gradient in given])
    assert relative_difference(by_hand.numpy(), numerical) < LIMIT
    assert relative_difference(by_hand.numpy(), autograd(x, labels, arrays, weight_decay)) < 1e-12


def autograd(x, labels, arrays, weight_decay):
    """The gradient of weights and biases, in that order, as PyTorch finds it."""
    parameters = [torch.from_numpy(array).clone().requires_grad_() for array in arrays]
    n = (len(arrays) + 1) // 2
    code = torch.from_numpy(x)
    for weight, bias in zip(parameters[: n - 1], parameters[n:], strict=True):
        code = torch.sigmoid(functional.linear(code, weight, bias))
    loss = functional.cross_entropy(code @ parameters[n - 1].T, torch.from_numpy(labels))
    loss = loss + weight_decay / 2 * parameters[n - 1].square().sum()
    gradients = torch.autograd.grad(loss, parameters)
    return torch.cat([gradient.flatten() for gradient in gradients]).numpy()


def test_the_network_says_what_the_library_says():
    generator = torch.Generator().manual_seed(0)
    stack = StackedAutoencoder(
        6, [5, 4], n_classes=3, initialisation="ufldl", softmax_bias=False, generator=generator
    )
    stack.softmax.weight.data.normal_(generator=generator)
    encoders = [(a.encoder.weight.detach(), a.encoder.bias.detach()) for a in stack.layers()]
    x = torch.randn(200, 6, generator=generator)
    said = solutions.predict(x, encoders, stack.softmax.weight.detach())
    assert torch.equal(said, stack.classifier.predict(x))
    assert len(said.unique()) > 1


def test_the_label_of_one_example_is_no_bare_number():
    outcome = ex.predict.judge(lambda *arguments: solutions.predict(*arguments).squeeze())
    assert "has shape (); expected (1,)" in " ".join(outcome.message.split())


# --- 3.5 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "patience", "increase", "threshold", "expected"),
    [
        ([5, 4, 3, 3.1, 3.1, 3.1, 3.1], 4, 2, 0.995, (6, 3)),
        ([5, 4, 3, 3.1, 3.1, 1.0, 3.1], 5, 1, 0.995, (5, 3)),  # the 1.0 comes too late
        ([2, 1.999, 1.998, 1.997, 1.996], 3, 2, 0.995, (3, 3)),  # the best, by too little
        ([1, 2, 3], 10, 2, 0.995, (3, 1)),
        ([1], 1, 1, 1.0, (1, 1)),
        ([4, 2, 2, 2, 2, 2], 3, 2, 1.0, (4, 2)),
    ],
)
def test_early_stopping_by_hand(errors, patience, increase, threshold, expected):
    assert solutions.early_stopping(errors, patience, increase, threshold) == expected


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=40),
    st.integers(1, 12),
    st.floats(1, 3),
    st.floats(0.5, 1),
)
def test_early_stopping_is_the_librarys(errors, patience, increase, threshold):
    rule = EarlyStopping(patience, increase, threshold)
    stops = [n for n in range(1, len(errors) + 1) if rule.stops(errors[:n])]
    last = min([*stops, len(errors)])
    best = 1 + errors[:last].index(min(errors[:last]))
    assert solutions.early_stopping(errors, patience, increase, threshold) == (last, best)


def test_early_stopping_tells_where_a_training_stopped():
    generator = torch.Generator().manual_seed(0)
    x, labels = torch.rand(60, 8, generator=generator), torch.arange(60) % 3
    stack = StackedAutoencoder(8, [6], n_classes=3, generator=generator)
    rule = EarlyStopping(4, 1.5, 0.99)
    settings = FineTuning(n_epochs=200, batch_size=5, early_stopping=rule)
    held_out = torch.rand(90, 8, generator=generator), torch.arange(90) % 3
    history = fine_tune(
        stack.classifier, x, labels, settings=settings, validation=held_out, progress=False
    )
    errors = history.validation_error
    assert len(errors) < 200
    assert solutions.early_stopping(errors, 4, 1.5, 0.99) == (len(errors), history.best_epoch)


# --- 3.6 and the questions ----------------------------------------------------------------------


def published_stack() -> StackedAutoencoder:
    return StackedAutoencoder(
        784, [200, 200], tied=False, initialisation="ufldl", softmax_bias=False
    )


def count(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_classifier_shares_every_tensor_and_owns_no_other():
    stack = published_stack()
    classifier = solutions.classifier_from(stack)
    wanted = [p for layer in stack.layers() for p in layer.encoder.parameters()]
    wanted.append(stack.softmax.weight)
    given = list(classifier.parameters())
    assert all(mine is theirs for mine, theirs in zip(given, wanted, strict=True))
    assert count(classifier) == ex.n_tuned.reference == 199_200
    x = torch.rand(3, 784)
    torch.testing.assert_close(classifier(x), stack.classifier(x))


def test_another_parameter_on_the_same_memory_is_shared_as_well():
    def build(stack):
        layers = []
        for autoencoder in stack.autoencoders:
            layer = torch.nn.Linear(1, 1)
            layer.weight = torch.nn.Parameter(autoencoder.encoder.weight.data)
            layer.bias = torch.nn.Parameter(autoencoder.encoder.bias.data)
            layers += [layer, torch.nn.Sigmoid()]
        return torch.nn.Sequential(*layers, stack.softmax)

    assert ex.classifier_from.judge(build).status is Status.CORRECT


def test_the_stack_itself_stays_as_it_was():
    def hung_on(stack):
        stack.classifier = solutions.classifier_from(stack)
        return stack.classifier

    def frozen(stack):
        stack.autoencoders.requires_grad_(False)
        for autoencoder in stack.autoencoders:
            autoencoder.encoder.requires_grad_(True)
        return solutions.classifier_from(stack)

    for build in (hung_on, frozen):
        outcome = ex.classifier_from.judge(build)
        assert outcome.status is Status.INCORRECT
        assert "changed its argument stack." in " ".join(outcome.message.split())


def test_what_is_no_module_is_told_so():
    for value, words in ((None, "None"), (torch.ones(2), "a tensor"), (sum, "a builtin")):
        outcome = ex.classifier_from.judge(lambda stack, value=value: value)
        assert outcome.status is Status.INCORRECT
        message = " ".join(outcome.message.split())
        assert f"It returned {words}" in message
        assert "expected an nn.Module" in message


def test_wrong_counts_of_parameters_are_what_their_names_say():
    stack = published_stack()
    wrong = {bug.name: bug.answer for bug in ex.n_tuned.known_bugs}
    encoders = sum(count(layer.encoder) for layer in stack.layers())
    assert wrong == {
        "decoders counted": count(stack),
        "biases forgotten": 199_200 - 400,
        "softmax with bias": 199_200 + 10,
        "softmax forgotten": encoders,
        "softmax alone": count(stack.softmax),
        "visible biases counted": 199_200 + 784 + 200,
    }
    assert count(stack) - count(stack.softmax) == 394_984  # as the notice says


@pytest.mark.parametrize("tied", [True, False])
def test_fine_tuning_makes_the_reconstruction_worse_tied_or_not(tied):
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(200, 12, generator=generator) < 0.3).float()
    labels = x[:, :3].argmax(dim=1)  # has nothing to do with most of the pixels
    stack = StackedAutoencoder(12, [10], n_classes=3, tied=tied, generator=generator)
    settings = Pretraining(n_epochs=40, learning_rate=0.1, batch_size=10)
    pretrain_greedily(stack, x, settings=settings, generator=generator, progress=False)
    before = (stack(x) - x).square().mean().item()
    tuning = FineTuning(n_epochs=20, learning_rate=0.3, batch_size=10)
    fine_tune(stack.classifier, x, labels, settings=tuning, progress=False)
    assert (stack(x) - x).square().mean().item() > 1.2 * before
    assert ex.reconstruction_after.reference == "c"


def test_fine_tuning_leaves_the_decoders_as_they_are():
    stack = StackedAutoencoder(6, [5, 4], n_classes=3, tied=False)
    before = {name: value.clone() for name, value in stack.state_dict().items()}
    settings = FineTuning(n_epochs=3, learning_rate=1.0, batch_size=4)
    fine_tune(
        stack.classifier, torch.rand(8, 6), torch.arange(8) % 3, settings=settings, progress=False
    )
    kept = {name for name, value in stack.state_dict().items() if value.equal(before[name])}
    assert kept == {name for name in before if "decoder" in name or "visible" in name}
    assert len(kept) == 4


def test_the_margin_of_a_test_error():
    margin = 1.96 * (0.013 * 0.987 / 10_000) ** 0.5
    assert ex.margin.reference == pytest.approx(100 * margin, rel=0.01)
    for right in (0.22, 0.222, 0.2220, 100 * margin):
        assert ex.margin.judge(right).status is Status.CORRECT
    for name, value in {
        "one standard error": 100 * margin / 1.96,
        "as a fraction": margin,
        "the whole interval": 200 * margin,
        "the error of one digit": 1e4 * margin,
    }.items():
        outcome = ex.margin.judge(value)
        assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, name)
