"""How a box is started: its pipes, its command line, and who is its first process."""

import json
import os
import re
import select
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tutorial_lib.grading import confinement, seccomp
from tutorial_lib.grading.availability import SandboxUnavailable, require_linux
from tutorial_lib.grading.limits import Limits

PATIENCE = 10.0  # seconds for bubblewrap to say whom it has started
# Without a box: those limits that this system has, and then Python as it would run in a box.
LIMITED = """
import json, os, resource, sys
for name, value in json.loads(sys.argv[1]).items():
    try:
        resource.setrlimit(getattr(resource, "RLIMIT_" + name.upper()), (value, value))
    except (AttributeError, OSError, ValueError):
        pass
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@dataclass(frozen=True)
class Launched:
    """A box that runs.

    Attributes
    ----------
    process : Popen
        What we started, and wait for: the outermost bubblewrap, or Python itself without one.
    first : int
        The host's id of the box's first process, which takes all others with it.
    requests, responses, output : int
        Our ends of the pipes.
    """

    process: "subprocess.Popen[bytes]"
    first: int
    requests: int
    responses: int
    output: int


def confined(script: str, library: Path, limits: Limits, *, slot: int) -> Launched:
    """Start Python in a box.

    Raises
    ------
    SandboxUnavailable
        If no box can be made.
    ValueError
        If the box, as somebody else, could not read the library.
    """
    require_linux()
    if os.geteuid() == 0 and any(not _for_all(path) for path in (library, library / script)):
        raise ValueError(f"library is {library}; as root it must be one that everybody may read.")
    with _Pipes() as pipes, ExitStack() as said_stack:
        said, info = os.pipe()
        said_stack.callback(os.close, said)
        pipes.lend(info)
        options = confinement.inner_options(
            library, scratch_mb=limits.scratch_mb, seccomp=pipes.file(seccomp.program())
        )
        command = [
            *confinement.bubblewrap(library, slot, info),
            *("--args", str(pipes.file("\0".join(options).encode())), "--"),
            *confinement.limited(limits),
            *pipes.python(f"{confinement.LIBRARY}/{script}"),
        ]
        process = pipes.start(command, environment={}, folder=Path("/"))
        return pipes.launched(process, _first(said, process, pipes.output))


def unconfined(script: str, library: Path, limits: Limits, folder: Path) -> Launched:
    """Start Python on this machine, in a folder, with limits and nothing else."""
    if not hasattr(os, "killpg"):
        raise SandboxUnavailable("not even without a sandbox can this system do it.", "Windows")
    bounds = json.dumps(confinement.rlimits(limits))
    own = {**confinement.ENVIRONMENT, "HOME": str(folder), "TMPDIR": str(folder)}
    with _Pipes() as pipes:
        executable, *words = pipes.python(str(library / script))
        command = [executable, "-I", "-c", LIMITED, bounds, *words]
        process = pipes.start(command, environment=own, folder=folder)
        return pipes.launched(process, process.pid)


class _Pipes:
    """Three pipes; their ends are closed here once they have them, ours if the start fails."""

    def __init__(self) -> None:
        self._ours, self._theirs = ExitStack(), ExitStack()
        self._lent: list[int] = []
        self._requests, self.requests = os.pipe()
        self.responses, self._responses = os.pipe()
        self.output, self._output = os.pipe()
        for descriptor in (self.requests, self.responses, self.output):
            self._ours.callback(os.close, descriptor)
        self._theirs.callback(os.close, self._output)
        self.lend(self._requests)
        self.lend(self._responses)

    def __enter__(self) -> "_Pipes":
        return self

    def __exit__(self, *_: object) -> None:
        self._theirs.close()
        self._ours.close()

    def lend(self, descriptor: int) -> None:
        """Pass a descriptor on to who is started, and close it here then."""
        self._theirs.callback(os.close, descriptor)
        self._lent.append(descriptor)

    def file(self, content: bytes) -> int:
        """Lend a file in memory that can be read once."""
        descriptor = os.memfd_create("box")
        self.lend(descriptor)
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def python(self, script: str) -> list[str]:
        """Return the command that runs a script with the two pipes, and nothing else to import."""
        pipes = (str(self._requests), str(self._responses))
        return [sys.executable, "-I", "-B", script, *pipes]

    def start(
        self, command: list[str], *, environment: dict[str, str], folder: Path
    ) -> "subprocess.Popen[bytes]":
        """Start a command that inherits what was lent to it, and no other descriptor."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=self._lent,
            env=environment,
            cwd=folder,
            start_new_session=True,  # a Ctrl-C in the terminal is for us
        )
        self._theirs.close()
        return process

    def launched(self, process: "subprocess.Popen[bytes]", first: int) -> Launched:
        """Hand over our ends: they are not closed here any more."""
        self._ours.pop_all()
        return Launched(process, first, self.requests, self.responses, self.output)


def _for_all(path: Path) -> bool:
    needed = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & needed == needed


def _first(said: int, process: "subprocess.Popen[bytes]", output: int) -> int:
    """Wait until bubblewrap says whom it has started."""
    text = b""
    while b"}" not in text and select.select([said], [], [], PATIENCE)[0]:
        piece = os.read(said, 1000)
        if not piece:
            break
        text += piece
    found = re.search(rb'"child-pid": *(\d+)', text)
    if found:
        return int(found[1])
    process.kill()
    process.wait()
    complaint = os.read(output, 1000).decode(errors="replace").strip()
    raise SandboxUnavailable(f"bubblewrap made none ({complaint}).", "refused")
