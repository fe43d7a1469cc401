"""Zip files as they come, read member by member: nothing is ever extracted.

What an archive says about itself is not believed. Its directory is read only so far, a member
only up to a limit, and whatever could name a place outside is refused.
"""

import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, BinaryIO, cast

MAX_MEMBERS = 10_000
MAX_OUTER_MEMBERS = 100_000  # of a whole class
MAX_MEMBER = 16_000_000  # bytes, unpacked
MAX_INNER_ARCHIVE = 100_000_000
_ENTRY = 800  # bytes of the directory for each member: long names, and room to spare
_MAX_RATIO, _SMALL = 200, 1_000_000  # a notebook shrinks to a twentieth, zeros to a thousandth
_CHUNK = 65_536
_END = 2 * _CHUNK  # where an archive's directory is looked up: a record and a comment
_HEADER = 30  # bytes before each member, without its name


class Unreadable(Exception):
    """A file cannot be read; the reason continues a sentence with its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes
    ----------
    number : int
        Its place in the archive's directory: two members may have one name.
    name : str
        As the archive has it.
    problem : str
        Why it is not read, or empty.
    size : int
        In bytes, as the archive says; a member that holds more is damaged.
    """

    number: int
    name: str
    problem: str = ""
    size: int = 0


class _Careful:
    """A file that refuses to read much at once, as a forged directory would have it."""

    def __init__(self, file: BinaryIO, at_once: int) -> None:
        self._file, self._at_once = file, at_once
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > self._at_once:
            raise Unreadable("is an archive with too large a directory")
        return self._file.read(size if size >= 0 else _END)


def members(file: BinaryIO, *, limit: int = MAX_MEMBERS) -> list[Member]:
    """Return the files in a zip archive, of at most so many members.

    Raises
    ------
    Unreadable
        If it is none, is damaged, has too many members, or has members that share bytes.
    """
    with _opened(file, at_once=limit * _ENTRY) as archive:
        found = archive.infolist()
    if len(found) > limit:
        raise Unreadable(f"has {len(found):,} members; expected at most {limit:,}")
    by_place = sorted(found, key=lambda info: info.header_offset)
    for info, following in pairwise(by_place):
        if info.header_offset + _HEADER + info.compress_size > following.header_offset:
            raise Unreadable("is an archive whose members overlap, which no program writes")
    return [
        Member(number, info.orig_filename, _problem(info), info.file_size)
        for number, info in enumerate(found)
        if not info.is_dir()
    ]


def read_member(file: BinaryIO, number: int, *, limit: int = MAX_MEMBER) -> bytes:
    """Return the content of a member, by its number.

    Raises
    ------
    Unreadable
        If it is refused, damaged, or unpacks to more bytes than the limit.
    """
    with _opened(file, at_once=MAX_OUTER_MEMBERS * _ENTRY) as archive:
        info = archive.infolist()[number]
        if problem := _problem(info, limit=limit):
            raise Unreadable(problem)
        try:
            with archive.open(info) as member:
                return b"".join(_chunks(member, limit))
        except Unreadable:
            raise
        except Exception as error:
            # Wrong checksums, wrong offsets, streams that are no streams: all of it is one damage.
            raise Unreadable(f"is damaged ({type(error).__name__})") from None


def _opened(file: BinaryIO, *, at_once: int) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(cast("IO[bytes]", _Careful(file, at_once)))
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"is no zip archive, or damaged ({type(error).__name__})") from None


def _chunks(member: IO[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    while chunk := member.read(_CHUNK):
        if (total := total + len(chunk)) > limit:
            raise Unreadable(f"unpacks to more than {limit:,} bytes")
        yield chunk


def _problem(info: zipfile.ZipInfo, *, limit: int | None = None) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    is_archive = info.filename.casefold().endswith(".zip")
    limit = limit or (MAX_INNER_ARCHIVE if is_archive else MAX_MEMBER)
    if reason := name_problem(info.orig_filename):
        return reason
    if kind == stat.S_IFLNK:
        return "is a link, which is not followed"
    if kind not in (0, stat.S_IFREG):
        return "is no regular file"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed by method {info.compress_type}; expected an ordinary zip"
    if info.file_size > limit:
        return f"has {info.file_size:,} bytes; expected at most {limit:,}"
    if info.file_size > max(_SMALL, _MAX_RATIO * info.compress_size):
        return f"unpacks to more than {_MAX_RATIO} times its size"
    return ""


def name_problem(name: str) -> str:
    """Return why a member's name is refused, or nothing."""
    if not name.strip("./ ") or len(name) > 1000:
        return "has no name, or one of more than 1,000 characters"
    if "\\" in name or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return "has a name with a backslash or a control character"
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
        return "has a name that leads out of the archive"
    return ""
