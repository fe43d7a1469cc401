"""One notebook's definitions, in its order."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator

from tutorial_lib.grading.bindings import Rank
from tutorial_lib.grading.identities import shown
from tutorial_lib.grading.literals import MAX_DATA, is_heap
from tutorial_lib.grading.statements import Statement

STAR = "*"


class Source:
    """The definitions of one notebook.

    Attributes
    ----------
    name : str
        Of the file, fit to be printed.
    fingerprint : str
        The same for notebooks with the same code.
    chapter : str
        That the notebook belongs to; empty if to none.
    named, checked, answered : set of str
        Names that statements define, be it with a stub; that the notebook checks; and that
        something defines other than a stub or the library.
    spoilt : set of str
        What cells that are no Python seem to define.
    remarks : list of str
    stars, futures : list of int
        Numbers of the statements that import everything from a module, and that change Python.
    """

    def __init__(self, name: str, exercises: frozenset[str]) -> None:
        self.name = shown(name)
        self.fingerprint = self.chapter = ""
        self.named: set[str] = set()
        self.checked: set[str] = set()
        self.answered: set[str] = set()
        self.spoilt: set[str] = set()
        self.remarks: list[str] = []
        self.stars: list[int] = []
        self.futures: list[int] = []
        self._exercises = exercises
        self._cells: list[tuple[int, list[str]]] = []
        self._statements: list[tuple[Statement, int]] = []
        self._by_rank: dict[Rank, dict[str, list[int]]] = {rank: {} for rank in Rank}
        self._changes: dict[str, list[int]] = defaultdict(list)
        self._submodules: dict[str, dict[str, int]] = defaultdict(dict)

    @property
    def n_characters(self) -> int:
        """How much code there is."""
        return sum(len(line) + 1 for _, lines in self._cells for line in lines)

    def data_of(self, number: int) -> tuple[int, int]:
        """Return how many bytes of data a statement carries, and how many of them document it."""
        statement = self._statements[number][0]
        return statement.data, statement.docstrings

    def add_cell(self, number: int, text: str, statements: Iterator[Statement]) -> None:
        """Add what a cell defines; ``text`` is its Python."""
        self._cells.append((number, text.split("\n")))
        for statement in statements:
            self._add(statement, number)

    def _add(self, statement: Statement, cell: int) -> None:
        ranks = {name: self._rank(name, statement) for name in statement.ranks}
        self.named.update(ranks)
        self.answered.update(name for name, rank in ranks.items() if rank > Rank.LIBRARY)
        if is_heap(statement.data, statement.docstrings):
            what = ", ".join([*statement.ranks][:3]) or statement.changes
            self.remarks.append(
                f"{self.name}, cell {cell}: {what[:100]} carries {statement.data:,} bytes of "
                f"data and is not taken; expected at most {MAX_DATA:,}"
            )
            return
        number = len(self._statements)
        self._statements.append((statement, len(self._cells) - 1))
        for name, rank in ranks.items():
            self._by_rank[rank].setdefault(name, []).append(number)
        self._file_away(statement, number)

    def _rank(self, name: str, statement: Statement) -> Rank:
        rank = statement.ranks[name]
        if name not in self._exercises:
            return rank
        if statement.text.startswith(("from tutorial_lib", "import tutorial_lib")):
            return Rank.LIBRARY
        return Rank.UNANSWERED if rank is Rank.STUB else rank

    def _file_away(self, statement: Statement, number: int) -> None:
        if STAR in statement.ranks:
            self.stars.append(number)
        if statement.changes:
            self._changes[statement.changes].append(number)
        if statement.text.startswith("from __future__ "):
            self.futures.append(number)
        if statement.submodule:
            self._submodules[next(iter(statement.ranks))].setdefault(statement.text, number)

    def defining(self, name: str, *, before: int | None = None) -> int | None:
        """Return the number of the statement that defines a name, of the highest rank the last.

        Parameters
        ----------
        name : str
        before : int, optional
            Only statements before this one count.
        """
        for rank in (Rank.FULL, Rank.OTHER, Rank.STUB):
            numbers = self._by_rank[rank].get(name, [])
            end = len(numbers) if before is None else bisect_left(numbers, before)
            if end:
                return numbers[end - 1]
        return None

    def importing(self, name: str) -> int | None:
        """Return the number of the statement that imports the library's own version, if any."""
        return self._by_rank[Rank.LIBRARY].get(name, [None])[-1]

    def changing(self, number: int, *, before: int | None = None) -> Iterator[int]:
        """Yield the statements that belong to a definition: that change what it defines."""
        for name, rank in self._statements[number][0].ranks.items():
            changes = self._changes.get(name, [])
            end = len(changes) if before is None else bisect_left(changes, before)
            yield from changes[bisect_right(changes, number) : end]
            if rank is Rank.FULL and self._statements[number][0].text:
                yield from self._submodules.get(name, {}).values()

    def names_of(self, number: int) -> tuple[str, ...]:
        """Return what a statement defines."""
        return tuple(self._statements[number][0].ranks)

    def place(self, number: int) -> str:
        """Return where a statement stands, in words."""
        return f"{self.name}, cell {self._cells[self._statements[number][1]][0]}"

    def text(self, number: int) -> tuple[str, int]:
        """Return a statement's source, and the number of its first line in the cell."""
        statement, cell = self._statements[number]
        first, last = statement.lines
        if statement.text:
            return statement.text, first
        lines = self._cells[cell][1]
        while statement.decorated and first > 1 and not lines[first - 1].lstrip().startswith("@"):
            first -= 1  # `@(` and the decorator itself may stand on different lines
        text = _cut(lines[first - 1 : last], *statement.columns)
        return (f"({text})" if statement.walrus else text), first


def _cut(lines: list[str], start: int, end: int) -> str:
    # Columns count bytes of UTF-8. From the end first, as it may be the same line.
    *above, last = lines
    lines = [*above, last.encode()[:end].decode()]
    return "\n".join([lines[0].encode()[start:].decode(), *lines[1:]])
