"""The command ``solve``: notebooks with the reference solutions, run, as pages for the teacher.

The notebooks themselves stay as they are. Copies, pages, checkpoints and the record of exercises
land in a folder of their own, so that the same command goes on where it was stopped.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tutorial_lib.checks import whole_number
from tutorial_lib.exercises import record
from tutorial_lib.exercises.core import Task
from tutorial_lib.exercises.outcome import Status
from tutorial_lib.files import atomic_writer
from tutorial_lib.solve_execution import execute, kernels_of
from tutorial_lib.solve_insertion import SolveError, insert_solutions
from tutorial_lib.solve_page import page_of


@dataclass
class _Solved:
    """A notebook with its solutions, and what became of it."""

    path: Path
    notebook: NotebookNode
    tasks: Sequence[Task]
    problems: list[str] = field(default_factory=list)
    n_correct: int = 0
    seconds: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="as delivered")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the solved notebooks and pages; made if missing",
    )
    parser.add_argument(
        "--no-run", action="store_true", help="only insert the solutions; no outputs, no pages"
    )
    parser.add_argument(
        "--timeout",
        type=whole_number(1, 10**6),
        metavar="SECONDS",
        help="give up on a cell after so long (default: never)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Solve, run and write; return the exit status: 1 if a cell or a check failed, 2 if refused."""
    try:
        solved = _solve_all(arguments.notebooks, arguments.out)
        if arguments.no_run:
            return _only_write(solved, arguments.out)
        return _run_all(solved, arguments.out, arguments.timeout)
    except SolveError as error:
        print(error, file=sys.stderr)
        return 2


def _solve_all(paths: Sequence[Path], folder: Path) -> list[_Solved]:
    """Insert the solutions everywhere before anything is run or written."""
    names = [path.name for path in paths]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SolveError(f"{', '.join(sorted(twice))}: given twice; give each notebook once.")
    if folder.resolve() in {path.resolve().parent for path in paths}:
        raise SolveError(
            f"{folder} is the notebooks' own folder, which stays as it is; give --out another."
        )
    solved = [_solve(path) for path in paths]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SolveError(
            f"{folder} cannot be the output folder ({error.strerror}); give --out another."
        ) from error
    return solved


def _solve(path: Path) -> _Solved:
    notebook = _read(path)
    try:
        return _Solved(path, notebook, insert_solutions(notebook))
    except SolveError as error:
        raise SolveError(f"{path} {error}") from None


def _read(path: Path) -> NotebookNode:
    try:
        return _parse(path.read_text("utf-8"), path.suffix)
    except OSError as error:
        raise SolveError(f"{path} cannot be read ({error.strerror}); name a notebook.") from None
    except Exception as error:  # nbformat meets what is no notebook with errors of many kinds
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise SolveError(f"{path} is no notebook ({reason}); name an .ipynb file.") from None


def _parse(text: str, suffix: str) -> NotebookNode:
    if suffix != ".ipynb":
        raise ValueError("its name does not end in .ipynb")
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("nbformat") != 4:
        raise ValueError("it has no entry nbformat: 4")
    with warnings.catch_warnings(action="ignore"):  # cells without an id are given one
        nbformat.validate(content)
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
    return notebook


def _only_write(solved: Sequence[_Solved], folder: Path) -> int:
    for item in solved:
        _write(folder / item.path.name, nbformat.writes(item.notebook) + "\n")
    print(f"Solved, but not run: {folder}")
    return 0


def _run_all(solved: Sequence[_Solved], folder: Path, timeout: int | None) -> int:
    done: list[_Solved] = []
    try:
        with kernels_of(folder.resolve()):
            for item in solved:
                _run(item, folder, timeout)
                done.append(item)
    finally:  # Ctrl-C, too, leaves what is finished
        if done:
            print(_table(done))
    problems = [f"{item.path.stem}: {text}" for item in done for text in item.problems]
    print("\n".join(problems) or f"All is correct. Notebooks and pages: {folder}")
    return 1 if problems else 0


def _run(item: _Solved, folder: Path, timeout: int | None) -> None:
    """Run one notebook, look at its checks, and write it with its page."""
    _forget(item.tasks)
    start = time.perf_counter()
    failure = execute(item.notebook, folder, title=item.path.stem, timeout=timeout)
    item.seconds = time.perf_counter() - start
    verdicts = {task: record.load().get(task.name, {}).get("status") for task in item.tasks}
    item.n_correct = sum(verdict == Status.CORRECT for verdict in verdicts.values())
    item.problems = [failure] if failure else []
    if not item.tasks:
        item.problems.append(
            "no exercise was found; they are imported by `from tutorial_lib.exercises import ...`"
        )
    item.problems += [
        f"{task.id} {task.name} " + (f"is {verdict}" if verdict else "was not checked")
        for task, verdict in verdicts.items()
        if verdict != Status.CORRECT
    ]
    written = folder / item.path.name
    _write(written, nbformat.writes(item.notebook) + "\n")
    page = page_of(item.notebook, name=item.path.stem, folder=item.path.parent)
    _write(written.with_suffix(".html"), page)


def _forget(tasks: Sequence[Task]) -> None:
    """Take the verdicts of earlier runs from the record, so that what it holds is of this one."""
    names = {task.name for task in tasks}
    kept = {name: entry for name, entry in record.load().items() if name not in names}
    _write(record.path(), json.dumps(kept))


def _write(path: Path, text: str) -> None:
    try:
        with atomic_writer(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise SolveError(
            f"{path} cannot be written ({error.strerror}); make room, or give --out another folder."
        ) from error


def _table(done: Sequence[_Solved]) -> str:
    width = max(len(item.path.stem) for item in done)
    lines = [f"{'notebook':{width}}  cells  checks correct  seconds"]
    for item in done:
        n_cells = sum(cell.cell_type == "code" for cell in item.notebook.cells)
        checks = f"{item.n_correct} of {len(item.tasks)}"
        lines.append(f"{item.path.stem:{width}}  {n_cells:5}  {checks:>14}  {item.seconds:7.0f}")
    return "\n".join(lines)
