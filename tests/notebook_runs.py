"""Run a notebook as a reader would, and read what its cells showed."""

import base64
import os
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
# Seconds for one cell; a busy machine may be ten times slower than a quiet one.
CELL_TIMEOUT = 900

# Lines that say how long something took: they differ from run to run.
TIMINGS = re.compile(r"\b(seconds?|minutes?|faster|slower|speed)\b|\d ?(s|ms)\b", re.IGNORECASE)


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells_of(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def deliver(name: str, folder: Path) -> Path:
    """Copy the notebooks, without what a reader's runs left behind, and return one of them."""
    copied = folder / "notebooks"
    left_behind = shutil.ignore_patterns("checkpoints", "progress.json", ".*")
    shutil.copytree(FOLDER, copied, ignore=left_behind)
    return copied / f"{name}.ipynb"


@dataclass(frozen=True)
class Finished:
    """A notebook that was run.

    Attributes
    ----------
    path : Path
        The copy, with its checkpoints and progress.json beside it.
    notebook : NotebookNode
        With the outputs; up to the failing cell if there is one.
    failure : str
        What ended the run early, or "".
    """

    path: Path
    notebook: NotebookNode
    failure: str = ""

    @property
    def code_cells(self) -> list[NotebookNode]:
        return cells_of(self.notebook, "code")

    def cell(self, cell_id: str) -> NotebookNode:
        (cell,) = [cell for cell in self.notebook.cells if cell.id == cell_id]
        return cell

    def printed(self, cell_id: str) -> str:
        """Return what a cell printed."""
        assert not self.failure, self.failure
        return printed(self.cell(cell_id))

    def numbers(self, cell_id: str, label: str) -> list[float]:
        """Return the numbers on the one printed line of a cell that starts with a label."""
        lines = [line for line in self.printed(cell_id).splitlines() if line.startswith(label)]
        assert len(lines) == 1, f"{cell_id}: {len(lines)} lines start with {label!r}"
        text = re.sub(r"(?<=\d),(?=\d{3})", "", lines[0].removeprefix(label))  # 1,000 is 1000
        return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)]

    def shown(self, cell_id: str) -> str:
        """Return the value of a cell's last line, as plain text."""
        assert not self.failure, self.failure
        return shown(self.cell(cell_id))

    def figures(self, cell_id: str) -> list[bytes]:
        """Return the PNGs that a cell showed."""
        assert not self.failure, self.failure
        return figures(self.cell(cell_id))

    @cached_property
    def steady_text(self) -> dict[str, list[str]]:
        """What each cell printed, without the lines that say how long something took."""
        return {cell.id: steady(printed(cell)) for cell in self.code_cells}


def steady(text: str) -> list[str]:
    """Return the lines of a text that do not say how long something took."""
    return [line for line in text.splitlines() if not TIMINGS.search(line)]


def printed(cell: NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.get("name") == "stdout")


def shown(cell: NotebookNode) -> str:
    results = [o for o in cell.outputs if o.output_type == "execute_result"]
    return "".join(o.data.get("text/plain", "") for o in results)


def figures(cell: NotebookNode) -> list[bytes]:
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [base64.b64decode(d["image/png"]) for d in data if "image/png" in d]


def run(path: Path) -> Finished:
    """Run a notebook where it lies, as `Run All Cells` would, up to the first error."""
    notebook, failure = read(path), ""
    resources = {"metadata": {"path": str(path.parent)}}
    before = os.environ.get("PYTHONPATH")
    with pytest.MonkeyPatch.context() as patch:
        # The library of this tree, installed or not.
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), before])))
        patch.delenv("TUTORIAL_PROGRESS", raising=False)  # a reader has not set it
        try:
            NotebookClient(notebook, timeout=CELL_TIMEOUT, resources=resources).execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failure = str(error)
    return Finished(path, notebook, failure)
