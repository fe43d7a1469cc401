"""Run a notebook from top to bottom, with a progress bar over its cells."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from tutorial_lib.solve_insertion import SolveError, cell_name

_WIDGET = "application/vnd.jupyter.widget-view+json"
_PROGRESS_BAR = re.compile(r"\d+%\||\d+it \[|\?it/s")
_PACKAGE_HOME = Path(__file__).parents[1]


@contextmanager
def kernels_of(folder: Path) -> Iterator[None]:
    """Let kernels keep the record of exercises in a folder, and find this very library."""
    paths = [str(_PACKAGE_HOME), os.environ.get("PYTHONPATH", "")]
    ours = {
        "TUTORIAL_PROGRESS": str(folder / "progress.json"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def execute(notebook: NotebookNode, folder: Path, *, title: str, timeout: int | None) -> str | None:
    """Run a notebook's code cells in a new kernel; its outputs are replaced.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    folder : Path
        Where the kernel runs: relative paths in the notebook, such as checkpoints, are found there.
    title : str
        Of the progress bar.
    timeout : int or None
        Seconds for one cell; None: as many as it takes.

    Returns
    -------
    str or None
        Which cell failed and how; the cells after it have not run.

    Raises
    ------
    SolveError
        If no kernel can be started.
    """
    cells = [k for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for k in cells:
        notebook.cells[k].update(outputs=[], execution_count=None)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        iopub_timeout=60,  # outputs that a busy machine delivers late are not lost
        kernel_name="python3",
        coalesce_streams=True,  # as JupyterLab shows them: lines printed together stay together
        record_timing=False,  # the same run gives the same file
        shutdown_kernel="immediate",  # asked politely, an interrupted kernel prints a traceback
        extra_arguments=["--log-level=ERROR"],  # the kernel's notices would break the progress bar
        resources={"metadata": {"path": str(folder)}},
    )
    with ExitStack() as stack:
        stack.callback(_without_widgets, notebook)
        try:
            stack.enter_context(client.setup_kernel())
        except (NoSuchKernel, RuntimeError) as error:
            raise SolveError(
                f"No Jupyter kernel started ({error}); `python -m tutorial_lib doctor` may say why."
            ) from error
        bar = stack.enter_context(tqdm(total=len(cells), desc=title, unit="cell"))
        return _run_cells(client, cells, bar)


def _run_cells(client: NotebookClient, cells: list[int], bar: "tqdm[Any]") -> str | None:
    for k in cells:
        name = cell_name(client.nb, k)
        try:
            client.execute_cell(client.nb.cells[k], k)
        except CellExecutionError as error:
            return f"the cell {name} failed: {error.ename}: {error.evalue}"
        except CellTimeoutError:
            return f"the cell {name} took longer than {client.timeout} s; --timeout allows more"
        except DeadKernelError:
            return f"the kernel died in the cell {name}; perhaps there was not enough memory"
        bar.update()
    return None


def _without_widgets(notebook: NotebookNode) -> None:
    """Drop finished progress bars and live explorers, and leave of other widgets their text.

    Widgets need the kernel that made them: without it they are boxes that say so. An explorer's
    still picture is an output of its own, and stays.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_dead_box(output)]
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET, None)


def _is_dead_box(output: NotebookNode) -> bool:
    data = output.get("data", {})
    words = data.get("text/plain", "")
    return _WIDGET in data and (not words or bool(_PROGRESS_BAR.search(words)))
