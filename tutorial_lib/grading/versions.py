"""Notebooks that were handed in, and those among them that are versions of one."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tutorial_lib.grading.archives import Unreadable
from tutorial_lib.grading.listing import Origin

# `01-1.ipynb`, `01 (1).ipynb`, `01-Copy1.ipynb`, `01 - Copy.ipynb`: how programs name a second one
_SECOND = re.compile(r"(-\d+| ?\(\d+\)|-Copy\d+| - Copy(?: ?\(\d+\))?)$", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class File:
    """A notebook that was handed in; its bytes stay where they are until they are asked for.

    Attributes
    ----------
    name : str
        With its folders below the student's.
    origin : Origin
    problem : str
        Why it cannot be read, or empty.
    size : int
        In bytes; it never turns out to be larger.
    """

    name: str
    origin: Origin
    problem: str = ""
    size: int = 0

    def read(self) -> bytes:
        """Return the bytes.

        Raises
        ------
        Unreadable
            If it has a problem, or turns out to have one.
        """
        if self.problem:
            raise Unreadable(self.problem)
        return self.origin.read()

    def loaded(self) -> tuple[bytes, str]:
        """Return the bytes and no problem, or no bytes and the problem."""
        try:
            return self.read(), ""
        except Unreadable as error:
            return b"", error.reason


def versions(files: Sequence[File]) -> list[list[File]]:
    """Return files in groups that may be versions of one: by name, whatever the folder."""
    stems = {PurePosixPath(file.name).stem.casefold() for file in files}
    groups: dict[str, list[File]] = defaultdict(list)
    for file in files:
        stem = PurePosixPath(file.name).stem.casefold()
        # `part-2` is a second version only where there is a `part`.
        first = _SECOND.sub("", stem)
        groups[first if first in stems else stem].append(file)
    return list(groups.values())


def distinct(group: list[File], say: Callable[[str], None]) -> Iterator[File]:
    """Yield one file of each content, and say what else there is."""
    if len(group) == 1:
        yield from group
        return
    by_content: dict[str, list[File]] = defaultdict(list)
    for number, file in enumerate(group):
        data, problem = file.loaded()
        # What cannot be read is no copy of anything.
        content = f"{number}: {problem}" if problem else hashlib.sha256(data).hexdigest()
        by_content[content].append(file)
    for same in by_content.values():
        yield same[0]
        if len(same) > 1:
            copies = ", ".join(file.name for file in same[1:])
            say(f"{copies} repeats {same[0].name} byte for byte; one of them is used")
    if len(by_content) > 1:
        names = ", ".join(same[0].name for same in by_content.values())
        say(f"handed in different files of one name, and a human must choose: {names}")
