"""How fast a class is graded: honest submissions, by what the command ``grade`` does it with.

They answer everything but exercise 4.5, whose training takes as long as its answer chooses.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import torch

from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.grading import box_contents, executors, judge
from tutorial_lib.grading.catalogue import chapters
from tutorial_lib.grading.classroom import Classroom
from tutorial_lib.grading.coordinator import Coordinator
from tutorial_lib.grading.provenance import versions
from tutorial_lib.grading.refusal import GradeError
from tutorial_lib.grading.results import Verdict
from tutorial_lib.grading.sandbox import Box, Limits, SandboxUnavailable, level
from tutorial_lib.solve_insertion import SolveError, insert_solutions

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
HALF_AN_HOUR = 1800  # seconds
ROUNDS = 3
ONLY_PYTHON = "import os, sys\nos.write(int(sys.argv[2]), b'.')\n"

Files = Sequence[tuple[str, bytes]]


def measure_grading(n_submissions: int, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return how long submissions take on all cores, and what of that is whose.

    Parameters
    ----------
    n_submissions : int
    rounds : int
        Each part of the time is measured so often; the shortest counts.

    Returns
    -------
    dict
        ``submissions``; ``processes``, one per core; ``start_seconds``, until the first of them
        can judge; ``seconds_each`` from then on; ``in_half_an_hour``; ``core_seconds``: of a
        submission on all cores together, and the parts of it that `_parts` tells. Where grading
        cannot be measured, only ``why_not``.
    """
    n_processes = os.cpu_count() or 1
    try:
        level()
        files = honest_submission()
        start = _seconds(partial(_prepare, n_processes))
        total = _seconds_of_a_class(files, n_submissions, n_processes)
    except (SandboxUnavailable, SolveError, GradeError, OSError) as error:
        return {"why_not": str(error).partition("\n")[0]}
    each = (total - start) / n_submissions
    return {
        "submissions": n_submissions,
        "processes": n_processes,
        "start_seconds": start,
        "seconds_each": each,
        "in_half_an_hour": int((HALF_AN_HOUR - start) / each),
        "core_seconds": {"all": n_processes * each, **_parts(files, rounds)},
    }


def honest_submission() -> list[tuple[str, bytes]]:
    """Return the notebooks with every answer right, but for the training, which is left out.

    Raises
    ------
    OSError
        If the notebooks are not there: they are no part of the package.
    SolveError
        If they are not as delivered.
    """
    files = []
    for name in chapters():
        path = NOTEBOOKS / f"{name}.ipynb"
        notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
        delivered = [cell.source for cell in notebook.cells]
        tasks = insert_solutions(notebook)
        trainings = [t.solution_text().strip() for t in tasks if isinstance(t, AccuracyExercise)]
        for cell, source in zip(notebook.cells, delivered, strict=True):
            if any(text in cell.source for text in trainings):
                cell.source = source
        files.append((path.name, nbformat.writes(notebook).encode()))
    return files


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _prepare(n_processes: int) -> None:
    with Coordinator(executors.choose(n_processes, None)) as coordinator:
        coordinator.prepare()


def _seconds_of_a_class(files: Files, n_submissions: int, n_processes: int) -> float:
    """Grade a class as the command does, from the look at its folder to the last page."""
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        submissions, marks = Path(folder) / "submissions", Path(folder) / "marks"
        for k in range(n_submissions):
            own = submissions / f"student {k}"
            own.mkdir(parents=True)
            for name, data in files:
                (own / name).write_bytes(data)
        seconds = _seconds(lambda: Classroom(submissions, marks).grade(jobs=n_processes))
        _require_all_right((marks / "results.jsonl").read_text("utf-8").splitlines())
    return seconds


def _require_all_right(lines: Sequence[str]) -> None:
    """Raise a GradeError if an honest answer did not pass: its time would say nothing."""
    for line in lines:
        for one in json.loads(line)["exercises"]:
            if one["verdict"] not in (Verdict.PASS, Verdict.NOT_ATTEMPTED):
                raise GradeError(f"an honest answer to {one['exercise']} is {one['verdict']}.")


def _parts(files: Files, rounds: int) -> dict[str, float]:
    """Return the seconds of a core that parts of one submission take, measured alone.

    They are ``torch``, to be loaded in the box; ``sandbox``, what a box takes beside a plain
    Python; and ``judge``, which is all that is done outside of the box.
    """

    def shortest(measure: Callable[[], float]) -> float:
        return min(measure() for _ in range(rounds))

    python = [sys.executable, "-I", "-B", "-c", "pass"]
    with TemporaryDirectory() as bare, TemporaryDirectory() as whole:
        Path(bare).chmod(0o755)
        (Path(bare) / "start.py").write_text(ONLY_PYTHON)
        box_contents.fill(Path(whole))
        plain = shortest(lambda: _seconds(partial(subprocess.run, python, check=True)))
        empty = shortest(lambda: _seconds_of_a_box("start.py", Path(bare)))
        full = shortest(lambda: _seconds_of_a_box(box_contents.START, Path(whole)))
    with _as_many_threads_afterwards():
        judged = shortest(lambda: _judge_seconds(files))
    return {"torch": full - empty, "sandbox": empty - plain, "judge": judged}


def _seconds_of_a_box(script: str, library: Path) -> float:
    """Time a box from its start to its first word and its end."""
    start = time.perf_counter()
    with Box(script, library, Limits()) as box:
        os.read(box.responses, 1)
    return time.perf_counter() - start


def _judge_seconds(files: Files) -> float:
    job = {
        **{"student": "student", "files": files, "unread": [], "remarks": [], "private": []},
        **{"secret": b"benchmark", "key": "", "versions": versions()},
        **{"limits": asdict(Limits()), "sandbox": level()},
    }
    start = time.process_time()  # without the time of the box, which is another process
    judge.grade(job)
    return time.process_time() - start


@contextmanager
def _as_many_threads_afterwards() -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
