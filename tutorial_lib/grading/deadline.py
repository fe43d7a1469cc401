"""An end to what we do at the wish of a box."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tutorial_lib.grading.frames import Ended


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise an `Ended` in what is done meanwhile, at the first call of a function after so long.

    Neither a signal nor a thread: on a cluster judges run in threads, where signals do not come.
    """
    until = time.monotonic() + seconds

    def look(frame: FrameType, event: str, argument: object) -> None:
        if time.monotonic() > until:
            raise Ended("TIMEOUT")

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
