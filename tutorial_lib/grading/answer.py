"""A student's definitions, run in the box: one namespace for each exercise, in a child of its own.

Nothing that is noted here is believed outside; it only has to serve an honest student well.
"""

import __future__

import builtins
import linecache
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import reduce
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from operator import or_
from types import CodeType, ModuleType
from typing import Any

from tutorial_lib.driving import NotInTheBox
from tutorial_lib.grading.box_contents import MODULES

_FILE = "<piece {}>"
_FUTURE = reduce(or_, (vars(__future__)[n].compiler_flag for n in __future__.all_feature_names))


class _NoOtherPart(MetaPathFinder):
    """Says that a part of the library is not in the box, wherever else it might be found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, part = name.partition(".")
        known = {module.removesuffix(".__init__") for module in MODULES}
        if package == "tutorial_lib" and part and part not in known:
            raise NotInTheBox(f"{name} is the library's own version; here only yours counts.")
        return None


def shut_out_the_library() -> None:
    """Let nothing of the library be imported but what is in the box."""
    sys.meta_path.insert(0, _NoOtherPart())


def namespace(
    pieces: Sequence[Mapping[str, Any]], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[int, BaseException]]]:
    """Run a student's definitions; return what they define, and which of them failed by what.

    Parameters
    ----------
    pieces : sequence of dict
        ``text`` and ``line``, the number of its first line, in the order of the notebook. One
        that fails costs only itself.
    given : mapping
        Names that are there from the beginning.
    """
    module = ModuleType("__main__")
    sys.modules["__main__"] = module  # where dataclasses look for their module
    scope = vars(module)
    scope.update(given, __builtins__=builtins)
    problems: list[tuple[int, BaseException]] = []
    flags = 0  # of what came from the __future__, which stands first
    for number, piece in enumerate(pieces):
        try:
            code = _compiled(number, piece["text"], piece["line"], flags)
            flags |= code.co_flags & _FUTURE
            exec(code, scope)
        except BaseException as error:  # even sys.exit() is only a cell that fails
            problems.append((number, error))
    scope.update(given)  # whatever a star import has put in their place
    return scope, problems


def _compiled(number: int, text: str, line: int, flags: int) -> CodeType:
    file = _FILE.format(number)
    # For whoever asks for the source of a function.
    padded = "\n" * (line - 1) + text
    linecache.cache[file] = (len(padded), None, padded.splitlines(keepends=True), file)
    code: CodeType = compile(padded, file, "exec", flags, dont_inherit=True)
    return code


def told_of(error: BaseException) -> dict[str, Any]:
    """Return what crosses of an error: its type, its text, and where in the pieces it arose."""
    try:
        text = error.args[0] if len(error.args) == 1 else str(error)
        text = text if type(text) is str else str(error)
    except BaseException:  # a text that cannot be made is no reason to fall silent
        text = ""
    return {"type": type(error).__name__, "text": str(text)[:2000], "place": _place(error)}


def _place(error: BaseException) -> list[Any]:
    """Return piece, line and function of the last line on the way that is the student's."""
    prefix, suffix = _FILE.split("{}")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        if file.startswith(prefix):
            return [int(file.removeprefix(prefix).removesuffix(suffix)), line, frame.f_code.co_name]
    return []
