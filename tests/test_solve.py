"""The command `solve`: what it writes, what it says, what it refuses, and how it is stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from exercise_helpers import stub_of
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_runs import printed, shown
from test_solve_page import assert_self_contained

from tutorial_lib import __main__ as command_line
from tutorial_lib.exercises import autoencoder, tasks_of
from tutorial_lib.exercises.core import Exercise, Task

ROOT = Path(__file__).parents[1]
IMPORT = "from tutorial_lib.exercises import autoencoder as ex"
BAR = "from tqdm.auto import tqdm\nfor _ in tqdm(range(3), desc='a bar'):\n    print('a step')"


def exercise_cells(task: Task) -> list[NotebookNode]:
    """A stub and its check, as in the course."""
    stub = stub_of(task.reference).strip() if isinstance(task, Exercise) else f"{task.name} = ..."
    name = task.name.replace("_", "-")
    return [
        new_code_cell(stub, id=f"{name}-stub"),
        new_code_cell(f"{IMPORT}\n\nex.{task.name}.check({task.name})", id=f"{name}-check"),
    ]


def write(path: Path, *cells: NotebookNode | str) -> Path:
    path.parent.mkdir(exist_ok=True)
    made = [
        new_code_cell(c, id=f"cell-{k}") if isinstance(c, str) else c for k, c in enumerate(cells)
    ]
    nbformat.write(new_notebook(cells=made), path)
    return path


def read(path: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    (found,) = [cell for cell in notebook.cells if cell.id == cell_id]
    return found


def solve(*words: object) -> int:
    return command_line.main(["solve", *map(str, words)])


def told(capsys) -> SimpleNamespace:
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return SimpleNamespace(out=out, err=err)


# --- A notebook with every exercise of the first module ------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> SimpleNamespace:
    """Two notebooks, solved and run; the second uses an answer from the first."""
    folder = tmp_path_factory.mktemp("course")
    exercises = [cell for task in tasks_of(autoencoder) for cell in exercise_cells(task)]
    first = write(
        folder / "notebooks" / "01_small.ipynb",
        new_markdown_cell("# A small notebook\n\nThat $x^2$.", id="title"),
        "import torch",
        *exercises,
        BAR,
        "from pathlib import Path\n_ = Path('beside.txt').write_text('a checkpoint, say')",
        "import ipywidgets\nipywidgets.IntSlider(3)",
        "from tutorial_lib.widgets import PretrainingExplorer\nPretrainingExplorer()",
    )
    second = write(
        folder / "notebooks" / "02_small.ipynb",
        "from tutorial_lib.exercises import autoencoder\n_ = autoencoder.encode.yours_or_ours()",
        "from tutorial_lib.exercises import stacking\nn_own = ...\nstacking.n_own.check(n_own)",
    )
    delivered = {path: path.read_bytes() for path in (first, second)}
    out = folder / "solved"
    process = subprocess.run(
        [sys.executable, "-m", "tutorial_lib", "solve", first, second, "--out", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return SimpleNamespace(
        process=process,
        out=out,
        delivered=delivered,
        first=read(out / first.name),
    )


def test_solved_every_check_is_correct(small):
    assert small.process.returncode == 0, small.process.stdout + small.process.stderr
    for task in tasks_of(autoencoder):
        check = cell(small.first, f"{task.name.replace('_', '-')}-check")
        assert shown(check).startswith(f"✓ {task.id} {task.name}: correct")


def test_the_solution_that_ran_is_the_one_that_is_shown(small):
    for task in tasks_of(autoencoder):
        stub = cell(small.first, f"{task.name.replace('_', '-')}-stub")
        assert stub.source.strip() == str(task.solution()).strip()


def test_the_table_counts_cells_checks_and_seconds(small):
    n = len(tasks_of(autoencoder))
    header, first, second, last = small.process.stdout.splitlines()
    assert header.split() == ["notebook", "cells", "checks", "correct", "seconds"]
    assert re.fullmatch(rf"01_small +{2 * n + 5} +{n} of {n} +\d+", first)
    assert re.fullmatch(r"02_small +2 +1 of 1 +\d+", second)
    assert last == f"All is correct. Notebooks and pages: {small.out}"


def test_the_progress_bar_counts_the_cells(small):
    assert "01_small: 100%" in small.process.stderr
    assert "Traceback" not in small.process.stderr
    assert "WARNING" not in small.process.stderr


def test_the_delivered_notebooks_and_their_folder_stay_as_they_were(small):
    assert {path: path.read_bytes() for path in small.delivered} == small.delivered
    (folder,) = {path.parent for path in small.delivered}
    assert {*folder.iterdir()} == {*small.delivered}


def test_everything_lands_in_the_output_folder(small):
    assert {path.name for path in small.out.iterdir()} == {
        *("01_small.ipynb", "01_small.html", "02_small.ipynb", "02_small.html"),
        *("beside.txt", "progress.json"),
    }


def test_a_later_notebook_uses_the_answers_of_an_earlier_one(small):
    text = printed(read(small.out / "02_small.ipynb").cells[0])
    assert text == "encode: your earlier version (kept from before)\n"


def test_no_widget_is_left_behind(small):
    for name in ("01_small.ipynb", "01_small.html"):
        text = (small.out / name).read_text()
        assert "widget-view" not in text
        assert "widget-state" not in text
    outputs = [output for cell in small.first.cells for output in cell.get("outputs", [])]
    plain = [o.get("data", {}).get("text/plain", "") for o in outputs]
    assert [text for text in plain if "0/3" in text] == []  # the finished bar is gone
    assert [o for o in outputs if "a step" in str(o)] != []  # what was printed under it is not
    assert [o for o in outputs if "IntSlider(value=3)" in str(o)] != []


def test_of_an_explorer_its_still_picture_is_left(small):
    (explorer,) = [c for c in small.first.cells if "PretrainingExplorer" in c.source]
    (twin,) = explorer.outputs
    assert set(twin.data) == {"text/html", "image/png", "text/plain"}
    assert "misread" in twin.data["text/plain"]
    page = (small.out / "01_small.html").read_text()
    assert page.count("<figure") == 1
    assert "Still picture: run the cell, and it moves." in page


def test_the_page_shows_the_run_and_needs_nothing(small):
    page = (small.out / "01_small.html").read_text()
    assert_self_contained(page)
    assert "<title>A small notebook</title>" in page
    for task in tasks_of(autoencoder):
        assert f"✓ {task.id} {task.name}: correct" in page


# --- What goes wrong ------------------------------------------------------------------------------


def test_a_failing_cell_and_a_wrong_check_are_named(tmp_path, capsys):
    stub, check = exercise_cells(autoencoder.encode)
    late = exercise_cells(autoencoder.squared_error)
    path = write(
        tmp_path / "in" / "a.ipynb",
        *("import torch", stub, "encode = lambda x, weight, bias: x @ weight.T + bias", check),
        new_code_cell("print('so far')\n[][3]", id="broken"),
        *late,
    )
    fine = write(tmp_path / "in" / "b.ipynb", "print(1)")
    environment = dict(os.environ)
    assert solve(path, fine, "--out", tmp_path / "out") == 1
    assert dict(os.environ) == environment
    said = told(capsys).out
    assert re.search(r"^a +7 +0 of 2 ", said, re.MULTILINE)
    assert re.search(r"^b +1 +0 of 0 ", said, re.MULTILINE)  # the next one ran all the same
    assert "a: the cell broken (number 5) failed: IndexError: list index out of range\n" in said
    assert "a: 1.1 encode is INCORRECT\n" in said
    assert f"a: {autoencoder.squared_error.id} squared_error was not checked\n" in said
    assert "All is correct" not in said
    page = (tmp_path / "out" / "a.html").read_text()
    assert "so far" in page
    assert "list index out of range" in page
    assert printed(read(tmp_path / "out" / "a.ipynb").cells[-1]) == ""


def test_where_no_exercise_was_found_nothing_is_called_correct(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.ipynb", "import tutorial_lib.exercises.autoencoder as ex")
    assert solve(path, "--out", tmp_path / "out") == 1
    said = told(capsys).out
    assert "a: no exercise was found; they are imported by `from tutorial_lib.ex" in said
    assert "All is correct" not in said


def test_a_verdict_of_an_earlier_run_does_not_count(tmp_path, capsys):
    stub, check = exercise_cells(autoencoder.encode)
    path = write(tmp_path / "in" / "a.ipynb", "import torch", stub, check)
    assert solve(path, "--out", tmp_path / "out") == 0
    write(path, "import torch", stub, f"{IMPORT}\nif False:\n    ex.encode.check(encode)")
    assert solve(path, "--out", tmp_path / "out") == 1
    assert "a: 1.1 encode was not checked\n" in told(capsys).out


def test_a_cell_that_takes_too_long_and_a_kernel_that_dies_are_named(tmp_path, capsys):
    slow = write(tmp_path / "in" / "slow.ipynb", "import time\ntime.sleep(600)")
    dying = write(tmp_path / "in" / "dying.ipynb", "import os\nos._exit(1)")
    assert solve(slow, dying, "--out", tmp_path / "out", "--timeout", 2) == 1
    said = told(capsys).out
    assert "slow: the cell cell-0 (number 1) took longer than 2 s; --timeout allows more" in said
    assert "dying: the kernel died in the cell cell-0 (number 1)" in said


def test_without_a_kernel_it_says_so(tmp_path, capsys, monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    path = write(tmp_path / "in" / "a.ipynb", "print(1)")
    assert solve(path, "--out", tmp_path / "out") == 2
    assert "No Jupyter kernel started" in told(capsys).err


# --- Only inserting -------------------------------------------------------------------------------


def test_without_running_only_the_solutions_are_new(tmp_path, capsys):
    stub, check = exercise_cells(autoencoder.encode)
    path = write(tmp_path / "in" / "a.ipynb", stub, check, "raise SystemExit('it ran')")
    assert solve(path, "--out", tmp_path / "out", "--no-run") == 0
    assert told(capsys).out == f"Solved, but not run: {tmp_path / 'out'}\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.ipynb"]
    notebook, expected = read(tmp_path / "out" / "a.ipynb"), read(path)
    expected.cells[0].source = autoencoder.encode.solution_text().strip()
    assert notebook == expected


# --- Bad input ------------------------------------------------------------------------------------


def refused(capsys, *words: object) -> str:
    """What is said, in one line, before anything is written."""
    assert solve(*words) == 2
    said = told(capsys)
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "Expecting value"),
        ('{"cells": [', "Expecting"),
        ("[]", "it has no entry nbformat: 4"),
        ('{"nbformat": 3, "worksheets": []}', "it has no entry nbformat: 4"),
        ('{"nbformat": 4}', "'metadata' is a required property"),
        ('{"nbformat": 4, "nbformat_minor": "x", "metadata": {}, "cells": []}', "AssertionError"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "'int' object"),
        ("[" * 100_000, "recursion"),
        (b"\xff\xfe", "utf-8"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, capsys, content, reason):
    path = tmp_path / "in.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refused(capsys, path, "--out", tmp_path / "out")
    assert said.startswith(f"{path} is no notebook (")
    assert reason in said
    assert said.endswith("); name an .ipynb file.\n")
    assert not (tmp_path / "out").exists()


def test_another_kind_of_file_is_refused(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.json", "print(1)")
    said = refused(capsys, path, "--out", tmp_path / "out")
    assert "its name does not end in .ipynb" in said


def test_a_missing_file_and_a_folder_are_refused(tmp_path, capsys):
    said = refused(capsys, tmp_path / "none.ipynb", "--out", tmp_path / "out")
    assert (
        said
        == f"{tmp_path}/none.ipynb cannot be read (No such file or directory); name a notebook.\n"
    )
    assert "Is a directory" in refused(capsys, tmp_path, "--out", tmp_path / "out")


def test_one_bad_notebook_stops_all_before_anything_is_run(tmp_path, capsys):
    good = write(tmp_path / "in" / "a.ipynb", "print(1)")
    bad = write(tmp_path / "in" / "b.ipynb", *exercise_cells(autoencoder.encode)[1:])
    said = refused(capsys, good, bad, "--out", tmp_path / "out")
    assert said.startswith(f"{bad} has no stub of encode (exercise 1.1), which it checks.")
    assert not (tmp_path / "out").exists()


def test_the_same_notebook_twice_is_refused(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.ipynb", "print(1)")
    again = path.parent / ".." / "in" / "a.ipynb"
    said = refused(capsys, path, again, "--out", tmp_path / "out")
    assert said == "a.ipynb: given twice; give each notebook once.\n"


def test_the_notebooks_own_folder_is_refused(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.ipynb", "print(1)")
    (tmp_path / "alias").symlink_to(path.parent)
    for folder in (path.parent, path.parent / "x" / "..", tmp_path / "alias"):
        assert "is the notebooks' own folder" in refused(capsys, path, "--out", folder)
    assert [path.name for path in path.parent.iterdir()] == ["a.ipynb"]


def test_an_output_folder_that_cannot_be_is_refused(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.ipynb", "print(1)")
    (tmp_path / "file").touch()
    said = refused(capsys, path, "--out", tmp_path / "file")
    assert (
        said == f"{tmp_path}/file cannot be the output folder (File exists); give --out another.\n"
    )
    assert "Not a directory" in refused(capsys, path, "--out", tmp_path / "file" / "x")


def test_a_page_that_cannot_be_written_is_told(tmp_path, capsys):
    path = write(tmp_path / "in" / "a.ipynb", "print(1)")
    (tmp_path / "out" / "a.ipynb").mkdir(parents=True)
    assert solve(path, "--out", tmp_path / "out", "--no-run") == 2
    assert "a.ipynb cannot be written (Is a directory); make room" in told(capsys).err


@pytest.mark.parametrize("words", [[], ["a.ipynb"], ["a.ipynb", "--out", "x", "--timeout", "0"]])
def test_words_that_are_missing_or_wrong_are_refused(capsys, words):
    with pytest.raises(SystemExit) as stopped:
        solve(*words)
    assert stopped.value.code == 2
    assert "usage: python -m tutorial_lib solve" in told(capsys).err


# --- Ctrl-C ---------------------------------------------------------------------------------------


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 120
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)
    return path.read_text()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_leaves_the_finished_pages_and_no_kernel(tmp_path):
    done = write(tmp_path / "in" / "a.ipynb", "print(1)")
    stubborn = (
        "import os, pathlib, time\n"
        "pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "while True:\n"
        "    try:\n"
        "        time.sleep(600)\n"
        "    except KeyboardInterrupt:\n"
        "        pass"
    )
    endless = write(tmp_path / "in" / "b.ipynb", stubborn)
    process = subprocess.Popen(
        [sys.executable, "-m", "tutorial_lib", "solve", done, endless, "--out", tmp_path / "out"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    kernel = int(wait_for(tmp_path / "out" / "pid"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert re.search(r"^a +1 +0 of 0 ", out, re.MULTILINE)
    assert err.endswith("Interrupted.\n")
    assert "Traceback" not in err
    assert not is_running(kernel)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"a.ipynb", "a.html"} <= written
    assert not {"b.ipynb", "b.html"} & written
