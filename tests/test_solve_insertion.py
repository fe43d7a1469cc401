"""The reference solutions go where the stubs are, word for word; everything else stays."""

import copy
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tutorial_lib import solve_insertion
from tutorial_lib.exercises.core import Exercise
from tutorial_lib.exercises.question import Question
from tutorial_lib.solve_insertion import SolveError, insert_solutions


def double(x):
    """Return twice the number.

    x: a number.
    """
    return 2 * x


def halve(x):
    """Return half the number."""
    return x / 2


def task(kind, **more):
    common = {"title": "t", "points": 1, "hints": ("a", "b"), "notice": "n"}
    return kind(**common, **more)


SAMPLE = ModuleType("tutorial_lib.exercises.sample")
SAMPLE.double = task(Exercise, id="9.1", reference=double, cases=dict, expects="twice")  # type: ignore[attr-defined]
SAMPLE.n_layers = task(Question, id="Q9", variable="n_layers", reference=3)  # type: ignore[attr-defined]
SAMPLE.halve = task(Exercise, id="9.2", reference=halve, cases=dict, expects="half")  # type: ignore[attr-defined]

IMPORT = "from tutorial_lib.exercises import sample as ex"
DOUBLE = 'def double(x):\n    """Return twice the number.\n\n    x: a number.\n    """\n    ...'
DOUBLE_SOLVED = (
    'def double(x):\n    """Return twice the number.\n\n    x: a number.\n    """\n    return 2 * x'
)


@pytest.fixture(autouse=True)
def _sample_exercises(monkeypatch):
    monkeypatch.setitem(sys.modules, SAMPLE.__name__, SAMPLE)
    monkeypatch.setattr(solve_insertion, "MODULES", ("sample",))


def notebook_of(*sources: str) -> NotebookNode:
    """A notebook of code cells, each after a text that looks like code."""
    cells = []
    for k, source in enumerate(sources):
        cells += [
            new_markdown_cell("def double(x): ...", id=f"text-{k}"),
            new_code_cell(source, id=f"code-{k}"),
        ]
    return new_notebook(cells=cells)


def solved(*sources: str) -> list[str]:
    notebook = notebook_of(*sources)
    before = copy.deepcopy(notebook)
    insert_solutions(notebook)
    for cell, old in zip(notebook.cells, before.cells, strict=True):
        if cell.cell_type == "code":
            old.source = cell.source
        assert cell == old  # nothing but code changes
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def refusal(*sources: str) -> str:
    notebook = notebook_of(*sources)
    before = copy.deepcopy(notebook)
    with pytest.raises(SolveError) as refused:
        insert_solutions(notebook)
    assert notebook == before
    return str(refused.value)


def test_the_text_of_the_solution_stands_where_the_stub_stood():
    assert SAMPLE.double.solution_text().strip() == DOUBLE_SOLVED
    check = f"{IMPORT}\n\nex.double.check(double)"
    assert solved("import torch", DOUBLE, check) == ["import torch", DOUBLE_SOLVED, check]


def test_the_tasks_come_in_the_order_of_their_declaration():
    notebook = notebook_of(IMPORT, "def halve(x): ...", "n_layers = ...", DOUBLE)
    tasks = insert_solutions(notebook)
    assert [task.id for task in tasks] == ["9.1", "Q9", "9.2"]


@pytest.mark.parametrize(
    ("stub", "expected"),
    [
        ("def halve(x): ...", halve),
        ("def halve(x):\n    ...", halve),
        ("def halve(x):\n    'In other words.'\n    ...\n", halve),
        ("def halve(x: float) -> float:\n    # your code\n    ...", halve),
    ],
)
def test_every_way_to_write_a_stub(stub, expected):
    *_, source = solved(IMPORT, stub)
    scope = {}
    exec(source, scope)
    assert scope["halve"](3) == expected(3)
    assert "..." not in source


def test_the_lines_around_a_stub_stay():
    cell = f"{IMPORT}\n\nn_layers = ...  # how many?\nex.n_layers.check(n_layers)"
    assert solved(cell) == [cell.replace("= ...", "= 3")]
    assert solved(f"{IMPORT}; é = 'é'; n_layers = ...; print(é)") == [
        f"{IMPORT}; é = 'é'; n_layers = 3; print(é)"
    ]


def test_several_stubs_in_one_cell():
    cell = f"n_layers = ...\n\n{DOUBLE}\n\nn_units = ...\n\ndef halve(x): ...\n"
    [_, source] = solved(IMPORT, cell)
    assert source == cell.replace(DOUBLE, DOUBLE_SOLVED).replace(
        "layers = ...", "layers = 3"
    ).replace("def halve(x): ...", SAMPLE.halve.solution_text().strip())


LINES = st.lists(
    st.sampled_from(
        ["", "# ρ̂ … \x0c", "x = 'é\u2028'", "if x:\n    y = ...", '"""def double(x): ...\n"""']
    )
)


@given(before=LINES, after=LINES)
def test_whatever_stands_around_it(before, after):
    [_, source] = solved(IMPORT, "\n".join([*before, DOUBLE, *after]))
    assert source == "\n".join([*before, DOUBLE_SOLVED, *after])


@pytest.mark.parametrize(
    "cell",
    [
        "def helper(x): ...",  # the name of no exercise
        "n_hidden = ...",
        "n_layers: int",
        "class Model:\n    def double(self, x): ...",  # not the notebook's own name
        "def outer():\n    n_layers = ...",
        "%time n_layers = ...",  # no Python
        "n_layers = 5",
        "n_layers = other = ...",
    ],
)
def test_what_is_no_stub_stays(cell):
    assert solved(IMPORT, cell) == [IMPORT, cell]


def test_another_alias_and_other_objects_with_a_check():
    imports = "from tutorial_lib.exercises import progress, sample\nimport doctor"
    cells = (imports, "doctor.nobody.check(1)\nsample.halve.check(halve)", "def halve(x): ...")
    assert "return x / 2" in solved(*cells)[2]


def test_a_stub_that_is_missing_is_named():
    told = refusal(f"{IMPORT}\nex.double.check(double)")
    assert told == (
        "has no stub of double (exercise 9.1), which it checks. Perhaps it holds a learner's "
        "answer: give the notebook as it was delivered."
    )


@pytest.mark.parametrize("answer", ["def double(x):\n    return x + x", "def double(x):\n    pass"])
def test_an_answer_is_not_overwritten(answer):
    assert "no stub of double (exercise 9.1)" in refusal(IMPORT, answer, "ex.double.check(double)")


def test_a_stub_that_stands_twice_is_named_with_its_cells():
    told = refusal(IMPORT, DOUBLE, "ex.double.check(double)", DOUBLE)
    assert told == (
        "has 2 stubs of double (exercise 9.1), in the cells code-1 (number 4), code-3 (number 8); "
        "leave one of them."
    )


def test_a_check_of_no_exercise_is_named():
    told = refusal(f"{IMPORT}\nex.duoble.check(double)", DOUBLE)
    assert told == "checks duoble, which is no exercise of sample; correct the name."


def test_a_notebook_without_exercises_is_solved_already():
    notebook = notebook_of("print(1)", "double = ...")
    assert insert_solutions(notebook) == []
    assert notebook == notebook_of("print(1)", "double = ...")


def test_two_modules_may_take_the_same_name_in_turn(monkeypatch):
    other = ModuleType("tutorial_lib.exercises.other")
    other.thrice = task(Question, id="Q10", variable="thrice", reference=9)
    monkeypatch.setitem(sys.modules, other.__name__, other)
    monkeypatch.setattr(solve_insertion, "MODULES", ("sample", "other"))
    cells = (IMPORT, DOUBLE, "ex.double.check(double)", IMPORT.replace("sample", "other"))
    cell = "thrice = ...\nex.thrice.check(thrice)"
    assert solved(*cells, cell)[-1] == cell.replace("= ...", "= 9")
