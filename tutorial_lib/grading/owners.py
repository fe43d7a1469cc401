"""Which student a name in the submissions stands for: exactly one on the roster, or a remark."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tutorial_lib.grading.identities import (
    Identity,
    has_hidden_signs,
    identity_of,
    shown,
    skeleton,
)
from tutorial_lib.grading.listing import Entry
from tutorial_lib.grading.roster import Roster


def is_flat(entry: Entry) -> bool:
    """Return whether a file lies in no folder; one from a flat archive lies in none either."""
    return len(entry.parts) == 1 or entry.parts[0].casefold().endswith(".zip")


class Owners:
    """Who owns what was found.

    Parameters
    ----------
    roster : Roster or None
    found : sequence of Entry
        Everything: two owners of one name are told apart only where both are known.
    """

    def __init__(self, roster: Roster | None, found: Sequence[Entry]) -> None:
        self._rows = roster.rows if roster else {}
        self._has_roster = roster is not None
        self._known_by = roster.known_by() if roster else {}
        self._numbers: dict[str, set[str]] = defaultdict(set)
        self._remarks: dict[str, dict[str, None]] = defaultdict(dict)
        self._looks: dict[str, set[str]] = defaultdict(set)
        for student in self._rows:
            self._looks[skeleton(student)].add(student)
        for name in {(entry.parts[0], is_flat(entry)) for entry in found}:
            identity = self._identity(*name)
            self._numbers[identity.name].add(identity.number)

    def identity(self, entry: Entry) -> Identity:
        """Return what a file's name says about its owner."""
        return self._identity(entry.parts[0], is_flat(entry))

    def _identity(self, name: str, flat: bool) -> Identity:
        found = identity_of(name, flat=flat)
        if found.number or not flat:
            return found
        # A student's own name may hold the `_` that ends it in others.
        ends = (k for k in range(len(name), 0, -1) if name[k : k + 1] == "_")
        fitting = [name[:end] for end in ends if name[:end] in self._rows]
        if not fitting:
            return found
        longest, *others = fitting
        for other in others:
            self._say(longest, f"{shown(name)} is taken for {longest}'s, and may be {other}'s")
        return Identity(longest, rest=name[len(longest) + 1 :])

    def is_known(self, identity: Identity) -> bool:
        """Return whether a name is a student's, and not that of a file beside the submissions."""
        return bool(identity.number) or identity.name in self._rows

    def student(self, identity: Identity) -> str:
        """Return the student; on the roster, if exactly one there is meant, else as named."""
        meant = self._meant(identity)
        if len(meant) == 1:
            return self._noted(meant.pop(), identity)
        several = len(self._numbers[identity.name]) > 1
        # Also where the name is somebody's, and the number somebody else's.
        apart = identity.number and (several or identity.name in self._rows)
        student = shown(f"{identity.name}_{identity.number}" if apart else identity.name)
        if several and apart:
            self._say(student, "shares the name with others, and is told apart by the number")
        if meant:
            names = " and ".join(sorted(meant)[:5])
            self._say(student, f"is not matched to the roster, because it may mean {names}")
        elif self._has_roster:
            self._say(student, "is not on the roster")
        return self._noted(student, identity)

    def _meant(self, identity: Identity) -> set[str]:
        known = self._known_by.get(identity.name, set())
        names = {identity.name} if identity.name in self._rows else known
        if not identity.number:
            return {*names}
        numbers = (identity.number, f"Participant {identity.number}")
        return {*names}.union(*(self._known_by.get(number, ()) for number in numbers))

    def _noted(self, student: str, identity: Identity) -> str:
        if identity.late:
            self._say(student, "was handed in late, by the mark LATE in its name")
        if student not in self._rows and has_hidden_signs(identity.name):
            self._say(student, "has a name with signs that are not seen")
        self._looks[skeleton(student)].add(student)
        return student

    def _say(self, student: str, text: str) -> None:
        self._remarks[student][text] = None

    def remarks(self, student: str) -> Iterator[str]:
        """Yield what is to be said about a student's name, once every owner is known."""
        yield from self._remarks[student]
        others = self._looks[skeleton(student)] - {student}
        if others and student not in self._rows:
            names = " and ".join(sorted(others)[:5])
            yield f"looks like {names}, but is another name: not taken for the same student"
