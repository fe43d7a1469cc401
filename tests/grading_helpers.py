"""Answers asked across the border without a sandbox, and submissions made of cells.

What is tried here is the judge, who sees no difference: a box is a forked copy of this process,
in which an answer is a function that stands in no notebook.
"""

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tutorial_lib.grading import worker
from tutorial_lib.grading.ruling import Ruling, rule
from tutorial_lib.grading.session import Session

SECONDS = 60.0


class ForkedBox:
    """Stands in for `sandbox.Box`: serves one function, whatever it is asked for."""

    ended = ""

    def __init__(self, function: Any) -> None:
        torch.set_num_threads(1)  # a forked process has lost the others
        orders, self.requests = os.pipe()
        self.responses, answers = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # on a fork beside other threads
            self._child = os.fork()
        if self._child == 0:
            os.close(self.requests)
            os.close(self.responses)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
            warnings.resetwarnings()  # pytest's errors; a box has none
            try:
                worker.namespace = lambda pieces, given: (_Whatever(function), [])
                worker.serve(orders, answers)
            finally:
                os._exit(0)
        os.close(orders)
        os.close(answers)

    def close(self) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self.requests)
        os.close(self.responses)


class _Whatever(dict[str, Any]):
    """A namespace in which every name means the same."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self, name: str, default: Any = None) -> Any:
        return self._value


@contextmanager
def asking(function: Any) -> Iterator[Session]:
    """Yield a session with a box that serves a function, or another value."""
    with Session(lambda: ForkedBox(function), SECONDS) as session:  # type: ignore[arg-type,return-value]
        yield session


def ruling_on(task: Any, answer: Any, *seeds: int) -> list[Ruling]:
    """Return the rulings on an answer, one for each seed."""
    with asking(answer) as session:
        return [rule(session, task, (), seed) for seed in seeds]
