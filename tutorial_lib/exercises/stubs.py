"""Tell a stub that nobody has touched from an answer."""

from collections.abc import Callable
from typing import Any


def does_nothing(answer: Any, reference: Callable[..., Any]) -> bool:
    """Tell whether a function has the reference's parameters and a body without any effect."""
    code, wanted = getattr(answer, "__code__", None), reference.__code__
    if code is None or code.co_varnames != wanted.co_varnames[: wanted.co_argcount]:
        return False
    return code.co_code in (_nothing.__code__.co_code, _documented_nothing.__code__.co_code)


def _nothing() -> None: ...


def _documented_nothing() -> None:
    """Do nothing; the docstring moves the constants that the code refers to."""
