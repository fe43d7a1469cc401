"""Put the reference solutions where a notebook has stubs."""

import ast
from collections.abc import Iterator
from importlib import import_module

from nbformat import NotebookNode

from tutorial_lib.exercises import MODULES, tasks_of
from tutorial_lib.exercises.core import Task

_HOME = "tutorial_lib.exercises"
# Number of the cell, and the statement in it.
Place = tuple[int, ast.stmt]


class SolveError(Exception):
    """A notebook cannot be solved; the message says why and what to do."""


def insert_solutions(notebook: NotebookNode) -> list[Task]:
    """Replace every stub of an exercise or question by its solution; nothing else changes.

    A stub is ``def NAME(...)`` with nothing but a docstring and ``...``, or ``NAME = ...``.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place, unless an error is raised.

    Returns
    -------
    list of Task
        What was solved, in the order in which it is declared.

    Raises
    ------
    SolveError
        If something that is checked has no stub or several, or is no exercise.
    """
    trees = dict(_parsed_cells(notebook))
    modules = _exercise_modules(trees)
    used = dict.fromkeys(name for names in modules.values() for name in names)
    stubs = _stubs(trees)
    checked = set(_checked_names(trees, modules))
    tasks = [
        task
        for module in used
        for task in tasks_of(import_module(f"{_HOME}.{module}"))
        if task.name in checked or task.name in stubs
    ]
    if unknown := checked - {task.name for task in tasks}:
        raise SolveError(
            f"checks {', '.join(sorted(unknown))}, which is no exercise of "
            f"{', '.join(used)}; correct the name."
        )
    places = [(_only_place(task, stubs.get(task.name, []), notebook), task) for task in tasks]
    # From the last line to the first, so that the lines above keep their numbers.
    for (cell, stub), task in sorted(places, key=lambda pair: -pair[0][1].lineno):
        notebook.cells[cell].source = _replaced(
            notebook.cells[cell].source, stub, task.solution_text()
        )
    return tasks


def _parsed_cells(notebook: NotebookNode) -> Iterator[tuple[int, ast.Module]]:
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            try:
                yield k, ast.parse(cell.source)
            except SyntaxError:
                continue  # a magic command, say: it holds no stub


def _exercise_modules(trees: dict[int, ast.Module]) -> dict[str, list[str]]:
    """Return the modules of exercises by what each is called in the notebook, now or later."""
    found: dict[str, list[str]] = {}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == _HOME:
                for alias in node.names:
                    if alias.name in MODULES:
                        found.setdefault(alias.asname or alias.name, []).append(alias.name)
    return found


def _stubs(trees: dict[int, ast.Module]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for k, tree in trees.items():
        for statement in tree.body:
            if name := _stub_name(statement):
                found.setdefault(name, []).append((k, statement))
    return found


def _stub_name(statement: ast.stmt) -> str | None:
    match statement:
        case (
            ast.FunctionDef(
                name=name,
                body=[ast.Expr(value=ast.Constant(value=last))]
                | [ast.Expr(value=ast.Constant(str())), ast.Expr(value=ast.Constant(value=last))],
            )
            | ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=last))
        ) if last is ...:
            return name
    return None


def _checked_names(trees: dict[int, ast.Module], modules: dict[str, list[str]]) -> Iterator[str]:
    """Yield NAME of every call ``ex.NAME.check(...)``."""
    for tree in trees.values():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        attr="check", value=ast.Attribute(attr=name, value=ast.Name(id=alias))
                    )
                ) if alias in modules:
                    yield name


def _only_place(task: Task, places: list[Place], notebook: NotebookNode) -> Place:
    if len(places) == 1:
        return places[0]
    if places:
        cells = ", ".join(cell_name(notebook, k) for k, _ in places)
        raise SolveError(
            f"has {len(places)} stubs of {task.name} (exercise {task.id}), in the cells {cells}; "
            "leave one of them."
        )
    raise SolveError(
        f"has no stub of {task.name} (exercise {task.id}), which it checks. Perhaps it holds a "
        "learner's answer: give the notebook as it was delivered."
    )


def cell_name(notebook: NotebookNode, k: int) -> str:
    """Return what a message calls a cell: its id and its number, counted from 1."""
    return f"{notebook.cells[k].get('id', '')} (number {k + 1})".strip()


def _replaced(source: str, stub: ast.stmt, solution: str) -> str:
    """Return the source with one statement exchanged; columns are counted in UTF-8 bytes."""
    lines = source.encode().split(b"\n")
    assert stub.end_lineno is not None
    before = lines[stub.lineno - 1][: stub.col_offset]
    after = lines[stub.end_lineno - 1][stub.end_col_offset :]
    lines[stub.lineno - 1 : stub.end_lineno] = [before + solution.strip().encode() + after]
    return b"\n".join(lines).decode()
