"""Frames on pipes: length first, then a header in JSON, then raw memory; nothing larger than a cap.

The judge relies on this module; what comes from the box is read as if an enemy had written it.
"""

import json
import math
import os
import select
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MAX_HEADER = 4 << 20  # bytes
MAX_BLOB = 96 << 20  # bytes; the digits of exercise 4.5 take 16 MiB

_START = struct.Struct("<II")  # bytes of the header, bytes of the blob


class ProtocolError(Exception):
    """The other side sent what no honest one would send."""


class Ended(Exception):
    """The other side is gone, or the time is up; the message is the verdict."""


def packed(header: dict[str, Any], blob: bytes = b"") -> bytes:
    """Return a frame."""
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
    return _START.pack(len(text), len(blob)) + text + blob


class Channel:
    """Two pipe ends, and frames on them; a read never takes more than the caps, or the time left.

    Parameters
    ----------
    source, sink : int
        File descriptors.

    Attributes
    ----------
    left : float
        Seconds that may still be spent on the other side: on waiting for it, on reading what it
        sends, and on what is `charged` to it. Then an `Ended` is raised.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self.left = math.inf
        os.set_blocking(source, False)
        os.set_blocking(sink, False)

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Have all that is done meanwhile, waiting included, take of the time that is left."""
        left, started = self.left, time.monotonic()
        try:
            yield
        finally:
            self.left = left - (time.monotonic() - started)

    def send(self, frame: bytes) -> None:
        """Write a frame."""
        rest = memoryview(frame)
        while rest:
            self._wait(self._sink, writing=True)
            try:
                rest = rest[os.write(self._sink, rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Ended("CRASH") from None

    def receive(self) -> tuple[dict[str, Any], memoryview]:
        """Return the header and the blob of the next frame."""
        with self.charged():  # who floods us with frames that nobody asked for pays for it
            n_header, n_blob = _START.unpack(self._take(_START.size))
            if n_header > MAX_HEADER or n_blob > MAX_BLOB:
                raise Ended("OUTPUT")
            text, blob = self._take(n_header), self._take(n_blob)
            try:
                header = json.loads(bytes(text))
            except (ValueError, RecursionError):
                raise ProtocolError("a header that is no JSON") from None
            if not isinstance(header, dict):
                raise ProtocolError("a header that is no object")
            return header, memoryview(blob)

    def _take(self, size: int) -> bytearray:
        taken = bytearray()
        while len(taken) < size:
            self._wait(self._source, writing=False)
            try:
                data = os.read(self._source, min(size - len(taken), 1 << 20))
            except BlockingIOError:
                continue
            if not data:
                raise Ended("CRASH")
            taken += data
        return taken

    def _wait(self, descriptor: int, *, writing: bool) -> None:
        if self.left <= 0:
            raise Ended("TIMEOUT")
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
        started = time.monotonic()
        ready = poll.poll(None if self.left == math.inf else 1000 * self.left + 1)
        self.left -= time.monotonic() - started
        if not ready:
            raise Ended("TIMEOUT")
