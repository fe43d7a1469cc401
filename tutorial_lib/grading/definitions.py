"""What counts in a student's notebooks: definitions, taken from their text.

Nothing is run here, nor computed. A notebook's training, plots and accidents stay where they are:
an exercise gets the definitions that its function uses, and no more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from tutorial_lib.grading.closure import Piece, Search
from tutorial_lib.grading.identities import shown
from tutorial_lib.grading.notebook import InvalidNotebook
from tutorial_lib.grading.reading import read_source
from tutorial_lib.grading.source import Source

MAX_CODE = 500_000  # characters in all files of a student, of which the last may exceed it
UNREAD = (
    "Nothing that can be read is this chapter's notebook, but something that was handed in cannot "
    "be read, and may be it."
)

__all__ = ["Definitions", "Piece", "read_definitions"]


class Definitions:
    """The definitions in all notebooks of one student.

    Parameters
    ----------
    sources : sequence of Source
        One for each notebook that can be read.
    chapters : mapping of str to collection of str
        Names of the exercises and questions of each chapter.
    unread : sequence of str
        What was handed in and could not be read, and why.

    Attributes
    ----------
    remarks : tuple of str
        What a human should know: what could not be read, a cell that does not parse, a second copy
        of a file.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        chapters: Mapping[str, Collection[str]],
        unread: Sequence[str] = (),
    ) -> None:
        self._chapters = {name: chapter for chapter in chapters for name in chapters[chapter]}
        by_chapter: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            by_chapter[source.chapter].append(source)
        self._conflicts: dict[str, str] = {}
        self._files: dict[str, Source] = {}
        self._others = by_chapter.pop("", [])
        self._is_whole = not unread
        said = [*unread, *(remark for source in sources for remark in source.remarks)]
        for chapter, candidates in by_chapter.items():
            said += self._choose(chapter, candidates)
        self.remarks = tuple(said)

    def _choose(self, chapter: str, candidates: list[Source]) -> Iterator[str]:
        different = {source.fingerprint: source for source in reversed(candidates)}
        used, *others = reversed(different.values())
        if others:
            names = " and ".join(source.name for source in (used, *others))
            self._conflicts[chapter] = f"two different files answer it: {names}"
            return
        self._files[chapter] = used
        for source in candidates:
            if source is not used:
                yield f"{source.name} holds the same code as {used.name}, which is used"

    def attempted(self, name: str) -> bool:
        """Return whether something defines an exercise: no stub, nor an answer of ours.

        If so and `program` returns None, what defines it was not taken; a remark says why.
        """
        return self._search(name).attempted(name)

    def program(self, name: str, *, given: Collection[str] = ()) -> list[Piece] | None:
        """Return what has to run so that a name has its meaning, in the order of the notebook.

        Parameters
        ----------
        name : str
        given : collection of str
            Names that are supplied from elsewhere: their definitions are left out.

        Returns
        -------
        list of Piece or None
            None if nothing defines the name. ``from __future__`` imports come first: they are
            meant for everything after them, so it is compiled with their flags. Then come star
            imports, so that they replace nothing that is defined.
        """
        return self._search(name).pieces(name, given=frozenset(given) - {name})

    def conflict(self, chapter: str) -> str:
        """Return why nothing of a chapter can be judged, or nothing."""
        return self._conflicts.get(chapter, "")

    def doubt(self, chapter: str) -> str:
        """Return why a chapter may have been handed in although nothing here is it, or nothing."""
        if self._is_whole or chapter in self._files or chapter in self._conflicts:
            return ""
        return UNREAD

    def is_spoilt(self, name: str) -> bool:
        """Return whether a cell that is no Python seems to define an exercise."""
        return any(name in source.spoilt for source in [*self._files.values(), *self._others])

    def _search(self, name: str) -> Search:
        """Return a search that begins in the notebook that a name belongs to."""
        own = self._files.get(self._chapters.get(name, ""))
        rest = [*self._files.values(), *self._others]
        homes = {
            exercise: self._files[chapter]
            for exercise, chapter in self._chapters.items()
            if chapter in self._files
        }
        return Search([source for source in rest if source is not own], own, homes)


def read_definitions(
    files: Sequence[tuple[str, bytes]],
    chapters: Mapping[str, Collection[str]],
    *,
    unread: Sequence[str] = (),
) -> Definitions:
    """Read the notebooks of one student.

    Parameters
    ----------
    files : sequence of (str, bytes)
        Names, for people, and contents. A file that cannot be read costs only itself.
    chapters : mapping of str to collection of str
        Such as ``{"01_autoencoder": ["encode", "margin"]}``: what is to be answered where. A file
        belongs to the chapter that it defines and checks most names of.
    unread : sequence of str
        What is known already not to be read, and why.
    """
    sources: list[Source] = []
    problems = [*unread]
    exercises = frozenset(name for names in chapters.values() for name in names)
    for name, data in files:
        if sum(source.n_characters for source in sources) > MAX_CODE:
            problems.append(f"{shown(name)} is not read: the files before it hold too much code")
            continue
        try:
            sources.append(read_source(name, data, chapters=chapters, exercises=exercises))
        except InvalidNotebook as error:
            problems.append(f"{shown(name)} {error.reason}")
    return Definitions(sources, chapters, problems)
