"""What is known about a graded submission: plain values, which cross processes and machines."""

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

UNSAFE = "NO SANDBOX"  # the level of a run without one


class Verdict(StrEnum):
    """How one exercise ended; only PASS means that the answer is right."""

    PASS = "PASS"
    FAIL = "FAIL"  # it answered, and wrongly
    ERROR = "ERROR"  # it raised an error
    NOT_ATTEMPTED = "NOT_ATTEMPTED"  # nothing but the stub, or nothing at all
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    OUTPUT = "OUTPUT"  # more output or larger frames than anybody needs
    CRASH = "CRASH"  # its process ended without an answer
    INVALID = "INVALID"  # the submission cannot be read, or says two things at once
    INTERNAL = "INTERNAL"  # our fault, tried again already: for a human, never a zero


UNDECIDED = (Verdict.INVALID, Verdict.INTERNAL)  # no mark before a human has looked


@dataclass(frozen=True)
class ExerciseResult:
    """The verdict on one exercise of one student.

    Attributes
    ----------
    exercise, name : str
        Such as ``"1.6"`` and the name of the function, or of a question's variable.
    verdict : Verdict
    points, out_of : float
        Points may be a part of all even where the verdict is FAIL, as in 4.5.
    bug : str or None
        Name of the known mistake.
    message : str
        Our own words for the student: on the mistake, on the kind of failure, or on the accuracy
        that was reached. It quotes neither the answer nor the secret inputs.
    details : str
        What the learner's own check would say on the public cases. It may quote the student.
    seed : int
        From which the secret cases were drawn.
    """

    exercise: str
    name: str
    verdict: Verdict
    points: float
    out_of: float
    bug: str | None = None
    message: str = ""
    details: str = ""
    seed: int = 0


@dataclass(frozen=True)
class StudentResult:
    """All verdicts on what one student handed in.

    Attributes
    ----------
    student : str
    key : str
        HMAC of everything that the verdicts depend on: files, secret, limits, versions.
    sandbox : str
        What held the answers, such as ``"bubblewrap 0.8.0, seccomp, one uid per box"``; or
        ``"NO SANDBOX"``.
    exercises : tuple of ExerciseResult
        Every exercise and question of the course, in its order.
    remarks : tuple of str
        What a human should know: two files for one notebook, a cell that does not parse.
    told : tuple of str
        Those of the remarks that the student may read: they name nobody else.
    for_a_human : bool
        Whether somebody has to look before this becomes a mark.
    versions, limits : dict
    """

    student: str
    key: str
    sandbox: str
    exercises: tuple[ExerciseResult, ...]
    remarks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    for_a_human: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)

    def only(self, exercises: Container[str]) -> Self:
        """Return the same without the other exercises, about which nobody has to be asked."""
        kept = tuple(one for one in self.exercises if one.exercise in exercises)
        is_open = any(one.verdict in UNDECIDED for one in kept)
        return replace(self, exercises=kept, for_a_human=self.for_a_human and is_open)

    def plain(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Return what `plain` was made from.

        Raises
        ------
        KeyError, TypeError or ValueError
            If the values are not those of a result.
        """
        exercises = tuple(
            ExerciseResult(**{**one, "verdict": Verdict(one["verdict"])})
            for one in values["exercises"]
        )
        texts = {name: tuple(values[name]) for name in ("remarks", "told")}
        return cls(**{**values, **texts, "exercises": exercises})
