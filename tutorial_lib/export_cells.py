"""Turn a notebook of the course into one that nbgrader hands out and marks.

Each stub becomes a solution cell, which nbgrader empties before it hands the notebook out; each
check becomes a locked cell that raises an error where the answer is wrong, or that ends in the
points where a part of them can be had.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.exercises.accuracy import AccuracyExercise
from tutorial_lib.exercises.core import Task
from tutorial_lib.solve_insertion import SolveError, cell_name, insert_solutions

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SCHEMA_VERSION = 3
_HOME = "tutorial_lib.exercises"
_ASSERTION = 'assert outcome.status == "CORRECT", outcome.headline'


def for_nbgrader(notebook: NotebookNode) -> tuple[NotebookNode, list[Task]]:
    """Return a copy with nbgrader's marks on the cells of exercises, and its tasks.

    Parameters
    ----------
    notebook : NotebookNode
        As delivered; it stays as it is.

    Raises
    ------
    SolveError
        If a stub is missing or of another form, or has no check.
    """
    solved = copy.deepcopy(notebook)
    tasks = {task.name: task for task in insert_solutions(solved)}
    cells: list[NotebookNode] = []
    for k, (old, new) in enumerate(zip(notebook.cells, solved.cells, strict=True)):
        try:
            cells += _cells(old, new, tasks)
        except SolveError as error:
            raise SolveError(f"{error}; it is in the cell {cell_name(notebook, k)}.") from None
    _assert_each_is_checked(cells, tasks)
    result = copy.deepcopy(notebook)
    result.cells = cells
    return result, list(tasks.values())


@dataclass(frozen=True)
class _Stub:
    """A stub in a cell: its task, its statement, and that of the solution in its place."""

    task: Task
    old: ast.stmt
    new: ast.stmt
    new_source: str


def _cells(old: NotebookNode, new: NotebookNode, tasks: dict[str, Task]) -> list[NotebookNode]:
    """Return what becomes of a cell: itself, or a solution cell, a check cell, or both."""
    stubs = list(_stubs(old, new, tasks))
    checks = list(_checks(old, tasks))
    if not stubs and not checks:
        return [copy.deepcopy(old)]
    if len(stubs) > 1 or len(checks) > 1:
        raise SolveError("holds several exercises, and nbgrader marks cells: give each its own")
    if stubs and checks and stubs[0].old.lineno >= checks[0][1].lineno:
        raise SolveError("checks an answer before it is given; put the stub first")
    made, shared = [], _last_line(stubs[0].old) if stubs and checks else 0
    if stubs:
        made.append(_solution_cell(old, stubs[0], shared or old.source.count("\n") + 1))
    if checks:
        made.append(_check_cell(old, *checks[0], after=shared))
    return made


def _stubs(old: NotebookNode, new: NotebookNode, tasks: dict[str, Task]) -> Iterator[_Stub]:
    if old.source != new.source:
        for before, after in zip(_body(old), _body(new), strict=True):
            match after:
                case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                    if ast.dump(before) != ast.dump(after):
                        yield _Stub(tasks[name], before, after, new.source)


def _body(cell: NotebookNode) -> list[ast.stmt]:
    if cell.cell_type != "code":
        return []
    try:
        tree: ast.Module = ast.parse(cell.source)
    except SyntaxError:
        return []  # a magic command, say: no exercise is in there
    return tree.body


def _checks(cell: NotebookNode, tasks: dict[str, Task]) -> Iterator[tuple[Task, ast.Expr]]:
    for statement in _body(cell):
        match statement:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr="check", value=ast.Attribute(attr=name)))
            ) if name in tasks:
                yield tasks[name], statement


# --- The two kinds of cells ----------------------------------------------------------------------


def _solution_cell(cell: NotebookNode, stub: _Stub, n_lines: int) -> NotebookNode:
    lines = cell.source.split("\n")[:n_lines]
    first, last = stub.old.lineno - 1, _last_line(stub.old)
    region = _question_region if isinstance(stub.old, ast.Assign) else _exercise_region
    lines[first:last] = region(lines[first:last], stub)
    made = copy.deepcopy(cell)
    made.source = "\n".join(lines)
    made.metadata["nbgrader"] = _marks(f"{stub.task.name}-answer", solution=True)
    return made


def _exercise_region(lines: list[str], stub: _Stub) -> list[str]:
    """Return the lines of a stub with a region; with ``...`` for the region they are as before."""
    assert isinstance(stub.new, ast.FunctionDef)
    if lines[-1].strip() != "...":
        raise SolveError(f"puts something beside the ... of {stub.task.name}; leave it alone there")
    below_docstring = slice(_last_line(stub.new.body[0]), _last_line(stub.new))
    solution = "\n".join(stub.new_source.split("\n")[below_docstring]).strip("\n")
    return [*lines[:-1], f"    {BEGIN}", *solution.split("\n"), f"    {END}"]


def _question_region(lines: list[str], stub: _Stub) -> list[str]:
    """Put the answer on a line of its own, in brackets: nbgrader exchanges whole lines."""
    assert isinstance(stub.old, ast.Assign)
    assert isinstance(stub.new, ast.Assign)
    line = lines[0].encode()  # columns are counted in UTF-8 bytes
    after = line[stub.old.value.end_col_offset :].decode()
    if len(lines) > 1 or stub.old.col_offset or after.strip()[:1] not in ("", "#"):
        raise SolveError(f"puts something beside {stub.task.name} = ...; leave it alone there")
    before = line[: stub.old.value.col_offset].decode()
    answer = ast.get_source_segment(stub.new_source, stub.new.value)
    return [f"{before}(", f"    {BEGIN}", f"    {answer}", f"    {END}", f"){after}"]


def _check_cell(cell: NotebookNode, task: Task, check: ast.Expr, *, after: int) -> NotebookNode:
    lines, call = cell.source.split("\n"), ast.get_source_segment(cell.source, check)
    if "\n".join(lines[check.lineno - 1 :]).strip() != call:
        raise SolveError(f"puts something beside or after the check of {task.name}; take it out")
    body = "\n".join(lines[after : check.lineno - 1]).strip("\n").split("\n")
    imported = f"from {_HOME} import {_module_of(task)} as {call.partition('.')[0]}"
    if imported not in body:  # so that a check hangs on no other cell but the answer's
        body = [imported, *body]
    body += ["", f"outcome = {call}", "display(outcome)"]
    # A number in the last line is taken for the points.
    partial = isinstance(task, AccuracyExercise)
    body.append("outcome.points" if partial else _ASSERTION)
    source = "\n".join(line for k, line in enumerate(body) if line or body[k - 1])
    made: NotebookNode = new_code_cell(source, id=f"{cell.id}-marks"[-64:] if after else cell.id)
    made.metadata.update(copy.deepcopy(cell.metadata))
    made.metadata["nbgrader"] = _marks(f"{task.name}-check", points=task.points)
    return made


def _marks(grade_id: str, *, solution: bool = False, points: float | None = None) -> NotebookNode:
    """Return nbgrader's metadata; a cell without points is not marked itself."""
    graded = points is not None
    marks = NotebookNode(grade_id=grade_id, schema_version=SCHEMA_VERSION, task=False)
    marks.update(grade=graded, locked=graded, solution=solution)
    if graded:
        marks.points = points
    return marks


def _module_of(task: Task) -> str:
    return next(name for name in MODULES if task in tasks_of(import_module(f"{_HOME}.{name}")))


def _assert_each_is_checked(cells: Sequence[NotebookNode], tasks: dict[str, Task]) -> None:
    marks = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    for name, task in tasks.items():
        if (n := marks.count(f"{name}-check")) != 1:
            raise SolveError(f"has {n} checks of {name} (exercise {task.id}); there must be one.")


def _last_line(statement: ast.stmt) -> int:
    assert statement.end_lineno is not None
    return statement.end_lineno
