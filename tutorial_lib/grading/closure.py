"""Everything that a definition needs, and nothing else."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tutorial_lib.grading.literals import MAX_TEXT, is_heap
from tutorial_lib.grading.source import Source
from tutorial_lib.grading.uses import uses_of

MAX_STEPS = 300_000  # of the search; an exercise takes dozens

# Which file, and which of its statements: sorted, this is the order in which they run.
Place = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A statement of a notebook that defines names.

    Attributes
    ----------
    names : tuple of str
        That it defines; empty if it changes what another piece defines.
    text : str
        Its source, with decorators.
    place : str
        For people, such as ``"01_autoencoder.ipynb, cell 7"``.
    first_line : int
        Number of the text's first line in its cell, from 1.
    uses : frozenset of str
        Names that it takes from outside of itself, now or when called.
    """

    names: tuple[str, ...]
    text: str
    place: str
    first_line: int
    uses: frozenset[str]


class _TooMuch(Exception):
    pass


class Search:
    """A search for the meaning of names in a student's notebooks.

    Parameters
    ----------
    others : sequence of Source
        Run first, so that what the own file defines replaces what they do.
    own : Source or None
        Asked first.
    homes : mapping of str to Source
        Asked next, for the names of exercises.
    """

    def __init__(
        self, others: Sequence[Source], own: Source | None, homes: Mapping[str, Source]
    ) -> None:
        self.files = [*others, *([own] if own else [])]
        self._own = own
        self._homes = homes
        self._numbers = {id(source): k for k, source in enumerate(self.files)}
        self._defined: dict[str, bool] = {}
        self._uses: dict[Place, tuple[frozenset[str], frozenset[str]]] = {}

    def attempted(self, exercise: str) -> bool:
        """Return whether something defines an exercise, be it not taken."""
        return any(exercise in source.answered for source in self._answering(exercise))

    def _answering(self, exercise: str) -> list[Source]:
        """Return the files in which a definition is meant as an answer to an exercise.

        Our own notebook 03 has a `train_softmax` that is no answer to the exercise of that name in
        04. So where the chapter's own file has a place for the answer, only that place counts; and
        in another chapter's file, only what is checked there.
        """
        own = self._own
        if own and exercise in own.named | own.checked:
            return [own]
        files = [source for source in self.files if source is not own]
        return [source for source in files if not source.chapter or exercise in source.checked]

    def pieces(self, exercise: str, *, given: frozenset[str]) -> list[Piece] | None:
        """Return what gives an exercise its meaning, in running order, or None."""
        start = self._first_defining(exercise, self._answering(exercise))
        if start is None:
            return None
        try:
            found, needs = self._collect(start, given)
            data, docstrings = zip(*map(self._data_at, found), strict=True)
            if is_heap(sum(data), sum(docstrings)):
                return None  # no piece is one, but all together are
            pieces = [self._piece(place) for place in self._ordered(found, needs)]
            return pieces if sum(map(_size, pieces)) <= MAX_TEXT else None
        except _TooMuch:
            return None

    def _data_at(self, place: Place) -> tuple[int, int]:
        return self.files[place[0]].data_of(place[1])

    def _first_defining(self, name: str, files: Sequence[Source]) -> Place | None:
        for source in files:
            if (number := source.defining(name)) is not None:
                return self._numbers[id(source)], number
        return None

    def _find(self, name: str, before: Place | None = None) -> Place | None:
        """Return what defines a name: the last before a place, if there is one, or the last."""
        if (
            before
            and (number := self.files[before[0]].defining(name, before=before[1])) is not None
        ):
            return before[0], number
        preferred = [source for source in (self._own, self._homes.get(name)) if source]
        if found := self._first_defining(name, [*preferred, *self.files]):
            return found
        for source in (*preferred, *self.files):
            if (number := source.importing(name)) is not None:
                return self._numbers[id(source)], number
        return None

    def _collect(
        self, start: Place, given: frozenset[str]
    ) -> tuple[set[Place], dict[Place, set[Place]]]:
        """Return the places that are needed, and what has to run before each.

        What a statement uses at once has the meaning that it had there: a name may have been given
        another one further down. What a function uses, it looks up when it is called.
        """
        seen: set[tuple[Place, Place | None]] = set()
        needs: dict[Place, set[Place]] = defaultdict(set)
        waiting: list[tuple[Place, Place | None]] = [(start, None)]
        steps = 0
        while waiting:
            place, moment = waiting.pop()
            if (place, moment) in seen:
                continue
            seen.add((place, moment))
            if moment:
                needs[moment].add(place)
            for step in self._next(place, moment, given):
                if (steps := steps + 1) > MAX_STEPS:
                    raise _TooMuch
                if step is not None:
                    waiting.append(step)
        return {place for place, _ in seen}, needs

    def _next(
        self, place: Place, moment: Place | None, given: frozenset[str]
    ) -> Iterator[tuple[Place, Place | None] | None]:
        """Yield what a place needs, or None for a name that nothing here defines."""
        at_once, later = self._uses_at(place)
        for names, when in ((at_once, place), (later, moment)):
            for name in names - given:
                found = self._find(name, when) if self._is_defined(name) else None
                yield (found, when) if found else None
        file, number = place
        end = moment[1] if moment and moment[0] == file else None
        for change in self.files[file].changing(number, before=end):
            yield (file, change), moment

    def _is_defined(self, name: str) -> bool:
        if name not in self._defined:
            self._defined[name] = self._find(name) is not None
        return self._defined[name]

    def _uses_at(self, place: Place) -> tuple[frozenset[str], frozenset[str]]:
        if place not in self._uses:
            self._uses[place] = uses_of(self.files[place[0]].text(place[1])[0])
        return self._uses[place]

    def _ordered(self, found: set[Place], needs: dict[Place, set[Place]]) -> Iterator[Place]:
        """Yield places in the order of the notebooks; what must run earlier, earlier."""
        files = sorted({file for file, _ in found})
        first = [(k, n) for k in files for n in self.files[k].futures]
        first += [(k, n) for k in files for n in self.files[k].stars]
        done: set[Place] = set()
        waiting = [*sorted(found - {*first}, reverse=True), *reversed(first)]
        opened: set[Place] = set()
        while waiting:
            place = waiting[-1]
            before = needs.get(place, set()) - done - opened - {place}
            if place not in opened and before:
                waiting.extend(sorted(before, reverse=True))
            else:
                waiting.pop()
                if place not in done:
                    done.add(place)
                    yield place
            opened.add(place)

    def _piece(self, place: Place) -> Piece:
        source, number = self.files[place[0]], place[1]
        text, first_line = source.text(number)
        at_once, later = self._uses_at(place)
        names = source.names_of(number)
        return Piece(names, text, source.place(number), first_line, at_once | later)


def _size(piece: Piece) -> int:
    return len(piece.text.encode("utf-8", "surrogatepass"))
