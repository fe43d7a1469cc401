"""The text of a function together with all that it stands on, so that it can be made anew."""

import ast
import dis
import inspect
import math
import types
from collections.abc import Iterator
from typing import Any

import torch

RECALLED = "__recalled__"  # the module of a function that was made from its text
PLAIN = (bool, int, float, str, type(None), list, tuple, dict)


def definition(answer: Any, name: str) -> str:
    """Return code that defines a function anew, with the helpers and imports that it needs.

    Raises
    ------
    ValueError, TypeError or OSError
        If that cannot be told, for example without the source at hand.
    """
    if type(answer) is not types.FunctionType:
        raise TypeError("only functions can be kept")
    pieces: dict[str, tuple[Any, str]] = {}
    for key, value, text in _pieces(answer, {answer.__name__: answer}):
        if key in pieces and pieces[key][0] is not value:
            raise ValueError(f"{key} means one thing here and another there")
        pieces[key] = value, text
    texts = [text for _, text in pieces.values()]
    if answer.__name__ != name:
        if name in pieces:
            raise ValueError(f"{name} is the answer, and something else that it uses")
        texts.append(f"{name} = {answer.__name__}\n")
    return "\n".join(texts)


def _pieces(function: types.FunctionType, above: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield name, value and text of what a function stands on, then of the function itself."""
    source = inspect.getsource(function)
    if not source.startswith(("def ", "@")):
        raise ValueError("only functions at the top level of a cell can be kept")
    # The compiled text, not the function: defaults and decorators use names as well.
    names = _names_used(compile(source, "<answer>", "exec"))
    scope = inspect.unwrap(function).__globals__  # not those of torch.no_grad() around it
    for name in sorted(names & scope.keys()):
        value = scope[name]
        if name in above:  # it calls itself
            if above[name] is not value:
                raise ValueError(f"{name} means one thing here and another there")
        elif type(value) is types.FunctionType and _is_written_here(value, function):
            yield from _pieces(value, {**above, name: value})
            if value.__name__ != name:
                yield name, value, f"{name} = {value.__name__}\n"
        else:
            yield name, value, _assignment(name, value)
    yield function.__name__, function, source


def _is_written_here(helper: types.FunctionType, function: types.FunctionType) -> bool:
    return helper.__module__ in (function.__module__, "__main__", RECALLED)


def _names_used(code: types.CodeType) -> set[str]:
    """Return the names that some code, or a function in it, looks up outside of itself."""
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    own = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname.startswith(("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"))
        and step.argval != "__name__"  # a class statement looks it up
    }
    return own.union(*map(_names_used, inner))


def _assignment(name: str, value: Any) -> str:
    """Return the line that gives a name its value in another notebook."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}\n"
    if type(value) is float and not math.isfinite(value):
        return f"{name} = float('{value}')\n"
    if type(value) in PLAIN and ast.literal_eval(repr(value)) == value:
        return f"{name} = {value!r}\n"
    module, origin = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    own_name = getattr(value, "__name__", name)
    if getattr(torch, own_name, None) is value:  # its functions do not say where they are from
        module, origin = "torch", own_name
    if module in (None, "__main__", RECALLED) or not origin.isidentifier():
        raise ValueError(f"{name} is neither a plain value nor something to import")
    return f"from {module} import {origin} as {name}\n"
