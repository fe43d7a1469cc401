"""A question with one right answer: a number, a choice, or a prediction."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.parts import describe, is_plain
from tutorial_lib.exercises.task import Task
from tutorial_lib.exercises.wording import shorten


@dataclass(eq=False, kw_only=True)
class Question(Task):
    """A question; the parameters of `Task`, where every known bug is a wrong value, and:

    Parameters
    ----------
    variable : str
        The name that the notebook gives the answer.
    reference : str or float
        The right choice, a small letter, or the right number.
    choices : str
        The letters to choose from, such as ``"abcd"``; "" where a number is asked for.
    tolerance : float
        How far off a number may be, as a fraction of the right one.
    """

    variable: str
    reference: str | float
    choices: str = ""
    tolerance: float = 0.0

    @property
    def name(self) -> str:
        """The variable that holds the answer."""
        return self.variable

    def solution_text(self) -> str:
        """Return the assignment of the right answer."""
        return f"{self.variable} = {self.reference!r}\n"

    def judge(self, answer: Any) -> Outcome:
        """Return the verdict on a value."""
        if answer is ...:
            message = f"Replace the ... after {self.name} = by your answer, and run the cell again."
            return self.outcome(Status.NOT_ATTEMPTED, message)
        value = _letter(answer) if self.choices else _number(answer)
        if problem := self._problem_with_form(answer, value):
            return self.outcome(Status.INCORRECT, problem)
        if self._agrees(value, self.reference):
            return self.outcome(Status.CORRECT, self.notice)
        for bug in self.known_bugs:
            if self._agrees(value, bug.answer):
                return self.outcome(Status.INCORRECT, bug.message, known_bug=bug.name)
        return self.outcome(Status.INCORRECT, f"{_shown(answer)} is not it. hint() may help.")

    def _problem_with_form(self, answer: Any, value: str | float | None) -> str:
        if self.choices:
            letters = ", ".join(repr(letter) for letter in self.choices)
            fine = isinstance(value, str) and len(value) == 1 and value in self.choices
            return "" if fine else f"{_shown(answer)} is not one of the choices: {letters}."
        fine = isinstance(value, float) and math.isfinite(value)
        return "" if fine else f"{_shown(answer)} is no finite number; a number was asked for."

    def _agrees(self, value: Any, other: Any) -> bool:
        if self.choices:
            return bool(value == other)
        return math.isclose(value, other, rel_tol=max(self.tolerance, 1e-9))


def _letter(answer: Any) -> str | None:
    return str.strip(answer, " ().\n\t").lower() if isinstance(answer, str) else None


def _number(answer: Any) -> float | None:
    """Return a number as a float; a tensor or array of one number counts as one."""
    if is_plain(answer) and answer.numel() == 1:
        answer = answer.item()
    if type(answer) is np.ndarray and answer.size == 1:
        answer = answer.item()
    if type(answer) is bool or not issubclass(type(answer), Real):
        return None
    try:
        return float(answer)
    except Exception:  # too large for a float, or of a type that only claims to be a number
        return None


def _shown(answer: Any) -> str:
    if type(answer) in (str, int, float, bool, type(None)):
        return shorten(repr(answer))
    text = describe(answer)
    return text[0].upper() + text[1:]
