"""When points become a mark, and how they are added up."""

import math
from collections.abc import Iterable

from tutorial_lib.grading.results import UNDECIDED, ExerciseResult, StudentResult

COURSE = "Stacked autoencoders"


def rounded(points: float) -> int | float:
    """Return points as they are printed and added up everywhere: 1, 0.5 or 2.67.

    Raises
    ------
    ValueError
        If they are negative, infinite or not a number.
    """
    if not (math.isfinite(points) and points >= 0):
        raise ValueError(f"points must be 0 or more, and finite; these are {points}")
    value = round(float(points), 2)
    return int(value) if value.is_integer() else value


def added(points: Iterable[float]) -> int | float:
    """Return the sum of points as printed, so that a table's columns add up."""
    return rounded(sum(map(rounded, points)))


def is_open(result: ExerciseResult) -> bool:
    """Tell whether an exercise has no points yet because a human has to decide."""
    return result.verdict in UNDECIDED


def mark_of(result: StudentResult) -> int | float | None:
    """Return the total; None while somebody has to look at it."""
    if result.for_a_human or not result.exercises or any(map(is_open, result.exercises)):
        return None
    return added(one.points for one in result.exercises)


def sorted_by_student(results: Iterable[StudentResult]) -> dict[str, StudentResult]:
    """Return results by student, in the order of the names.

    Raises
    ------
    ValueError
        If a student has two.
    """
    ordered = sorted(results, key=lambda result: (result.student.casefold(), result.student))
    by_student = {result.student: result for result in ordered}
    if len(by_student) < len(ordered):
        raise ValueError("a student has two results; give one each, as Journal.read() does")
    return by_student
