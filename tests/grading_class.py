"""A small class, in every layout it can be handed in; and how its grading is run and looked at."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hostile.builders import notebook, written

from tutorial_lib.grading import errand

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
HOSTILE = Path(__file__).parent / "hostile"
SECRET = b"a secret that nobody in this class knows"
STARTED: "list[subprocess.Popen[str]]" = []
NAMES = ("01_autoencoder", "02_stacking", "03_fine_tuning", "04_mnist_exercise")

ENCODE = (
    "import torch\n\n\ndef encode(x, weight, bias):\n    return torch.sigmoid(x @ weight.T + bias)"
)
DECODE = "def decode(code, weight, bias):\n    return encode(code, weight, bias)"
ERROR = "def squared_error(x, y):\n    return ((x - y) ** 2).sum(1).mean() / 2"
NO_HALF = ERROR.removesuffix(" / 2")
RAISES = "def encode(x, weight, bias):\n    raise ValueError('<b>not</b> today')"

Files = Mapping[str, bytes]
Class = Mapping[str, Files]


def cells(*sources: str) -> bytes:
    """Return a notebook with these cells."""
    return written(notebook(*sources))


def delivered() -> Files:
    """Return the four notebooks as every student gets them."""
    return {f"{name}.ipynb": (NOTEBOOKS / f"{name}.ipynb").read_bytes() for name in NAMES}


def solved() -> Files:
    """Return the first notebook with every answer in it."""
    import nbformat

    from tutorial_lib.solve_insertion import insert_solutions  # loads PyTorch

    read = nbformat.read(NOTEBOOKS / f"{NAMES[0]}.ipynb", as_version=4)
    insert_solutions(read)
    return {f"{NAMES[0]}.ipynb": nbformat.writes(read).encode()}


def attack(name: str) -> Files:
    """Return a hostile notebook."""
    return {f"{name}.ipynb": (HOSTILE / f"{name}.ipynb").read_bytes()}


def honest_class() -> Class:
    """Return who means well, with right and wrong answers, and with none."""
    return {
        "anna": {"01.ipynb": cells(ENCODE, DECODE, ERROR, 'low_cost = "c"')},
        "berta": {"01.ipynb": cells(ENCODE, DECODE, NO_HALF, 'low_cost = "a"')},
        "carla": {"01.ipynb": cells(RAISES, ERROR)},
        "dora": delivered(),
        "emma": solved(),
        "fanny": {"01.ipynb": cells(ENCODE), "01 (1).ipynb": cells(ENCODE, ERROR)},
        "gerda": {"01.ipynb": "{'cells': []}".encode("utf-16")},
        "Hannah": {"01.ipynb": cells("def helper(): pass")},  # on the roster she is hannah
    }


ROSTER = "student,SIS User ID\n" + "".join(
    f"{name},{number}\n"
    for number, name in enumerate(
        ["zita", "anna", "berta", "carla", "dora", "emma", "fanny", "gerda", "hannah"]
    )
)


def in_folders(folder: Path, students: Class) -> Path:
    """Hand in as STUDENT/NAME.ipynb."""
    for student, files in students.items():
        (folder / student).mkdir(parents=True)
        for name, data in files.items():
            (folder / student / name).write_bytes(data)
    return folder


def flat(folder: Path, students: Class) -> Path:
    """Hand in as STUDENT_NAME.ipynb."""
    folder.mkdir()
    for student, files in students.items():
        for name, data in files.items():
            (folder / f"{student}_{name}").write_bytes(data)
    return folder


def zipped(path: Path, students: Class) -> Path:
    """Hand in as an archive of folders, the last student first."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, files in reversed(students.items()):
            for name, data in reversed(files.items()):
                archive.writestr(f"{student}/{name}", data)
    return path


@dataclass(frozen=True)
class Graded:
    """A folder that a class was graded into."""

    folder: Path
    status: int = 0
    out: str = ""
    err: str = ""

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def rows(self) -> dict[str, dict[str, str]]:
        """Return the rows of marks.csv by student."""
        read = csv.DictReader(io.StringIO(self.read("marks.csv").decode("utf-8-sig"), newline=""))
        return {row["student"]: row for row in read}

    def lines(self, name: str = "results.jsonl") -> dict[str, bytes]:
        """Return the lines of JSON by student; nobody has two."""
        lines = self.read(name).splitlines(keepends=True)
        by_student = {json.loads(line)["student"]: line for line in lines}
        assert len(by_student) == len(lines)
        return by_student

    def results(self) -> dict[str, dict[str, Any]]:
        return {student: json.loads(line) for student, line in self.lines().items()}

    def verdicts(self, student: str) -> dict[str, str]:
        """Return a student's verdicts by exercise, without those on what was not attempted."""
        exercises = self.results()[student]["exercises"]
        return {
            one["exercise"]: one["verdict"]
            for one in exercises
            if one["verdict"] != "NOT_ATTEMPTED"
        }

    def pages(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / "feedback").iterdir()}


def words_of(submissions: Path, out: Path, *options: object) -> list[str]:
    """Return the words of the command, with the class's secret."""
    out.mkdir(exist_ok=True)
    (out / "secret.key").write_bytes(SECRET)
    return [str(word) for word in ("grade", submissions, "--out", out, *options)]


def started(words: Iterable[str], **options: Any) -> "subprocess.Popen[str]":
    """Start the command in a process of its own, and a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tutorial_lib", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    STARTED.append(process)
    return process


def end_all() -> None:
    """End what a test that failed has left running."""
    for process in STARTED:
        with process:
            process.kill()
    STARTED.clear()


def finished(process: "subprocess.Popen[str]", out: Path) -> Graded:
    """Wait for a process."""
    said, complained = process.communicate(timeout=300)
    return Graded(out, process.returncode, said, complained)


def graded(submissions: Path, out: Path, *options: object) -> Graded:
    """Grade in a process of its own."""
    return finished(started(words_of(submissions, out, *options)), out)


# --- In this process ------------------------------------------------------------------------


class Here:
    """A place to judge in: a thread of this process, which looks at all that would be sent."""

    n_jobs = 1

    def __init__(self, grade: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:
        self._grade = grade

    def start(self) -> Executor:
        place = self

        class Thread(ThreadPoolExecutor):
            def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
                if function is errand.grade:
                    function = place._grade or function
                return super().submit(plainly, function, *arguments, **options)

        return Thread(self.n_jobs)

    def end(self, executor: Executor, *, at_once: bool) -> None:
        executor.shutdown(wait=not at_once)

    def error_of(self, future: Future[Any]) -> BaseException | None:
        return future.exception()


def plainly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; what goes in and what comes out is plain, to the last part."""
    assert all(map(is_plain, arguments)), arguments
    result = function(*arguments)
    assert is_plain(result), result
    return result


def is_plain(value: Any) -> bool:
    """Tell whether a value has nothing in it but Python's own exact types."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(part) for key, part in value.items())
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    return type(value) in (str, bytes, int, float, bool, type(None))


# --- Processes ------------------------------------------------------------------------------


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return what a condition gives as soon as that is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)
    return found


def n_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def family(first: int) -> dict[int, str]:
    """Return all that descends from a process: when each began, by its number."""
    parents = {pid: stat for pid in _pids() if (stat := _stat(pid))}
    found, new = dict[int, str](), {first}
    while new:
        new = {pid for pid, (_, parent, _) in parents.items() if parent in new}
        found |= {pid: parents[pid][2] for pid in new}
    return found


def alive(processes: Mapping[int, str]) -> list[int]:
    """Return which of these processes still run."""
    now = {pid: _stat(pid) for pid in processes}
    return [
        pid
        for pid, stat in now.items()
        if stat and stat[0] not in "ZX" and stat[2] == processes[pid]
    ]


def survivors(processes: Mapping[int, str], seconds: float = 5.0) -> list[int]:
    """Return which of these processes still run when they have had time to end."""
    until = time.monotonic() + seconds
    while (running := alive(processes)) and time.monotonic() < until:
        time.sleep(0.05)
    return running


def has_box(first: int) -> bool:
    """Tell whether a process of the pool is judging: the first box of all is only tried."""
    return any(_name(pid) == "bwrap" for worker in workers_of(first) for pid in family(worker))


def wait_for_a_box(process: "subprocess.Popen[str]") -> None:
    """Wait until somebody is judged; a process that ends before fails with what it said."""
    wait_until(lambda: has_box(process.pid) or process.poll() is not None)
    assert process.poll() is None, process.communicate()


def workers_of(first: int) -> list[int]:
    """Return the processes of a pool, which are spawned."""
    spawned = b"from multiprocessing.spawn import spawn_main"
    return [pid for pid in family(first) if spawned in _read(pid, "cmdline")]


def peak_memory(pid: int) -> int:
    """Return the most memory that a process ever had, in kB; 0 if it has gone."""
    lines = _read(pid, "status").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(b"VmHWM:")), 0)


def maps_pytorch(pid: int) -> bool:
    return b"libtorch" in _read(pid, "maps")


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _stat(pid: int) -> tuple[str, int, str] | None:
    """Return the state of a process, its parent, and when it began."""
    fields = _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()
    return (fields[0], int(fields[1]), fields[19]) if fields else None


def _name(pid: int) -> str:
    return _read(pid, "comm").decode(errors="replace").strip()


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def interrupt(process: "subprocess.Popen[str]") -> None:
    """Press Ctrl-C: everybody in the terminal's group gets the signal."""
    os.killpg(process.pid, signal.SIGINT)


# --- Pages ----------------------------------------------------------------------------------

# What our pages are made of. Whatever else is in one came from a student.
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "a", "ul"),
    *("li", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "strong"),
    *("article", "pre", "code", "details", "summary", "svg", "g", "rect", "line", "text", "path"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope", "role"),
    *("aria-label", "aria-hidden", "aria-labelledby", "tabindex", "open", "viewbox", "width"),
    *("height", "x", "y", "x1", "x2", "y1", "y2", "rx", "d", "text-anchor", "transform"),
}


class Page(HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.others: list[str] = []
        self.words: list[str] = []
        self.feed(data.decode())
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def assert_ours(data: bytes) -> Page:
    """Assert that nothing in a page is anybody's markup but ours."""
    page = Page(data)
    assert page.tags <= ELEMENTS, page.tags - ELEMENTS
    assert page.attributes <= ATTRIBUTES, page.attributes - ATTRIBUTES
    assert not page.others
    assert all(address.startswith(("#", "feedback/")) for address in page.addresses)
    return page


def tree(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, links unfollowed."""
    return {
        str(path.relative_to(folder)): b"link" if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def copied(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target, symlinks=True))
