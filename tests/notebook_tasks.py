"""The rules for exercises and questions in a notebook: each as declared, and none overlooked."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from nbformat import NotebookNode
from notebook_runs import cells_of

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.exercises.core import Exercise, Task

TASK_HEADING = re.compile(r"^### (Exercise|Question) (\S+) — (.+)$", re.MULTILINE)

Complaints = list[str]


def tasks_of_notebook(name: str) -> list[Task]:
    """Return the tasks of a notebook such as "02_stacking"."""
    module = name.partition("_")[2]
    assert module in MODULES, f"{name} is none of the four notebooks"
    return tasks_of(import_module(f"tutorial_lib.exercises.{module}"))


def parse(cell: NotebookNode) -> ast.Module | None:
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def is_stub(cell: NotebookNode) -> bool:
    """Tell whether a code cell is one function whose body is a docstring and ``...``."""
    body = getattr(parse(cell), "body", []) if cell.cell_type == "code" else []
    return len(body) == 1 and isinstance(body[0], ast.FunctionDef) and is_empty(body[0])


def is_empty(function: ast.FunctionDef) -> bool:
    return (
        ast.get_docstring(function) is not None
        and len(function.body) == 2
        and ast.unparse(function.body[1]) == "..."
    )


def is_check(cell: NotebookNode) -> bool:
    """Tell whether a code cell ends in a call of some exercise's check."""
    body = getattr(parse(cell), "body", []) if cell.cell_type == "code" else []
    return bool(body) and bool(re.match(r"\w+\.\w+\.check\(", ast.unparse(body[-1])))


@dataclass
class Section:
    """A heading of an exercise or a question, and the code cells before the next heading."""

    kind: str
    id: str
    title: str
    cells: list[NotebookNode]


def sections(notebook: NotebookNode) -> list[Section]:
    found: list[Section] = []
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if inside:
                found[-1].cells.append(cell)
        elif headings := TASK_HEADING.findall(cell.source):
            found += [Section(kind, number, title.strip(), []) for kind, number, title in headings]
            inside = True
        elif re.search(r"^#+ ", cell.source, re.MULTILINE):
            inside = False
    return found


def every_task_has_its_heading(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """Headings of exercises and questions are those that are declared, in order."""
    given = [(s.kind, s.id, s.title) for s in sections(notebook)]
    wanted = [
        ("Exercise" if isinstance(task, Exercise) else "Question", task.id, task.title)
        for task in tasks
    ]
    complaints = [f"no heading '### {k} {n} — {t}'" for k, n, t in wanted if (k, n, t) not in given]
    complaints += [f"unknown '### {k} {n} — {t}'" for k, n, t in given if (k, n, t) not in wanted]
    if not complaints and given != wanted:
        complaints.append("the headings of exercises and questions are in another order")
    return complaints


def every_task_has_its_cells(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """A stub like the reference, then its check; of a question, the assignment and its check."""
    by_id = {section.id: section for section in sections(notebook)}
    pairs = [(task, by_id[task.id].cells) for task in tasks if task.id in by_id]
    return [
        f"{task.id}: {complaint}"
        for task, cells in pairs
        for complaint in (
            exercise_cells(task, cells)
            if isinstance(task, Exercise)
            else question_cells(task, cells)
        )
    ]


def exercise_cells(exercise: Exercise, cells: Sequence[NotebookNode]) -> Iterator[str]:
    stubs = [k for k, cell in enumerate(cells) if is_stub(cell)]
    if len(stubs) != 1:
        yield f"{len(stubs)} cells hold a function with nothing but a docstring and ..."
        return
    yield from stub_differences(cells[stubs[0]], exercise.reference)
    checks = cells[stubs[0] + 1 : stubs[0] + 2]
    if not checks or without_imports(checks[0]) != [f"ex.{exercise.name}.check({exercise.name})"]:
        yield f"the cell after the stub is not ex.{exercise.name}.check({exercise.name})"


def stub_differences(cell: NotebookNode, reference: Callable[..., object]) -> Iterator[str]:
    (stub,) = ast.parse(cell.source).body
    (wanted,) = ast.parse(inspect.getsource(reference)).body
    assert isinstance(stub, ast.FunctionDef)
    assert isinstance(wanted, ast.FunctionDef)
    if stub.name != wanted.name or ast.unparse(stub.args) != ast.unparse(wanted.args):
        yield f"the stub is not {wanted.name}({ast.unparse(wanted.args)})"
    if ast.get_docstring(stub) != ast.get_docstring(wanted):
        yield "the stub's docstring is not the reference's"


def question_cells(task: Task, cells: Sequence[NotebookNode]) -> Iterator[str]:
    wanted = [f"{task.name} = ...", f"ex.{task.name}.check({task.name})"]
    if not cells or without_imports(cells[0]) != wanted:
        yield f"its cell is not the two lines {wanted}"


def without_imports(cell: NotebookNode) -> list[str]:
    """The statements of a cell, the import of this notebook's exercises as ``ex`` apart."""
    lines = [ast.unparse(node) for node in getattr(parse(cell), "body", [])]
    return [line for line in lines if not is_import_of_exercises(line)]


def is_import_of_exercises(line: str) -> bool:
    return bool(re.fullmatch(r"from tutorial_lib\.exercises import \w+ as ex", line))


def every_check_belongs_to_a_task(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """No stub or check stands anywhere else, so that none is overlooked."""
    n_exercises = sum(isinstance(task, Exercise) for task in tasks)
    n_stubs = sum(map(is_stub, notebook.cells))
    n_checks = sum(map(is_check, notebook.cells))
    complaints = []
    if n_stubs != n_exercises:
        complaints.append(f"{n_stubs} stubs for {n_exercises} exercises")
    if n_checks != len(tasks):
        complaints.append(f"{n_checks} checks for {len(tasks)} exercises and questions")
    return complaints


def exercises_come_from_one_module(notebook: NotebookNode, tasks: Sequence[Task]) -> Complaints:
    """``ex`` is imported once, in the first check cell."""
    importing = [
        cell.id
        for cell in cells_of(notebook, "code")
        for node in getattr(parse(cell), "body", [])
        if is_import_of_exercises(ast.unparse(node))
    ]
    first = [cell.id for cell in notebook.cells if is_check(cell)][:1]
    return [] if importing == first else [f"ex is imported in {importing}, not once in {first}"]


TASK_RULES: tuple[Callable[[NotebookNode, Sequence[Task]], Complaints], ...] = (
    every_task_has_its_heading,
    every_task_has_its_cells,
    every_check_belongs_to_a_task,
    exercises_come_from_one_module,
)
