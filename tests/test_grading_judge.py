"""The verdicts: known bugs fail, right answers pass, whoever lies earns nothing."""

import importlib
from functools import cache
from itertools import count
from typing import Any

import pytest
from grading_helpers import ruling_on
from test_exercises import EXERCISES, QUESTIONS, light

from tutorial_lib.exercises import MODULES
from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.grading.judge import seed_for
from tutorial_lib.grading.results import Verdict

SECRET = b"a secret for tests"
SEEDS = (seed_for(SECRET, "1.1", f"student {k}") for k in count())
N_HONEST = 1000


def by_id(task: Any) -> str:
    return task.id


@pytest.mark.parametrize("exercise", EXERCISES, ids=by_id)
def test_every_known_bug_fails_on_secret_cases(exercise):
    exercise = light(exercise)
    for bug in exercise.known_bugs:
        (ruling,) = ruling_on(exercise, bug.answer, next(SEEDS))
        assert ruling.verdict in (Verdict.FAIL, Verdict.ERROR), bug.name
        assert ruling.points < exercise.points, bug.name
