"""The library's versions of what an exercise builds on, as a stranger may call them."""

import sys

import pytest
import torch

from tutorial_lib.exercises import all_exercises
from tutorial_lib.exercises.exercise import Exercise
from tutorial_lib.grading.deadline import within
from tutorial_lib.grading.frames import Ended
from tutorial_lib.grading.ours import bounded

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
