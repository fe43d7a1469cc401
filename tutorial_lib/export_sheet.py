"""Reduce a notebook to its exercises and questions, which run in seconds."""

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

HEADING = re.compile(r"^### (Exercise|Question) \S+ — ", re.MULTILINE)


def only_exercises(notebook: NotebookNode, name: str) -> None:
    """Keep tasks, answers and checks, and what answers stand on; nothing trains any more.

    What answers stand on: imports, constants in capitals, functions that need nothing that was
    left out, and the learner's functions as ``yours_or_ours()`` hands them on.

    Parameters
    ----------
    notebook : NotebookNode
        Made by `for_nbgrader`; changed in place.
    name : str
        Of the notebook that it is made from, for the cell at the top.
    """
    title = notebook.cells[0].source.partition("\n")[0] if notebook.cells else f"# {name}"
    intro = (
        f"{title}: the exercises\n\nHand in this notebook. What leads to its tasks, with figures "
        f"and predictions, stands in `{name}.ipynb`, from which they were taken."
    )
    kept = _without_idle_imports(list(_kept(notebook.cells)))
    notebook.cells = [new_markdown_cell(intro, id="exercises-only"), *kept]


def _kept(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    in_task = False
    known = set(dir(builtins))
    for cell in cells:
        if "nbgrader" in cell.metadata:
            in_task = False
            for statement in ast.parse(cell.source).body:
                known |= _bound(statement)
            yield cell
        elif cell.cell_type == "code":
            cell.source = "".join(_light_parts(cell.source, known)).strip()
            yield cell
        elif in_task or HEADING.search(cell.source):
            in_task = True
            yield _from_heading(cell)


def _from_heading(cell: NotebookNode) -> NotebookNode:
    """Cut off what stands above the heading: it reads the figure before."""
    if found := HEADING.search(cell.source):
        cell.source = cell.source[found.start() :]
    return cell


def _without_idle_imports(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Drop what the library offers to the parts left out, and the cells that are empty then."""
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    used = {name for tree in trees for name in _names(tree, ast.Load)}
    for cell in cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            lines = cell.source.split("\n")
            for statement in reversed(ast.parse(cell.source).body):
                if _is_of_library(statement) and not _bound(statement) & used:
                    del lines[statement.lineno - 1 : statement.end_lineno]
            cell.source = "\n".join(lines).strip()
    return [cell for cell in cells if cell.source]


def _is_of_library(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and f"{statement.module}.".startswith(
        "tutorial_lib."
    )


def _light_parts(source: str, known: set[str]) -> Iterator[str]:
    """Yield the statements that run at once; the names that they bind are added to the known."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return  # a magic command, say
    for statement in statements:
        if _is_light(statement) and _needed(statement) <= known:
            known |= _bound(statement)
            gap = "\n\n\n" if isinstance(statement, ast.FunctionDef) else "\n"
            yield f"{gap}{ast.get_source_segment(source, statement)}"


def _is_light(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef():
            return True
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr="yours_or_ours"), args=[])):
            return True
        case ast.Assign(value=value):
            calls = any(isinstance(node, ast.Call) for node in ast.walk(value))
            return not calls and all(name.isupper() for name in _bound(statement))
    return False


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives to the notebook."""
    match statement:
        case ast.FunctionDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name.partition(".")[0] for alias in names}
    return _names(statement, ast.Store)


def _needed(statement: ast.stmt) -> set[str]:
    """Return the names that must be there before; a function's own are not among them."""
    arguments = {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
    inner = {node.name for node in ast.walk(statement) if isinstance(node, ast.FunctionDef)}
    return _names(statement, ast.Load) - _names(statement, ast.Store) - arguments - inner


def _names(tree: ast.AST, context: type[ast.expr_context]) -> set[str]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, context)}
