"""Hostile and careless notebooks, judged as for marks, with what they left behind.

It can run in processes of its own: nothing here imports pytest.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hostile import builders, expectations
from hostile.expectations import Expected

FOLDER = Path(__file__).parent / "hostile"
SECONDS = 2.5
MEMORY_MB = 1024
OTHER_SLOTS = 100  # boxes that live at the same time have different ones
# Those who look for something that is secret, or would put something into a page.
SPEAKING = (
    *("markup", "csv", "path_", "surrogates", "giant_error", "lying_error", "judges_errors"),
    *("environment", "other_submissions", "inherited", "descriptors", "own_memory", "memory_scan"),
    *("stack_inspection", "sources_of_objects", "file_as_a_channel", "process_table", "ptrace"),
    *("solution", "printed_verdicts", "with_outputs", "lookalike"),
)
SECRET = b"a secret that no notebook knows"


@dataclass(frozen=True)
class Attacked:
    """What became of a submission.

    Attributes
    ----------
    verdicts : dict
        By exercise, for each student who handed it in.
    bugs : dict
        Named mistakes, likewise.
    late : float
        By how many seconds the longest exercise took longer than an answer may.
    result : dict
        The first student's result with all that is said, as plain values; empty for those who have
        nothing to say, because that takes time.
    """

    verdicts: Sequence[Mapping[str, str]]
    bugs: Sequence[Mapping[str, str]]
    late: float
    result: Mapping[str, Any]


def all_expected() -> list[Expected]:
    """Return every submission of one or two files, stored or built."""
    return [*expectations.HOSTILE, *expectations.CARELESS, *builders.BUILT]


def files_of(expected: Expected) -> list[tuple[str, bytes]]:
    """Return what is handed in."""
    names = [expected.file, expected.also] if expected.also else [expected.file]
    return [
        (expected.name if name == expected.file and expected.name else name, _data(name))
        for name in names
    ]


def _data(name: str) -> bytes:
    stored = FOLDER / name
    return stored.read_bytes() if stored.is_file() else builders.BUILDERS[name]()


def inherit(path: Path) -> None:
    """Open a file, and have every process that this one starts inherit the descriptor."""
    os.set_inheritable(os.open(path, os.O_RDWR), True)


def job_of_files(
    files: Sequence[tuple[str, bytes]], student: str, level: str, seconds: float = SECONDS
) -> dict[str, Any]:
    """Return the job of a student who hands these files in."""
    from tutorial_lib.grading.provenance import versions
    from tutorial_lib.grading.sandbox import Limits

    return {
        "student": student,
        "files": list(files),
        "secret": SECRET,
        "limits": asdict(Limits(seconds=seconds, memory_mb=MEMORY_MB)),
        "sandbox": level,
        "key": "",
        "versions": dict(versions()),
        "remarks": [],
        "private": [],
        "unread": [],
    }


def attack(
    names: Sequence[str], students: Sequence[str], level: str, seconds: float, slot: int
) -> dict[str, Attacked]:
    """Judge submissions, each handed in by several students, who have cases of their own.

    Each answer has so many seconds.

    All are in one box, as long as nobody makes its end necessary, and what is said of them comes
    from another: that tries harder than boxes of their own would whether an answer can do something
    to those that come after it.
    """
    import torch

    from tutorial_lib.grading import box_contents, judge

    torch.set_num_threads(1)  # as `judge.grade` does
    expected = {one.file: one for one in all_expected()}
    attacked = {}
    with TemporaryDirectory() as folder, ExitStack() as stack:
        library = box_contents.fill(Path(folder))
        nobody = job_of_files([], "nobody", level, seconds)
        secret, public = (
            stack.enter_context(judge.Grading({**nobody, "slot": k}, library).session())
            for k in (slot, slot + OTHER_SLOTS)
        )
        for name in names:
            files = files_of(expected[name])
            jobs = [job_of_files(files, one, level, seconds) for one in students]
            with _timed() as times:
                gradings = [judge.Grading(job, library) for job in jobs]
                judged = [grading.judged(secret) for grading in gradings]
                speaks = name.startswith(SPEAKING)
                result = gradings[0].explained(judged[0], public).plain() if speaks else {}
            attacked[name] = Attacked(
                [{one.exercise: one.verdict for one in exercises} for exercises in judged],
                [{one.exercise: one.bug for one in exercises} for exercises in judged],
                max(times, default=0.0) - seconds,
                result,
            )
    return attacked


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Note how long every single exercise takes."""
    from tutorial_lib.grading import judge

    seconds: list[float] = []
    rule = judge.rule

    def timed(*arguments: Any) -> Any:
        started = time.monotonic()
        try:
            return rule(*arguments)
        finally:
            seconds.append(time.monotonic() - started)

    judge.rule = timed
    try:
        yield seconds
    finally:
        judge.rule = rule
