"""The part of the teacher's page that asks for a human: who, and why."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from urllib.parse import quote

from tutorial_lib.grading.page import WORDS, Html, element, joined, name_of, visible
from tutorial_lib.grading.results import ExerciseResult, StudentResult
from tutorial_lib.grading.totals import is_open, mark_of

MOST_IDS = 6


def to_look_at(
    results: Collection[StudentResult],
    *,
    remarks: Sequence[str],
    missing: Sequence[str],
    pages: Mapping[str, str],
) -> Html:
    """Return the lists: what concerns the run, who has no mark yet, whose files are odd."""
    waiting = [result for result in results if mark_of(result) is None]
    odd = [result for result in results if result.remarks and mark_of(result) is not None]
    parts = [
        _list("The run", [element("li", visible(remark)) for remark in remarks]),
        _list("No mark before you have looked", [_student(one, pages) for one in waiting]),
        _list("The mark stands; worth a glance", [_student(one, pages) for one in odd]),
        _list("Nothing handed in", [element("li", name_of(student)) for student in missing]),
    ]
    said = "" if any(parts) else "Nothing: everybody handed in, and every mark is final."
    if not results and not any(parts):
        said = "Nothing: there are no submissions."
    head = element("h2", "For a human to look at")
    return joined(head, *([element("p", said)] if said else []), *parts)


def _list(title: str, points: Sequence[Html]) -> Html:
    if not points:
        return Html("")
    return joined(element("h3", f"{title} ({len(points)})"), element("ul", *points))


def _student(result: StudentResult, pages: Mapping[str, str]) -> Html:
    name: Html = element("strong", name_of(result.student))
    if result.student in pages:
        file_name = quote(pages[result.student], safe="", errors="replace")
        name = element("a", name, href=f"feedback/{file_name}")
    reasons = [*_reasons(result), *result.remarks] or ["marked for a human"]
    if len(reasons) == 1:
        return element("li", name, ": ", visible(reasons[0]))
    return element("li", name, element("ul", *(element("li", visible(one)) for one in reasons)))


def _reasons(result: StudentResult) -> list[str]:
    """Say which exercises are open; those with the same reason are named together."""
    open_ones = sorted(filter(is_open, result.exercises), key=_reason)
    groups = groupby(open_ones, key=_reason)
    return [f"{_ids(list(group))} {reason}" for reason, group in groups]


def _reason(one: ExerciseResult) -> str:
    said = " ".join(one.message.split())
    return WORDS[one.verdict] + (f" ({said})" if said else "")


def _ids(group: Sequence[ExerciseResult]) -> str:
    ids = [one.exercise for one in group]
    more = len(ids) - MOST_IDS
    return ", ".join(ids[:MOST_IDS]) + (f" and {more} more" if more > 0 else "")
