"""What exercises and questions have in common: a verdict, hints, a solution, a record."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tutorial_lib.exercises import record
from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.wording import wrap


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

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        # JupyterLab would break long lines in the middle of a word.
        return f'<pre style="white-space: pre-wrap; word-break: normal">{escape(self)}</pre>'


@dataclass(eq=False, kw_only=True)
class Task(ABC):
    """Something to answer, checked at once.

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
        """Judge an answer and note the verdict in the local record; only Ctrl-C is raised."""
        outcome = self.judge_safely(answer)
        record.note(self.name, outcome.status, record.text_of(answer, self.name))
        return outcome

    def judge_safely(self, answer: Any, **options: Any) -> Outcome:
        """Return the verdict on an answer, should it even break the check itself."""
        try:
            return self.judge(answer, **options)
        except Exception as error:  # an answer that nobody thought of must not end in a traceback
            return self.outcome(
                Status.ERROR,
                f"This answer could not be checked ({type(error).__name__} in the check itself). "
                "Return plain tensors and numbers, as the docstring says.",
            )

    def hint(self) -> Text:
        """Return the next hint; after the last one they begin anew."""
        k = self._hints_given % len(self.hints)
        self._hints_given += 1
        then = "" if k + 1 < len(self.hints) else " There are no more, but there is solution()."
        return Text(wrap(f"Hint {k + 1} of {len(self.hints)}: {self.hints[k]}{then}"))

    def solution(self) -> Text:
        """Return one right answer, as code."""
        return Text(self.solution_text())

    def outcome(self, status: Status, message: str, **more: Any) -> Outcome:
        """Return a verdict of this task, its message wrapped."""
        earned = self.points if status is Status.CORRECT else 0
        more = {"points": earned, "out_of": self.points, **more}
        return Outcome(f"{self.id} {self.name}", status, wrap(message), **more)
