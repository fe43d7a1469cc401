"""Everything that comes of a grading, written into its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tutorial_lib.files import half_written
from tutorial_lib.grading import class_page, feedback, marks
from tutorial_lib.grading.results import StudentResult
from tutorial_lib.grading.roster import Roster
from tutorial_lib.grading.submissions import safe_name


def write(
    folder: Path,
    results: Mapping[str, StudentResult],
    catalogue: Sequence[Mapping[str, Any]],
    *,
    roster: Roster | None,
    remarks: Sequence[str],
    assignment: str,
) -> None:
    """Write a page for each student, the tables of marks, and the page on the class.

    Parameters
    ----------
    folder : Path
        Made if missing.
    results : mapping
        By student.
    catalogue : sequence of dict
    roster : Roster or None
    remarks : sequence of str
        On what belongs to no student.
    assignment : str
        What Canvas calls it.
    """
    rows = [{**row, "student": name} for name, row in roster.rows.items()] if roster else []
    pages = {student: f"{safe_name(student)}.html" for student in results}
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    _sweep(folder, set(pages.values()))
    for student, result in results.items():
        feedback.write(folder / "feedback", result, catalogue, file_name=pages[student])
    marks.write(folder, results.values(), catalogue, rows, assignment=assignment)
    class_page.write(folder, results.values(), catalogue, roster=rows, remarks=remarks, pages=pages)


def _sweep(folder: Path, pages: set[str]) -> None:
    """Remove what killed runs left half written, and pages with marks of an earlier class."""
    for name in ("marks*", "results*", "class*", "journal*", "secret*"):
        for path in half_written(folder, name):
            path.unlink()
    for path in half_written(folder / "feedback"):
        path.unlink()
    for path in (folder / "feedback").glob("*.html"):
        if path.name not in pages:
            path.unlink()
