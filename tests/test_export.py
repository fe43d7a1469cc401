"""The command `export`: the course that it writes, what it refuses, and that nbgrader takes it."""

import argparse
import ast
import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from make_nbgrader_venv import default_folder, is_made, program
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_runs import FOLDER, ROOT, read
from notebook_tasks import TASK_HEADING, tasks_of_notebook

from tutorial_lib import export
from tutorial_lib.exercises import all_exercises
from tutorial_lib.exercises.core import Exercise
from tutorial_lib.export_cells import for_nbgrader
from tutorial_lib.solve_insertion import SolveError

NAMES = ["01_autoencoder", "02_stacking", "03_fine_tuning", "04_mnist_exercise"]


def run_export(*words: object) -> int:
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    return export.run(parser.parse_args(["nbgrader", *map(str, words)]))


def told(capsys) -> SimpleNamespace:
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return SimpleNamespace(out=out, err=err)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "course"
    assert run_export(folder) == 0
    return folder


@pytest.fixture(scope="module")
def short_course(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "short"
    assert run_export(folder, "--exercises-only") == 0
    return folder


def exported(course: Path, name: str) -> NotebookNode:
    notebook = read(course / "source" / name / f"{name}.ipynb")
    nbformat.validate(notebook)
    return notebook


def marked(notebook: NotebookNode, kind: str) -> dict[str, NotebookNode]:
    """The cells with "solution" or "grade", by the name of the exercise."""
    return {
        cell.metadata.nbgrader.grade_id.rpartition("-")[0]: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get(kind)
    }


def cleared(source: str) -> str:
    """What nbgrader makes of a solution cell, with ``...`` as its stub."""
    kept, inside = [], False
    for line in source.split("\n"):
        if "BEGIN SOLUTION" in line:
            kept.append(re.match(r"\s*", line)[0] + "...")
        inside = (inside or "BEGIN SOLUTION" in line) and "END SOLUTION" not in line
        if not inside and "END SOLUTION" not in line:
            kept.append(line)
    return "\n".join(kept)


# --- The course ----------------------------------------------------------------------------------


def test_what_is_written(course):
    assert [*files_below(course)] == [
        "README.md",
        "nbgrader_config.py",
        *(f"source/{name}/{name}.ipynb" for name in NAMES),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_metadata_of_cells_are_of_the_third_schema(course, name):
    notebook = exported(course, name)
    marks = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    common = {"schema_version": 3, "task": False}
    for mark in marks:
        rest = {key: value for key, value in mark.items() if key not in ("grade_id", "points")}
        if mark.solution:
            assert rest == {**common, "grade": False, "locked": False, "solution": True}
            assert "points" not in mark
        else:
            assert rest == {**common, "grade": True, "locked": True, "solution": False}
            assert type(mark.points) in (int, float)
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", mark.grade_id)
    assert len({mark.grade_id for mark in marks}) == len(marks) == 2 * len(tasks_of_notebook(name))
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_has_an_answer_then_a_check_of_its_points(course, name):
    notebook = exported(course, name)
    order = [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]
    tasks = tasks_of_notebook(name)
    assert order == [f"{task.name}-{end}" for task in tasks for end in ("answer", "check")]
    points = {name: c.metadata.nbgrader.points for name, c in marked(notebook, "grade").items()}
    assert points == {task.name: task.points for task in tasks}


@pytest.mark.parametrize("which", ["course", "short_course"])
def test_points_add_up_to_those_of_all_exercises(which, request):
    folder = request.getfixturevalue(which)
    names = [path.stem for path in folder.glob("source/*/*.ipynb")]
    cells = [cell for name in names for cell in marked(exported(folder, name), "grade").values()]
    total = sum(task.points for task in all_exercises())
    assert sum(cell.metadata.nbgrader.points for cell in cells) == total == 56


def delivered_stubs(name: str) -> dict[str, str]:
    """The stubs of a delivered notebook: of a function its cell, of a question its line."""
    code = [
        cell.source for cell in read(FOLDER / f"{name}.ipynb").cells if cell.cell_type == "code"
    ]
    stubs = {}
    for task in tasks_of_notebook(name):
        if isinstance(task, Exercise):
            (stub,) = [source for source in code if source.startswith(f"def {task.name}(")]
            stubs[task.name] = stub
        else:
            lines = [line for source in code for line in source.split("\n")]
            assert lines.count(f"{task.name} = ...") == 1
            stubs[task.name] = f"{task.name} = ..."
    return stubs


@pytest.mark.parametrize("name", NAMES)
def test_without_the_solutions_the_stubs_are_those_of_the_delivered_notebook(course, name):
    answers, stubs = marked(exported(course, name), "solution"), delivered_stubs(name)
    assert answers.keys() == stubs.keys()
    for task, cell in answers.items():
        assert cell.source.count("### BEGIN SOLUTION") == 1
        if stubs[task].startswith("def "):
            assert cleared(cell.source) == stubs[task]
        else:  # the dots stand between brackets
            stub = ast.parse(cleared(cell.source))
            assert ast.dump(stub) == ast.dump(ast.parse(stubs[task]))


@pytest.mark.parametrize("name", NAMES)
def test_all_other_cells_are_those_of_the_delivered_notebook(course, name):
    delivered, notebook = read(FOLDER / f"{name}.ipynb"), exported(course, name)
    others = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
    ids = {cell.id for cell in others}
    assert others == [cell for cell in delivered.cells if cell.id in ids]
    n_exercises = sum(isinstance(task, Exercise) for task in tasks_of_notebook(name))
    # A question's one cell is made two.
    n_questions = len(tasks_of_notebook(name)) - n_exercises
    assert len(others) == len(delivered.cells) - 2 * n_exercises - n_questions
    assert notebook.metadata == delivered.metadata


def test_a_check_raises_an_error_and_shows_the_outcome(course):
    notebook = exported(course, "01_autoencoder")
    assert marked(notebook, "grade")["decode"].source == (
        "from tutorial_lib.exercises import autoencoder as ex\n\n"
        "outcome = ex.decode.check(decode)\n"
        "display(outcome)\n"
        'assert outcome.status == "CORRECT", outcome.headline'
    )
    shown = []
    scope = {"display": shown.append, "decode": lambda code, weight, bias: code}
    with pytest.raises(AssertionError, match=r"1\.2 decode"):
        exec(marked(notebook, "grade")["decode"].source, scope)
    assert [outcome.status for outcome in shown] == ["INCORRECT"]


def test_partial_credit_is_a_number_at_the_end(course):
    checks = marked(exported(course, "04_mnist_exercise"), "grade")
    by_number = [name for name, cell in checks.items() if "assert" not in cell.source]
    assert by_number == ["train_digit_classifier"]
    assert checks["train_digit_classifier"].source.endswith("display(outcome)\noutcome.points")


# --- Exercises only ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_short_notebook_has_the_same_tasks_answers_and_checks(course, short_course, name):
    whole, short = exported(course, name), exported(short_course, f"{name}_exercises")
    for kind in ("solution", "grade"):
        assert marked(short, kind) == marked(whole, kind)
    texts = [cell.source for cell in short.cells if cell.cell_type == "markdown"]
    found = [number for text in texts for _, number, _ in TASK_HEADING.findall(text)]
    assert found == [task.id for task in tasks_of_notebook(name)]
    assert f"`{name}.ipynb`" in texts[0]
    assert len(texts) == len(found) + 1


@pytest.mark.parametrize("name", NAMES)
def test_the_solved_short_notebook_runs_and_is_right(short_course, name, monkeypatch):
    for task in all_exercises():  # as a new kernel knows them, and known so to no other test
        if isinstance(task, Exercise):
            monkeypatch.setattr(task, "_accepted", None)
            monkeypatch.setattr(task, "_checked", False)
    scope: dict[str, Any] = {"display": lambda outcome: None, "__name__": "__main__"}
    n_right = 0
    for cell in exported(short_course, f"{name}_exercises").cells:
        # 4.5 trains for half a minute; its solution has a test of its own.
        if cell.cell_type == "code" and "outcome.points" not in cell.source:
            exec(compile(cell.source, cell.id, "exec"), scope)
            n_right += cell.metadata.get("nbgrader", {}).get("grade", False)
    assert n_right == len(tasks_of_notebook(name)) - int(name == NAMES[3])


def test_the_short_notebook_keeps_what_answers_stand_on_and_no_training():
    text = "# Title\n\nThe lesson."
    task = "The figure above …\n\n### Exercise 1.1 — The encoder\n\nWrite it."
    notebook = new_notebook(
        cells=[
            new_markdown_cell(text, id="title"),
            new_code_cell(
                "import torch\nfrom tutorial_lib.plots import plot_filters\n"
                "from tutorial_lib.losses import squared_error\n"
                "SIZE = 3\nlevel = 4\nimages = torch.rand(9)\nMANY = images[0]",
                id="light",
            ),
            new_code_cell(
                "def cost(x):\n    y = squared_error(x, SIZE)\n    return y\n\n\n"
                "def mean(x):\n    return images.mean()",
                id="functions",
            ),
            new_markdown_cell(task, id="task"),
            new_code_cell("%matplotlib inline\nimport numpy", id="magic"),
            new_markdown_cell("More on the task.", id="more"),
            new_code_cell("def encode(x, weight, bias):\n    '''Encode.'''\n    ...", id="stub"),
            new_code_cell(
                "from tutorial_lib.exercises import autoencoder as ex\nex.encode.check(encode)",
                id="check",
            ),
            new_code_cell("encode = ex.encode.yours_or_ours()\nencode(images)", id="use"),
            new_markdown_cell("You see …", id="read"),
        ]
    )
    short, _ = for_nbgrader(notebook)
    export.only_exercises(short, "lesson")
    sources = {cell.id: cell.source for cell in short.cells}
    kept = ["exercises-only", "light", "functions", "task", "more", "stub", "check", "use"]
    assert [*sources] == kept
    assert sources["light"] == (
        "import torch\nfrom tutorial_lib.losses import squared_error\nSIZE = 3"
    )
    assert sources["functions"].startswith("def cost(x):")
    assert "mean" not in sources["functions"]
    assert sources["task"] == "### Exercise 1.1 — The encoder\n\nWrite it."
    assert sources["use"] == "encode = ex.encode.yours_or_ours()"


# --- What it says and refuses --------------------------------------------------------------------


def test_the_warning_is_printed_and_stands_in_the_folder(tmp_path, capsys):
    assert run_export(tmp_path / "course") == 0
    out, readme = told(capsys).out, (tmp_path / "course" / "README.md").read_text("utf-8")
    for text in (out, readme):
        assert "nbgrader does not isolate what it marks" in text
        assert "skip-execution" in text
        assert "python -m tutorial_lib grade" in text
        assert "| `02_stacking` | 9 | 12 |" in text
    assert str(tmp_path / "course" / "README.md") in out
    assert "{" not in readme


def test_a_folder_with_files_is_refused_and_stays(tmp_path, capsys):
    (tmp_path / "gradebook.db").write_text("marks")
    assert run_export(tmp_path) == 2
    assert "holds files already" in told(capsys).err
    assert files_below(tmp_path) == {"gradebook.db": b"marks"}


def test_force_replaces_ours_and_nothing_else(course, tmp_path, capsys):
    folder = tmp_path / "course"
    shutil.copytree(course, folder)
    notebook = folder / "source" / NAMES[0] / f"{NAMES[0]}.ipynb"
    notebook.write_text("changed")
    others = {"gradebook.db": b"marks", f"submitted/eve/{NAMES[0]}/{NAMES[0]}.ipynb": b"{}"}
    for name, data in others.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert run_export(folder, "--force") == 0
    assert files_below(folder) == {**files_below(course), **others}


def test_an_empty_folder_is_used_and_readable_by_others(course, tmp_path, capsys):
    folder = tmp_path / "deep" / "course"
    folder.mkdir(parents=True)
    assert run_export(folder) == 0
    assert files_below(folder) == files_below(course)
    mask = os.umask(0)
    os.umask(mask)
    assert folder.stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch, capsys, error):
    written: list[Path] = []
    write = export.write_atomically

    def break_at_the_third(path: Path, data: bytes) -> None:
        if len(written) == 2:
            raise error
        written.append(path)
        write(path, data)

    monkeypatch.setattr(export, "write_atomically", break_at_the_third)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            run_export(tmp_path / "course")
    else:
        assert run_export(tmp_path / "course") == 2
        assert "cannot be written (No space left on device)" in told(capsys).err
    assert len(written) == 2
    assert [*tmp_path.iterdir()] == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path, capsys):
    (tmp_path / "course").write_text("a file")
    for words in ([], ["--force"]):
        assert run_export(tmp_path / "course", *words) == 2
        assert "cannot be written (Not a directory)" in told(capsys).err
    assert (tmp_path / "course").read_text() == "a file"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "holds no notebooks; name their folder with --notebooks"),
        ("no JSON", "is no notebook"),
        ("[]", "is no notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "cells": [3]}', "is no notebook"),
        (nbformat.writes(new_notebook(cells=[])), "holds no exercise of the course"),
    ],
)
def test_other_folders_of_notebooks_are_refused(tmp_path, capsys, content, says):
    if content is not None:
        (tmp_path / "01_other.ipynb").write_text(content)
    assert run_export(tmp_path / "course", "--notebooks", tmp_path) == 2
    assert says in told(capsys).err
    assert not (tmp_path / "course").exists()


def test_a_notebook_with_answers_is_refused(tmp_path, capsys):
    notebook = read(FOLDER / "01_autoencoder.ipynb")
    (cell,) = [cell for cell in notebook.cells if cell.id == "encode-stub"]
    cell.source = cell.source.replace("    ...", "    return x")
    nbformat.write(notebook, tmp_path / "01_autoencoder.ipynb")
    assert run_export(tmp_path / "course", "--notebooks", tmp_path) == 2
    assert "no stub of encode (exercise 1.1)" in told(capsys).err


IMPORT = "from tutorial_lib.exercises import autoencoder as ex"
STUB = "def encode(x, weight, bias):\n    '''Encode.'''\n    ..."
CHECK = "ex.encode.check(encode)"


def made_of(*sources: str) -> NotebookNode:
    return new_notebook(cells=[new_code_cell(s, id=f"c{k}") for k, s in enumerate(sources)])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([IMPORT, STUB], "has 0 checks of encode (exercise 1.1)"),
        ([IMPORT, STUB, CHECK, CHECK], "has 2 checks of encode"),
        ([IMPORT, STUB, f"if True:\n    {CHECK}"], "has 0 checks of encode"),
        ([IMPORT, STUB, f"{CHECK}\nx = 1"], "after the check of encode; take it out; it is in the"),
        ([IMPORT, STUB, f"x = 1; {CHECK}"], "beside or after the check of encode"),
        ([IMPORT, STUB, f"{CHECK}; x = 1"], "beside or after the check of encode"),
        ([IMPORT, "def encode(x, weight, bias): ...", CHECK], "puts something beside the ... of"),
        ([IMPORT, f"{STUB}  # yours", CHECK], "puts something beside the ... of encode"),
        ([IMPORT, "x = 1; low_cost = ...\nex.low_cost.check(low_cost)"], "beside low_cost = ..."),
        ([IMPORT, "low_cost = ...; x = 1\nex.low_cost.check(low_cost)"], "beside low_cost = ..."),
        ([IMPORT, "ex.low_cost.check(low_cost)\nlow_cost = ..."], "before it is given"),
        ([IMPORT, f"low_cost = ...\n{STUB}"], "holds several exercises"),
    ],
)
def test_forms_that_nbgrader_could_not_restore_are_refused(cells, says):
    notebook = made_of(*cells)
    before = copy.deepcopy(notebook)
    with pytest.raises(SolveError, match=re.escape(says)):
        for_nbgrader(notebook)
    assert notebook == before


def test_lines_around_a_question_and_tags_stay():
    cell = f"é = 'é'  # before\nlow_cost = ...  # a to d\n\n{IMPORT}\nex.low_cost.check(low_cost)"
    notebook = made_of(cell)
    notebook.cells[0].metadata.tags = ["kept"]
    made, _ = for_nbgrader(notebook)
    answer, check = made.cells
    assert cleared(answer.source) == "é = 'é'  # before\nlow_cost = (\n    ...\n)  # a to d"
    assert check.source.split("\n")[:3] == [IMPORT, "", "outcome = ex.low_cost.check(low_cost)"]
    assert answer.metadata.tags == check.metadata.tags == ["kept"]
    assert answer.id != check.id


# --- nbgrader itself -----------------------------------------------------------------------------

# REQUIRE_NBGRADER, set by continuous integration, turns the omission into a failure.
needs_nbgrader = pytest.mark.skipif(
    not is_made(default_folder()) and "REQUIRE_NBGRADER" not in os.environ,
    reason="No environment with nbgrader (python tests/make_nbgrader_venv.py), so it was not tried",
)

POINTS = """
import json, sys
from nbgrader.api import Gradebook
points = {}
with Gradebook("sqlite:///gradebook.db") as gradebook:
    for submission in gradebook.assignment_submissions(sys.argv[1]):
        (notebook,) = submission.notebooks
        assert not notebook.needs_manual_grade
        grades = {grade.name: [grade.auto_score, grade.max_score] for grade in notebook.grades}
        points[submission.student.id] = grades
print(json.dumps(points))
"""


class Nbgrader:
    """nbgrader at work in a copy of the short course."""

    def __init__(self, folder: Path, short_course: Path) -> None:
        self.venv = default_folder()
        assert is_made(self.venv), f"{self.venv}: make it by `python tests/make_nbgrader_venv.py`"
        self.folder = folder / "course"
        shutil.copytree(short_course, self.folder)
        # In tests of its own a kernel does not look at what is written below Python.
        ours = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
        self.environment = ours | {
            "PATH": os.pathsep.join([str(program(self.venv, "")), ours.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), ours.get("PYTHONPATH")])),
            # A record that all would share: the course must not look at it.
            "TUTORIAL_PROGRESS": str(folder / "progress.json"),
            # Nobody's settings or kernels but those of the environment.
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }

    def run(self, name: str, *words: str) -> str:
        done = subprocess.run(
            [program(self.venv, name), *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def generate(self, assignment: str) -> NotebookNode:
        self.run("nbgrader", "generate_assignment", assignment)
        return read(self.folder / "release" / assignment / f"{assignment}.ipynb")

    def submit(self, student: str, assignment: str, notebook: NotebookNode) -> Path:
        folder = self.folder / "submitted" / student / assignment
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{assignment}.ipynb")
        return folder

    def grade(self, assignment: str) -> dict[str, dict[str, list[float]]]:
        """Return points and the points that could be had, by student and check."""
        self.run("nbgrader", "autograde", assignment)
        points: dict[str, dict[str, list[float]]] = json.loads(
            self.run("python", "-c", POINTS, assignment)
        )
        return points


def with_tag(notebook: NotebookNode, tag: str) -> NotebookNode:
    made = copy.deepcopy(notebook)
    for cell in marked(made, "grade").values():
        cell.metadata.tags = [tag]
    return made


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory, short_course) -> Nbgrader:
    return Nbgrader(tmp_path_factory.mktemp("nbgrader"), short_course)


@pytest.fixture(scope="module")
def first(nbgrader) -> SimpleNamespace:
    """The first assignment, generated and marked: solved, unsolved, and forged."""
    name = "01_autoencoder_exercises"
    source = exported(nbgrader.folder, name)
    beside_source = nbgrader.folder / "source" / name
    (beside_source / "progress.json").write_text('{"of the teacher": {}}')
    (beside_source / "checkpoints").mkdir()
    (beside_source / "checkpoints" / "x.checkpoint").write_text("a training")
    released = nbgrader.generate(name)
    nbgrader.submit("solved", name, source)
    unsolved = nbgrader.submit("unsolved", name, released)
    (unsolved / "progress.json").write_text('{"planted": {}}')
    nbgrader.submit("forger", name, with_tag(released, "skip-execution"))
    points = nbgrader.grade(name)
    return SimpleNamespace(name=name, source=source, released=released, points=points)


def out_of(name: str) -> dict[str, list[float]]:
    return {f"{task.name}-check": [task.points, task.points] for task in tasks_of_notebook(name)}


@needs_nbgrader
def test_nbgrader_hands_out_the_stubs(first):
    stubs = delivered_stubs("01_autoencoder")
    for task, cell in marked(first.released, "solution").items():
        assert cell.source == cleared(marked(first.source, "solution")[task].source)
        if stubs[task].startswith("def "):
            assert cell.source == stubs[task]
    assert "SOLUTION" not in nbformat.writes(first.released)
    for name, cell in marked(first.released, "grade").items():
        assert cell.source == marked(first.source, "grade")[name].source
        assert not cell.metadata.editable


@needs_nbgrader
def test_nbgrader_gives_a_solved_notebook_all_points(first):
    assert first.points["solved"] == out_of("01_autoencoder")


@needs_nbgrader
def test_nbgrader_gives_an_unsolved_notebook_none(first):
    expected = {name: [0, most] for name, (_, most) in out_of("01_autoencoder").items()}
    assert first.points["unsolved"] == expected


@needs_nbgrader
def test_the_warning_is_true_a_tag_is_worth_full_marks(first):
    assert first.points["forger"] == out_of("01_autoencoder")


@needs_nbgrader
def test_no_record_of_answers_is_handed_out_taken_over_or_shared(first, nbgrader):
    released = nbgrader.folder / "release" / first.name
    assert [path.name for path in released.iterdir()] == [f"{first.name}.ipynb"]
    for student in ("solved", "unsolved"):
        record = nbgrader.folder / "autograded" / student / first.name / "progress.json"
        entries = json.loads(record.read_text())
        assert "encode" in entries
        assert "planted" not in entries
    assert not Path(nbgrader.environment["TUTORIAL_PROGRESS"]).exists()


def answered(released: NotebookNode, **answers: str) -> NotebookNode:
    """A notebook as handed out, some ``...`` replaced."""
    made = copy.deepcopy(released)
    for name, answer in answers.items():
        cell = marked(made, "solution")[name]
        cell.source = re.sub(r"\.\.\.(?=\W*\Z)", lambda _, text=answer: text, cell.source)
    return made


@needs_nbgrader
def test_right_wrong_and_broken_answers_in_one_notebook(nbgrader):
    name = "02_stacking_exercises"
    released = nbgrader.generate(name)
    solved = marked(exported(nbgrader.folder, name), "solution")
    # The wrong ones: a wrong result, a wrong number, no Python at all, and no function any more.
    mixed = answered(released, n_own="7.5", decode_stack="return code")
    marked(mixed, "solution")["combine_filters"].source = "def combine_filters(:"
    marked(mixed, "solution")["denoising_gradients"].source = "del denoising_gradients"
    # The right ones; a library's complaint on the error stream, below Python, costs nothing.
    complaint = "import os\n    os.write(2, b'a warning')\n    codes = []"
    source = solved["encode_stack"].source
    assert source.count("codes = []") == 1
    source = source.replace("codes = []", complaint)
    marked(mixed, "solution")["encode_stack"].source = source
    marked(mixed, "solution")["n_passes"].source = solved["n_passes"].source
    nbgrader.submit("mixed", name, mixed)
    points = nbgrader.grade(name)["mixed"]
    right = {"encode_stack-check", "n_passes-check"}
    assert {check for check, (got, _) in points.items() if got} == right
    assert all(points[check][0] == points[check][1] for check in right)


# Reads about 80 % of the digits: more than the first step asks for, and less than the second.
NEAREST_MEAN = """means = torch.stack([images[labels == k].mean(dim=0) for k in range(10)])

    def read_digits(new_images):
        return torch.cdist(new_images, means).argmin(dim=1)

    return read_digits"""


@needs_nbgrader
def test_a_part_of_the_accuracy_gets_a_part_of_the_points(nbgrader):
    name = "04_mnist_exercise_exercises"
    released = nbgrader.generate(name)
    nbgrader.submit("half", name, answered(released, train_digit_classifier=NEAREST_MEAN))
    points = nbgrader.grade(name)["half"]
    assert {check: got for check, got in points.items() if got[0]} == {
        "train_digit_classifier-check": [1, 4]
    }
