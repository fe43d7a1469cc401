"""From the bytes of a notebook to its definitions, and to the chapter that it answers."""

import ast
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping

from tutorial_lib.grading.cleaning import NotPython, python_of
from tutorial_lib.grading.identities import shown
from tutorial_lib.grading.notebook import Cell, cells
from tutorial_lib.grading.source import Source
from tutorial_lib.grading.statements import statements_of

MAX_REMARKS = 30
_DEFINED = re.compile(r"^[ \t]*def[ \t]+(\w+)", re.MULTILINE)


def read_source(
    name: str, data: bytes, *, chapters: Mapping[str, Collection[str]], exercises: frozenset[str]
) -> Source:
    """Read a notebook.

    Raises
    ------
    InvalidNotebook
        If it is none.
    """
    source = Source(name, exercises)
    shipped: set[str] = set()
    found = cells(data)
    for cell in found:
        try:
            text, tree = python_of(cell.text)
            source.add_cell(cell.number, text, statements_of(tree, shipped))
        except NotPython as error:
            if str(error):
                source.spoilt.update(_DEFINED.findall(cell.text))
                _remark(source, cell, str(error))
        else:
            source.checked.update(_checked(tree))
    source.chapter = _chapter(source, chapters)
    source.fingerprint = hashlib.sha256(
        repr([cell.text for cell in found]).encode("ascii", "backslashreplace")
    ).hexdigest()
    return source


def _remark(source: Source, cell: Cell, reason: str) -> None:
    if len(source.remarks) < MAX_REMARKS:
        first_line = next(filter(None, map(str.strip, cell.text.split("\n"))), "")
        place = f"{source.name}, cell {cell.number} ({shown(first_line[:60])})"
        source.remarks.append(f"{place} is no Python, so nothing in it counts ({reason})")


def _checked(tree: ast.Module) -> Iterator[str]:
    """Yield NAME of every call ``ex.NAME.check(...)``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="check", value=ast.Attribute(attr=name))):
                yield name


def _chapter(source: Source, chapters: Mapping[str, Collection[str]]) -> str:
    # A check counts beside the definition: functions are copied from chapter to chapter, checks
    # are not.
    scores = {
        chapter: len(source.named & {*names}) + len(source.checked & {*names})
        for chapter, names in chapters.items()
    }
    best = max(scores, key=lambda chapter: scores[chapter], default="")
    return best if scores.get(best) else ""
