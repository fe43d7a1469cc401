"""Questions: a choice or a number, and a reason for each wrong one."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from exercise_helpers import Liar

from tutorial_lib.exercises import record
from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.exercises.question import Question


def question(**more) -> Question:
    fixed = {"points": 2, "hints": ("Think.", "Think again."), "notice": "Now go on."}
    return Question(id="Q7", title="Which?", variable="answer", **fixed, **more)


CHOICE = question(
    reference="b",
    choices="abc",
    known_bugs=(KnownBug("too few", "a", "More."), KnownBug("too many", "c", "Fewer.")),
)
NUMBER = question(
    reference=199_200, known_bugs=(KnownBug("with decoders", 394_984, "Decoders are gone."),)
)


@pytest.mark.parametrize("task", [CHOICE, NUMBER], ids=["choice", "number"])
def test_the_dots_are_not_attempted(task):
    outcome = task.judge(...)
    assert outcome.status is Status.NOT_ATTEMPTED
    assert "answer =" in outcome.message
    assert outcome.headline == "– Q7 answer: not attempted"


@pytest.mark.parametrize("answer", ["b", "B", " b ", "b\n", np.str_("b")])
def test_the_right_letter_in_any_dress(answer):
    outcome = CHOICE.judge(answer)
    assert outcome.status is Status.CORRECT
    assert (outcome.points, outcome.out_of, outcome.message) == (2, 2, "Now go on.")


@pytest.mark.parametrize(
    "answer",
    [
        *(199_200, 199_200.0, np.int64(199_200), Fraction(199_200), torch.tensor(199_200)),
        *(np.array(199_200), np.array([199_200.0])),
    ],
)
def test_the_right_number_of_any_kind(answer):
    assert NUMBER.judge(answer).status is Status.CORRECT
    assert NUMBER.judge(answer + 1).status is Status.INCORRECT


@pytest.mark.parametrize(("task", "answer"), [(CHOICE, "c"), (CHOICE, " C"), (NUMBER, 394_984.0)])
def test_a_wrong_choice_gets_its_reason(task, answer):
    outcome = task.judge(answer)
    assert outcome.status is Status.INCORRECT
    bug = task.known_bugs[-1]
    assert (outcome.known_bug, outcome.message, outcome.points) == (bug.name, bug.message, 0)


def test_another_wrong_number_gets_a_sentence():
    outcome = NUMBER.judge(3)
    assert (outcome.status, outcome.known_bug) == (Status.INCORRECT, None)
    assert outcome.message == "3 is not it. hint() may help."


class Noisy(str):
    """A text that does not want to be looked at."""

    def strip(self, *characters):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("d", "'d'"),
        ("", "''"),
        ("ab", "'ab'"),
        ("b or c", "'b or c'"),
        (None, "None"),
        (1, "1"),
        (True, "True"),
        (["b"], "A list of 1"),
        (torch.ones(2), "A tensor of shape (2,)"),
        (Liar(), "A Liar"),
        (Noisy("x"), "A Noisy"),
        (print, "A builtin_function_or_method"),
    ],
)
def test_what_is_no_choice_is_told_so(answer, shown):
    outcome = CHOICE.judge(answer)
    assert outcome.status is Status.INCORRECT
    assert outcome.message == f"{shown} is not one of the choices: 'a', 'b', 'c'."


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("199200", "'199200'"),
        (None, "None"),
        (True, "True"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1j, "A complex"),
        ([199_200], "A list of 1"),
        (torch.ones(2), "A tensor of shape (2,)"),
        (Liar(), "A Liar"),
    ],
)
def test_what_is_no_number_is_told_so(answer, shown):
    outcome = NUMBER.judge(answer)
    assert outcome.status is Status.INCORRECT
    assert outcome.message == f"{shown} is no finite number; a number was asked for."


def test_a_number_beyond_all_bounds_is_no_error():
    assert NUMBER.judge(10**400).status is Status.INCORRECT
    assert len(NUMBER.judge(10**4000).message) < 1000


def test_a_prediction_may_be_roughly_right():
    rough = question(reference=0.5, tolerance=0.1)
    for value, right in [(0.5, True), (0.46, True), (0.56, False), (-0.5, False), (0, False)]:
        assert (rough.judge(value).status is Status.CORRECT) == right


def test_zero_can_be_an_answer():
    assert question(reference=0).judge(0).status is Status.CORRECT
    assert question(reference=0).judge(1e-3).status is Status.INCORRECT


def test_the_solution_is_an_assignment():
    assert CHOICE.solution() == "answer = 'b'\n"
    assert NUMBER.solution() == "answer = 199200\n"


def test_a_verdict_on_a_question_is_noted():
    CHOICE.check("b")
    assert record.load() == {"answer": {"status": "CORRECT"}}
