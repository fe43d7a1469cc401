"""One box, and the answers of one student in it, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from tutorial_lib.grading.conversation import Answer
from tutorial_lib.grading.frames import Channel, Ended
from tutorial_lib.grading.sandbox import Box

START_SECONDS = 120.0  # to load PyTorch on a machine that does other things as well


class Session:
    """One box, and the answers of one student in it, one after the other.

    Parameters
    ----------
    start : callable
        Starts a box; called again when one had to be killed.
    seconds : float
        How long one answer may take, all its calls together, with what it has us do.
    """

    def __init__(self, start: Callable[[], Box], seconds: float) -> None:
        self._start = start
        self._seconds = seconds
        self._box: Box | None = None
        self._channel: Channel

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End the box; the next answer gets a new one."""
        if self._box is not None:
            self._box.close()
        self._box = None

    def ended_by(self) -> str:
        """Return why the box was killed, as far as its watch knows."""
        return "" if self._box is None else self._box.ended

    def ask(
        self,
        name: str,
        pieces: Sequence[Mapping[str, Any]],
        *,
        drive: str = "",
        given: Mapping[str, Any] | None = None,
        patience: float = 1.0,
    ) -> Answer:
        """Have definitions run, and return what they call by a name.

        Parameters
        ----------
        name : str
        pieces : sequence of dict
            ``text`` and ``line`` of each definition, and ``place``, its cell in words.
        drive : str
            Name of what in `tutorial_lib.driving` is done with the answer, if not called.
        given : mapping from str to pair of callables
            Functions of ours that the definitions may call by these names; see `ours.lent`.
        patience : float
            So many times the usual time.

        Raises
        ------
        Ended
            If the box did not even start.
        """
        channel = self._ready()
        channel.left = patience * self._seconds
        return Answer(self, channel, name, pieces, drive, given or {})

    def _ready(self) -> Channel:
        if self._box is not None and self._box.ended:
            self.kill()  # by its watch, after the last answer was through
        if self._box is None:
            self._box = self._start()
            self._channel = Channel(self._box.responses, self._box.requests)
            self._channel.left = START_SECONDS
            try:
                self._channel.receive()
            except Ended:
                self.kill()
                raise
        return self._channel
