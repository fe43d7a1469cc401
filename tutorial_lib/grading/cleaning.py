"""The Python in a cell: parsed as it is, or else without what only Jupyter understands."""

import ast
import io
import re
import symtable
import tokenize
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

MAX_CELL = 200_000  # characters; the parser's time and memory grow with them

Result = TypeVar("Result")

_PYTHON_BELOW = re.compile(r"%%(time|timeit|capture)\b")
# `%magic`, `!command`, `?name`, `name?`, `files = !ls`, `seconds = %timeit f()`; a comment or a
# string may end in a question mark, so only a lone name asks for help.
_MAGIC = re.compile(r"\s*([%!?]|[\w.*]+\?{1,2}\s*$|[A-Za-z_][\w, ]*=\s*[!%])")
# What decides whether the next line begins a statement.
_TOKEN = re.compile(
    r"""(?P<long>'{3}|"{3})|(?P<short>'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?)"""
    r"""|(?P<comment>\#[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<joined>\\\n)|(?P<end>\n)""",
    re.DOTALL,
)
_END_OF_LONG = {
    quote: re.compile(r"(?:[^\\]|\\.)*?" + quote, re.DOTALL) for quote in ("'''", '"""')
}


class NotPython(Exception):
    """A cell does not parse; the message says where, in words."""


def guarded(read: Callable[[], Result]) -> Result:
    """Return what a reader of Python source returns; say in words why it cannot.

    Raises
    ------
    NotPython
        Whatever the reader raised.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" and `x is 5` are not ours to complain about
            return read()
    except SyntaxError as error:
        line = f"line {error.lineno}: " if error.lineno else ""
        raise NotPython(f"{line}{str(error.msg)[:100]}") from None
    except (RecursionError, MemoryError):
        raise NotPython("it is nested too deeply") from None
    except Exception as error:
        # Lone surrogates, NUL, what nobody thought of: hostile text must cost only its own cell.
        raise NotPython(f"Python cannot read its characters: {type(error).__name__}") from None


def parsed(text: str) -> ast.Module:
    """Return the tree of a text, or raise NotPython."""
    return guarded(lambda: ast.parse(text))


def symbols(text: str) -> symtable.SymbolTable:
    """Return what each scope of a text binds and uses, or raise NotPython."""
    return guarded(lambda: symtable.symtable(text, "cell", "exec"))


def python_of(text: str) -> tuple[str, ast.Module]:
    """Return the Python in a cell, and its tree; its lines keep their numbers.

    Raises
    ------
    NotPython
        If there is none, and the message is empty where the cell says so itself, as ``%%bash``
        does.
    """
    if len(text) > MAX_CELL:
        raise NotPython(f"it has {len(text):,} characters; expected at most {MAX_CELL:,}")
    try:
        return text, parsed(text)
    except NotPython:
        text = without_magics(text)
        return text, parsed(text)


def without_magics(text: str) -> str:
    """Return a cell without lines that only Jupyter understands, and without common indentation.

    Such lines become empty. They are looked for where a statement can begin: not in a string, not
    between brackets, not after a backslash.
    """
    text = _undented(_without_cell_magics(text))
    lines = text.split("\n")
    for first, last in _magics(text):
        indentation = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        # A block must not be left empty.
        lines[first] = f"{indentation}pass" if indentation else ""
        lines[first + 1 : last + 1] = [""] * (last - first)
    return "\n".join(lines)


def _without_cell_magics(text: str) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _PYTHON_BELOW.match(line.strip()):
            lines[number] = ""
        elif line.strip().startswith("%%"):
            raise NotPython("")
        elif line.strip():
            break
    return "\n".join(lines)


def _undented(text: str) -> str:
    # As Jupyter does with a cell that was pasted from the middle of a function.
    first = next((line for line in text.split("\n") if line.strip()), "")
    indentation = first[: len(first) - len(first.lstrip(" \t"))]
    return "\n".join(line.removeprefix(indentation) for line in text.split("\n"))


def _magics(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each magic, counted from 0."""
    start, number = 0, 0
    while start < len(text):
        end = _end_of_line(text, start)
        if _MAGIC.match(text[start:end]):
            # A backslash joins the next line to a magic too.
            while text[start:end].endswith("\\") and end < len(text):
                end = _end_of_line(text, end + 1)
            after = end + 1
            yield number, number + text.count("\n", start, end)
        else:
            after = _end_of_statement(text, start)
        number += text.count("\n", start, after)
        start = after


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _end_of_statement(text: str, start: int) -> int:
    """Return where the next line begins that continues nothing."""
    depth = 0
    while token := _TOKEN.search(text, start):
        start = token.end()
        if token["long"]:
            closing = _END_OF_LONG[token["long"]].match(text, start)
            start = closing.end() if closing else len(text)
        elif token["open"] or token["close"]:
            depth = max(0, depth + (1 if token["open"] else -1))
        elif token["end"] and not depth:
            return start
    return len(text)


def without_comments(text: str) -> str:
    """Return Python without its comments, what is left where it was.

    What cannot be read token by token is written anew from its tree; what is nested too deeply for
    that is no Python any more.
    """
    try:
        bare = guarded(lambda: _blanked(text))
        if guarded(lambda: ast.dump(ast.parse(bare)) == ast.dump(ast.parse(text))):
            return bare
    except NotPython:
        pass
    try:
        return guarded(lambda: ast.unparse(ast.parse(text)))
    except NotPython:
        return "None"


def _blanked(text: str) -> str:
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            lines[line - 1] = lines[line - 1][:column]
    return "\n".join(lines)
