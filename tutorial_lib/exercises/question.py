"""A question with one right answer: a number, a choice, or a prediction."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from tutorial_lib.exercises.core import Task
from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.values import describe


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
        if problem := self._problem_with_form(answer):
            return self.outcome(Status.INCORRECT, problem)
        if self._agrees(answer, self.reference):
            return self.outcome(Status.CORRECT, self.notice)
        for bug in self.known_bugs:
            if self._agrees(answer, bug.answer):
                return self.outcome(Status.INCORRECT, bug.message, known_bug=bug.name)
        return self.outcome(Status.INCORRECT, f"{answer!r} is not it. hint() may help.")

    def _problem_with_form(self, answer: Any) -> str:
        if self.choices:
            letters = ", ".join(repr(letter) for letter in self.choices)
            given = answer.strip().lower() if isinstance(answer, str) else None
            fine = given is not None and len(given) == 1 and given in self.choices
            return "" if fine else f"{_shown(answer)} is not one of the choices: {letters}."
        number = isinstance(answer, Real) and not isinstance(answer, bool)
        fine = number and math.isfinite(answer)
        return "" if fine else f"{_shown(answer)} is no finite number; a number was asked for."

    def _agrees(self, answer: Any, value: Any) -> bool:
        if self.choices:
            return bool(answer.strip().lower() == value)
        return math.isclose(answer, value, rel_tol=max(self.tolerance, 1e-9))


def _shown(answer: Any) -> str:
    return repr(answer) if isinstance(answer, str | int | float) else describe(answer).capitalize()
