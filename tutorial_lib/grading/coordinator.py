"""Send submissions to processes that judge them, and take what comes back, in any order."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from types import TracebackType
from typing import Any, Self

from tutorial_lib.grading import errand
from tutorial_lib.grading.executors import Place
from tutorial_lib.grading.fault import described
from tutorial_lib.grading.provenance import versions
from tutorial_lib.grading.refusal import GradeError

MAX_TRIES = 2

Outcome = dict[str, Any] | Exception
JobOf = Callable[[str], dict[str, Any]]


class Coordinator:
    """Keeps every process busy, and no more submissions in memory than that takes.

    When a process dies, nobody knows whose submission did it: all that were being judged then are
    judged again, one by one, so that only the one at fault is tried twice in vain.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._executor = place.start()
        self._waiting = deque[str]()
        self._suspects = deque[str]()  # waiting, too, to be judged with nobody beside them
        self._is_alone = False
        self._running: dict[Future[dict[str, Any]], str] = {}
        self._slots: dict[str, int] = {}
        self._tries = Counter[str]()

    def prepare(self) -> list[dict[str, Any]]:
        """Return the catalogue of exercises, from one of the processes.

        Raises
        ------
        GradeError
            If none of them can judge.
        """
        try:
            catalogue: list[dict[str, Any]] = self._executor.submit(
                errand.prepare, dict(versions())
            ).result()
        except Exception as error:
            raise GradeError(f"No submission can be judged: {described(error)}") from None
        return catalogue

    def judge(self, students: Sequence[str], job_of: JobOf) -> Iterator[tuple[str, Outcome]]:
        """Yield students with their results, or with the error that kept us from having one.

        Parameters
        ----------
        students : sequence of str
        job_of : callable
            Returns the job of a student, when it is that student's turn.

        Raises
        ------
        ClusterUnavailable
        """
        self._waiting.extend(students)
        while self._waiting or self._suspects or self._running:
            is_whole = self._send(job_of)
            outcomes = self._received() if is_whole else {}
            if not is_whole or any(isinstance(o, BrokenExecutor) for o in outcomes.values()):
                outcomes = self._after_a_break(outcomes)
            for student, outcome in outcomes.items():
                if not isinstance(outcome, Exception) or self._gives_up(student, outcome):
                    yield student, outcome

    def _send(self, job_of: JobOf) -> bool:
        """Send what there is room for; return whether the executor takes it."""
        while (source := self._next()) is not None:
            student = source.popleft()
            taken = {*self._slots.values()}
            slot = next(k for k in range(len(taken) + 1) if k not in taken)
            try:
                future = self._executor.submit(errand.grade, {**job_of(student), "slot": slot})
            except BrokenExecutor:
                source.appendleft(student)
                return False
            self._running[future], self._slots[student] = student, slot
            self._is_alone = source is self._suspects
        return True

    def _next(self) -> deque[str] | None:
        """Return where the next one comes from; None if it has to wait."""
        if self._suspects:
            return None if self._running else self._suspects
        if self._running and (self._is_alone or len(self._running) > self._place.n_jobs):
            return None
        return self._waiting or None

    def _received(self) -> dict[str, Outcome]:
        """Wait for somebody; a future that broke with its executor has an error like any other."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        outcomes: dict[str, Outcome] = {}
        for future in done:
            error = self._place.error_of(future)
            student = self._running.pop(future)
            del self._slots[student]
            outcomes[student] = future.result() if error is None else _as_exception(error)
        return outcomes

    def _after_a_break(self, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Start a new executor; return what is known, which is who broke it if only one could."""
        broken = [s for s, outcome in outcomes.items() if isinstance(outcome, BrokenExecutor)]
        affected = [*broken, *self._running.values()]
        self._running.clear()
        self._slots.clear()
        self._place.end(self._executor, at_once=True)
        self._executor = self._place.start()
        if len(affected) == 1 and broken:
            return outcomes
        self._suspects.extend(affected)
        return {s: outcome for s, outcome in outcomes.items() if s not in broken}

    def _gives_up(self, student: str, error: Exception) -> bool:
        """Count a failure of ours; return whether it was the last, or have the student wait."""
        self._tries[student] += 1
        if self._tries[student] >= MAX_TRIES:
            return True
        alone = isinstance(error, BrokenExecutor)
        (self._suspects if alone else self._waiting).append(student)
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._place.end(self._executor, at_once=kind is not None)


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))
