"""The judge's end of the conversation: an answer in a box looks like a function here.

Everything that it says is read as if an enemy had written it; see `frames` and `wire`.
"""

import builtins
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor

from tutorial_lib.exercises.arguments import fresh
from tutorial_lib.grading.deadline import within
from tutorial_lib.grading.frames import Channel, Ended, ProtocolError, packed
from tutorial_lib.grading.memory import whole
from tutorial_lib.grading.results import Verdict
from tutorial_lib.grading.wire import JUDGE, Wire

if TYPE_CHECKING:
    from tutorial_lib.grading.session import Session

SECONDS_TO_LEAVE = 1.0
MAX_CALLBACKS = 5_000
MAX_LINE = 200


class Left(Ended):
    """The process of an answer is gone."""


class AnswerError(Exception):
    """An error that an answer raised in the box, of a type that is not Python's own."""


class Answer:
    """What a student's definitions call by the name of an exercise.

    Attributes
    ----------
    ended : Verdict or None
        Why there are no more answers.
    is_function : bool
    value
        What it is, if no function.
    problems : list of (int, str)
        Pieces that failed, and the type of error.
    error_type : str
        Type of the error that was raised last, or "".
    out_of_memory : bool
        Whether an error said so.
    """

    def __init__(
        self,
        session: "Session",
        channel: Channel,
        name: str,
        pieces: Sequence[Mapping[str, Any]],
        drive: str,
        given: Mapping[str, Any],
    ) -> None:
        self._session = session
        self._channel = channel
        self._pieces = pieces
        self._functions: list[Any] = []
        self._wire = self._new_wire()
        self._key = secrets.token_hex(8)  # what another answer wrote is not taken for this one's
        self._callbacks = 0
        self._begins = True
        self.ended: Verdict | None = None
        self.is_function = False
        self.value: Any = ...
        self.problems: list[tuple[int, str]] = []
        self.error_type = ""
        self.out_of_memory = False
        order = {"session": self._key, "name": name, "drive": drive, "pieces": list(pieces)}
        frame = self._new_wire().write(dict(given), **order)
        with self._watched():
            channel.send(frame)
            header, blob = self._receive()
            self.value = self._wire.read(header, blob)
            self.is_function = part(header, "is_function", bool)
            self.problems = [_problem(told) for told in part(header, "problems", list)]

    def _new_wire(self) -> Wire:
        return Wire(JUDGE, self._call, self._functions)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._call(0, arguments, options)

    def begin_case(self) -> None:
        """Have the dice that belong to nobody thrown anew, so that a verdict can be repeated."""
        self._begins = True

    def end(self) -> None:
        """Let the child end; the next answer gets a new box unless this one is empty again."""
        if self.ended is not None:
            return
        self._channel.left = SECONDS_TO_LEAVE
        try:
            self._channel.send(packed({"kind": "end"}))
            while True:
                self._receive()
        except Left:
            pass
        except (Ended, ProtocolError):
            self._session.kill()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Note why the conversation ended, and end the box with it."""
        try:
            yield
        except Ended as end:
            # The end of a box that its watch killed looks like a crash from here.
            self.ended = Verdict(self._session.ended_by() or str(end))
        except ProtocolError:
            self.ended = Verdict.CRASH
        if self.ended is not None:
            self._session.kill()

    def _receive(self) -> tuple[dict[str, Any], memoryview]:
        while True:
            header, blob = self._channel.receive()
            if header.get("session") == self._key:
                if part(header, "kind", str) == "left":
                    raise Left("CRASH")
                return header, blob

    def _call(self, number: int, arguments: Any, options: Any) -> Any:
        if self.ended is None:
            header = {"kind": "call", "number": number, "begins": self._begins}
            frame = self._wire.write([list(arguments), options], **header)
            self._begins = False
            with self._watched():
                self._channel.send(frame)
                header, blob = self._receive()
                while header["kind"] == "call":
                    with self._channel.charged():  # what it has us do is its own time
                        self._answer_call(header, blob)
                    header, blob = self._receive()
                if header["kind"] == "result":
                    return self._result(arguments, self._wire.read(header, blob))
                raise self._error(part(header, "error", dict))
        raise AnswerError(f"The answer was ended: {self.ended}.")

    @staticmethod
    def _result(arguments: Sequence[Any], told: Any) -> Any:
        """Return a result, when our lists are what the call has made of them."""
        match told:
            case [list(lists), result]:
                for ours, theirs in zip(arguments, lists, strict=False):
                    if type(ours) is list and type(theirs) is list:
                        ours[:] = theirs
                return result
        raise ProtocolError("a result of another form")

    def _answer_call(self, header: dict[str, Any], blob: memoryview) -> None:
        """Call one of our functions for the box; what crosses is copied, and shares no memory."""
        self._callbacks += 1
        if self._callbacks > MAX_CALLBACKS:
            raise Ended("TIMEOUT")
        wire = self._new_wire()
        number = whole(header.get("number"), len(self._functions) - 1)
        match wire.read(header, blob):
            case [list(arguments), dict(options)]:
                pass
            case _:
                raise ProtocolError("a call without arguments")
        function = self._functions[number]
        try:
            options = {name: _copied(value) for name, value in options.items()}
            with within(self._channel.left):
                result = function(*map(_copied, arguments), **options)
        except Ended:
            raise
        except Exception as error:  # whatever they handed to it
            frame = packed({"kind": "error", "text": str(error)[:500]})
        else:
            frame = wire.write(result, kind="result")
        self._channel.send(frame)

    def _error(self, told: dict[str, Any]) -> Exception:
        """Return an error like the one that was raised, with the line where it arose."""
        self.error_type, text = part(told, "type", str), part(told, "text", str)[:2000]
        self.out_of_memory |= self.error_type == "MemoryError" or "can't allocate memory" in text
        try:
            error: Exception = _kind_of_error(self.error_type)(text)
        except TypeError:  # one that wants more arguments
            error = AnswerError(text)
        error.own_line = self._line(told.get("place"))  # type: ignore[attr-defined]
        return error

    def _line(self, place: Any) -> str:
        """Return the student's line of an error, from our copy of the text."""
        try:
            piece, line, function = place
            told = self._pieces[piece]
            text = told["text"].splitlines()[line - told["line"]].strip()
            return f"{told['place']}, line {int(line)}, in {str(function)[:40]}: {text[:MAX_LINE]}"
        except (TypeError, ValueError, IndexError, KeyError):
            return ""


def _copied(value: Any) -> Any:
    """Copy what a box has sent; of a tensor what is seen of it, however large its memory is."""
    if isinstance(value, list | tuple):
        return type(value)(map(_copied, value))
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return value.clone() if isinstance(value, Tensor) else fresh(value)


def part(told: dict[str, Any], name: str, kind: type) -> Any:
    """Return a part of a header, or raise a ProtocolError unless it is there, and of that type."""
    if type(told.get(name)) is not kind:
        raise ProtocolError(f"no {name}")
    return told[name]


def _problem(told: Any) -> tuple[int, str]:
    match told:
        case [int(piece), {"type": str(name)}]:
            return piece, name
    raise ProtocolError("a problem of another form")


def _kind_of_error(name: str) -> type[Exception]:
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        return kind
    return type(name if name.isidentifier() else "object", (AnswerError,), {})
