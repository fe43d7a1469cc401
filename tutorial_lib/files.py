"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600  # what only its owner may read
N_DIGITS = 8  # of what keeps temporary names apart


@contextmanager
def atomic_writer(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a file that takes its name only once it is written whole.

    A reader sees the old file or the new one, never a part; after an error the old one stays.

    Parameters
    ----------
    path : Path
        Its folder is made if missing.
    mode : int
        Who may read and write it, less what the umask takes away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by `tempfile`, which hides its files from other users: a folder may be shared.
    temporary = path.parent / f".{path.name[:40]}.{secrets.token_hex(N_DIGITS // 2)}"
    binary = getattr(os, "O_BINARY", 0)  # Windows has one
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # the file is there; only a loss of power could still undo it
        fsync_folder(path.parent)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file as `atomic_writer` does."""
    with atomic_writer(path, mode=mode) as file:
        file.write(data)


def half_written(folder: Path, name: str = "*") -> list[Path]:
    """Return what killed writers have left in a folder of files with such a name (a pattern)."""
    return sorted(folder.glob(f".{name}.{'[0-9a-f]' * N_DIGITS}"))


def fsync_folder(folder: Path) -> None:
    """Make sure that a new name in a folder survives a loss of power."""
    if os.name == "posix":  # Windows cannot open a folder, nor needs to
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
