"""What is done in other processes: by names that can be sent, without PyTorch in the sender's.

Arguments and results are bytes and plain values, so that nothing has to be trusted on the way.
"""

import ctypes
import json
import os
import signal
from multiprocessing import parent_process
from typing import Any

_PR_SET_PDEATHSIG = 1


def follow_parent() -> None:
    """Have the kernel end this process with the one that started it, which alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix" and hasattr(libc := ctypes.CDLL(None), "prctl"):  # Linux has it
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # it has gone before the kernel was told


def prepare() -> list[dict[str, Any]]:
    """Return the catalogue of exercises; fails here if what judges them is not at hand.

    Raises
    ------
    RuntimeError
        With the reason: errors of ours could only be read where PyTorch is loaded.
    """
    try:
        from tutorial_lib.grading.catalogue import catalogue
        from tutorial_lib.mnist import load_mnist

        load_mnist()  # exercise 4.5 is judged on digits
        return catalogue()
    except Exception as error:
        raise RuntimeError(str(error) or type(error).__name__) from None


def grade(job: dict[str, Any]) -> dict[str, Any]:
    """Judge one submission; see `judge.grade`.

    Raises
    ------
    ValueError
        If the result is not what a line of JSON can hold, which would stop the whole class.
    """
    from tutorial_lib.grading import judge

    # Verdicts become text, so that no class of ours has to be sent.
    result: dict[str, Any] = json.loads(json.dumps(judge.grade(job), allow_nan=False))
    return result
