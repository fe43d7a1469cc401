"""All four notebooks as delivered: their static rules, and a run from top to bottom on real MNIST.

What each of them says in numbers is tested in test_notebook_01.py to test_notebook_04.py.
"""

import html
import re
from itertools import pairwise

import pytest
from notebook_rules import PLAIN_RULES, count_words
from notebook_runs import FOLDER, figures, read, shown
from notebook_tasks import TASK_RULES, is_check, tasks_of_notebook

from tutorial_lib.exercises import MODULES

NAMES = [f"{k:02}_{module}" for k, module in enumerate(MODULES, start=1)]
WORDS_AFTER_A_FIGURE = 20

each_notebook = pytest.mark.parametrize("name", NAMES)


def test_there_are_four_notebooks():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("rule", PLAIN_RULES, ids=lambda rule: rule.__name__)
@each_notebook
def test_rules_of_every_notebook(name, rule):
    assert rule(read(FOLDER / f"{name}.ipynb")) == []


@pytest.mark.parametrize("rule", TASK_RULES, ids=lambda rule: rule.__name__)
@each_notebook
def test_rules_of_exercises_and_questions(name, rule):
    assert rule(read(FOLDER / f"{name}.ipynb"), tasks_of_notebook(name)) == []


# --- Run as delivered ---------------------------------------------------------------------------


@each_notebook
def test_it_runs_to_the_end_without_an_error_or_a_warning(name, finished):
    done = finished(name)
    assert not done.failure, done.failure
    for cell in done.code_cells:
        assert cell.execution_count, f"{cell.id} did not run"
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert "Warning" not in output.get("text", ""), cell.id


@each_notebook
def test_every_check_says_not_attempted(name, finished):
    checks = [cell for cell in finished(name).code_cells if is_check(cell)]
    assert len(checks) == len(tasks_of_notebook(name))
    for cell, task in zip(checks, tasks_of_notebook(name), strict=True):
        assert shown(cell).startswith(f"– {task.id} {task.name}: not attempted"), cell.id
        page = "".join(o.data.get("text/html", "") for o in cell.outputs if "data" in o)
        words = html.unescape(re.sub(r"<[^>]*>", " ", page)).split()
        assert words == shown(cell).split(), cell.id


@each_notebook
def test_every_figure_is_read_aloud_in_the_next_cell(name, finished):
    followed = list(pairwise(finished(name).notebook.cells))
    with_figures = [(cell, after) for cell, after in followed if figures(cell)]
    assert len(with_figures) >= 3
    for cell, after in with_figures:
        assert after.cell_type == "markdown", cell.id
        paragraph = after.source.split("\n\n")[0]
        assert not paragraph.startswith(("#", "**Predict")), cell.id
        assert count_words(paragraph) >= WORDS_AFTER_A_FIGURE, cell.id
