"""The verdict on one exercise: what an answer in a box says, before the judge of that exercise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tutorial_lib.driving import NotInTheBox
from tutorial_lib.exercises.exercise import Exercise
from tutorial_lib.exercises.outcome import Outcome, Status
from tutorial_lib.exercises.task import Task
from tutorial_lib.grading.cleaning import without_comments
from tutorial_lib.grading.conversation import Answer
from tutorial_lib.grading.definitions import Piece
from tutorial_lib.grading.fault import SAID
from tutorial_lib.grading.frames import Ended
from tutorial_lib.grading.literals import MAX_DATA, MAX_TEXT
from tutorial_lib.grading.results import Verdict
from tutorial_lib.grading.session import Session

LIBRARY = "the library's own version"
NOT_TAKEN = (
    f"What defines it was not taken: with all that it uses it carries more than {MAX_DATA:,} "
    f"bytes of data, or has more than {MAX_TEXT:,} bytes, or takes more definitions than can be "
    "followed."
)
SPOILT = (
    "The cell that seems to hold it is no Python, so nothing in it counts: run it, and JupyterLab "
    "marks the line."
)
NOT_TRIED = "Not tried: too many answers of this submission had to be stopped before."
ONLY_ELSEWHERE = (
    "The public examples come out right, but others do not. Does your answer depend on particular "
    "values or sizes, on how often it is called, or on chance?"
)
# What a student reads; nothing in it comes from the answer or the secret inputs.
_MESSAGES = {
    Verdict.PASS: "",
    Verdict.FAIL: "The result is not right on all examples.",
    Verdict.ERROR: "It raised an error.",
    Verdict.NOT_ATTEMPTED: "There is no answer yet, or the ... still stands in it.",
    Verdict.TIMEOUT: "It did not come to an end in time. Is there a loop that never ends?",
    Verdict.MEMORY: "It needed more memory than there is. Does something grow with every step?",
    Verdict.OUTPUT: "It printed or returned far more than was asked for.",
    Verdict.CRASH: "Its process ended without an answer.",
    Verdict.INVALID: "It could not be judged.",
    Verdict.INTERNAL: SAID,
}
_LIBRARY_MESSAGE = (
    "It uses the library's own version of something. Here only what you wrote counts; of the "
    "library there is no more than minimise."
)
_VERDICTS = {
    Status.CORRECT: Verdict.PASS,
    Status.INCORRECT: Verdict.FAIL,
    Status.ERROR: Verdict.ERROR,
    Status.NOT_ATTEMPTED: Verdict.NOT_ATTEMPTED,
}


@dataclass(frozen=True)
class Ruling:
    """A verdict, and what there is to say about it.

    Attributes
    ----------
    verdict : Verdict
    points : float
    bug : str or None
        Name of the known mistake.
    message : str
        Our own words.
    said : str
        What the learner's own check would say. It may quote the answer, and what the answer was
        given: for public cases only.
    """

    verdict: Verdict
    points: float = 0
    bug: str | None = None
    message: str = ""
    said: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", self.message or _MESSAGES[self.verdict])


def rule(
    session: Session,
    task: Task,
    pieces: Sequence[Piece],
    seed: int,
    given: Mapping[str, Any] | None = None,
) -> Ruling:
    """Have an answer run, and judge it.

    Parameters
    ----------
    session : Session
    task : Task
    pieces : sequence of Piece
        The definitions that the answer consists of.
    seed : int
        From which the cases are drawn.
    given : mapping from str to pair of callables
        Functions of ours that the definitions may call by these names; see `ours.lent`.
    """
    try:
        answer = asked(session, task, pieces, given or {})
    except Ended:  # before anything of the student's ran
        return Ruling(Verdict.INTERNAL)
    if answer.ended is not None:
        return Ruling(answer.ended)
    subject = answer if answer.is_function else answer.value
    options = {"seed": seed} if isinstance(task, Exercise) else {}
    outcome = task.judge_safely(subject, **options)
    answer.end()
    return _ruling(task, answer, outcome, pieces)


def asked(
    session: Session, task: Task, pieces: Sequence[Piece], given: Mapping[str, Any]
) -> Answer:
    """Have an answer run, as `rule` does; a box that does not start is tried twice.

    Raises
    ------
    Ended
        If it did not start.
    """
    try:
        return _ask(session, task, pieces, given)
    except Ended:
        return _ask(session, task, pieces, given)


def _ask(session: Session, task: Task, pieces: Sequence[Piece], given: Mapping[str, Any]) -> Answer:
    drive = task.drive.__name__ if isinstance(task, Exercise) and task.drive else ""
    # Comments, which nobody needs there, could hold data of any size.
    told = [
        {"text": without_comments(p.text), "line": p.first_line, "place": p.place} for p in pieces
    ]
    patience = task.patience if isinstance(task, Exercise) else 1.0
    return session.ask(task.name, told, drive=drive, given=given, patience=patience)


def _ruling(task: Task, answer: Answer, outcome: Outcome, pieces: Sequence[Piece]) -> Ruling:
    if answer.ended is not None:
        return Ruling(answer.ended)
    verdict, said = _VERDICTS[outcome.status], outcome.message
    if verdict is Verdict.NOT_ATTEMPTED and answer.problems:
        # Its definition failed, so nothing has its name.
        verdict, said = Verdict.ERROR, "\n".join(_failed(answer, pieces))
    if verdict is Verdict.PASS:
        return Ruling(verdict, outcome.points)
    if answer.out_of_memory:
        return Ruling(Verdict.MEMORY)
    if _lacks_the_library(verdict, answer):
        return Ruling(Verdict.FAIL, 0, LIBRARY, _LIBRARY_MESSAGE)
    bug = next((bug for bug in task.known_bugs if bug.name == outcome.known_bug), None)
    message = "" if bug is None else bug.message
    if bug is None and 0 < outcome.points < task.points:
        message = outcome.message  # how far it got, in our own words
    return Ruling(verdict, outcome.points, outcome.known_bug, message, said)


def _failed(answer: Answer, pieces: Sequence[Piece]) -> Iterator[str]:
    for number, kind in answer.problems:
        if 0 <= number < len(pieces):
            piece = pieces[number]
            yield f"{piece.place}, line {piece.first_line}: this definition raised {kind[:40]}."


def _lacks_the_library(verdict: Verdict, answer: Answer) -> bool:
    """Tell whether an answer failed for want of ours, and not for a mistake of its own."""
    not_here = NotInTheBox.__name__
    at_import = any(kind == not_here for _, kind in answer.problems)
    unnamed = answer.error_type in ("", "NameError")
    return answer.error_type == not_here or (
        at_import and unnamed and verdict in (Verdict.ERROR, Verdict.NOT_ATTEMPTED)
    )
