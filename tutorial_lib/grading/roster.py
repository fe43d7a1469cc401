"""The list of students of a class, as learning platforms export it."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# In this order. Canvas calls the full name `Student`, so that is only the last resort.
_IDENTITIES = ("sis login id", "login id", "login", "username", "email", "email address", "id")
_MAX_BYTES = 16_000_000


class RosterError(ValueError):
    """A roster cannot be read; the message says why and what is expected."""


@dataclass(frozen=True)
class Roster:
    """The students of a class.

    Attributes
    ----------
    column : str
        That identifies a student, such as ``"SIS Login ID"``.
    columns : tuple of str
        All of them, in the order of the file.
    rows : mapping of str to mapping of str to str
        For each student all columns, in the order of the file.
    remarks : tuple of str
        Rows that name no student.
    """

    column: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    remarks: tuple[str, ...] = ()

    @property
    def students(self) -> tuple[str, ...]:
        """All students, in the order of the file."""
        return tuple(self.rows)

    def known_by(self) -> dict[str, set[str]]:
        """Return, for each value of a column that identifies somebody, the students who have it."""
        columns = [name for name in self.columns if _plain(name) in _IDENTIFYING]
        found: dict[str, set[str]] = defaultdict(set)
        for student, row in self.rows.items():
            for value in {student, *(row[column] for column in columns)} - {""}:
                found[value].add(student)
        return found


# An archive names students by these, where they do not name themselves. "Identifier" and "Full
# name" are Moodle's.
_IDENTIFYING = {*_IDENTITIES, "student", "sis user id", "identifier", "full name"}


def read_roster(path: Path) -> Roster:
    """Read a roster from a CSV file with a header.

    Parameters
    ----------
    path : Path
        A column ``student`` identifies; without it ``SIS Login ID``, ``login``, ``username``,
        ``email`` or ``id``. Other columns are kept.

    Raises
    ------
    RosterError
        If there is no such column, no student, or one twice.
    """
    lines = _lines_of(path)
    header = [name.strip() for name in next(lines, [])]
    column = _identifying_column(header, path)
    if twice := [name for name, count in Counter(header).items() if name and count > 1]:
        raise RosterError(f"{path} has two columns {twice[0]!r}; remove one.")
    rows: dict[str, dict[str, str]] = {}
    remarks = []
    for number, line in enumerate(lines, start=2):
        row = dict(
            zip(header, [*(cell.strip() for cell in line), *[""] * len(header)], strict=False)
        )
        if not any(row.values()) or _is_canvas_points(row):
            continue
        student = row[column]
        if not student:
            remarks.append(f"row {number} of the roster has no {column} and is left out")
        elif student in rows:
            raise RosterError(
                f"{path} has {student!r} twice (again in row {number}); expected each {column} "
                "once."
            )
        else:
            rows[student] = row
    if not rows:
        raise RosterError(f"{path} names no student; expected a row for each below the header.")
    return Roster(column, tuple(header), rows, tuple(remarks))


def _lines_of(path: Path) -> Iterator[list[str]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RosterError(f"{path} is too large for a roster.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RosterError(f"The roster {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RosterError(f"{path} is not UTF-8 text; save it as CSV (UTF-8).") from None
    header = text.replace("\r", "\n").partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        # All at once: the module raises its errors only while it reads.
        return iter([*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)])
    except csv.Error as error:
        raise RosterError(f"{path} is not CSV: {error}.") from None


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _identifying_column(header: list[str], path: Path) -> str:
    if "student" in header:
        return "student"
    by_plain_name = {_plain(name): name for name in reversed(header)}
    for name in (*_IDENTITIES, "student"):
        if name in by_plain_name:
            return by_plain_name[name]
    raise RosterError(
        f"{path} has no column that identifies students; expected 'student', 'SIS Login ID', "
        "'Login ID', 'login', 'username', 'email' or 'id' in the first row, which holds "
        f"{', '.join(header)[:200]!r}."
    )


def _is_canvas_points(row: Mapping[str, str]) -> bool:
    # The second row of Canvas's gradebook says how many points each assignment has.
    return next(iter(row.values())).casefold() == "points possible"
