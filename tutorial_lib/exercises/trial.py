"""The drawn cases of an exercise: what a right answer does there, and what another does wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tutorial_lib.exercises.outcome import Row
from tutorial_lib.exercises.parts import Parts, WrongStructure, is_plain
from tutorial_lib.exercises.pictures import picture_of_errors
from tutorial_lib.exercises.running import Case, Run, mark_overwritten
from tutorial_lib.exercises.task import KnownBug
from tutorial_lib.exercises.values import Difference, Tolerance, compare
from tutorial_lib.exercises.wording import join

Function = Callable[..., Any]
LONGEST_LIST = 3  # of names in a sentence; the table has them all


@dataclass(frozen=True)
class Problem:
    """What is wrong on one case.

    Attributes
    ----------
    text : str
        A sentence, without expected values.
    rows : tuple of Row
        Part by part, for gradients.
    picture : callable or None
        As `Outcome` wants it.
    is_value : bool
        Whether it lies in what was returned, rather than in what else the call did.
    """

    text: str
    rows: tuple[Row, ...] = ()
    picture: Callable[[], tuple[bytes, str]] | None = None
    is_value: bool = False


class Trial:
    """The cases that one seed draws.

    What the reference and the known bugs do there is worked out once, when it is first needed.
    """

    def __init__(
        self,
        *,
        cases: Mapping[str, Case],
        run: Callable[[Function, Case], Run],
        reference: Function,
        tolerance: Tolerance,
        gradients: bool,
        call_again: bool,
    ) -> None:
        self._drawn = tuple(cases)
        self.cases = dict(cases)
        if call_again:  # an answer may remember the first call, or use its memory again
            self.cases[f"{self._drawn[0]}, called once more"] = cases[self._drawn[0]]
        self._run = run
        self._tolerance = tolerance
        self._gradients = gradients
        self._bug_runs: dict[tuple[str, str], Run] = {}
        self._expected = self.run_all(reference)

    def run_all(self, function: Function) -> dict[str, Run]:
        """Call a function on every case."""
        runs = {name: self._run(function, case) for name, case in self.cases.items()}
        mark_overwritten(runs.values())
        return runs

    def problems(self, given: Mapping[str, Run]) -> dict[str, Problem]:
        """Return what is wrong, by case; nothing for a right answer."""
        found = {name: self._problem(self._expected[name], given[name]) for name in self.cases}
        return {name: problem for name, problem in found.items() if problem is not None}

    def recognise(self, given: Mapping[str, Run], bugs: Sequence[KnownBug]) -> KnownBug | None:
        """Return the first known bug that did the same in every case.

        An answer with two mistakes does what no single one does. Then the cases up to the first
        that went wrong decide, if just one known bug did the same: it is the one to mend first.
        NaN alone is no proof: many roads lead to it.
        """
        # Many mistakes end in the same kind of error: then the error's text must agree as well.
        by_text = all(given[name].error is not None for name in self._drawn)
        for bug in bugs if any(_is_finite(given[name]) for name in self._drawn) else ():
            if all(self._alike(self._bug_run(bug, k), given[k], by_text) for k in self._drawn):
                return bug
        failed = next(iter(self.problems(given)), None)
        if failed not in self._drawn or given[failed].error is not None:
            return None
        seen = self._drawn[: self._drawn.index(failed) + 1]
        if not any(_is_finite(given[name]) for name in seen):
            return None
        same = [
            bug
            for bug in bugs
            if all(self._alike(self._bug_run(bug, k), given[k], True) for k in seen)
        ]
        return same[0] if len(same) == 1 else None

    def _bug_run(self, bug: KnownBug, case: str) -> Run:
        key = bug.name, case
        if key not in self._bug_runs:
            self._bug_runs[key] = self._run(bug.answer, self.cases[case])
        return self._bug_runs[key]

    def _alike(self, bug: Run, given: Run, by_text: bool) -> bool:
        """Tell whether two runs did the same, right or wrong."""
        if bug.error is not None or given.error is not None:
            same_text = not by_text or str(bug.error) == str(given.error)
            return type(bug.error) is type(given.error) and same_text
        if bug.structure or given.structure:
            return bug.structure == given.structure
        if (bug.changed, bug.shared) != (given.changed, given.shared):
            return False
        try:
            parts = _without_infinity(bug.parts), _without_infinity(given.parts)
            return not any(d.wrong for d in compare(*parts, self._tolerance))
        except WrongStructure:
            return False

    def _problem(self, expected: Run, given: Run) -> Problem | None:
        """Compare a run with the reference's: how it ended, its values, then its manners."""
        if given.error is not None:
            return Problem("it raised an error.")
        if given.structure:
            return Problem(given.structure, is_value=True)
        try:
            differences = compare(expected.parts, given.parts, self._tolerance)
        except WrongStructure as error:
            return Problem(str(error), is_value=True)
        wrong = [difference for difference in differences if difference.wrong]
        if wrong and self._gradients:
            return _problem_of_gradients(expected, given, differences)
        if wrong:
            return Problem(wrong[0].text, is_value=True)
        return self._bad_manners(expected, given)

    def _bad_manners(self, expected: Run, given: Run) -> Problem | None:
        if changed := [name for name in given.changed if name not in expected.changed]:
            return Problem(
                f"The values are right, but the call changed its argument {join(changed)}. Leave "
                "it as it was: += and its like, operations ending in _, and assignments to a "
                "slice or an attribute change it in place."
            )
        if shared := [name for name in given.shared if name not in expected.shared]:
            return Problem(
                f"The values are right, but the result is a view on {join(shared)}: whoever "
                "changes one changes the other. Return a tensor of its own, say with .clone()."
            )
        if given.overwritten:
            return Problem(
                "The values are right, but another call writes its result to the same memory. "
                "Return a new tensor each time."
            )
        return None


def _without_infinity(parts: Parts) -> Parts:
    """Put NaN for infinity: which of the two an overflow ends in is a matter of order."""
    return {
        name: torch.where(value.isfinite(), value, torch.nan)
        if is_plain(value) and value.is_floating_point()
        else value
        for name, value in parts.items()
    }


def _is_finite(run: Run) -> bool:
    return all(torch.isfinite(value).all() for value in run.parts.values() if is_plain(value))


def _problem_of_gradients(expected: Run, given: Run, differences: list[Difference]) -> Problem:
    rows = tuple(map(_row, differences))
    names = [row.part for row in rows if row.verdict == "wrong"]
    told = f"{join(names)} {'is' if len(names) == 1 else 'are'} wrong."
    if len(names) > LONGEST_LIST:
        told = f"{len(names)} of {len(rows)} values are wrong."
    return Problem(
        told,
        rows,
        picture_of_errors(expected.parts, given.parts, rows),
        is_value=True,
    )


def _row(difference: Difference) -> Row:
    verdict = "wrong" if difference.wrong else "right"
    detail = difference.text.removeprefix(difference.part).strip() if difference.wrong else ""
    if difference.relative_error is not None:
        detail = f"relative error {difference.relative_error:.2g}"
        if difference.wrong and difference.where:
            detail = "still zeros" if difference.all_zero else f"{detail}; {difference.where}"
    return Row(difference.part, verdict, detail)
