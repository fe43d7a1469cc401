"""Marks as tables: for a spreadsheet, for Canvas, for Gradescope, and everything as JSON.

A mark that somebody has to look at first is an empty cell. It is never a zero, which nobody would
notice, and never a sum of what is known, which would be entered as if it were final.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tutorial_lib.files import PRIVATE, write_atomically
from tutorial_lib.grading.cells import Cell, table_of
from tutorial_lib.grading.gradescope import gradescope_of
from tutorial_lib.grading.journal import line_of
from tutorial_lib.grading.page import visible
from tutorial_lib.grading.results import UNSAFE, StudentResult
from tutorial_lib.grading.totals import COURSE, added, is_open, mark_of, rounded, sorted_by_student

Row = Mapping[str, str]

NO_SUBMISSION = "nothing handed in"
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def write(
    folder: Path,
    results: Iterable[StudentResult],
    catalogue: Sequence[Mapping[str, Any]],
    roster: Sequence[Row] = (),
    *,
    assignment: str = COURSE,
) -> None:
    """Write ``marks.csv``, ``marks_canvas.csv``, ``marks_gradescope.json``, ``results.jsonl``.

    Parameters
    ----------
    folder : Path
    results : iterable of StudentResult
        At most one for each student, in any order.
    catalogue : sequence of dict
        Every exercise and question, in the order of the columns.
    roster : sequence of dict
        A row for each student of the class, with the column ``student`` as in the results, and
        those of Canvas where they are known. Its order is that of the tables; whoever is not in
        it comes after, by name.
    assignment : str
        The column's name in Canvas; with the assignment's number, ``"Title (123)"``, Canvas finds
        the assignment.

    Raises
    ------
    ValueError
        If a student has two results, or one with other exercises than the catalogue's, or points
        are negative or not finite.
    """
    by_student = sorted_by_student(results)
    for result in by_student.values():
        _check(result, [entry["exercise"] for entry in catalogue])
    rows = {row["student"]: row for row in roster}
    students = [*rows, *(student for student in by_student if student not in rows)]
    files = {
        "marks.csv": _marks(students, by_student, catalogue),
        "marks_canvas.csv": _canvas(students, by_student, rows, catalogue, assignment),
        "marks_gradescope.json": gradescope_of(by_student, catalogue),
    }
    for name, data in files.items():
        write_atomically(folder / name, data)
    # From the seeds in it follow the secret cases.
    lines = b"".join(map(line_of, by_student.values()))
    write_atomically(folder / "results.jsonl", lines, mode=PRIVATE)


def _check(result: StudentResult, ids: Sequence[str]) -> None:
    given = [one.exercise for one in result.exercises]
    if given and given != ids:
        raise ValueError(
            f"the result of {result.student!r} lists the exercises {given}, the catalogue {ids}; "
            "both have to come from the same version of the course"
        )


def _marks(
    students: Sequence[str],
    results: Mapping[str, StudentResult],
    catalogue: Sequence[Mapping[str, Any]],
) -> bytes:
    ids = [entry["exercise"] for entry in catalogue]
    out_of = added(entry["points"] for entry in catalogue)
    lines: list[list[Cell]] = [["student", *ids, "total", "out_of", "sandbox", "remark"]]
    for student in students:
        result = results.get(student)
        cells = {} if result is None else _cells(result)
        total = None if result is None else mark_of(result)
        given: list[Cell] = [cells.get(one, "") for one in ids]
        sandbox = "" if result is None else result.sandbox
        end = ["" if total is None else total, out_of, sandbox, _remark(result)]
        lines.append([student, *given, *end])
    # The mark at the start tells spreadsheets that names are in UTF-8.
    return table_of(lines, encoding="utf-8-sig")


def _cells(result: StudentResult) -> dict[str, Cell]:
    return {one.exercise: "" if is_open(one) else rounded(one.points) for one in result.exercises}


def _remark(result: StudentResult | None) -> str:
    """Say why a cell is empty, in words that can be searched for."""
    if result is None:
        return NO_SUBMISSION
    if mark_of(result) is not None:
        return ""
    open_ones = [f"{one.exercise} {one.verdict}" for one in result.exercises if is_open(one)]
    reasons = ["no total before somebody has looked at it", *open_ones, *result.remarks]
    return visible("; ".join(reasons), longest=1000)


def _canvas(
    students: Sequence[str],
    results: Mapping[str, StudentResult],
    rows: Mapping[str, Row],
    catalogue: Sequence[Mapping[str, Any]],
    assignment: str,
) -> bytes:
    """Return the table that Canvas imports; it leaves out strangers, and whoever has no mark.

    For Canvas an empty cell is a change: it would take away a grade entered by hand. A row that
    is not there changes nothing.
    """
    out_of = added(entry["points"] for entry in catalogue)
    if any(result.sandbox == UNSAFE for result in results.values()):
        assignment = f"{UNSAFE}: {assignment}"  # the only cell that Canvas leaves to us
    lines: list[list[Cell]] = [[*_CANVAS, assignment], ["    Points Possible", *[""] * 4, out_of]]
    for student in students:
        mark = mark_of(results[student]) if student in results else None
        if mark is not None and (student in rows or not rows):
            row = rows.get(student, {})
            # These two words in a first cell say to Canvas that the line is like the second one.
            name = (row.get("Student") or student).replace("Points Possible", "Points-Possible")
            lines.append([name, *(row.get(column) or "" for column in _CANVAS[1:]), mark])
    return table_of(lines, encoding="utf-8")
