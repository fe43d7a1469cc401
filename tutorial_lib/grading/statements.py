"""Top-level statements of a cell: which names each defines, and how much that counts."""

import __future__

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tutorial_lib.grading.bindings import Rank, bound_in_block, in_this_scope, stored
from tutorial_lib.grading.literals import data_in, docstrings_in, is_simple, is_stub, says_nothing

_SHIPPED = "tutorial_lib.exercises"

_TARGETS = (ast.Name, ast.Tuple, ast.List, ast.Starred)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that defines or changes names.

    Attributes
    ----------
    ranks : dict of str to Rank
        The names that it defines; ``"*"`` for everything that a module holds.
    lines, columns : tuple of int
        First and last line, from 1; first and last column in bytes of UTF-8.
    text : str
        Source, where it is not what stands in the cell; else empty.
    data, docstrings : int
        Bytes in its literals and names; how many of them are docstrings.
    changes : str
        Name of an object that it changes, as in ``SIZES[0] = 784``, or empty.
    submodule : bool
        Whether it imports ``a.b`` as ``a``: every one of these is needed, not only the last.
    decorated : bool
    walrus : bool
        Whether it is an expression that needs parentheses to stand alone.
    """

    ranks: dict[str, Rank]
    lines: tuple[int, int]
    columns: tuple[int, int]
    text: str = ""
    data: int = 0
    docstrings: int = 0
    changes: str = ""
    submodule: bool = False
    decorated: bool = False
    walrus: bool = False


def statements_of(tree: ast.Module, shipped: set[str]) -> Iterator[Statement]:
    """Yield what the top level of a cell defines or changes.

    Parameters
    ----------
    tree : ast.Module
    shipped : set of str
        Names that stand for the shipped exercises at this point of the notebook; kept up to date.
    """
    for node in tree.body:
        for statement in _read(node, shipped):
            shipped.difference_update(statement.ranks)
            yield statement


def is_answered_by_us(node: ast.AST, shipped: set[str]) -> bool:
    """Return whether ``yours_or_ours`` or the shipped exercises are mentioned."""
    return any(_mentions(part, shipped) for part in ast.walk(node))


def _mentions(node: ast.AST, shipped: set[str]) -> bool:
    match node:
        case ast.Attribute(attr="yours_or_ours"):
            return True
        case ast.Attribute(attr="exercises", value=ast.Name(id="tutorial_lib")):
            return True
        case ast.Name(id=name):
            return name in shipped
        case ast.Import(names=names):
            return any(_is_shipped(alias.name) for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            return any(_is_shipped(f"{module}.{alias.name}") for alias in names)
    return False


def _is_shipped(module: str) -> bool:
    return module == _SHIPPED or module.startswith(f"{_SHIPPED}.")


def _read(node: ast.stmt, shipped: set[str]) -> Iterator[Statement]:
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from _imports(node, shipped)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _statement(node, {node.name: Rank.STUB if is_stub(node) else Rank.FULL})
        case ast.ClassDef():
            yield _statement(node, {node.name: Rank.FULL})
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            yield from _assignment(node, shipped)
        case ast.If() | ast.Try() | ast.TryStar() | ast.With() | ast.AsyncWith():
            ranks = bound_in_block(node)
            if ranks and not is_answered_by_us(node, shipped):
                yield _statement(node, ranks)
        case ast.Expr():
            yield from _walruses(node, shipped)


def _statement(
    node: ast.stmt | ast.expr, ranks: dict[str, Rank], *, changes: str = ""
) -> Statement:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return Statement(
        ranks,
        (first, node.end_lineno or first),
        # Nothing stands left of a decorator but the sign that it begins with.
        (0 if decorators else node.col_offset, node.end_col_offset or 0),
        data=data_in(node),
        docstrings=docstrings_in(node),
        changes=changes,
        decorated=bool(decorators),
        walrus=isinstance(node, ast.NamedExpr),
    )


MAX_NAME = 300  # characters of what is imported: it is kept once for each name


def _imports(node: ast.Import | ast.ImportFrom, shipped: set[str]) -> Iterator[Statement]:
    """Yield a statement for each imported name, so that one that is missing costs only itself."""
    is_from = isinstance(node, ast.ImportFrom)
    origin = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        name = alias.asname or (alias.name if is_from else alias.name.partition(".")[0])
        if _is_shipped(f"{origin}.{alias.name}" if is_from else alias.name):
            shipped.update([name] if is_from or alias.asname else [])
            continue
        if len(origin) + len(alias.name) + len(name) > MAX_NAME:
            continue
        if origin == "__future__" and alias.name not in __future__.all_feature_names:
            continue
        text = f"from {origin} import " if is_from else "import "
        text += alias.name + (f" as {alias.asname}" if alias.asname else "")
        yield Statement(
            {name: Rank.FULL},
            (node.lineno, node.lineno),
            (0, 0),
            text=text,
            submodule=not is_from and not alias.asname and "." in alias.name,
        )


def _assignment(
    node: ast.Assign | ast.AnnAssign | ast.AugAssign, shipped: set[str]
) -> Iterator[Statement]:
    if node.value is None or is_answered_by_us(node.value, shipped):
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    simple = is_simple(node.value)
    if isinstance(node, ast.AugAssign) or not isinstance(targets[0], _TARGETS):
        if simple and (changed := _root(targets[0])):
            yield _statement(node, {}, changes=changed)
        return
    rank = Rank.FULL if simple else Rank.OTHER
    rank = Rank.UNANSWERED if says_nothing(node.value) else rank
    ranks = {name: rank for target in targets for name in stored(target)}
    if ranks:
        yield _statement(node, ranks)


def _root(target: ast.expr) -> str:
    """Return ``a`` of ``a``, ``a.b`` and ``a[0].b``, or nothing if what is between may call."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        if isinstance(target, ast.Subscript) and not is_simple(target.slice):
            return ""
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


MAX_WALRUSES = 5  # in one statement: each is read with all that stands in it


def _walruses(node: ast.AST, shipped: set[str]) -> Iterator[Statement]:
    found = [part for part in in_this_scope(node) if isinstance(part, ast.NamedExpr)]
    for part in found[:MAX_WALRUSES]:
        if not is_answered_by_us(part.value, shipped):
            rank = Rank.FULL if is_simple(part.value) else Rank.OTHER
            yield _statement(part, {part.target.id: rank})
