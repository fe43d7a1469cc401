"""An exercise: a function to write, declared once, and judged by what it does."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any

import torch

from tutorial_lib.exercises import record
from tutorial_lib.exercises.blame import describe_error
from tutorial_lib.exercises.outcome import Outcome, Status, table
from tutorial_lib.exercises.parts import describe
from tutorial_lib.exercises.running import Case, Drive, Observe, Run, call, run
from tutorial_lib.exercises.stubs import does_nothing
from tutorial_lib.exercises.task import KnownBug, Task
from tutorial_lib.exercises.trial import Problem, Trial
from tutorial_lib.exercises.values import USUAL, Tolerance
from tutorial_lib.exercises.wording import indent, shorten, wrap

PUBLIC_SEED = 0
_NOT_KEPT = (
    "It could not be kept for later sessions and notebooks: write it with def at the top of a "
    "cell, and its helpers likewise."
)


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
    expects : str
        What a right result is like, for the message on a wrong one: shape or property.
    parts : sequence of str
        Names of what is returned: one, or as many as the returned tuple has parts.
    gradients : bool
        Whether a wrong result is shown part by part, with relative errors and a picture.
    observe : callable
        Calls the answer with the arguments and returns what is compared. Where right answers may
        differ, as with random numbers, it returns a dict of what they have in common: what was
        measured, and the value.
    drive : callable, optional
        What is done with the answer in its own process, in place of one call, where that takes
        more: ``drive(answer, *arguments)`` returns plain values. From `tutorial_lib.driving`.
    tolerance : Tolerance
    builds_on : sequence of str
        Names of the exercises whose functions a right answer may call. Whoever is stuck there
        is judged with the library's versions of them, as in the notebook.
    patience : float
        How many times longer than others a right answer may take.
    """

    reference: Callable[..., Any]
    cases: Callable[[torch.Generator], Mapping[str, Case]]
    expects: str
    parts: Sequence[str] = ("the result",)
    gradients: bool = False
    observe: Observe = call
    drive: Drive | None = None
    tolerance: Tolerance = USUAL
    builds_on: Sequence[str] = ()
    patience: float = 1.0
    _accepted: Callable[..., Any] | None = field(default=None, init=False, repr=False)
    _checked: bool = field(default=False, init=False, repr=False)
    _public_trial: Trial | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.reference.__name__

    def solution_text(self) -> str:
        """Return the source of the reference."""
        return inspect.getsource(self.reference)

    def check(self, answer: Any) -> Outcome:
        """Judge a function on the public cases and note the verdict; only Ctrl-C is raised."""
        outcome = super().check(answer)
        self._checked = outcome.status is not Status.NOT_ATTEMPTED
        self._accepted = answer if outcome.status is Status.CORRECT else None
        if self._accepted is not None and record.text_of(answer, self.name) is None:
            outcome = replace(outcome, message=f"{outcome.message}\n\n{wrap(_NOT_KEPT)}")
        return outcome

    def yours_or_ours(self) -> Callable[..., Any]:
        """Return the learner's function if it was found right, or else the library's version.

        A right answer from an earlier session, or from another notebook, counts: its text is in
        the local record. Either is judged once more, for what it calls may have changed.
        """
        if self._accepted is not None and self._still_passes(self._accepted):
            print(f"{self.name}: your version")
            return self._accepted
        earlier = record.recall(self.name)
        if earlier is not None and self.judge_safely(earlier).status is Status.CORRECT:
            why = "the present one is not correct" if self._checked else "kept from before"
            print(f"{self.name}: your earlier version ({why})")
            return earlier
        until = "yours is checked and correct"
        if self._accepted is not None:
            until = "yours passes again: something that it uses has changed since it was checked"
        elif record.is_done(self.name):
            until = "you check yours again: it was correct, but cannot be made anew from the record"
        print(f"{self.name}: the library's version, until {until}")
        return self._ours

    def _still_passes(self, answer: Callable[..., Any]) -> bool:
        """Tell whether a right answer still is one: what it calls may have changed since."""
        trial = self.trial(PUBLIC_SEED)
        return not trial.problems(trial.run_all(answer))

    @cached_property
    def _ours(self) -> Callable[..., Any]:
        # Wrapped, so that it can be told from an answer that happens to be the reference.
        @wraps(self.reference)
        def ours(*arguments: Any, **options: Any) -> Any:
            return self.reference(*arguments, **options)

        return ours

    def judge(self, answer: Any, *, seed: int = PUBLIC_SEED) -> Outcome:
        """Return the verdict on a function; the cases are drawn from a seed."""
        if outcome := self._not_an_attempt(answer):
            return outcome
        trial = self.trial(seed)
        given = trial.run_all(answer)
        if all(run.is_ellipsis for run in given.values()):
            return self._stub()
        problems = trial.problems(given)
        if not problems:
            return self.outcome(Status.CORRECT, self.notice)
        bug = trial.recognise(given, self.known_bugs)
        # A mistake that is recognised is told by what it computed, not by where it broke down.
        case = min(problems, key=lambda case: bug is not None and given[case].error is not None)
        broke = next((name for name in problems if given[name].error is not None), case)
        # Where sizes are equal a slip may give numbers; the error elsewhere tells more.
        elsewhere = _raised(broke, given[broke], answer) if bug is None and broke != case else ""
        return self._failure(answer, case, problems[case], given[case], bug, elsewhere)

    def trial(self, seed: int) -> Trial:
        """Return the cases of a seed; the public ones are kept, for a learner checks often."""
        if seed != PUBLIC_SEED:
            return self._draw(seed)
        if self._public_trial is None:
            self._public_trial = self._draw(seed)
        return self._public_trial

    def _draw(self, seed: int) -> Trial:
        return Trial(
            cases=self.cases(torch.Generator().manual_seed(seed)),
            run=self.run,
            reference=self.reference,
            tolerance=self.tolerance,
            gradients=self.gradients,
            # What is observed costs more than one call, and may be called twice already.
            call_again=self.observe is call,
        )

    def run(self, function: Callable[..., Any], case: Case) -> Run:
        """Call a function on one case, and observe what is compared."""
        return run(function, case, self.parts, self.observe, self.drive)

    def _not_an_attempt(self, answer: Any) -> Outcome | None:
        if answer is ... or does_nothing(answer, self.reference):
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

    def _failure(
        self,
        answer: Any,
        case: str,
        problem: Problem,
        given: Run,
        bug: KnownBug | None,
        elsewhere: str,
    ) -> Outcome:
        paragraphs = [f"With {case}: {problem.text}"]
        if given.error is not None:
            paragraphs = [_raised(case, given, answer)]
        elif problem.rows:
            paragraphs.append(table(problem.rows))
        if elsewhere:
            paragraphs.append(elsewhere)
        if bug is not None:
            paragraphs.append(f"Known mistake: {bug.name}. {bug.message}")
        elif problem.is_value or given.error is not None:
            paragraphs.append(f"Expected: {self.expects}")
        if said := given.printed.strip():
            paragraphs += ["It printed:", indent(shorten(said))]
        return self.outcome(
            Status.INCORRECT if given.error is None else Status.ERROR,
            "\n\n".join(paragraphs),
            known_bug=None if bug is None else bug.name,
            rows=problem.rows,
            picture=problem.picture,
        )


def _raised(case: str, given: Run, answer: Any) -> str:
    assert given.error is not None
    return f"With {case}: it raised {describe_error(given.error, answer)}"
