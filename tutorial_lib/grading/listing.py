"""Everything that lies in a folder or an archive of submissions, listed and read with care."""

import io
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from tutorial_lib.grading.archives import (
    MAX_INNER_ARCHIVE,
    MAX_MEMBER,
    MAX_MEMBERS,
    MAX_OUTER_MEMBERS,
    Unreadable,
    members,
    name_problem,
    read_member,
)
from tutorial_lib.grading.identities import is_litter, shown

MAX_DEPTH = 20
MAX_FILES = 2_000  # of one student, who cannot fill the memory for all
_NOTEBOOKS = (
    ".ipynb",
    ".ipynb.json",
    ".ipynb.txt",
    ".ipynb.download",
)  # some browsers add the second when saving
_SEALED = (
    *(".rar", ".7z", ".zipx", ".tar", ".gz", ".bz2", ".xz", ".zst", ".lzma"),
    *(".tgz", ".tbz", ".tbz2", ".txz"),
)


@dataclass(frozen=True)
class Origin:
    """Where the bytes of a file are: plain values, so that another process can read them.

    Attributes
    ----------
    path : str
    inside : tuple of int
        Numbers of members: of the archive at the path, and of the archive that this one is.
    """

    path: str
    inside: tuple[int, ...] = ()

    def read(self) -> bytes:
        """Return the bytes, or raise Unreadable."""
        with _opened(self.path) as file:
            if not self.inside:
                return _limited(file.read(MAX_MEMBER + 1))
            *archives, last = self.inside
            inner: BinaryIO = file
            for number in archives:
                inner = io.BytesIO(read_member(inner, number, limit=MAX_INNER_ARCHIVE))
            return read_member(inner, last)


@dataclass(frozen=True)
class Entry:
    """A file that was found, not read yet.

    Attributes
    ----------
    parts : tuple of str
        Its folders below the submissions, and its name; "" stands for the folder itself.
    origin : Origin
    problem : str
        Why it cannot be read, or empty.
    refused_name : str
        A name that is no path, which an archive gave it; else empty.
    size : int
        In bytes, where it can be read.
    """

    parts: tuple[str, ...]
    origin: Origin
    problem: str = ""
    refused_name: str = ""
    size: int = 0

    @property
    def is_notebook(self) -> bool:
        """Whether it is called one."""
        return self.parts[-1].casefold().endswith(_NOTEBOOKS)

    @property
    def is_archive(self) -> bool:
        """Whether it is called a zip file."""
        return self.parts[-1].casefold().endswith(".zip")

    @property
    def is_sealed(self) -> bool:
        """Whether it is called an archive of another kind, which is not read."""
        return self.parts[-1].casefold().endswith(_SEALED)

    @property
    def may_hold_notebooks(self) -> bool:
        """Whether it is a folder or an archive, to go by its name."""
        return self.is_archive or self.is_sealed or not self.parts[-1]


def entries(path: Path) -> list[Entry]:
    """Return the files in a folder or a zip file, and those in archives in there; no litter.

    Raises
    ------
    Unreadable
        If it is neither.
    """
    is_folder = path.is_dir()
    root = Entry(("",), Origin(str(path)))
    outer = _of_folder(path) if is_folder else _of_archive(root, limit=MAX_OUTER_MEMBERS)
    counts: Counter[tuple[str, ...]] = Counter()
    found = []
    for entry in (one for each in outer for one in _with_inside(each)):
        if is_litter(entry.parts):
            continue
        # In `class.zip` a folder `class` with everything in it is nobody's.
        repeats = not is_folder and len(entry.parts) > 1 and entry.parts[0] == path.stem
        owner = entry.parts[: 2 if repeats else 1]
        counts[owner] += 1
        if counts[owner] <= MAX_FILES:
            found.append(entry)
    for owner in (owner for owner, count in counts.items() if count > MAX_FILES):
        problem = f"has {counts[owner]:,} files, of which the first {MAX_FILES:,} are looked at"
        found.append(Entry((*owner, ""), Origin(""), problem))
    return sorted(found, key=lambda entry: entry.parts)


def _with_inside(entry: Entry) -> Iterator[Entry]:
    if not entry.is_archive or entry.problem:
        yield entry
        return
    try:
        yield from _of_archive(entry, limit=MAX_MEMBERS)
    except Unreadable as error:
        yield replace(entry, problem=error.reason)


def _of_folder(root: Path) -> Iterator[Entry]:
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        try:
            # Sorted, because a folder has no order of its own.
            inside = sorted(os.scandir(root.joinpath(*parts)), key=lambda one: one.name)
        except OSError as error:
            yield Entry((*parts, ""), Origin(""), f"cannot be opened: {error.strerror}")
            continue
        for one in inside:
            here = (*parts, one.name)
            if is_litter((*here, "") if one.is_dir(follow_symlinks=False) else here):
                continue
            if one.is_dir(follow_symlinks=False) and len(here) < MAX_DEPTH:
                waiting.append(here)
                if len(here) == 1:
                    yield Entry((*here, ""), Origin(""))  # its owner exists, be it empty
            else:
                problem, size = _problem(one), one.stat(follow_symlinks=False).st_size
                # Or a link to one. Unlike a Path's, this raises nothing.
                if os.path.isdir(one.path):  # noqa: PTH112
                    here = (*here, "")
                yield Entry(here, Origin(one.path), problem, size=size)


def _problem(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "is a link, which is not followed"
    if entry.is_dir(follow_symlinks=False):
        return f"is a folder in more than {MAX_DEPTH} others"
    if not entry.is_file(follow_symlinks=False):
        return "is no regular file"
    size = entry.stat(follow_symlinks=False).st_size
    limit = MAX_MEMBER if not entry.name.casefold().endswith(".zip") else MAX_INNER_ARCHIVE
    return f"has {size:,} bytes; expected at most {limit:,}" if size > limit else ""


def _of_archive(archive: Entry, *, limit: int) -> Iterator[Entry]:
    """Yield the files in an archive, which lie where the archive does: below its own name."""
    path, inside = archive.origin.path, archive.origin.inside
    with _opened(path) as file:
        content: BinaryIO = file
        for number in inside:
            content = io.BytesIO(read_member(content, number, limit=MAX_INNER_ARCHIVE))
        found = members(content, limit=limit)
    above = archive.parts if archive.parts != ("",) else ()
    for member in found:
        origin = Origin(path, (*inside, member.number))
        if name_problem(member.name):
            name = shown(member.name)
            yield Entry((*above, name), origin, member.problem, refused_name=name)
        else:
            below = (part for part in member.name.split("/") if part not in ("", "."))
            yield Entry((*above, *below), origin, member.problem, size=member.size)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Open a regular file, and nothing else: no link, no device, no pipe that never ends."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("is no regular file")
        yield file


def _limited(data: bytes) -> bytes:
    if len(data) > MAX_MEMBER:
        raise Unreadable(f"has more than {MAX_MEMBER:,} bytes")
    return data
