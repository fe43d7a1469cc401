"""The course's secret, from which every student's cases are drawn."""

import secrets
from pathlib import Path

from tutorial_lib.files import PRIVATE, write_atomically
from tutorial_lib.grading.refusal import GradeError

MIN_SECRET = 16  # bytes


def read_secret(path: Path) -> bytes:
    """Return the secret that a file holds.

    Raises
    ------
    GradeError
        If it cannot be read, or is too short to be one.
    """
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        raise GradeError(
            f"{path} is not there; it should hold {MIN_SECRET} bytes or more that nobody knows. "
            "Give --secret-file the file that was used, or leave it out: grading then makes one."
        ) from None
    except OSError as error:
        raise GradeError(f"{path} cannot be read ({error.strerror}).") from None
    if len(secret) < MIN_SECRET:
        raise GradeError(
            f"{path} holds {len(secret)} bytes; a secret has {MIN_SECRET} or more that nobody "
            "can guess."
        )
    return secret


def own_secret(path: Path) -> bytes:
    """Return the secret of a file that is made once, for the owner's eyes alone."""
    if not path.exists():
        write_atomically(path, secrets.token_hex(32).encode() + b"\n", mode=PRIVATE)
    return read_secret(path)
