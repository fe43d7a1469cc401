"""Send submissions to processes that judge them, and take what comes back, in any order."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Any, Self

from tutorial_lib.grading import errand

MAX_TRIES = 2

Outcome = dict[str, Any] | Exception


class Coordinator:
    """Keeps every process busy, and no more submissions in memory than that takes.

    Parameters
    ----------
    start : callable
        Returns an executor; called again when one has broken.
    n_jobs : int
        How many submissions to have judged at once.
    """

    def __init__(self, start: Callable[[], Executor], n_jobs: int) -> None:
        self._start = start
        self._n_jobs = n_jobs
        self._executor = start()

    def prepare(self) -> list[dict[str, Any]]:
        """Return the catalogue of exercises, from one of the processes."""
        catalogue: list[dict[str, Any]] = self._executor.submit(errand.prepare).result()
        return catalogue

    def judge(
        self, students: Sequence[str], job_of: Callable[[str], dict[str, Any]]
    ) -> Iterator[tuple[str, Outcome]]:
        """Yield students with their results, or with the error that kept us from having one.

        Parameters
        ----------
        students : sequence of str
        job_of : callable
            Returns the job of a student, when it is that student's turn.
        """
        waiting, tries = deque(students), Counter[str]()
        slots = dict[str, int]()
        running: dict[Future[dict[str, Any]], str] = {}
        alone = 0  # so many are judged one by one: one of them broke an executor
        while waiting or running:
            while waiting and len(running) < (1 if alone else self._n_jobs + 1):
                student = waiting.popleft()
                alone = max(0, alone - 1)
                slots[student] = min({*range(len(slots) + 1)} - {*slots.values()})
                job = {**job_of(student), "slot": slots[student]}
                running[self._executor.submit(errand.grade, job)] = student
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            suspects = list(running.values())
            for future in done:
                student = running.pop(future)
                del slots[student]
                error = future.exception()
                if error is None:
                    yield student, future.result()
                    suspects.remove(student)
                elif isinstance(error, BrokenExecutor) and len(suspects) > 1:
                    continue
                else:
                    suspects.remove(student)
                    tries[student] += 1
                    if tries[student] < MAX_TRIES:
                        waiting.append(student)
                    else:
                        yield student, _as_exception(error)
            if any(isinstance(future.exception(), BrokenExecutor) for future in done):
                waiting.extendleft(reversed(suspects))
                alone = len(suspects)
                running.clear()
                slots.clear()
                self._restart()

    def _restart(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))
