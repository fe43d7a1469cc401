"""The library's versions of what an exercise builds on, as a stranger may call them."""

import gc
import sys
import weakref

import pytest
import torch

from tutorial_lib.exercises import all_exercises
from tutorial_lib.exercises.exercise import Exercise
from tutorial_lib.grading.conversation import _copied
from tutorial_lib.grading.deadline import within
from tutorial_lib.grading.frames import Ended
from tutorial_lib.grading.lent import differentiable
from tutorial_lib.grading.ours import bounded, lent
from tutorial_lib.nesting import leaves

BY_NAME = {task.name: task for task in all_exercises()}
BUILT_ON = sorted({n for t in BY_NAME.values() if isinstance(t, Exercise) for n in t.builds_on})
X = torch.zeros(3, 2)


@pytest.mark.parametrize("name", [n for n in BUILT_ON if BY_NAME[n].id not in ("1.8",)])
def test_an_honest_call_is_answered(name):
    exercise = BY_NAME[name]
    case = next(iter(exercise.cases(torch.Generator().manual_seed(5)).values()))
    arguments = [value for key, value in case.items() if key != "with_checkpoint"]
    result = bounded(exercise.reference)(*arguments)
    assert result is not None
    assert form_of(in_a_box(exercise.reference)(*arguments)) == form_of(result)


def form_of(value):
    if isinstance(value, list | tuple):
        return type(value), [form_of(part) for part in value]
    return type(value), getattr(value, "shape", ()), getattr(value, "dtype", None)


HOSTILE = {
    "a file name": (["/tmp/x"], {}),
    "a file name in a list": ([[X, "/tmp/x"]], {}),
    "a stack of many layers": ([[X] * 25], {}),
    "a function": ([print], {}),
    "three dimensions": ([torch.zeros(200, 1, 1)], {}),
    "a long tensor": ([torch.zeros(1, 5001)], {}),
    "many units": ([torch.zeros(1001, 1)], {}),
    "many elements together": ([torch.zeros(1000, 501)] * 2, {}),
    "many digits": ([], {"images": torch.zeros(5001, 1)}),
    "wide digits": ([], {"images": torch.zeros(1, 1001)}),
    "complex numbers": ([torch.zeros(2, 2, dtype=torch.complex128)], {}),
    "a large number": ([1e300], {}),
    "infinity": ([float("inf")], {}),
    "many iterations": ([], {"n_iterations": 101}),
    "many iterations in a tensor": ([], {"n_iterations": torch.tensor(10**6)}),
}


@pytest.mark.parametrize("way", HOSTILE)
def test_what_is_large_or_names_a_file_is_refused(way):
    called = []

    def ours(*arguments, n_iterations=1, images=None):
        called.append(arguments)

    arguments, options = HOSTILE[way]
    with pytest.raises(ValueError, match="small tensors and numbers, no more"):
        bounded(ours)(*arguments, **options)
    assert called == []


def test_nothing_is_harmless():
    assert bounded(lambda x, checkpoint=None: checkpoint)(X, checkpoint=None) is None


def test_what_is_done_for_a_box_has_an_end():
    before = sys.gettrace()

    def step():
        return step

    def train():
        while True:
            step()

    with pytest.raises(Ended, match="TIMEOUT"), within(0.05):
        train()
    with within(60):
        assert step() is step
    assert sys.gettrace() is before


def in_a_box(function):
    """What an answer has of a function: numbers cross, copied, and no graph does."""

    def crossing(ours):
        def called(*arguments, **options):
            numbers, named = without_graph([list(arguments), options])
            return without_graph(ours(*numbers, **named))

        return ours and called

    return differentiable(*map(crossing, lent(function)))


def without_graph(value):
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list | tuple):
        return type(value)(map(without_graph, value))
    if isinstance(value, dict):
        return {name: without_graph(part) for name, part in value.items()}
    return value


def gradients_of(function, case):
    """The gradient of all that comes out, each number weighed otherwise, for all that goes in."""
    arguments = without_graph(list(case.values()))
    inputs = [leaf for _, leaf in leaves("", arguments) if is_real(leaf)]
    for tensor in inputs:
        tensor.requires_grad_()
    results = [leaf for _, leaf in leaves("", function(*arguments)) if is_real(leaf)]
    loss = sum((result * ramp(result)).sum() for result in results if result.requires_grad)
    return torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True)


def ramp(like):
    return torch.arange(1.0, 1 + like.numel()).reshape(like.shape)


def is_real(value):
    return isinstance(value, torch.Tensor) and value.is_floating_point()


BY_HAND = ("1.6", "3.2", "3.3")  # gradients, which somebody may leave to autograd


@pytest.mark.parametrize(
    "name", sorted({n for task in BY_NAME.values() if task.id in BY_HAND for n in task.builds_on})
)
def test_what_is_lent_has_the_gradients_of_the_librarys_version(name):
    exercise = BY_NAME[name]
    steep = 0
    for case in exercise.cases(torch.Generator().manual_seed(5)).values():
        expected = gradients_of(exercise.reference, case)
        steep += sum(gradient.any() for gradient in expected)
        found = gradients_of(in_a_box(exercise.reference), case)
        torch.testing.assert_close(found, expected)
    assert steep


def product(x, *, weights):
    return x @ weights[0].T, None, 3


LENT = in_a_box(product)


def test_what_is_lent_keeps_the_form_of_the_result():
    x, weight = torch.rand(3, 2), torch.rand(4, 2, requires_grad=True)
    result, nothing, number = LENT(x, weights=[weight, 5])
    assert (nothing, number) == (None, 3)
    torch.testing.assert_close(result, x @ weight.T)
    assert result.requires_grad
    assert not LENT(x, weights=(weight.detach(),))[0].requires_grad
    with torch.no_grad():
        assert not LENT(x, weights=(weight,))[0].requires_grad


def test_what_is_lent_can_be_differentiated_by_torch_func():
    x, weight = torch.rand(3, 2), torch.rand(4, 2)

    def cost(multiply):
        return lambda weight: multiply(x, weights=(weight,))[0].square().sum()

    expected = torch.func.grad(cost(product))(weight)
    torch.testing.assert_close(torch.func.grad(cost(LENT))(weight), expected)


def test_what_is_lent_has_no_second_derivative():
    x, weight = torch.rand(3, 2), torch.rand(4, 2, requires_grad=True)
    cost = LENT(x, weights=(weight,))[0].square().sum()
    (gradient,) = torch.autograd.grad(cost, weight, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        gradient.sum().backward()


def test_an_argument_that_was_changed_in_place_has_no_gradient():
    x, weight = torch.rand(3, 2), torch.rand(4, 2, requires_grad=True)
    changed = weight * 1
    cost = LENT(x, weights=(changed,))[0].sum()
    changed.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        cost.backward()


def test_a_training_has_no_gradient():
    def train(features, n_iterations):
        return features.detach() * n_iterations

    features = torch.ones(2, requires_grad=True)
    result = in_a_box(train)(features, 3)
    assert result.tolist() == [3, 3]
    assert not result.requires_grad


def test_results_are_gone_when_nobody_has_them():
    gc.collect()
    gc.disable()  # no ring that it alone would open
    try:
        result = LENT(torch.rand(3, 2), weights=(torch.rand(4, 2, requires_grad=True),))[0]
        watched = weakref.ref(result)
        del result
        assert watched() is None
    finally:
        gc.enable()


MANY = torch.zeros((), dtype=torch.uint8).expand(1 << 40)  # to go through it would take days
NO_CALLS = {
    "too few cotangents": ([torch.ones(3, 3)], [X], {"weights": [X]}, "shorter"),
    "another shape": ([torch.ones(3, 2), None, None], [X], {"weights": [X]}, "shape"),
    "no cotangent": ([None, None, None], [X], {"weights": [X]}, "implicitly"),
    "a word": (["", None, None], [X], {"weights": [X]}, "str"),
    "a number": (3, [X], {"weights": [X]}, "two lists and a dict"),
    "a tensor": ([torch.ones(3, 3), None, None], X, {"weights": [X]}, "two lists and a dict"),
    "many arguments": ([torch.ones(3, 3), None, None], MANY, {}, "two lists and a dict"),
    "many cotangents": (MANY, [X], {"weights": [X]}, "two lists and a dict"),
    "no options": ([torch.ones(3, 3), None, None], [X], [X], "two lists and a dict"),
    "a giant": (
        *([torch.ones(3, 1001), None, None], [X], {"weights": [torch.zeros(1001, 2)]}),
        "small tensors",
    ),
}


@pytest.mark.parametrize("way", NO_CALLS)
def test_gradients_of_what_is_no_call_are_refused(way):
    _, gradients = lent(product)
    cotangents, arguments, options, words = NO_CALLS[way]
    with pytest.raises((ValueError, TypeError, RuntimeError), match=words):
        gradients(cotangents, arguments, options)


def test_a_copy_of_a_small_view_is_small():
    large = torch.arange(1000)
    views = [large[3:4], (large[2:5],), {"wide": large[:1].expand(4)}]
    copied = _copied(views)
    assert [value.tolist() for _, value in leaves("", copied[:2])] == [[3], [2, 3, 4]]
    assert copied[2]["wide"].tolist() == [0, 0, 0, 0]
    tensors = [copied[0], copied[1][0], copied[2]["wide"]]
    assert all(tensor.untyped_storage().nbytes() <= 4 * 8 for tensor in tensors)
    large.zero_()
    assert copied[0].tolist() == [3]
