"""All four notebooks with the reference solutions, run from top to bottom on real MNIST."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_rules import tasks_of_notebook
from notebook_runs import FOLDER, ROOT, Finished, figures, read, shown
from test_notebooks import NAMES, each_notebook
from test_solve_page import assert_self_contained


@pytest.fixture(scope="session")
def solved(finished, once) -> Callable[[str], Finished]:
    """Solve and run all notebooks; return a function from a name to the solved notebook."""

    def solve(out: Path) -> tuple[Path, str]:
        for name in NAMES:  # what the delivered notebooks have trained is not trained again
            trained = finished(name).path.parent / "checkpoints"
            shutil.copytree(trained, out / "checkpoints", dirs_exist_ok=True)
        paths = [FOLDER / f"{name}.ipynb" for name in NAMES]
        process = subprocess.run(
            [sys.executable, "-m", "tutorial_lib", "solve", *paths, "--out", out],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return out, "" if process.returncode == 0 else process.stdout + process.stderr

    def finished_when_solved(name: str) -> Finished:
        out, failure = once("solved", solve)
        path = out / f"{name}.ipynb"
        return Finished(path, read(path), failure)

    return finished_when_solved


@each_notebook
def test_every_check_is_correct(name, solved):
    done = solved(name)
    assert not done.failure, done.failure
    said = "\n".join(shown(cell) for cell in done.code_cells)
    for task in tasks_of_notebook(name):
        assert f"✓ {task.id} {task.name}: correct" in said
    assert not re.search(r"(not attempted|not yet|error)$", said, re.MULTILINE)


@each_notebook
def test_it_runs_to_the_end_without_an_error_or_a_warning(name, solved):
    for cell in solved(name).code_cells:
        assert cell.execution_count, f"{cell.id} did not run"
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert "Warning" not in output.get("text", ""), cell.id


@each_notebook
def test_the_learners_functions_are_the_ones_that_run(name, solved):
    printed = "\n".join(o.text for c in solved(name).code_cells for o in c.outputs if "text" in o)
    assert "the library's version" not in printed


@each_notebook
def test_the_page_shows_all_figures_and_needs_no_network(name, solved):
    done = solved(name)
    page = done.path.with_suffix(".html").read_text()
    assert_self_contained(page)
    n_figures = sum(len(figures(cell)) for cell in done.code_cells)
    assert page.count("data:image/png;base64,") >= n_figures >= 3
