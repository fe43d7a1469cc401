"""A page for a student: what is right, what is not yet, and where to look next.

It shows what a learner's own check could show, and our words. Inputs that were drawn in secret,
expected values, seeds and solutions do not reach it.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tutorial_lib.files import write_atomically
from tutorial_lib.grading.charts import bar
from tutorial_lib.grading.page import (
    Html,
    document,
    element,
    joined,
    name_of,
    paragraphs,
    quoted,
    table,
    verdict_of,
    visible,
)
from tutorial_lib.grading.results import UNSAFE, ExerciseResult, StudentResult, Verdict
from tutorial_lib.grading.totals import COURSE, added, is_open, mark_of, rounded

N_HINTS = 2
Entry = Mapping[str, Any]
Pair = tuple[ExerciseResult, Entry]


def write(
    folder: Path, result: StudentResult, catalogue: Sequence[Entry], *, file_name: str
) -> None:
    """Write one student's page.

    Parameters
    ----------
    folder : Path
        ``feedback``; made if missing.
    result : StudentResult
    catalogue : sequence of dict
        Every exercise and question: ``exercise``, ``title``, ``notebook``, ``hints``.
    file_name : str
        Made safe for a file system already.

    Raises
    ------
    ValueError
        If the file name leads out of the folder.
    """
    if Path(file_name).name != file_name or not file_name.endswith(".html"):
        raise ValueError(
            f"the page of a student needs a plain file name that ends in .html, not {file_name!r}"
        )
    write_atomically(folder / file_name, page_of(result, catalogue))


def page_of(result: StudentResult, catalogue: Sequence[Entry]) -> bytes:
    """Return one student's page."""
    entries = {entry["exercise"]: entry for entry in catalogue}
    pairs = [(one, entries[one.exercise]) for one in result.exercises if one.exercise in entries]
    missed = [pair for pair in pairs if pair[0].verdict is not Verdict.PASS]
    tried = [pair for pair in missed if pair[0].verdict is not Verdict.NOT_ATTEMPTED]
    untried = [pair for pair in missed if pair[0].verdict is Verdict.NOT_ATTEMPTED]
    return document(
        f"{COURSE}: feedback for {name_of(result.student)}",
        element("p", COURSE, class_="course"),
        element("h1", f"Feedback for {name_of(result.student)}"),
        _stamp(result),
        _total(result),
        element("p", _opening(pairs)),
        _files(result),
        element("h2", "All exercises and questions"),
        *(_notebook(name, list(group)) for name, group in groupby(pairs, _notebook_of)),
        _section("What to look at next", tried),
        _section("Not attempted yet", untried),
        _footer(result),
    )


def _notebook_of(pair: Pair) -> str:
    return str(pair[1]["notebook"])


def _stamp(result: StudentResult) -> Html:
    if not result.sandbox.startswith(UNSAFE):
        return Html("")
    said = element("strong", UNSAFE + ".")
    why = " These answers ran without protection; what they gave proves less than it should."
    return element("p", said, why, class_="stamp")


def _total(result: StudentResult) -> Html:
    mark, out_of = mark_of(result), added(one.out_of for one in result.exercises)
    if mark is None:
        return element(
            "p",
            element("strong", "No total yet."),
            " Somebody looks at your work before it becomes a mark. What is known is below.",
        )
    shown = element("p", element("strong", f"{mark}"), f" of {out_of} points", class_="total")
    return joined(shown, bar(mark / out_of if out_of else 0.0, width=420))


def _opening(pairs: Sequence[Pair]) -> str:
    """Say in a sentence how it went, and how to read on."""
    n_right = sum(one.verdict is Verdict.PASS for one, _ in pairs)
    if n_right == len(pairs):
        return "Every answer is right. Well done!" if pairs else ""
    if all(one.verdict is Verdict.NOT_ATTEMPTED for one, _ in pairs):
        return "Nothing is attempted yet. Begin with the first exercise; its hints start small."
    n_open = sum(is_open(one) for one, _ in pairs)
    count = f"{n_right} of {len(pairs)} answers {'is' if n_right == 1 else 'are'} right"
    waiting = f", and {n_open} not judged yet" if n_open else ""
    is_first = not n_right and not n_open
    begin = "The first right answer is still to come. " if is_first else f"{count}{waiting}. "
    if n_right + n_open == len(pairs):
        return begin
    return f"{begin}For each of the others, this page says what happened and gives a first hint."


def _files(result: StudentResult) -> Html:
    if not result.told:
        return Html("")
    points = (element("li", visible(remark)) for remark in result.told)
    return joined(element("h2", "What we noticed in your files"), element("ul", *points))


def _notebook(name: str, pairs: Sequence[Pair]) -> Html:
    is_known = not any(is_open(one) for one, _ in pairs)
    points = added(one.points for one, _ in pairs) if is_known else "?"
    caption = f"{name}: {points} of {added(one.out_of for one, _ in pairs)} points"
    return table(
        caption, ("number", "exercise", "result", "points"), [_row(*pair) for pair in pairs]
    )


def _row(one: ExerciseResult, entry: Entry) -> tuple[Html, ...]:
    title = Html(element("span", entry["title"]))
    if one.verdict is not Verdict.PASS:
        title = element("a", entry["title"], href=f"#{_anchor(one)}")
    points = f"{'?' if is_open(one) else rounded(one.points)} of {rounded(one.out_of)}"
    return (
        element("td", one.exercise, class_="id"),
        element("th", title, scope="row"),
        element("td", verdict_of(one.verdict), class_="result"),
        element("td", points, class_="number"),
    )


def _anchor(one: ExerciseResult) -> str:
    return "exercise-" + "".join(filter(str.isalnum, one.exercise.replace(".", "x")))


def _section(title: str, pairs: Sequence[Pair]) -> Html:
    if not pairs:
        return Html("")
    return joined(element("h2", title), *(_article(*pair) for pair in pairs))


def _article(one: ExerciseResult, entry: Entry) -> Html:
    title = element("h3", f"{one.exercise} {entry['title']}")
    name = element("p", verdict_of(one.verdict), " · ", element("code", one.name))
    bug = element("p", "Known mistake: ", element("strong", one.bug)) if one.bug else Html("")
    parts = title, name, bug, paragraphs(one.message), _said(one), _hints(one, entry)
    return element("article", *parts, id=_anchor(one))


def _said(one: ExerciseResult) -> Html:
    """Return what the check says, but for the known mistake, which stands above already."""
    named = f"Known mistake: {one.bug}." if one.bug else one.message
    parts = one.details.split("\n\n")
    rest = "\n\n".join(part for part in parts if not named or not part.startswith(named))
    if not rest.strip():
        return Html("")
    lead = element("p", "On the public examples, the check says:", class_="quiet")
    return joined(lead, quoted(rest))


def _hints(one: ExerciseResult, entry: Entry) -> Html:
    """Return the first hints, each inside the one before: who opens one wants no second yet."""
    hints = [] if is_open(one) else list(entry["hints"][:N_HINTS])
    inner = Html("")
    for number, hint in reversed(list(enumerate(hints, start=1))):
        title = element("summary", "A hint" if number == 1 else "Another hint")
        inner = element("details", title, paragraphs(hint), inner)
    return inner


def _footer(result: StudentResult) -> Html:
    how = (
        "Your functions were called with inputs drawn for you alone, and what they gave was "
        "compared with a right solution. The check in your notebook uses the public examples; "
        "it is advice, and no mark."
    )
    versions = ", ".join(f"{name} {value}" for name, value in sorted(result.versions.items()))
    facts = f"Sandbox: {result.sandbox}." + (f" Versions: {versions}." if versions else "")
    head = element("h2", "How this was judged")
    return joined(head, element("p", how), element("p", facts, class_="quiet"))
