"""What a statement uses: names from outside."""

from collections.abc import Iterator
from symtable import SymbolTable

from tutorial_lib.grading.cleaning import NotPython, symbols

_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}


def uses_of(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a statement needs at once, and those that it needs when called.

    Names that are local to a function are neither: Python's own table of symbols decides. A
    function's decorators and default values are needed at once, what stands in it when called.

    Parameters
    ----------
    text : str
        If it is no valid Python, it uses nothing: running it says what is wrong.
    """
    try:
        top = symbols(text)
    except NotPython:
        return frozenset(), frozenset()
    at_once: set[str] = set()
    later: set[str] = set()
    waiting = [(top, at_once)]
    while waiting:
        table, names = waiting.pop()
        names.update(_from_outside(table))
        waiting.extend(
            (child, later if _waits_for_a_call(child) else names) for child in table.get_children()
        )
    return frozenset(at_once), frozenset(later)


def _waits_for_a_call(table: SymbolTable) -> bool:
    return table.get_type() == "function" and table.get_name() not in _COMPREHENSIONS


def _from_outside(table: SymbolTable) -> Iterator[str]:
    is_function = table.get_type() == "function"
    for symbol in table.get_symbols():
        # In a class, `size = size` reads the global one before it makes its own.
        if symbol.is_global() if is_function else symbol.is_referenced():
            yield symbol.get_name()
