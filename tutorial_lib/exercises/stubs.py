"""Tell a stub that nobody has touched from an answer."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import CodeType
from typing import Any


def does_nothing(answer: Any, reference: Callable[..., Any]) -> bool:
    """Tell whether a function has the reference's parameters and nothing in its body.

    Nothing is ``...``, ``pass`` and ``return ...``; without the source also ``return None``.
    """
    code, wanted = getattr(answer, "__code__", None), reference.__code__
    if code is None or code.co_varnames != wanted.co_varnames[: wanted.co_argcount]:
        return False
    return _is_short(code) and _is_empty(answer)


def _is_short(code: CodeType) -> bool:
    alike = (_nothing.__code__.co_code, _documented_nothing.__code__.co_code)
    return code.co_code in alike and code.co_consts[-1] in (None, ...)


def _is_empty(answer: Any) -> bool:
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(answer))).body
    except (OSError, TypeError, ValueError, SyntaxError):  # no source at hand
        return True
    body = function.body if isinstance(function, ast.FunctionDef) else []
    return not any(isinstance(line, ast.Return) and not _is_dots(line.value) for line in body)


def _is_dots(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is ...


def _nothing() -> None: ...


def _documented_nothing() -> None:
    """Do nothing; the docstring moves the constants that the code refers to."""
