"""What Gradescope calls ``results.json``, for every student."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tutorial_lib.grading.page import WORDS, visible
from tutorial_lib.grading.results import ExerciseResult, StudentResult, Verdict
from tutorial_lib.grading.totals import mark_of, rounded


def gradescope_of(
    results: Mapping[str, StudentResult], catalogue: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return one JSON object, from each student to the object that Gradescope reads.

    Where a human has to decide, it holds no score: Gradescope then reports an error and gives no
    mark. A score for some of the tests would be added up to one.
    """
    titles = {entry["exercise"]: entry["title"] for entry in catalogue}
    whole = {
        visible(student, longest=len(student)): _one(result, titles)
        for student, result in results.items()
    }
    return (json.dumps(whole, sort_keys=True, allow_nan=False, indent=1) + "\n").encode("ascii")


def _one(result: StudentResult, titles: Mapping[str, str]) -> dict[str, Any]:
    mark = mark_of(result)
    tests = [_test(one, titles.get(one.exercise, one.name)) for one in result.exercises]
    if mark is not None:
        for test, one in zip(tests, result.exercises, strict=True):
            test["score"] = rounded(one.points)
            test["status"] = "passed" if one.verdict is Verdict.PASS else "failed"
    return {
        "output": "" if mark is not None else "There is no total yet: somebody looks at it first.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"sandbox": result.sandbox},
        "tests": tests,
    } | ({} if mark is None else {"score": mark})


def _test(result: ExerciseResult, title: str) -> dict[str, Any]:
    bug = f"Known mistake: {result.bug}." if result.bug else ""
    said = f"On the public examples, the check says:\n{result.details}" if result.details else ""
    parts = (f"{WORDS[result.verdict]}.", bug, result.message, said)
    return {
        "number": result.exercise,
        "name": f"{result.exercise} {title}",
        "max_score": rounded(result.out_of),
        "output": visible("\n\n".join(filter(None, parts)), longest=4000, lines=True),
        "output_format": "text",
        "visibility": "visible",
    }
