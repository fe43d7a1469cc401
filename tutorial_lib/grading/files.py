"""Files that are written whole or not at all."""

import os
import secrets
from pathlib import Path

PRIVATE = 0o600  # what only its owner may read


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file; a crash at any moment leaves the old one or the new one, never a part.

    Parameters
    ----------
    path : Path
    data : bytes
    mode : int
        Who may read and write it, less what the umask takes away.
    """
    temporary = path.with_name(f".{path.name[:40]}-{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
