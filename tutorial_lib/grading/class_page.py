"""A page for the teacher: whom to look at, what the class did not understand, how marks lie."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean, median
from typing import Any

from tutorial_lib.files import write_atomically
from tutorial_lib.grading.charts import bar, histogram
from tutorial_lib.grading.class_statistics import Tally, not_understood, tallies_of
from tutorial_lib.grading.page import Html, document, element, joined, table
from tutorial_lib.grading.results import UNSAFE, StudentResult
from tutorial_lib.grading.to_look_at import to_look_at
from tutorial_lib.grading.totals import (
    COURSE,
    added,
    mark_of,
    rounded,
    sorted_by_student,
)

N_BUGS = 3


def write(
    folder: Path,
    results: Iterable[StudentResult],
    catalogue: Sequence[Mapping[str, Any]],
    *,
    roster: Sequence[Mapping[str, str]] = (),
    remarks: Sequence[str] = (),
    pages: Mapping[str, str] | None = None,
) -> None:
    """Write ``class.html``.

    Parameters
    ----------
    folder : Path
    results : iterable of StudentResult
        At most one for each student, in any order.
    catalogue : sequence of dict
        Every exercise and question: ``exercise``, ``title``, ``notebook``, ``points``.
    roster : sequence of dict
        As for `marks.write`.
    remarks : sequence of str
        On the run as a whole: files that belong to nobody, for one.
    pages : mapping
        From students to the file names of their pages in ``feedback``, which are then linked.
    """
    by_student = sorted_by_student(results)
    listed = dict.fromkeys(row["student"] for row in roster)
    missing = [student for student in listed if student not in by_student]
    tallies = tallies_of(by_student.values(), catalogue)
    out_of = added(entry["points"] for entry in catalogue)
    page = document(
        f"{COURSE}: the class",
        element("p", COURSE, class_="course"),
        element("h1", "The class"),
        _facts(by_student.values(), n_missing=len(missing), out_of=out_of),
        _stamp([result.sandbox for result in by_student.values()]),
        to_look_at(by_student.values(), remarks=remarks, missing=missing, pages=pages or {}),
        _not_understood(tallies),
        _distribution(by_student.values(), out_of),
        element("h2", "Every exercise and question"),
        element("p", "The bar is the share of all students judged whose answer is right."),
        *(_notebook(name, list(group)) for name, group in groupby(tallies, _notebook_of)),
    )
    write_atomically(folder / "class.html", page)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 student" or "2 students"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _notebook_of(tally: Tally) -> str:
    return tally.notebook


def _stamp(levels: Sequence[str]) -> Html:
    n_unsafe = sum(level.startswith(UNSAFE) for level in levels)
    if n_unsafe:
        said = (
            f" {n_unsafe} of {counted(len(levels), 'submission')} ran without protection: a "
            "program could have changed what is said of it, or of others. Read these marks so."
        )
        return element("p", element("strong", UNSAFE + "."), said, class_="stamp")
    shown = "; ".join(sorted(set(levels)))
    return element("p", f"Judged in a sandbox: {shown}.", class_="quiet") if levels else Html("")


def _facts(results: Collection[StudentResult], *, n_missing: int, out_of: float) -> Html:
    n_students = len(results) + n_missing
    number, noun = counted(n_students, "student").split()
    absent = f", {n_missing} of them without a submission" if n_missing else ""
    total = element("p", element("strong", number), f" {noun}{absent}", class_="total")
    marks = _known(results)
    if not marks:
        return joined(total, element("p", "No mark is final yet."))
    said = f"One final mark: {marks[0]} of {out_of} points."
    if len(marks) > 1:
        said = (
            f"{len(marks)} final marks, from {min(marks)} to {max(marks)} of {out_of} points: "
            f"half of them {rounded(median(marks))} or more; mean {rounded(fmean(marks))}."
        )
    return joined(total, element("p", said))


def _known(results: Iterable[StudentResult]) -> list[float]:
    marks = map(mark_of, results)
    return [mark for mark in marks if mark is not None]


def _not_understood(tallies: Sequence[Tally]) -> Html:
    """Return the exercises to talk about in the next lesson."""
    rows = [
        (
            element("td", one.exercise, class_="id"),
            element("th", one.title, scope="row"),
            _share(one),
            element("td", f"{one.n_attempted}", class_="tried"),
            element("td", _bugs(one, most=1) or "none that is known"),
        )
        for one in not_understood(tallies)
    ]
    head = element("h2", "What the class did not understand")
    if not rows:
        judged = any(one.n_attempted for one in tallies)
        said = "Nothing: what was tried is right." if judged else "Nothing was tried yet."
        return joined(head, element("p", said))
    caption = "The most wrong answers"
    header = ("number", "exercise", "right", "tried", "the mistake most made")
    return joined(head, table(caption, header, rows))


def _distribution(results: Collection[StudentResult], out_of: float) -> Html:
    marks = _known(results)
    if not marks or not out_of:
        return Html("")
    labels = {"x_label": f"Points of {out_of}", "y_label": "Students"}
    chart = histogram(marks, largest=out_of, **labels)
    lead = f"The totals of {counted(len(marks), 'student')}; the number is above each bar."
    return joined(element("h2", "How the marks lie"), element("p", lead), chart)


def _notebook(name: str, tallies: Sequence[Tally]) -> Html:
    header = ("number", "exercise", "right", "tried", "known mistakes, and what else happened")
    return table(name, header, [_row(one) for one in tallies])


def _row(one: Tally) -> tuple[Html, ...]:
    quiet = element("span", _mishaps(one), class_="quiet")
    return (
        element("td", one.exercise, class_="id"),
        element("th", one.title, scope="row"),
        _share(one),
        element("td", f"{one.n_attempted}", class_="tried"),
        element("td", _bugs(one, most=N_BUGS), quiet, class_="mistakes"),
    )


def _share(one: Tally) -> Html:
    if one.share is None:
        return element("td", "nobody judged", class_="quiet")
    said = f"{one.n_right} of {one.n_judged}, {100 * one.share:.0f} %"
    return element("td", bar(one.share), said, class_="share")


def _bugs(one: Tally, *, most: int) -> str:
    named = [_times(*pair) for pair in one.bugs[:most]]
    others = len(one.bugs) - most
    more = [f"{counted(others, 'other')}"] if others > 0 and most > 1 else []
    return "; ".join([*named, *more])


def _mishaps(one: Tally) -> str:
    said = "; ".join(_times(*pair) for pair in one.mishaps)
    return f"{'; ' if said and one.bugs else ''}{said}"


def _times(name: str, number: int) -> str:
    return f"{name}\u00a0×\u00a0{number}"
