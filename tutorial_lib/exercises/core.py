"""An exercise, declared once: checked in the notebook, solved for the teacher, tested here.

An answer is judged by what it does on drawn inputs, never by its text. When it is wrong, the known
mistakes are called on the same inputs, and the one that does exactly the same is named.
"""

import inspect
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from html import escape
from typing import Any

import torch

from tutorial_lib.exercises import record
from tutorial_lib.exercises.outcome import Outcome, Row, Status, table
from tutorial_lib.exercises.pictures import picture_of_errors
from tutorial_lib.exercises.running import Case, Observe, Run, call, describe_error, run
from tutorial_lib.exercises.values import (
    Difference,
    Tolerance,
    WrongStructure,
    compare,
    describe,
)

PUBLIC_SEED = 0
LONGEST_PRINT = 500


@dataclass(frozen=True)
class KnownBug:
    """A plausible wrong answer.

    Attributes
    ----------
    name : str
        Such as ``"sum over examples"``.
    answer : callable, or the value of a question
        What somebody who made this mistake would hand in.
    message : str
        One or two sentences for that person; never the answer.
    """

    name: str
    answer: Any
    message: str


class Text(str):
    """Plain text that a notebook shows as it stands, lines and all."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self)}</pre>"


@dataclass(eq=False, kw_only=True)
class Task(ABC):
    """What exercises and questions have in common.

    Parameters
    ----------
    id : str
        Such as ``"1.6"``, or ``"Q3"``.
    title : str
        As in the notebook's heading.
    points : float
    hints : sequence of str, at least two
        From a nudge to nearly the whole way.
    notice : str
        One sentence for those who got it right: what to notice next.
    known_bugs : sequence of KnownBug
    """

    id: str
    title: str
    points: float
    hints: Sequence[str]
    notice: str
    known_bugs: Sequence[KnownBug] = ()
    _hints_given: int = field(default=0, init=False, repr=False)

    @property
    @abstractmethod
    def name(self) -> str:
        """What the answer is called in the notebook."""

    @abstractmethod
    def solution_text(self) -> str:
        """Return the code that `solution` shows, and that a solved notebook runs."""

    @abstractmethod
    def judge(self, answer: Any) -> Outcome:
        """Return the verdict on an answer; nothing is recorded."""

    def check(self, answer: Any) -> Outcome:
        """Judge an answer and note the verdict in the local record; never raises."""
        outcome = self.judge(answer)
        record.note(self.name, outcome.status, record.text_of(answer, self.name))
        return outcome

    def hint(self) -> Text:
        """Return the next hint; after the last one they begin anew."""
        k = self._hints_given % len(self.hints)
        self._hints_given += 1
        then = "" if k + 1 < len(self.hints) else " There are no more, but there is solution()."
        return Text(_wrap(f"Hint {k + 1} of {len(self.hints)}: {self.hints[k]}{then}"))

    def solution(self) -> Text:
        """Return one right answer, as code."""
        return Text(self.solution_text())

    def outcome(self, status: Status, message: str, **more: Any) -> Outcome:
        """Return a verdict of this task."""
        earned = self.points if status is Status.CORRECT else 0
        more = {"points": earned, "out_of": self.points, **more}
        return Outcome(f"{self.id} {self.name}", status, message, **more)


@dataclass(eq=False, kw_only=True)
class Exercise(Task):
    """A function to write; the parameters of `Task`, and:

    Parameters
    ----------
    reference : callable
        A right answer; its name, signature and docstring are those of the stub.
    cases : callable
        Draws inputs from a ``torch.Generator``: a dict from a description, such as "5 examples of
        7 pixels", to the arguments in the order of the signature.
    parts : sequence of str
        Names of what is returned: one, or as many as the returned tuple has parts.
    expects : str
        What a right result is like, for the message on a wrong one: shape or property.
    gradients : bool
        Whether a wrong result is shown part by part, with relative errors and a picture.
    observe : callable
        Calls the answer with the arguments and returns what is compared. Where right answers may
        differ, as with random numbers, it measures what they have in common.
    tolerance : Tolerance
    may_share : bool
        Whether the result may use the memory of the arguments.
    """

    reference: Callable[..., Any]
    cases: Callable[[torch.Generator], Mapping[str, Case]]
    expects: str
    parts: Sequence[str] = ("the result",)
    gradients: bool = False
    observe: Observe = call
    tolerance: Tolerance = Tolerance()
    may_share: bool = False
    _accepted: Callable[..., Any] | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.reference.__name__

    def solution_text(self) -> str:
        """Return the source of the reference."""
        return inspect.getsource(self.reference)

    def check(self, answer: Any) -> Outcome:
        """Judge a function on the public cases and note the verdict; never raises."""
        outcome = super().check(answer)
        self._accepted = answer if outcome.status is Status.CORRECT else None
        return outcome

    def yours_or_ours(self) -> Callable[..., Any]:
        """Return the learner's function if it was found right, or else the library's version.

        A right answer from an earlier session, or from another notebook, counts: its text is in
        the local record. It is judged once more before it is used.
        """
        yours = self._accepted or record.recall(self.name)
        if yours is not None and self.judge(yours).status is Status.CORRECT:
            print(f"{self.name}: your version")
            return yours
        print(f"{self.name}: the library's version, until yours is checked and correct")
        return self._ours

    @cached_property
    def _ours(self) -> Callable[..., Any]:
        # Wrapped, so that it can be told from an answer that happens to be the reference.
        @wraps(self.reference)
        def ours(*arguments: Any, **options: Any) -> Any:
            return self.reference(*arguments, **options)

        return ours

    def judge(self, answer: Any, *, seed: int = PUBLIC_SEED) -> Outcome:
        """Return the verdict on a function; cases are drawn from a seed."""
        if outcome := self._not_an_attempt(answer):
            return outcome
        cases = self.cases(torch.Generator().manual_seed(seed))
        expected = self._run_all(self.reference, cases)
        given = self._run_all(answer, cases)
        verdicts = {
            case: _problems(self, expected[case], given[case]) for case in cases
        }
        failed = [case for case in cases if verdicts[case].text]
        if not failed:
            return self.outcome(Status.CORRECT, self.notice)
        if all(_is_ellipsis(run) for run in given.values()):
            return self._stub()
        bug = self._recognise(given, cases)
        # A mistake that is recognised is told by what it computed, not by where it broke down.
        failed.sort(key=lambda case: bug is not None and given[case].error is not None)
        return self._failure(answer, failed[0], verdicts[failed[0]], given[failed[0]], bug)

    def _not_an_attempt(self, answer: Any) -> Outcome | None:
        if answer is ... or _is_stub(answer, self.reference):
            return self._stub()
        if answer is self._ours:
            message = "This is the library's version. Run your own cell again, then check."
            return self.outcome(Status.NOT_ATTEMPTED, message)
        if not callable(answer):
            message = f"Pass the function itself, check({self.name}); this is {describe(answer)}."
            return self.outcome(Status.INCORRECT, message)
        return None

    def _stub(self) -> Outcome:
        message = f"Replace the ... in {self.name} by your code, run the cell, and check again."
        return self.outcome(Status.NOT_ATTEMPTED, message)

    def _run_all(self, function: Callable[..., Any], cases: Mapping[str, Case]) -> dict[str, Run]:
        return {name: run(function, case, self.parts, self.observe) for name, case in cases.items()}

    def _recognise(self, given: Mapping[str, Run], cases: Mapping[str, Case]) -> KnownBug | None:
        for bug in self.known_bugs:
            runs = self._run_all(bug.answer, cases)
            if all(_alike(runs[case], given[case], self.tolerance) for case in cases):
                return bug
        return None

    def _failure(
        self, answer: Any, case: str, problem: "_Problem", given: Run, bug: KnownBug | None
    ) -> Outcome:
        status = Status.INCORRECT if given.error is None else Status.ERROR
        paragraphs = [f"With {case}: {problem.text}"]
        if given.error is not None:
            paragraphs = [f"With {case} it raised {describe_error(given.error, answer)}"]
        elif problem.rows:
            paragraphs.append(table(problem.rows))
        if bug is not None:
            paragraphs.append(f"Known mistake: {bug.name}. {bug.message}")
        elif problem.is_value or given.error is not None:
            paragraphs.append(f"Expected: {self.expects}")
        if given.printed:
            paragraphs.append("    It printed: " + _shorten(given.printed))
        name = None if bug is None else bug.name
        more = {"known_bug": name, "rows": problem.rows, "picture": problem.picture}
        return self.outcome(status, "\n\n".join(map(_wrap, paragraphs)), **more)


@dataclass(frozen=True)
class _Problem:
    """What is wrong on one case; an empty text where nothing is."""

    text: str = ""
    rows: tuple[Row, ...] = ()
    picture: Callable[[], tuple[bytes, str]] | None = None
    is_value: bool = False


def _problems(exercise: Exercise, expected: Run, given: Run) -> _Problem:
    """Compare a run with the reference's: how it ended, its values, then its manners."""
    if given.error is not None or given.structure:
        return _Problem(given.structure or repr(given.error))
    try:
        differences = compare(expected.parts, given.parts, exercise.tolerance)
    except WrongStructure as error:
        return _Problem(str(error))
    wrong = [difference for difference in differences if difference.wrong]
    if wrong and exercise.gradients:
        rows = tuple(map(_row, differences))
        return _Problem(
            f"{_join([d.part for d in wrong])} {'is' if len(wrong) == 1 else 'are'} wrong.",
            rows,
            lambda: picture_of_errors(expected.parts, given.parts, rows),
            is_value=True,
        )
    if wrong:
        return _Problem(wrong[0].text, is_value=True)
    return _Problem(_bad_manners(exercise, expected, given))


def _row(difference: Difference) -> Row:
    if difference.relative_error is None:
        return Row(difference.part, "wrong", difference.text.removeprefix(difference.part).strip())
    verdict = "wrong" if difference.wrong else "right"
    return Row(difference.part, verdict, f"relative error {difference.relative_error:.2g}")


def _bad_manners(exercise: Exercise, expected: Run, given: Run) -> str:
    changed = [name for name in given.changed if name not in expected.changed]
    if changed:
        return (
            f"The values are right, but the call changed its argument {_join(changed)}. Work on "
            "a copy: operations ending in _ and assignments to a slice change a tensor in place."
        )
    if given.shared and not exercise.may_share:
        return (
            f"The values are right, but the result is a view on {_join(given.shared)}: whoever "
            "changes one changes the other. Return a tensor of its own, say with .clone()."
        )
    if given.overwritten:
        return "The values are right, but a later call overwrote them: return a new tensor each time."
    return ""


def _alike(bug: Run, given: Run, tolerance: Tolerance) -> bool:
    """Tell whether two runs did the same, right or wrong."""
    if bug.error is not None or given.error is not None:
        return type(bug.error) is type(given.error)
    if bug.structure or given.structure:
        return bug.structure == given.structure
    if (bug.changed, bug.shared) != (given.changed, given.shared):
        return False
    try:
        return not any(d.wrong for d in compare(bug.parts, given.parts, tolerance))
    except WrongStructure:
        return False


def _is_stub(answer: Any, reference: Callable[..., Any]) -> bool:
    """Tell whether a function with the stub's parameters does nothing at all."""
    code, wanted = getattr(answer, "__code__", None), reference.__code__
    if code is None or code.co_varnames != wanted.co_varnames[: wanted.co_argcount]:
        return False
    return code.co_code in (_nothing.__code__.co_code, _documented_nothing.__code__.co_code)


def _nothing() -> None: ...


def _documented_nothing() -> None:
    """Do nothing; the docstring moves the constants that the code refers to."""


def _is_ellipsis(result: Run) -> bool:
    return bool(result.parts) and all(value is ... for value in result.parts.values())


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _shorten(text: str) -> str:
    text = text.strip().replace("\n", "\n    ")
    return text if len(text) <= LONGEST_PRINT else f"{text[:LONGEST_PRINT]} …"


def _wrap(paragraph: str) -> str:
    if paragraph.startswith("    "):
        return paragraph
    return "\n\n".join(
        part if part.startswith("    ") else textwrap.fill(part, 88)
        for part in paragraph.split("\n\n")
    )
