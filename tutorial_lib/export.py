"""The command ``export``: the notebooks as a course that nbgrader hands out, collects and marks.

Each notebook becomes an assignment of its own: that is what is set, handed in and late as a whole,
session by session, and a notebook that breaks down costs only its own points.
"""

import argparse
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tutorial_lib.exercises.core import Task
from tutorial_lib.export_cells import for_nbgrader
from tutorial_lib.export_sheet import only_exercises
from tutorial_lib.export_texts import CONFIG, README, WARNING
from tutorial_lib.files import write_atomically
from tutorial_lib.solve_insertion import SolveError

# Where the notebooks lie beside the package, as they do in a checkout.
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


class ExportError(Exception):
    """A course cannot be written; the message says why and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("format", choices=["nbgrader"], help="made for nbgrader 0.9.6")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the course; made new")
    parser.add_argument(
        "--notebooks",
        type=Path,
        default=NOTEBOOKS,
        metavar="FOLDER",
        help="folder of the notebooks, as delivered (default: the one beside the package)",
    )
    parser.add_argument(
        "--exercises-only",
        action="store_true",
        help="leave out the lessons and trainings, so that marking takes seconds",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write into a folder with files: ours are replaced, all others stay",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the course; return the exit status: 2 if refused."""
    try:
        files, table = _course(arguments.notebooks, arguments.exercises_only)
        _write(files, arguments.folder, force=arguments.force)
    except (ExportError, SolveError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{table}\n\n{WARNING}\n\nHow to use it stands in {arguments.folder / 'README.md'}.")
    return 0


# --- What is written -----------------------------------------------------------------------------


def _course(notebooks: Path, exercises_only: bool) -> tuple[dict[str, bytes], str]:
    """Return the files of the course by their paths in it, and a table of the assignments."""
    paths = sorted(notebooks.glob("*.ipynb"))
    if not paths:
        raise ExportError(f"{notebooks} holds no notebooks; name their folder with --notebooks.")
    files, lines = {}, []
    for path in paths:
        notebook, tasks = _exported(path)
        name = path.stem
        if exercises_only:
            only_exercises(notebook, name)
            name += "_exercises"  # beside the notebook of the lesson neither is taken for the other
        files[f"source/{name}/{name}.ipynb"] = f"{nbformat.writes(notebook)}\n".encode()
        lines.append(f"| `{name}` | {len(tasks)} | {sum(task.points for task in tasks):g} |")
    table = "\n".join(["| assignment | tasks | points |", "|---|---|---|", *lines])
    files["nbgrader_config.py"] = CONFIG.encode()
    files["README.md"] = README.format(table=table, warning=WARNING, first=_first(files)).encode()
    return files, table


def _first(files: Mapping[str, bytes]) -> str:
    return next(iter(files)).split("/")[1]


def _exported(path: Path) -> tuple[NotebookNode, list[Task]]:
    try:
        notebook, tasks = for_nbgrader(_read(path))
    except SolveError as error:
        raise ExportError(f"{path} {error}") from None
    if not tasks:
        raise ExportError(f"{path} holds no exercise of the course; take it out of the folder.")
    return notebook, tasks


def _read(path: Path) -> NotebookNode:
    try:
        with warnings.catch_warnings(action="ignore"):  # cells without an id are given one
            notebook: NotebookNode = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error.strerror}).") from None
    except Exception as error:  # nbformat meets what is no notebook with errors of many kinds
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ExportError(f"{path} is no notebook ({reason}); take it out of the folder.") from None
    return notebook


# --- How it is written ---------------------------------------------------------------------------


def _write(files: Mapping[str, bytes], folder: Path, *, force: bool) -> None:
    """Write a new folder as a whole; in one with files replace ours, each as a whole."""
    folder = folder.resolve()
    try:
        if folder.exists() and any(folder.iterdir()):
            if not force:
                raise ExportError(
                    f"{folder} holds files already. Name another folder; or add --force, which "
                    "replaces the files of an earlier export and leaves all others as they are."
                )
            _write_into(files, folder)
        else:
            _write_new(files, folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(f"{folder} cannot be written ({reason}); name another folder.") from error


def _write_into(files: Mapping[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)


def _write_new(files: Mapping[str, bytes], folder: Path) -> None:
    """Write beside the folder and rename, so that an interrupted run leaves no half of one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}-"))
    try:
        _write_into(files, beside)
        mask = os.umask(0)
        os.umask(mask)
        beside.chmod(0o777 & ~mask)  # mkdtemp's 0700 would hide it from the other teachers
        if folder.exists():
            folder.rmdir()  # it is empty; Windows renames to no name that is taken
        beside.replace(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
