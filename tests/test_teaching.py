"""The teacher's guide says what the notebooks, the declarations and the commands say.

Headings may change, exercises may come and points may move: whoever changes them is told here which
line of the guide to change as well.
"""

import argparse
import ast
import contextlib
import io
import re
import shlex
from fnmatch import fnmatch
from functools import cache

import pytest
from notebook_runs import FOLDER, ROOT, cells_of, read
from notebook_tasks import tasks_of_notebook

from tutorial_lib.__main__ import COMMANDS, _load
from tutorial_lib.comparison import summarise
from tutorial_lib.exercises import MODULES, all_exercises
from tutorial_lib.exercises.core import Exercise, Task
from tutorial_lib.exercises.mnist_exercise import train_digit_classifier
from tutorial_lib.study import load_study

GUIDE = (ROOT / "TEACHING.md").read_text("utf-8")
NOTEBOOKS = {f"{k:02}": f"{k:02}_{module}" for k, module in enumerate(MODULES, start=1)}
PLACES = re.compile(r"\*\*(0[1-4])\*\* ([^;|]+)")  # **02** One heading · Exercise 2.1

each_notebook = pytest.mark.parametrize("number", NOTEBOOKS)


def section(title: str) -> str:
    """Return the text below a heading of the second level that begins with a title."""
    parts = re.split(r"^## ", GUIDE, flags=re.MULTILINE)
    (found,) = [part for part in parts if part.startswith(title)]
    return found


def rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of all tables, the lines under their heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if not re.fullmatch(r"[|:-]+", line)
    ]


def points_of(tasks: list[Task]) -> float:
    return sum(task.points for task in tasks)


# --- Exercises and points -----------------------------------------------------------------------


@each_notebook
def test_every_exercise_and_question_is_named_with_its_notebook(number):
    text = section(number)
    ids = [task.id for task in tasks_of_notebook(NOTEBOOKS[number])]
    assert [i for i in ids if not re.search(rf"(?<![\w.]){re.escape(i)}(?![\w])", text)] == []


def test_no_exercise_is_named_that_does_not_exist():
    ids = {task.id for task in all_exercises()}
    named = re.findall(r"(?:Exercises?|Questions?|exercises?|questions?) (\d\.\d|Q\d+)", GUIDE)
    first_cells = {cell for row in rows(GUIDE) for cell in re.split(r", ", row[0])}
    named += [cell for cell in first_cells if re.fullmatch(r"\d\.\d|Q\d+", cell)]
    assert len(named) > 40
    assert [name for name in named if name not in ids] == []


@each_notebook
def test_overview_has_the_declared_numbers_and_points(number):
    tasks = tasks_of_notebook(NOTEBOOKS[number])
    written = [task for task in tasks if isinstance(task, Exercise)]
    asked = [task for task in tasks if not isinstance(task, Exercise)]
    (row,) = [row for row in rows(GUIDE) if row[0] == f"`{NOTEBOOKS[number]}`"]
    assert row[2:] == [
        f"{len(written)}, of {points_of(written):g} points",
        f"{len(asked)}, of {points_of(asked):g} points",
        f"{points_of(tasks):g}",
    ]


def test_overview_adds_up():
    (total,) = [row for row in rows(GUIDE) if row[0] == "all"]
    of_notebooks = [
        [int(number) for number in re.findall(r"\d+", " ".join(row[1:]))]
        for row in rows(GUIDE)
        if row[0].strip("`") in NOTEBOOKS.values()
    ]
    sums = [sum(column) for column in zip(*of_notebooks, strict=True)]
    assert [int(number) for number in re.findall(r"\d+", " ".join(total[1:]))] == sums


@each_notebook
def test_how_to_mark_has_the_declared_points(number):
    tasks = tasks_of_notebook(NOTEBOOKS[number])
    (line,) = re.findall(r"^\*\*How to mark\.\*\* Points: .*$", section(number), re.MULTILINE)
    total, exceptions = re.search(r"Points: (\d+)\. (.*? counts 1, but .*?)\. ", line).groups()
    assert float(total) == points_of(tasks)
    given = {name: float(points) for name, points in re.findall(r"(\S+): (\d+)", exceptions)}
    assert given == {task.id: task.points for task in tasks if task.points != 1}


def test_partial_credit_begins_where_it_is_declared():
    steps = [f"{100 * step.accuracy:g}" for step in train_digit_classifier.steps]
    text = section("04")
    assert [step for step in steps if not re.search(rf"\b{step}(?:,| and|\s%)", text)] == []


# --- Minutes ------------------------------------------------------------------------------------


@each_notebook
def test_minutes_are_those_of_the_readme_and_of_the_parts(number):
    name = f"`{NOTEBOOKS[number]}`"
    (planned,) = {row[1] for row in rows(GUIDE) if row[0] == name}
    (promised,) = {row[2] for row in rows((ROOT / "README.md").read_text()) if row[0] == name}
    assert planned == promised
    head, *table = rows(section(number))
    assert head == ["minutes", "reading, running", "exercises, questions"]
    parts = [row[1:] for row in table if all(re.match(r"\d", cell) for cell in row[1:])]
    spent = sum(int(re.match(r"\d+", cell)[0]) for row in parts for cell in row)
    assert abs(spent - int(planned)) <= 10


# --- Where things are taught --------------------------------------------------------------------


@cache
def headings(name: str) -> set[str]:
    """Return a notebook's headings; an exercise or a question goes by its number as well."""
    text = "\n".join(cell.source for cell in cells_of(read(FOLDER / f"{name}.ipynb"), "markdown"))
    found = {title.strip() for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    return found | {title.partition(" — ")[0] for title in found if " — " in title}


def places() -> list[tuple[str, str]]:
    """Return what the tables name, as (number of the notebook, heading)."""
    cells = [cell for row in rows(GUIDE) for cell in row]
    named = [found for cell in cells for found in PLACES.findall(cell)]
    return [(number, title.strip()) for number, titles in named for title in titles.split("·")]


@each_notebook
def test_every_section_that_a_table_names_is_a_heading(number):
    named = {title for where, title in places() if where == number}
    assert len(named) >= 5
    assert sorted(named - headings(NOTEBOOKS[number])) == []


@each_notebook
def test_sections_named_in_a_notebooks_own_part_are_headings(number):
    table = [row[0] for row in rows(section(number)) if len(row) == 3]
    named = {title for cell in table for title in re.findall(r"\*([^*]+)\*", cell)}
    assert sorted(named - headings(NOTEBOOKS[number])) == []


def test_every_part_of_the_sources_has_its_place():
    covered = rows(section("Where the sources are covered"))
    parts = [row for row in covered if row[0] != "in the source" and not row[0].startswith("**")]
    assert len(parts) > 100
    nowhere = [row[0] for row in parts if not PLACES.search(row[1])]
    assert nowhere == ["title and contents"]


def test_every_erratum_is_taught():
    _, *errata = rows(section("Errata"))
    assert len(errata) == 8
    assert [row[0] for row in errata if not PLACES.search(row[-1])] == []


# --- Files, commands, code ----------------------------------------------------------------------


def code_spans() -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", GUIDE, flags=re.DOTALL))


def test_every_file_exists_or_is_made_by_working():
    made = (ROOT / ".gitignore").read_text().split()
    links = [path for path in re.findall(r"\]\(([^)#]+)\)", GUIDE) if "://" not in path]
    known = r"(?:notebooks|tutorial_lib|tests|docs)(?:/\S+)?|[\w./-]+\.(?:md|ipynb|json|yml|toml)"
    files = [span for span in code_spans() if re.fullmatch(known, span)]
    assert len(links + files) >= 5
    for name in links + files:
        by_working = any(fnmatch(name.split("/")[-1], mark.strip("/")) for mark in made)
        assert (ROOT / name).exists() or by_working, name


def test_every_link_within_the_guide_has_its_heading():
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) - anchors == set()


def test_every_make_target_exists():
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake (lab|setup|test|[a-z]+)`", GUIDE))
    assert {"lab", "test"} <= named <= rules


def test_every_command_is_understood():
    calls = re.findall(r"python -m tutorial_lib ([^`\n]+)", GUIDE)
    assert {"doctor", "data", "solve", "reproduce"} <= {call.split()[0] for call in calls}
    for call in calls:
        name, *words = shlex.split(call)
        assert name in COMMANDS, call
        parser = argparse.ArgumentParser(exit_on_error=False)
        _load(name).add_arguments(parser)
        parser.parse_args(words)


def test_every_environment_variable_is_read_somewhere():
    sources = "".join(path.read_text() for path in (ROOT / "tutorial_lib").rglob("*.py"))
    named = set(re.findall(r"TUTORIAL_[A-Z_]+", GUIDE))
    assert "TUTORIAL_MNIST_FOLDER" in named
    assert {name for name in named if f'"{name}"' not in sources} == set()


def test_its_code_runs():
    blocks = re.findall(r"^( *)```python\n(.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
    assert blocks
    for margin, block in blocks:
        code = re.sub(rf"^{margin}", "", block, flags=re.MULTILINE)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(ast.parse(code), "TEACHING.md", "exec"), {})
        assert len(said.getvalue().splitlines()) == len(all_exercises())


def test_other_cases_can_be_drawn_as_it_says():
    (name, answer, seed) = re.search(r"`ex\.(\w+)\.judge\((\w+), seed=(\d+)\)`", GUIDE).groups()
    (task,) = [task for task in all_exercises() if task.name == name == answer]
    assert isinstance(task, Exercise)
    assert str(task.judge(task.reference, seed=int(seed)).status) == str(
        task.judge(task.reference).status
    )


# --- Numbers ------------------------------------------------------------------------------------


def test_what_it_says_of_the_study_is_what_is_stored():
    study = load_study()

    def saved(n_labels: int, depth: int) -> float:
        starts = [study.test_errors(start, n_labels, depth) for start in ("random", "pretrained")]
        return float(summarise([a - b for a, b in zip(*starts, strict=True)])["mean"])

    told = (
        f"with 100 labels it saves {saved(100, 1):.1f} points at one hidden layer and "
        f"{saved(100, 5):.1f} at five; with 1,000 labels {saved(1000, 1):.1f} and "
        f"{saved(1000, 5):.1f};"
    )
    assert told in section("03")
    assert all(abs(saved(50_000, depth)) < 0.2 for depth in study.depths)
