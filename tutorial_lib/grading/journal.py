"""What is judged already: a line each, so that a killed grading continues where it stopped."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from tutorial_lib.files import PRIVATE, write_atomically
from tutorial_lib.grading.durable import JournalError as JournalError
from tutorial_lib.grading.durable import append_to, lock_folder, open_lines
from tutorial_lib.grading.results import StudentResult, Verdict


def line_of(result: StudentResult) -> bytes:
    """Return a result as one line of JSON: the same result, the same bytes.

    Raises
    ------
    ValueError
        If one of its numbers is infinite or not a number.
    """
    return (json.dumps(result.plain(), sort_keys=True, allow_nan=False) + "\n").encode("ascii")


class Journal:
    """One fsynced line per judged submission, and the sole right to write into its folder.

    The right ends with `close` or with this process, however that ends. Worker processes have to
    be spawned: one that was forked would hold on to it.

    Parameters
    ----------
    path : Path
        Made if missing, in a folder that is there. A last line torn by a kill is cut off.

    Raises
    ------
    JournalError
        If another grading is writing to this folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = lock_folder(path.parent)
        try:
            self._handle = open_lines(path)
        except BaseException:
            os.close(self._lock)
            raise
        self._students: set[str] = set()

    @classmethod
    def open(cls, path: Path, keys: Mapping[str, str]) -> Self:
        """Open a journal and take out of it, for good, what does not count any more.

        An entry counts if its key is the one expected now, and if every verdict is one: where a
        fault of ours stood in the way, the submission is to be judged anew.

        Parameters
        ----------
        path : Path
        keys : mapping
            From each student whose work is to be judged to the expected `StudentResult.key`.

        Raises
        ------
        JournalError
            As above, or if a line that counts cannot be read.
        """
        journal = cls(path)
        try:
            journal._keep_only(keys)
        except BaseException:
            journal.close()
            raise
        return journal

    def read(self) -> dict[str, StudentResult]:
        """Return the entries by student, in the order of the file; bad lines: `JournalError`."""
        results = [
            self._result(self._values(line, number), number) for number, line in self._lines()
        ]
        return {result.student: result for result in results}

    def append(self, result: StudentResult) -> None:
        """Add an entry; when this returns, it is on the disk.

        Raises
        ------
        ValueError
            If the student has one already.
        OSError
            If the disk is full, for one; the journal is then as it was before.
        """
        if result.student in self._students:
            raise ValueError(
                f"the journal has an entry for {result.student!r} already; judge a student once, "
                "and open the journal with Journal.open to have an old entry taken out"
            )
        append_to(self._handle, line_of(result))
        self._students.add(result.student)

    def close(self) -> None:
        """Let others have the folder."""
        os.close(self._handle)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _lines(self) -> list[tuple[int, bytes]]:
        return list(enumerate(self.path.read_bytes().split(b"\n")[:-1], start=1))

    def _keep_only(self, keys: Mapping[str, str]) -> None:
        lines = self._lines()
        kept: dict[str, bytes] = {}
        for number, line in lines:
            values = self._values(line, number)
            # The key first: an entry of an older version may have other fields, and is no error.
            if keys.get(values["student"]) != values["key"]:
                continue
            result = self._result(values, number)
            if all(one.verdict is not Verdict.INTERNAL for one in result.exercises):
                kept[result.student] = line + b"\n"
        if len(kept) < len(lines):
            write_atomically(self.path, b"".join(kept.values()), mode=PRIVATE)
            renewed = open_lines(self.path)
            os.close(self._handle)
            self._handle = renewed
        self._students = set(kept)

    def _values(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            values = json.loads(line.decode("ascii"), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise self._broken(number, str(error)) from None
        named = isinstance(values, dict) and {"student", "key"} <= values.keys()
        if not named or not isinstance(values["student"], str):
            raise self._broken(number, "it lacks a student or a key")
        return dict(values)

    def _result(self, values: Mapping[str, Any], number: int) -> StudentResult:
        try:
            return StudentResult.from_plain(values)
        except (KeyError, TypeError, ValueError) as error:
            raise self._broken(number, f"{type(error).__name__}: {error}") from None

    def _broken(self, number: int, why: str) -> JournalError:
        return JournalError(
            f"line {number} of {self.path} is no entry of a grading journal ({why}). "
            "Delete that line to have its submission judged again, "
            "or the whole file to have all of them judged again."
        )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
