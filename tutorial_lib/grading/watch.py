"""Whoever stands outside of a box and looks: at its output, its memory, and its end."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PERIOD = 0.05  # seconds between two looks at the memory
INODE_BYTES = 1024  # what the kernel spends on a file, even on an empty one
CHUNK_BYTES = 1 << 16
HEAD_BYTES = 2000
PROC = Path("/proc")


class Watch(threading.Thread):
    """Drain and count what a box prints, and end the box that has too much of anything.

    Parameters
    ----------
    output : int
        Read end of the pipe of stdout and stderr; the watch closes it.
    first : int
        The host's id of the first process of the box.
    process : Popen
        What we started; it ends when the box does.
    life : int or None
        A pidfd of the first process.
    memory_mb, output_mb : int
    end : callable
        Called with "MEMORY", "OUTPUT", or with "CRASH" when the box has ended by itself.

    Attributes
    ----------
    head : bytes
        The beginning of what the box printed. Nothing in it can be believed.
    """

    def __init__(
        self,
        output: int,
        first: int,
        *,
        process: "subprocess.Popen[bytes]",
        life: int | None,
        memory_mb: int,
        output_mb: int,
        end: Callable[[str], None],
    ) -> None:
        super().__init__(name=f"watch of box {first}", daemon=True)
        self.head = b""
        self._output, self._first, self._process, self._life = output, first, process, life
        os.set_blocking(output, False)
        self._most_memory, self._output_left = memory_mb << 20, output_mb << 20
        self._root: Path | None = None
        self._end = end
        self.start()

    def run(self) -> None:
        """Look until the box has ended."""
        waiting = select.poll()
        for descriptor in (self._output, self._life):
            if descriptor is not None:
                waiting.register(descriptor, select.POLLIN)
        next_look = 0.0
        while self._lives(waiting):
            if time.monotonic() >= next_look:
                self._weigh()
                next_look = time.monotonic() + PERIOD
        self._process.wait()
        self._drain()
        os.close(self._output)
        self._end("CRASH")

    def _weigh(self) -> None:
        if self._life is not None and self._root is None:
            self._root = root_of(self._first)
        if memory_of(self._root, self._first, self._most_memory) > self._most_memory:
            self._end("MEMORY")

    def _lives(self, waiting: select.poll) -> bool:
        """Wait for something to happen, hear it, and tell whether the box goes on."""
        heard = {descriptor for descriptor, _ in waiting.poll(1000 * PERIOD)}
        if self._output in heard and not self._drain():
            waiting.unregister(self._output)  # closed by all inside, who may live on
        return self._life not in heard and self._process.poll() is None

    def _drain(self) -> bool:
        """Count a piece of output and forget it; return whether there can be more."""
        try:
            piece = os.read(self._output, CHUNK_BYTES)
        except BlockingIOError:
            return True
        self.head += piece[: HEAD_BYTES - len(self.head)]
        self._output_left -= len(piece)
        if self._output_left < 0:
            self._end("OUTPUT")
        return bool(piece)


def memory_of(box: Path | None, first: int, enough: int) -> int:
    """Return the memory of all processes of a box and of its files in memory, in bytes.

    What processes share is counted once only if the plain sum is more than `enough`: it takes the
    kernel longer.

    Parameters
    ----------
    box : Path or None
        The root of its file system, as `root_of` finds it; without one `first` and its
        descendants are looked at.
    """
    folders = (
        _processes(box / "proc") if box else [PROC / str(pid) for pid in _descendants([first])]
    )
    files = sum(map(_tmpfs, (box / "tmp", box / "dev/shm"))) if box else 0
    plain = files + sum(_sum_of(folder / "status", ("VmRSS:", "VmSwap:")) for folder in folders)
    if plain <= enough:
        return plain
    return files + sum(
        _sum_of(folder / "smaps_rollup", ("Pss:", "SwapPss:"))
        or _sum_of(folder / "status", ("VmRSS:", "VmSwap:"))
        for folder in folders
    )


def root_of(first: int) -> Path | None:
    """Return the root of a box's file system: of the first descendant with a /proc of its own.

    That is `first` itself or, as root, a child of its child; for a few milliseconds it is nobody.
    """
    for pid in _descendants([first]):
        root = PROC / str(pid) / "root"
        with contextlib.suppress(OSError):
            if (root / "proc").stat().st_dev != PROC.stat().st_dev:
                return root
    return None


def _descendants(family: list[int]) -> Iterator[int]:
    for pid in family:
        yield pid
        family += _children(pid)


def _children(parent: int) -> list[int]:
    return [int(folder.name) for folder in _processes(PROC) if _parent_of(folder) == parent]


def _parent_of(folder: Path) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((folder / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()[1])
    return 0


def _processes(proc: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [folder for folder in proc.iterdir() if folder.name.isdigit()]
    return []


def _tmpfs(folder: Path) -> int:
    with contextlib.suppress(OSError):
        state = os.statvfs(folder)
        return (state.f_blocks - state.f_bfree) * state.f_frsize + (
            state.f_files - state.f_ffree
        ) * INODE_BYTES
    return 0


def _sum_of(file: Path, names: tuple[str, ...]) -> int:
    """Return the sum of lines such as ``VmRSS:   1234 kB``, in bytes; 0 if the process has gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = file.read_text(errors="replace").splitlines()
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))
    return 0
