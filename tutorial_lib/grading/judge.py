"""Who decides: one student's notebooks, exercise by exercise, against references that stay here.

`grade` takes and returns plain values, so that it can run in any process, on any machine.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.exercises.exercise import PUBLIC_SEED, Exercise
from tutorial_lib.exercises.task import Task
from tutorial_lib.grading import box_contents
from tutorial_lib.grading.catalogue import chapters
from tutorial_lib.grading.confinement import SLOTS
from tutorial_lib.grading.definitions import Definitions, Piece, read_definitions
from tutorial_lib.grading.ours import lent
from tutorial_lib.grading.provenance import require_same
from tutorial_lib.grading.results import UNDECIDED, UNSAFE, ExerciseResult, StudentResult, Verdict
from tutorial_lib.grading.ruling import (
    LIBRARY,
    NOT_TAKEN,
    NOT_TRIED,
    ONLY_ELSEWHERE,
    SPOILT,
    Ruling,
    rule,
)
from tutorial_lib.grading.sandbox import Box, Limits, level
from tutorial_lib.grading.session import Session

# So many answers of one student may have to be killed; what is left is not tried then.
MAX_KILLED = 5
KILLED = (Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT, Verdict.CRASH)


def seed_for(secret: bytes, exercise: str, student: str) -> int:
    """Return the seed of a student's cases: nobody can tell it without the course's secret."""
    told = f"{exercise}\0{student}".encode()
    return int.from_bytes(hmac.digest(secret, told, hashlib.sha256)[:7]) + 1


def grade(job: Mapping[str, Any]) -> dict[str, Any]:
    """Judge what one student handed in.

    Parameters
    ----------
    job : mapping
        ``student``; ``files``, pairs of name and bytes; ``secret``, bytes; ``limits``, the fields
        of `Limits`; ``sandbox``, its level, or `UNSAFE`; ``key`` and ``versions``, to be kept with
        the result; ``remarks``, what is known already; ``private``, what of it only the teacher
        may know; ``unread``, what could not be read, and why; ``slot``, a number that no other
        submission has that is being judged on this machine (default 0).

    Returns
    -------
    dict
        A `StudentResult`, as plain values.
    """
    require_same(job["versions"])
    if job["sandbox"] != UNSAFE:
        job = {**job, "sandbox": level()}  # this machine's, which need not be the sender's
    torch.set_num_threads(1)  # two students share two cores
    with TemporaryDirectory() as folder:
        library = box_contents.fill(Path(folder))
        return Grading(job, library).result().plain()


class Grading:
    """One student's notebooks, being judged."""

    def __init__(self, job: Mapping[str, Any], library: Path) -> None:
        self._job = job
        self._library = library
        self.limits = Limits(**job["limits"])
        self.tasks = chapters()
        names = {notebook: [t.name for t in tasks] for notebook, tasks in self.tasks.items()}
        self.definitions: Definitions = read_definitions(job["files"], names, unread=job["unread"])
        self._verdicts: dict[str, Verdict] = {}
        self._with_help: set[str] = set()  # what earned more with ours, and calls what did not pass
        self._n_killed = 0
        self._remarks = [*job["remarks"], *self.definitions.remarks]

    def result(self) -> StudentResult:
        """Judge every exercise, then look at those that failed on the public cases."""
        with self.session() as session:
            judged = self.judged(session)
        # A box of its own, which has never seen secret inputs: its words may be shown.
        with self.session() as session:
            return self.explained(judged, session)

    def explained(self, judged: Sequence[ExerciseResult], session: Session) -> StudentResult:
        """Return all that is said of what was judged, in the words of the public cases, too."""
        exercises = [self._with_details(session, one) for one in judged]
        return StudentResult(
            student=self._job["student"],
            key=self._job["key"],
            sandbox=self._job["sandbox"],
            exercises=tuple(exercises),
            remarks=(*self._job["private"], *self._remarks),
            told=tuple(self._remarks),
            for_a_human=any(one.verdict in UNDECIDED for one in exercises),
            versions=self._job["versions"],
            limits=self._job["limits"],
        )

    def judged(self, session: Session) -> list[ExerciseResult]:
        """Judge every exercise on its secret cases."""
        results = []
        for notebook, tasks in self.tasks.items():
            for task in tasks:
                results.append(self._judge(session, task, notebook))
                self._verdicts[task.name] = results[-1].verdict
        return results

    def session(self) -> Session:
        """Return a session whose box starts when it is first needed."""

        def start() -> Box:
            return Box(
                box_contents.START,
                self._library,
                self.limits,
                slot=self._job.get("slot", 0) % SLOTS,
                unsafe=self._job["sandbox"] == UNSAFE,
            )

        return Session(start, self.limits.seconds)

    def _judge(self, session: Session, task: Task, notebook: str) -> ExerciseResult:
        if conflict := self.definitions.conflict(notebook):
            return self._result(task, Ruling(Verdict.INVALID), message=conflict)
        if not self.definitions.attempted(task.name):
            if doubt := self.definitions.doubt(notebook):
                return self._result(task, Ruling(Verdict.INVALID), message=doubt)
            said = SPOILT if self.definitions.is_spoilt(task.name) else ""
            return self._result(task, Ruling(Verdict.NOT_ATTEMPTED), message=said)
        pieces = self.definitions.program(task.name)
        if pieces is None:
            return self._result(task, Ruling(Verdict.INVALID), message=NOT_TAKEN)
        if self._n_killed >= MAX_KILLED:
            return self._result(task, Ruling(Verdict.TIMEOUT), message=NOT_TRIED)
        if isinstance(task, AccuracyExercise):
            session.kill()  # what answers before it may have left in the box is not for learning
        ruling = rule(session, task, pieces, self.seed(task))
        if ruling.verdict in (Verdict.FAIL, Verdict.ERROR, *KILLED):
            ruling = self._with_ours(session, task, pieces, ruling.points) or ruling
        self._n_killed += ruling.verdict in KILLED
        return self._result(task, ruling)

    def _with_ours(
        self, session: Session, task: Task, pieces: list[Piece], earned: float
    ) -> Ruling | None:
        """Judge once more, with our versions of what a task builds on; None unless it earns more.

        As in the notebook, where ``yours_or_ours`` puts ours in the place of what is not right.
        """
        given = self._given(task, pieces)
        rest = self.definitions.program(task.name, given=given.keys())
        if not given or rest is None:
            return None
        ruling = rule(session, task, rest, self.seed(task), given)
        if ruling.points <= earned:
            return None
        self._with_help.add(task.name)
        self._remarks.append(
            f"{task.id} {task.name} was judged with the library's {', '.join(given)}, as in the "
            "notebook: the submitted one did not pass."
        )
        return ruling

    def _given(self, task: Task, pieces: list[Piece]) -> dict[str, Any]:
        if not isinstance(task, Exercise):
            return {}
        used = {name for piece in pieces for name in piece.uses}
        tasks = {other.name: other for tasks in self.tasks.values() for other in tasks}
        return {
            name: lent(vars(tasks[name])["reference"])
            for name in task.builds_on
            if name in used
            and (self._verdicts[name] is not Verdict.PASS or name in self._with_help)
        }

    def passing(self, task: Task) -> tuple[list[Piece], dict[str, Any]]:
        """Return the definitions that were judged, and what of ours they were given."""
        pieces = self.definitions.program(task.name) or []
        if task.name not in self._with_help:
            return pieces, {}
        given = self._given(task, pieces)
        return self.definitions.program(task.name, given=given.keys()) or [], given

    def seed(self, task: Task) -> int:
        """Return the seed of a task's secret cases."""
        return seed_for(self._job["secret"], task.id, self._job["student"])

    def _result(self, task: Task, ruling: Ruling, *, message: str = "") -> ExerciseResult:
        return ExerciseResult(
            exercise=task.id,
            name=task.name,
            verdict=ruling.verdict,
            points=ruling.points,
            out_of=task.points,
            bug=ruling.bug,
            message=message or ruling.message,
            seed=self.seed(task),
        )

    def _with_details(self, session: Session, result: ExerciseResult) -> ExerciseResult:
        """Add what the learner's own check says, for a function that failed on the secret cases."""
        if result.verdict not in (Verdict.FAIL, Verdict.ERROR) or result.bug == LIBRARY:
            return result
        task = next(t for tasks in self.tasks.values() for t in tasks if t.name == result.name)
        pieces = self.definitions.program(task.name)
        if pieces is None or isinstance(task, AccuracyExercise):
            return result
        ruling = rule(session, task, pieces, PUBLIC_SEED)
        details = ONLY_ELSEWHERE if ruling.verdict is Verdict.PASS else ruling.said
        return replace(result, details=details)
