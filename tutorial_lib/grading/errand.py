"""What is done in other processes: by names that can be sent, without PyTorch in the sender's.

Arguments and results are bytes and plain values, so that nothing has to be trusted on the way.
"""

import ctypes
import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from typing import Any

from tutorial_lib.grading.fault import described

_PR_SET_PDEATHSIG = 1


def follow_parent(scratch: str) -> None:
    """Have the kernel end this process with the one that started it, which alone hears Ctrl-C.

    Parameters
    ----------
    scratch : str
        Folder for temporary files, which the parent removes.
    """
    tempfile.tempdir = scratch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix" and hasattr(libc := ctypes.CDLL(None), "prctl"):  # Linux has it
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # it has gone before the kernel was told


def prepare(versions: dict[str, str]) -> list[dict[str, Any]]:
    """Return the catalogue of exercises; fails here if what judges them is not at hand.

    Parameters
    ----------
    versions : dict of str to str
        Those of the sender, which have to be those of this process.

    Raises
    ------
    RuntimeError
        With the reason.
    """
    with _plain_errors():
        from tutorial_lib.grading.catalogue import catalogue
        from tutorial_lib.grading.provenance import require_same

        require_same(versions)
        require_digits()
        return catalogue()


def grade(job: dict[str, Any]) -> dict[str, Any]:
    """Judge one submission; see `judge.grade`.

    Raises
    ------
    RuntimeError
        With the reason why there is no result. One is that it is not what a line of JSON can hold,
        which would stop the whole class.
    """
    with _plain_errors():
        from tutorial_lib.grading import judge

        require_digits()
        # Verdicts become text, so that no class of ours has to be sent.
        result: dict[str, Any] = json.loads(json.dumps(judge.grade(job), allow_nan=False))
        return result


@cache
def require_digits() -> None:
    """Raise an error if MNIST is not at hand in this process: 4.5 is judged on it.

    Only here is its absence our fault; while an answer is judged it would look like the answer's.
    """
    from tutorial_lib.mnist import load_mnist

    load_mnist()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Have every error arrive: not all of ours can be sent, or read without PyTorch."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(described(error)) from None
