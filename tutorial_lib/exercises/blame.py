"""Whose line an error belongs to."""

import linecache
import traceback
from collections.abc import Callable
from typing import Any

from tutorial_lib.exercises.wording import indent, shorten

# How Jupyter and a terminal's IPython call the text of a cell.
CELLS = ("ipykernel_", "<ipython-input-")


def describe_error(error: BaseException, function: Callable[..., Any]) -> str:
    """Say what was raised, and at which line of the learner's own."""
    lines = traceback.format_exception_only(error)
    if isinstance(error, SyntaxError):  # before it stand the code and a mark below it
        lines = lines[-1:]
    text = shorten("".join(lines).strip())
    place = own_line(error, function)
    return f"{text}\n\n{indent(place)}" if place else text


def own_line(error: BaseException, function: Callable[..., Any]) -> str:
    """Return the last line on the way to an error that stands in the learner's file or cell.

    "" where there is none: then the error arose elsewhere. An error from another process says
    itself where, in an attribute ``own_line``.
    """
    if hasattr(error, "own_line"):
        return str(error.own_line)
    file = _file_of(function)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        name = frame.f_code.co_filename
        if name == file or any(mark in name for mark in CELLS):
            line = linecache.getline(name, number).strip()
            return f"line {number}, in {frame.f_code.co_name}: {line}"
    return ""


def _file_of(function: Callable[..., Any]) -> str | None:
    function = getattr(function, "func", function)  # what a functools.partial calls
    if not hasattr(function, "__code__"):  # an object with a method __call__
        function = vars(type(function)).get("__call__", function)
    code = getattr(function, "__code__", None)
    return getattr(code, "co_filename", None)
