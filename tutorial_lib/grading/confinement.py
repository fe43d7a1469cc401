"""What a box is made of: the folders that it sees, and the command lines that close it.

bubblewrap builds the box. As an ordinary user one bubblewrap is enough. As root there are two: the
outer one, still root, prepares a view of the file system in which every folder on the way can be
entered, and hands over to a user id of the slot's own; the inner one is the ordinary user's.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tutorial_lib.grading.availability import tool
from tutorial_lib.grading.limits import Limits

LIBRARY = "/box/library"
FIRST_UID, SLOTS = 60_700, 480  # a range that neither systemd nor Debian gives to anybody
DEVICES = ("null", "full", "random", "urandom")  # mapped /dev/zero is memory in nobody's count
SHARED_MEMORY_MB = 16
ROOM_MB = 8192  # address space beyond the memory: PyTorch reserves much that it never touches
ENVIRONMENT = {
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "box",
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
}
COURSE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class View:
    """The part of the host that a box sees, read-only.

    Attributes
    ----------
    folders : tuple of Path
        Real paths, none within another.
    links : tuple of (Path, str)
        Symbolic links outside of them that lead to them, and what each says.
    masked : tuple of Path
        Folders within them that appear empty: the course itself, if it is installed there.
    """

    folders: tuple[Path, ...]
    links: tuple[tuple[Path, str], ...]
    masked: tuple[Path, ...]

    def options(self) -> Iterator[str]:
        """Yield what bubblewrap is told."""
        parents = {parent for path in self.folders for parent in path.parents}
        parents |= {parent for link, _ in self.links for parent in link.parents}
        for parent in sorted(parents - {Path("/")}):  # else bubblewrap makes them for itself only
            yield from ("--dir", str(parent))
        for folder in self.folders:
            yield from ("--ro-bind", str(folder), str(folder))
        for link, target in self.links:
            yield from ("--symlink", target, str(link))
        for folder in self.masked:
            yield from ("--size", "4096", "--tmpfs", str(folder), "--remount-ro", str(folder))


@cache
def view() -> View:
    """Return what Python needs of this machine."""
    links: dict[Path, str] = {}
    real = {followed(path, links) for path in _needed() if path.exists()}
    folders = [path for path in sorted(real) if not any(up in real for up in path.parents)]
    outside = {link: to for link, to in links.items() if not _within(link, folders)}
    masked = sorted({path for path in _courses() if path.is_dir() and _within(path, folders)})
    return View(tuple(folders), tuple(sorted(outside.items())), tuple(masked))


def followed(path: Path, links: dict[Path, str]) -> Path:
    """Return where a path leads, and note every symbolic link on the way in `links`."""
    for part in (*reversed(path.parents), path):
        if part.is_symlink():
            links[part] = str(part.readlink())
            further = Path(os.path.normpath(part.parent / links[part]))
            return followed(further / path.relative_to(part), links)
    return path


def _needed() -> Iterator[Path]:
    """Yield the system's libraries, the interpreter and its packages, but no whole prefix.

    A virtual environment may have been made in the folder of the course, or in a home.
    """
    yield from map(Path, ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache"))
    yield Path(sys.executable)
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield from (Path(prefix) / name for name in ("bin", "lib", "lib64", "pyvenv.cfg"))
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))


def _courses() -> Iterator[Path]:
    """Yield every folder where Python could find the course's own library, solutions and all."""
    yield from (COURSE / name for name in ("tutorial_lib", "tests", "notebooks"))
    for folder in {*sys.path, *site.getsitepackages()}:
        yield Path(folder).resolve() / "tutorial_lib"


def _within(path: Path, folders: Sequence[Path]) -> bool:
    return any(folder == path or folder in path.parents for folder in folders)


def bubblewrap(library: Path, slot: int, info: int) -> list[str]:
    """Return the command that runs bubblewrap as somebody with no rights on this machine.

    The outermost writes to the descriptor `info` who is the first process of all.

    As root that takes an outer bubblewrap, with a view for a user id of the slot's own; anybody
    else has only the own user id.
    """
    program = str(Path(tool("bwrap", "bubblewrap")).resolve())
    if os.geteuid() != 0:
        return [program, "--info-fd", str(info)]
    if not 0 <= slot < SLOTS:
        raise ValueError(f"slot is {slot}; as root it takes one from 0 to {SLOTS - 1}.")
    uid = str(FIRST_UID + slot)
    return [
        # A namespace of processes, because the dying outer one may not kill the inner one, which
        # is somebody else's; but it may kill its own first process, with which all go.
        *(program, "--info-fd", str(info), "--die-with-parent", "--unshare-pid"),
        *view().options(),
        *("--dir", "/box", "--ro-bind", str(library), LIBRARY, "--ro-bind", program, "/box/bwrap"),
        # With all that covers it: the kernel lets nobody mount a /proc that would show more.
        *("--dir", "/tmp", "--dir", "/dev", *_devices(), "--bind", "/proc", "/proc", "--"),
        *(tool("setpriv", "util-linux"), f"--reuid={uid}", f"--regid={uid}"),
        *("--clear-groups", "--inh-caps=-all", "--", "/box/bwrap"),
    ]


def inner_options(library: Path, *, scratch_mb: int, seccomp: int) -> list[str]:
    """Return what the bubblewrap around the answers is told, through a descriptor of its own.

    Its command line can be read inside, so nothing stands there.
    """
    source = LIBRARY if os.geteuid() == 0 else str(library)  # the outer one has bound it already
    namespaces = ("user", "pid", "net", "ipc", "uts", "cgroup")
    environment = (("--setenv", name, value) for name, value in ENVIRONMENT.items())
    return [
        *(f"--unshare-{name}" for name in namespaces),
        *("--disable-userns", "--uid", "65534", "--gid", "65534", "--hostname", "box"),
        *("--new-session", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
        *(word for triple in environment for word in triple),
        # Before the view: Python itself may live below /tmp.
        *("--size", str(scratch_mb << 20), "--tmpfs", "/tmp"),
        *view().options(),
        *("--dir", "/box", "--ro-bind", source, LIBRARY, "--dir", "/dev", *_devices()),
        *("--size", str(SHARED_MEMORY_MB << 20), "--tmpfs", "/dev/shm"),
        *("--proc", "/proc", "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", str(seccomp)),
    ]


def _devices() -> Iterator[str]:
    for name in DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")


def rlimits(limits: Limits) -> dict[str, int]:
    """Return what the kernel refuses more of, by the names of prlimit."""
    return {
        "as": (limits.memory_mb + ROOM_MB) << 20,  # of one process; `watch` counts all together
        "fsize": limits.scratch_mb << 20,
        "nofile": 256,
        "stack": 8 << 20,
        **dict.fromkeys(("core", "memlock", "msgqueue", "nice", "rtprio"), 0),
    }


def limited(limits: Limits) -> list[str]:
    """Return the command that starts another one within limits, which it cannot raise again.

    The number of processes is limited only here, in a namespace of users of the box's own: there
    nobody else's processes are counted, and bubblewrap's own in the box is the one more.
    """
    bounds = rlimits(limits) | {"nproc": limits.processes + 1}
    program = tool("prlimit", "util-linux")
    return [program, *(f"--{name}={value}" for name, value in bounds.items()), "--"]
