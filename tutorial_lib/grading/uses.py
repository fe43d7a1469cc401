"""What a statement uses: names from outside, and what it takes from the library."""

import ast
from collections.abc import Iterable, Iterator
from symtable import SymbolTable

from tutorial_lib.grading.cleaning import NotPython, parsed, symbols

_LIBRARY = "tutorial_lib"
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


def library_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what statements take from the library, as dotted names, sorted.

    Every step of a chain is named: ``tutorial_lib.losses`` and
    ``tutorial_lib.losses.squared_error``. A module's star is ``tutorial_lib.losses.*``.
    """
    trees = [*_trees(texts)]
    places = {name: place for tree in trees for name, place in _imported(tree)}
    found = {place for tree in trees for _, place in _imported(tree)}
    for tree in trees:
        for node in ast.walk(tree):
            found.update(_steps(node, places))
    return tuple(sorted(found))


def _trees(texts: Iterable[str]) -> Iterator[ast.Module]:
    for text in texts:
        try:
            yield parsed(text)
        except NotPython:
            continue


def _is_ours(name: str) -> bool:
    return name == _LIBRARY or name.startswith(f"{_LIBRARY}.")


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that an import of ours binds, and what it stands for."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    if _is_ours(alias.name):
                        yield (alias.asname or _LIBRARY, alias.name if alias.asname else _LIBRARY)
                        yield (f"{alias.name} ", alias.name)  # no identifier: only to be listed
            case ast.ImportFrom(module=str(module), names=names, level=0) if _is_ours(module):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _is_ours(name):
                yield f"{name} ", name  # import_module("tutorial_lib.losses")


def _steps(node: ast.AST, places: dict[str, str]) -> Iterator[str]:
    """Yield what ``a.b.c`` stands for; ``a.b`` is another node of the tree."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute) and len(attributes) < 20:
        attributes.append(node.attr)
        node = node.value
    if attributes and isinstance(node, ast.Name) and node.id in places:
        yield ".".join([places[node.id], *reversed(attributes)])
