"""Which names a part of a cell binds at its top level, and how firmly."""

import ast
from collections.abc import Iterator
from enum import IntEnum

from tutorial_lib.grading.literals import FUNCTIONS, is_simple

_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Rank(IntEnum):
    """How much a definition of a name counts against others of the same name."""

    UNANSWERED = 0  # `NAME = ...`: says which exercise stands here, defines nothing
    STUB = 1  # a function without a body
    LIBRARY = 2  # the library's own version of an exercise: our notebooks import some themselves
    OTHER = 3  # `NAME = anything(...)`
    FULL = 4  # def, class, import, lambda, simple constant


def stored(target: ast.AST) -> Iterator[str]:
    """Yield the names that a target of an assignment binds."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def in_this_scope(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, but not those inside of functions, classes and comprehensions."""
    waiting: list[ast.AST] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_SCOPES, *_COMPREHENSIONS)):
            waiting.extend(ast.iter_child_nodes(node))


def bound_in_block(block: ast.stmt) -> dict[str, Rank]:
    """Return the names that a block binds, each with the highest rank that it is bound with."""
    ranks: dict[str, Rank] = {}
    for node in in_this_scope(block):
        for name, rank in _bound_by(node):
            ranks[name] = max(rank, ranks.get(name, Rank.OTHER))
    return ranks


def _bound_by(node: ast.AST) -> Iterator[tuple[str, Rank]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, Rank.FULL
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0], Rank.FULL
        case ast.Assign(targets=targets, value=value) if is_simple(value):
            yield from ((name, Rank.FULL) for target in targets for name in stored(target))
        case ast.Name(id=name, ctx=ast.Store()):
            yield name, Rank.OTHER
        case ast.ExceptHandler(name=str(name)):
            yield name, Rank.OTHER
