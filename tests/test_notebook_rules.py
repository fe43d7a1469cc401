"""The rules for notebooks catch what they forbid: each is tried on a page with one thing wrong."""

import copy
from collections.abc import Callable

import pytest
import torch
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import MAX_CODE_LINES, PLAIN_RULES, count_words
from notebook_tasks import TASK_RULES, is_check, is_stub, tasks_of_notebook

from tutorial_lib.exercises import tasks_of
from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.question import Question


def double(x, times=2):
    """Return twice the input.

    x: (n_examples,), a float tensor.
    """
    return times * x


TASKS = [
    Exercise(
        id="1.1",
        title="Twice",
        points=1,
        reference=double,
        cases=lambda generator: {"3 numbers": {"x": torch.rand(3, generator=generator)}},
        expects="as many numbers.",
        hints=("Add.", "Add it to itself."),
        notice="It grew.",
    ),
    Question(
        id="Q1",
        title="How many?",
        points=1,
        variable="n_twos",
        reference=2.0,
        hints=("Few.", "Fewer."),
        notice="Two.",
    ),
]
PROSE = " ".join(["word"] * 60)


def text(name: str, source: str) -> NotebookNode:
    return new_markdown_cell(source, id=name)


def code(name: str, source: str) -> NotebookNode:
    return new_code_cell(source, id=name)


def good_page() -> NotebookNode:
    """A notebook with one exercise and one question that keeps every rule."""
    goals = "- one\n- two\n- three"
    cells = [
        text("title", f"# A page\n\nThen you can\n\n{goals}\n\n10 minutes. You should know it."),
        text("twice-text", "## Twice\n\n### Exercise 1.1 — Twice\n\nWrite `double`."),
        code(
            "twice-stub",
            'def double(x, times=2):\n    """Return twice the input.\n\n    x: '
            '(n_examples,), a float tensor.\n    """\n    ...',
        ),
        code(
            "twice-check",
            "from tutorial_lib.exercises import autoencoder as ex\n\nex.double.check(double)",
        ),
        text("count-text", "### Question Q1 — How many?\n\nCount them."),
        code("count-check", "n_twos = ...\nex.n_twos.check(n_twos)"),
    ]
    for k in range(4):
        cells += [
            text(f"part-{k}-text", f"## Part {k}\n\n{PROSE}\n\n**Predict.** What will it be?"),
            code(f"part-{k}", f"print({k})"),
        ]
    cells.append(
        text("end", f"## You can now\n\n{goals}\n\n**Sources.** None.\n\n**Next:** nothing.")
    )
    page = new_notebook(cells=cells)
    page.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return page


def complaints_about(page: NotebookNode) -> set[str]:
    """The names of the rules that are broken."""
    found = {rule.__name__ for rule in PLAIN_RULES if rule(page)}
    return found | {rule.__name__ for rule in TASK_RULES if rule(page, TASKS)}


def cell(page: NotebookNode, name: str) -> NotebookNode:
    (found,) = [cell for cell in page.cells if cell.id == name]
    return found


def replace(name: str, old: str, new: str) -> Callable[[NotebookNode], None]:
    def change(page: NotebookNode) -> None:
        assert old in cell(page, name).source
        cell(page, name).source = cell(page, name).source.replace(old, new)

    return change


def delete(name: str) -> Callable[[NotebookNode], None]:
    return lambda page: page.cells.remove(cell(page, name))


def insert_after(name: str, *cells: NotebookNode) -> Callable[[NotebookNode], None]:
    def change(page: NotebookNode) -> None:
        k = page.cells.index(cell(page, name)) + 1
        page.cells[k:k] = copy.deepcopy(cells)

    return change


def with_output(page: NotebookNode) -> None:
    cell(page, "part-0").execution_count = 1


def with_another_kernel(page: NotebookNode) -> None:
    page.metadata.kernelspec.name = "ir"


def with_metadata(page: NotebookNode) -> None:
    cell(page, "part-0").metadata["tags"] = ["hidden"]


def renamed(old: str, new: str) -> Callable[[NotebookNode], None]:
    def change(page: NotebookNode) -> None:
        cell(page, old).id = new

    return change


def in_another_order(page: NotebookNode) -> None:
    page.cells[1:6] = page.cells[4:6] + page.cells[1:4]
    replace("twice-check", "from tutorial_lib.exercises import autoencoder as ex\n\n", "")(page)
    source = cell(page, "count-check").source
    cell(page, "count-check").source = f"from tutorial_lib.exercises import a as ex\n\n{source}"


BROKEN: list[tuple[str, Callable[[NotebookNode], None]]] = [
    ("stored_without_outputs", with_output),
    ("stored_without_outputs", with_another_kernel),
    ("stored_without_outputs", with_metadata),
    ("cell_ids_are_names", renamed("part-0", "0a1b2c3d")),
    ("cell_ids_are_names", renamed("part-0", "deadbeef")),
    ("cell_ids_are_names", renamed("part-0", "Part_0")),
    ("code_cells_are_short_and_plain", replace("part-0", "print(0)", "%time")),
    ("code_cells_are_short_and_plain", replace("part-0", "print(0)", "!pip install it")),
    ("code_cells_are_short_and_plain", replace("part-0", "print(0)", "from torch import *")),
    ("code_cells_are_short_and_plain", replace("part-0", "print(0)", "print(0")),
    ("code_cells_are_short_and_plain", replace("part-0", "print(0)", "")),
    (
        "code_cells_are_short_and_plain",
        replace("part-0", "print(0)", "\n".join(["print(0)"] * (MAX_CODE_LINES + 1))),
    ),
    ("imports_stand_first_and_serve", replace("part-0", "print(0)", "import math\n\nprint(0)")),
    ("imports_stand_first_and_serve", replace("part-0", "print(0)", "print(0)\nimport io\nio")),
    ("no_two_code_cells_stand_together", insert_after("part-0", code("more", "print(1)"))),
    ("no_two_code_cells_stand_together", insert_after("twice-check", code("more", "print(1)"))),
    ("prose_and_code_are_in_proportion", replace("part-0-text", PROSE, PROSE + " word" * 100)),
    (
        "prose_and_code_are_in_proportion",
        lambda page: [replace(f"part-{k}-text", PROSE, "Few words.")(page) for k in range(4)],
    ),
    ("prose_and_code_are_in_proportion", replace("count-text", "Count", "Count " * 141)),
    ("first_and_last_cell_mirror_each_other", replace("title", "- two\n", "")),
    ("first_and_last_cell_mirror_each_other", replace("title", "minutes", "hours")),
    ("first_and_last_cell_mirror_each_other", replace("end", "**Sources.**", "Sources")),
    ("first_and_last_cell_mirror_each_other", delete("end")),
    ("headings_form_an_outline", replace("part-0-text", "## Part", "# Part")),
    ("headings_form_an_outline", replace("part-0-text", "## Part", "##### Part")),
    ("predictions_are_asked_for_right_before_the_code", delete("part-0-text")),
    (
        "predictions_are_asked_for_right_before_the_code",
        replace("part-0-text", "What will it be?", "What will it be?\n\nBy the way."),
    ),
    (
        "predictions_are_asked_for_right_before_the_code",
        insert_after("part-0-text", text("between", "## Between")),
    ),
    ("every_task_has_its_heading", replace("twice-text", "### Exercise", "#### Exercise")),
    ("every_task_has_its_heading", replace("twice-text", " — ", " - ")),
    ("every_task_has_its_heading", replace("twice-text", "1.1", "1.2")),
    ("every_task_has_its_heading", replace("count-text", "How many", "How few")),
    ("every_task_has_its_heading", replace("count-text", "Question", "Exercise")),
    ("every_task_has_its_heading", insert_after("part-0", text("q", "### Question Q2 — Why?"))),
    ("every_task_has_its_heading", in_another_order),
    ("every_task_has_its_cells", replace("twice-stub", "def double", "def twice")),
    ("every_task_has_its_cells", replace("twice-stub", "times=2", "times=3")),
    ("every_task_has_its_cells", replace("twice-stub", "(x, times", "(y, times")),
    ("every_task_has_its_cells", replace("twice-stub", "twice the", "two times the")),
    ("every_task_has_its_cells", replace("twice-stub", "    ...", "    return 2 * x")),
    ("every_task_has_its_cells", replace("twice-check", "(double)", "(twice)")),
    ("every_task_has_its_cells", replace("twice-check", "(double)", "()")),
    ("every_task_has_its_cells", replace("twice-check", "ex.double", "ex.triple")),
    ("every_task_has_its_cells", replace("count-check", "= ...", "= 2")),
    ("every_task_has_its_cells", replace("count-check", "n_twos = ...\n", "")),
    ("every_task_has_its_cells", replace("count-check", "n_twos = ...", "n_twos = ...\nprint()")),
    (
        "every_check_belongs_to_a_task",
        insert_after("part-0-text", code("again", "ex.double.check(double)")),
    ),
    (
        "every_check_belongs_to_a_task",
        insert_after("part-0-text", code("again", 'def double(x):\n    """Do."""\n    ...')),
    ),
    (
        "exercises_come_from_one_module",
        replace("twice-check", "from tutorial_lib.exercises import autoencoder as ex\n\n", ""),
    ),
    (
        "exercises_come_from_one_module",
        replace(
            "count-check", "n_twos =", "from tutorial_lib.exercises import a as ex\n\nn_twos ="
        ),
    ),
]


def test_a_good_page_keeps_all_rules():
    assert complaints_about(good_page()) == set()


@pytest.mark.parametrize(("rule", "spoil"), BROKEN)
def test_what_a_rule_forbids_is_noticed(rule, spoil):
    page = good_page()
    spoil(page)
    assert page != good_page(), "the test has to change something"
    assert rule in complaints_about(page)


def test_every_rule_is_tried():
    assert {rule for rule, _ in BROKEN} == {rule.__name__ for rule in (*PLAIN_RULES, *TASK_RULES)}


def test_words_are_counted_as_they_are_read():
    assert (
        count_words("Two words, $x = y$ and\n$$z$$ [a link](https://example.org/some-thing)") == 5
    )
    assert count_words("don't count 3 numbers — or **stars**") == 5


def test_stubs_and_checks_are_told_from_other_cells():
    page = good_page()
    assert [c.id for c in page.cells if is_stub(c)] == ["twice-stub"]
    assert [c.id for c in page.cells if is_check(c)] == ["twice-check", "count-check"]
    assert not is_stub(code("a", "def f(x):\n    ..."))
    assert not is_stub(code("a", 'def f(x):\n    """Do."""\n    return x'))
    assert not is_check(code("a", "check(double)"))


def test_tasks_are_found_by_the_name_of_the_notebook():
    import tutorial_lib.exercises.autoencoder as module

    assert tasks_of_notebook("01_autoencoder") == tasks_of(module)
    with pytest.raises(AssertionError, match="none of the four"):
        tasks_of_notebook("05_something")
