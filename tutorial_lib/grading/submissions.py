"""What was handed in, by whom, and what a human should know about it: never a guess."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tutorial_lib.grading.archives import Unreadable
from tutorial_lib.grading.identities import safe_name, shown
from tutorial_lib.grading.listing import Entry, entries
from tutorial_lib.grading.owners import Owners
from tutorial_lib.grading.roster import Roster
from tutorial_lib.grading.versions import File, distinct, versions

__all__ = ["File", "Found", "Remark", "Submission", "SubmissionsError", "find", "safe_name"]

_CHAPTER = re.compile(r"0\d(_\w+)?", re.ASCII)  # as our notebooks are called
MAX_NOTEBOOKS = 30  # of one student
MAX_TOTAL = 64_000_000  # bytes of one student's notebooks: they are in memory together


class SubmissionsError(ValueError):
    """There are no submissions to be found; the message says why and what is expected."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
    files : tuple of File
        Notebooks; none, if nothing in there is one.
    unread : tuple of str
        What may hold notebooks, too, and why it was not looked into.
    """

    student: str
    files: tuple[File, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """What a human should know.

    Attributes
    ----------
    student : str
        Empty where it concerns nobody in particular.
    text : str
        A part of a sentence: it begins with a file's name, or goes on after the student's.
    private : bool
        Whether the student may not know: it may name others.
    """

    student: str
    text: str
    private: bool = False


@dataclass(frozen=True)
class Found:
    """All submissions, sorted by student.

    Attributes
    ----------
    submissions : tuple of Submission
    remarks : tuple of Remark
    missing : tuple of str
        Students on the roster who handed in nothing.
    """

    submissions: tuple[Submission, ...]
    remarks: tuple[Remark, ...]
    missing: tuple[str, ...] = ()


def find(path: Path, roster: Roster | None = None) -> Found:
    """Find out who handed in what.

    Parameters
    ----------
    path : Path
        A folder, or a zip file as a learning platform exports it, of ``STUDENT/…/NAME.ipynb`` or
        ``STUDENT_NAME.ipynb``. Zip files in it are looked into.
    roster : Roster, optional
        Whom to expect. A name that only resembles one on it is not taken for it.

    Raises
    ------
    SubmissionsError
        If there is nothing to grade.
    """
    if path.suffix.casefold() == ".ipynb" and path.is_file():
        raise SubmissionsError(f"{path} is one notebook; name the folder that all students are in.")
    try:
        found = _entries(path)
    except Unreadable as error:
        raise SubmissionsError(
            f"{path} {error.reason}; expected a folder or a zip file of submissions."
        ) from None
    if not found:
        raise SubmissionsError(
            f"{path} holds no submissions; expected STUDENT/NAME.ipynb or STUDENT_NAME.ipynb."
        )
    remarks: list[Remark] = []
    by_student = _by_student(found, owners := Owners(roster, found), remarks)
    if by_student and not roster and all(map(_CHAPTER.fullmatch, by_student)):
        raise SubmissionsError(
            f"{path} seems to be one student's: what lies in it is named like the notebooks "
            f"({', '.join(sorted(by_student))}). Name the folder that it lies in, or give a "
            "--roster."
        )
    submissions = []
    for student in sorted(by_student):
        submissions.append(_submission(student, by_student[student], remarks))
        remarks += [Remark(student, text, private=True) for text in owners.remarks(student)]
    missing = tuple(sorted({*roster.students} - {*by_student})) if roster else ()
    remarks += [Remark("", text) for text in (roster.remarks if roster else ())]
    remarks += [Remark(student, "is on the roster, but handed in nothing") for student in missing]
    return Found(tuple(submissions), tuple(remarks), missing)


def _entries(path: Path) -> list[Entry]:
    """Return what lies at a path, without a folder that only repeats the archive's name."""
    path = path.resolve()
    found = entries(path)
    named = [one for one in found if not one.refused_name]
    if path.is_file() and all(len(one.parts) > 1 and one.parts[0] == path.stem for one in named):
        return [one if one.refused_name else replace(one, parts=one.parts[1:]) for one in found]
    return found


def _by_student(
    found: Sequence[Entry], owners: Owners, remarks: list[Remark]
) -> dict[str, list[Entry]]:
    """Return each student's files, with names as they are below the student's folder."""
    by_student: dict[str, list[Entry]] = defaultdict(list)
    for entry in found:
        identity = owners.identity(entry)
        flat = len(entry.parts) == 1
        if entry.refused_name and flat:
            remarks.append(Remark("", f"a file is refused: {entry.refused_name} {entry.problem}"))
        elif flat and not (
            entry.is_notebook or entry.may_hold_notebooks or owners.is_known(identity)
        ):
            name = shown(entry.parts[0])
            remarks.append(Remark("", f"{name} lies beside the submissions and is ignored"))
        else:
            own = (identity.rest or entry.parts[0],) if flat else entry.parts[1:]
            by_student[owners.student(identity)].append(replace(entry, parts=own))
    return by_student


def _submission(student: str, found: Sequence[Entry], remarks: list[Remark]) -> Submission:
    def say(text: str) -> None:
        remarks.append(Remark(student, text))

    for reason in _ignored(found):
        say(reason)
    unread = [*_unread(found)]
    files = [
        File(_name(entry), entry.origin, entry.problem, entry.size)
        for entry in found
        if entry.is_notebook
    ]
    if not files and not unread:
        say("handed in no notebook")
    if len(files) > MAX_NOTEBOOKS:
        unread.append(
            f"there are {len(files):,} notebooks, of which the first {MAX_NOTEBOOKS} are read"
        )
    kept: list[File] = []
    for group in versions(list(_within_total(files[:MAX_NOTEBOOKS]))):
        kept += distinct(group, say)
    return Submission(student, tuple(sorted(kept, key=lambda file: file.name)), tuple(unread))


def _name(entry: Entry) -> str:
    return "/".join(shown(part) for part in entry.parts)


def _within_total(files: Sequence[File]) -> Iterator[File]:
    total = 0
    for file in files:
        total += 0 if file.problem else file.size
        if total > MAX_TOTAL and not file.problem:
            reason = f"is not read: with it, the notebooks have more than {MAX_TOTAL:,} bytes"
            yield replace(file, problem=reason)
        else:
            yield file


def _unread(found: Sequence[Entry]) -> Iterator[str]:
    """Yield what may hold notebooks and was not looked into."""
    for entry in found:
        if entry.is_archive and not entry.problem:
            yield f"{_name(entry)} is an archive in an archive and is not read"
        elif entry.is_sealed and not entry.problem:
            yield f"{_name(entry)} is an archive of a kind that is not read; expected .zip"
        elif entry.may_hold_notebooks and entry.problem:
            yield f"{_name(entry) or 'the folder'} {entry.problem}"


def _ignored(found: Sequence[Entry]) -> Iterator[str]:
    """Yield what to say about files that are no notebooks and hold none."""
    rest = [entry for entry in found if not (entry.is_notebook or entry.may_hold_notebooks)]
    yield from (f"{_name(entry)} {entry.problem}" for entry in rest if entry.problem)
    others = [_name(entry) for entry in rest if not entry.problem]
    if others:
        more = f" and {len(others) - 5:,} more" if len(others) > 5 else ""
        yield f"no notebooks, so ignored: {', '.join(others[:5])}{more}"
