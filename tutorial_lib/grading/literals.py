"""What single values and bodies of a student's code are: simple, empty, or a heap of data."""

import ast
from collections.abc import Iterator

MAX_DATA = 20_000  # bytes in literals and names: a table of answers or a trained network has more
MAX_TEXT = 40_000  # bytes of an answer with all that it uses: any code can be made to hold data
MAX_DOCSTRING = 5_000  # bytes of docstrings, in all that an answer uses, that are no data

# What a simple value is made of; in a lambda, anything may stand.
_SIMPLE = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Lambda, ast.JoinedStr, ast.FormattedValue),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred),
    *(ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp),
)
_GRAMMAR = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a body holds nothing but a docstring, ``...`` and ``pass``."""
    docstring, *rest = node.body
    match docstring:
        case ast.Expr(value=ast.Constant(value=str())):
            return all(_is_nothing(statement) for statement in rest)
    return all(_is_nothing(statement) for statement in node.body)


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _is_ellipsis(node.value))


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def says_nothing(value: ast.expr) -> bool:
    """Return whether a value is ``...``, ``..., ...`` or ``lambda x: ...``."""
    match value:
        case ast.Lambda(body=body):
            return _is_ellipsis(body)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return bool(parts) and all(_is_ellipsis(part) for part in parts)
    return _is_ellipsis(value)


def is_simple(value: ast.AST) -> bool:
    """Return whether nothing is called, computed in a loop or taken apart to have a value."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            continue
        if not isinstance(node, (*_SIMPLE, *_GRAMMAR)):
            return False
        waiting.extend(ast.iter_child_nodes(node))
    return True


def data_in(root: ast.AST) -> int:
    """Return how many bytes stand in literals, docstrings among them, and in different names."""
    nodes = list(ast.walk(root))
    literals = sum(_size(node.value) for node in nodes if isinstance(node, ast.Constant))
    return literals + sum(map(_size, {name for node in nodes for name in _names(node)}))


def _names(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Constant):
        for _, value in ast.iter_fields(node):
            parts = value if isinstance(value, list) else [value]
            yield from (part for part in parts if isinstance(part, str))


def docstrings_in(root: ast.AST) -> int:
    """Return how many bytes of text stand in docstrings."""
    return sum(
        _size(node.body[0].value.value)
        for node in ast.walk(root)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef))
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    )


def is_heap(data: int, docstrings: int) -> bool:
    """Return whether it is more data than an answer can need: so much of docstrings is none."""
    return data - min(docstrings, MAX_DOCSTRING) > MAX_DATA


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))  # one character may stand for many
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value.bit_length() // 3 + 1  # str() of a giant would take minutes
    return len(repr(value)) if isinstance(value, float | complex) else 0
