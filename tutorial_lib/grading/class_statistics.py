"""What a class got right, exercise by exercise, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tutorial_lib.grading.page import WORDS
from tutorial_lib.grading.results import ExerciseResult, StudentResult, Verdict
from tutorial_lib.grading.totals import is_open

# Not the student's mistake in the subject: these are counted beside the known ones.
_MISHAPS = (Verdict.ERROR, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT, Verdict.CRASH)


@dataclass(frozen=True)
class Tally:
    """How a class did in one exercise.

    Attributes
    ----------
    exercise, title, notebook : str
    n_judged : int
        Students with a verdict; what a human has to look at is no verdict.
    n_attempted, n_right : int
        Of those.
    bugs : tuple of (str, int)
        Known mistakes with how often each was made, the commonest first.
    mishaps : tuple of (str, int)
        Errors, time limits and the like, where no known mistake was recognised.
    """

    exercise: str
    title: str
    notebook: str
    n_judged: int
    n_attempted: int
    n_right: int
    bugs: tuple[tuple[str, int], ...]
    mishaps: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float | None:
        """Right answers as a share of all that were judged; None where there is none."""
        return self.n_right / self.n_judged if self.n_judged else None


def tallies_of(
    results: Iterable[StudentResult], catalogue: Sequence[Mapping[str, Any]]
) -> list[Tally]:
    """Return a tally for every exercise of the catalogue, in its order."""
    verdicts: dict[str, list[ExerciseResult]] = {entry["exercise"]: [] for entry in catalogue}
    for result in results:
        for one in result.exercises:
            if one.exercise in verdicts and not is_open(one):
                verdicts[one.exercise].append(one)
    return [_tally(entry, verdicts[entry["exercise"]]) for entry in catalogue]


def not_understood(tallies: Iterable[Tally], *, most: int = 5) -> list[Tally]:
    """Return the exercises with the most wrong answers, the most first.

    What nobody tried was not reached, rather than not understood.
    """
    missed = [one for one in tallies if one.n_right < one.n_attempted]
    # Sorting keeps the order of the course among equals.
    return sorted(missed, key=lambda one: one.n_right - one.n_attempted)[:most]


def _tally(entry: Mapping[str, Any], given: Sequence[ExerciseResult]) -> Tally:
    return Tally(
        exercise=entry["exercise"],
        title=entry["title"],
        notebook=entry["notebook"],
        n_judged=len(given),
        n_attempted=sum(one.verdict is not Verdict.NOT_ATTEMPTED for one in given),
        n_right=sum(one.verdict is Verdict.PASS for one in given),
        bugs=_counted(one.bug for one in given if one.bug),
        mishaps=_counted(
            WORDS[one.verdict] for one in given if one.verdict in _MISHAPS and not one.bug
        ),
    )


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
