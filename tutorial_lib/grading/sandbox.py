"""A box for one student's answers: a Python that sees nothing, reaches nothing, and can be ended.

What the box is made of stands in `confinement` and `seccomp`, who looks at it from outside in
`watch`, and what has been tried against it in `probes`.
"""

import os
import re
import select
import signal
import subprocess
import threading
import weakref
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tutorial_lib.grading.availability import SandboxUnavailable, require_linux, tool
from tutorial_lib.grading.launch import Launched, confined, unconfined
from tutorial_lib.grading.limits import Limits
from tutorial_lib.grading.results import UNSAFE
from tutorial_lib.grading.watch import Watch

__all__ = ["UNSAFE", "Box", "Limits", "SandboxUnavailable", "level"]


OLDEST = (0, 8)  # of bubblewrap: the first with --disable-userns
SECONDS_TO_GO = 0.5  # from the end of the first process to that of bubblewrap
FIRST_ANSWER = """
import importlib.util, os, sys
os.write(int(sys.argv[2]), b"torch" if importlib.util.find_spec("torch") else b"bare")
"""


class Box:
    """A process tree with one student's answers: ``python -I -B SCRIPT REQUESTS RESPONSES``.

    It is a context manager: leaving it kills the box and closes the pipes. The thread that makes
    it has to live as long as the box does, because the box dies with that thread.

    Parameters
    ----------
    script : str
        The file to run, within `library`.
    library : Path
        Folder that the box sees, read-only, as /box/library. As root, everybody must be allowed
        to read it.
    limits : Limits
    slot : int
        Boxes that live at the same time have different slots; as root each has a user id.
    unsafe : bool
        Run the script as an ordinary process, with limits and no protection.

    Attributes
    ----------
    requests, responses : int
        Descriptors of pipes: the script reads what is written to the one, and writes what is read
        from the other. A box that has gone shows as a broken pipe there, and as an end.
    first : int
        The host's id of the first process of the box.
    ended : str
        "" while it lives and after a `kill`; "MEMORY" or "OUTPUT" if it had too much; "CRASH" if
        it ended by itself, shortly after the pipes have shown so.

    Raises
    ------
    SandboxUnavailable
        If no box can be made on this machine.
    """

    def __init__(
        self, script: str, library: Path, limits: Limits, *, slot: int = 0, unsafe: bool = False
    ) -> None:
        self.ended = ""
        self._killed, self._lock = False, threading.Lock()
        self._scratch = TemporaryDirectory(prefix="unsafe-") if unsafe else None
        if self._scratch:
            launched = unconfined(script, library, limits, Path(self._scratch.name))
        else:
            launched = confined(script, library, limits, slot=slot)
        self.first, self._process = launched.first, launched.process
        self._handle = None if unsafe else _handle(launched)
        self.requests, self.responses = launched.requests, launched.responses
        self._close = weakref.finalize(self, _close, launched, self._handle, self._scratch)
        self._watch = Watch(
            launched.output,
            launched.first,
            process=self._process,
            life=self._handle,
            memory_mb=limits.memory_mb,
            output_mb=limits.output_mb,
            end=self._end,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the box and close the pipes; a killed box that is forgotten does so by itself."""
        self.kill()
        self._close()

    @property
    def head(self) -> str:
        """The beginning of what the box printed. Nothing in it can be believed."""
        return self._watch.head.decode(errors="replace")

    def kill(self) -> None:
        """End every process of the box from outside, whatever they do."""
        with self._lock:
            self._killed = self._killed or self._process.poll() is None
        self._strike()
        try:
            self._process.wait(SECONDS_TO_GO)
        except subprocess.TimeoutExpired:  # whoever waits for the first process goes with it
            self._process.kill()
        self._watch.join()

    def _end(self, why: str) -> None:
        """Note why the box ended, or has to; only the first reason counts."""
        with self._lock:
            if not self._killed and not self.ended:
                self.ended = why
        if why != "CRASH":
            self._strike()

    def _strike(self) -> None:
        if not self._close.alive:
            return  # killed before, and the number of the handle may be another file's
        with suppress(ProcessLookupError, PermissionError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)


def _close(
    launched: Launched, handle: int | None, scratch: "TemporaryDirectory[str] | None"
) -> None:
    for descriptor in (launched.requests, launched.responses, handle):
        if descriptor is not None:
            os.close(descriptor)
    if scratch is not None:
        scratch.cleanup()


def _handle(launched: Launched) -> int:
    """Return what stands for the first process even when its number is somebody else's."""
    try:
        return os.pidfd_open(launched.first)
    except ProcessLookupError:  # it has gone already, and so has all that was in it
        return os.pidfd_open(launched.process.pid)


@cache
def level() -> str:
    """Try a box for real, and say what it is made of.

    Raises
    ------
    SandboxUnavailable
        If no box can be made on this machine; the message says why, and what to do.
    """
    require_linux()
    version = _version()
    answer, told = _try()
    if answer == "bare":
        raise SandboxUnavailable("in it, Python does not find PyTorch.", "python")
    if answer != "torch":
        remedy = "refused" if told.startswith("bwrap") else "python"
        raise SandboxUnavailable(f"Python does not start in it ({told.strip()}).", remedy)
    who = "one uid per box" if os.geteuid() == 0 else "your own uid"
    return f"bubblewrap {version}, seccomp, {who}"


def _version() -> str:
    program = tool("bwrap", "bubblewrap")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", said.stdout)
    if not found or tuple(map(int, found[0].split(".")[:2])) < OLDEST:
        raise SandboxUnavailable(f"{program} is {said.stdout.strip() or 'broken'}.", "bubblewrap")
    return found[0]


def _try() -> tuple[str, str]:
    """Return what a first box answers, and the beginning of what it printed."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "start.py").write_text(FIRST_ANSWER)
        (Path(folder) / "start.py").chmod(0o644)
        with Box("start.py", Path(folder), Limits()) as box:
            ready = select.select([box.responses], [], [], Limits.seconds)[0]
            answer = os.read(box.responses, 100).decode() if ready else ""
            box.kill()
            return answer, box.head
