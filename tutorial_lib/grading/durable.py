"""Lines that outlive a kill, in a folder that has one writer."""

import fcntl
import os
from pathlib import Path

from tutorial_lib.files import PRIVATE, fsync_folder

LOCK = ".grading.lock"


class JournalError(Exception):
    """A journal that cannot be continued; the message says what to do about it."""


def open_lines(path: Path) -> int:
    """Open a file of lines to append to, and cut off what a kill left of a line."""
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
    if is_new:
        fsync_folder(path.parent)
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        _cut(handle, content.rfind(b"\n") + 1)
    return handle


def append_to(handle: int, line: bytes) -> None:
    """Add a line; when this returns it is on the disk, and when it raises, no part of it is."""
    size = os.fstat(handle).st_size
    try:
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)
    except BaseException:
        _cut(handle, size)  # or the next line would continue half a one
        raise


def _cut(handle: int, size: int) -> None:
    os.ftruncate(handle, size)
    os.fsync(handle)


def lock_folder(folder: Path) -> int:
    """Lock a folder, by a file of its own: the files in it are replaced now and then."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        busy = isinstance(error, BlockingIOError)
        why = "another grading is writing to it" if busy else f"locking fails: {error.strerror}"
        raise JournalError(
            f"{folder} cannot be written to: {why}. Choose "
            f"another folder{'' if busy else ', on a local disk,'} with --out."
        ) from None
    return handle
