"""What is written down when a submission could not be judged: our fault, and never a zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from tutorial_lib.grading.results import ExerciseResult, StudentResult, Verdict

SAID = "Something went wrong on our side. Somebody will look at it."
LONGEST = 500


def described(error: Exception) -> str:
    """Return an error in words; one that `errand` has sent says already what it was."""
    if type(error) is RuntimeError:
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def our_fault(
    job: Mapping[str, Any], error: Exception, catalogue: Sequence[Mapping[str, Any]]
) -> StudentResult:
    """Return a result that has no mark, for a human.

    Parameters
    ----------
    job : mapping
        That of the student, as for `judge.grade`.
    error : Exception
        What kept us from having a result.
    catalogue : sequence of dict
    """
    exercises = [
        ExerciseResult(
            exercise=entry["exercise"],
            name=entry["name"],
            verdict=Verdict.INTERNAL,
            points=0,
            out_of=entry["points"],
            message=SAID,
        )
        for entry in catalogue
    ]
    remark = f"could not be judged: {described(error)}"
    return StudentResult(
        student=job["student"],
        key=job["key"],
        sandbox=job["sandbox"],
        exercises=tuple(exercises),
        remarks=(*job["private"], *job["remarks"], *job["unread"], remark[:LONGEST]),
        told=(*job["remarks"], *job["unread"]),
        for_a_human=True,
        versions=job["versions"],
        limits=job["limits"],
    )
