"""Make the picture of the class's page in the README: its top, for thirty invented students.

Nobody's work is judged: the results are drawn by chance, with the mistakes that the exercises know.
Run it in this folder's parent: ``.venv/bin/python docs/make_class_picture.py`` (needs the [dev]
extra and Chromium; seconds).
"""

import random
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from tutorial_lib.exercises import all_exercises
from tutorial_lib.exercises.task import KnownBug
from tutorial_lib.grading import class_page
from tutorial_lib.grading.judge import catalogue
from tutorial_lib.grading.results import ExerciseResult, StudentResult, Verdict

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "tests"))
from browser import chromium  # noqa: E402

NAMES = [f"student{number:02}" for number in range(1, 31)]
ABSENT = ["student31"]
SANDBOX = "bubblewrap 0.8.0, seccomp, one uid per box"
WIDTH, HEIGHT, N_COLOURS = 1000, 1445, 64
DICE = random.Random(5)


def result_of(entry: Mapping[str, Any], bugs: list[KnownBug], skill: float) -> ExerciseResult:
    """Draw how somebody did on one exercise; the more points it has, the harder it is."""
    verdict, bug, points = Verdict.PASS, None, float(entry["points"])
    if DICE.random() > skill - 0.08 * (points - 1):
        points = 0.0
        verdict = DICE.choices([Verdict.FAIL, Verdict.ERROR, Verdict.TIMEOUT], [14, 3, 1])[0]
        if verdict is Verdict.FAIL and bugs:
            bug = bugs[min(int(DICE.expovariate(1.2)), len(bugs) - 1)].name
    return ExerciseResult(entry["exercise"], entry["name"], verdict, points, entry["points"], bug)


def student(name: str) -> StudentResult:
    """Draw a student, who may not have come to the last exercises."""
    bugs = {task.id: [*task.known_bugs] for task in all_exercises()}
    entries, skill = catalogue(), DICE.betavariate(8, 2)
    reach = DICE.choice([1.0, 1.0, 1.0, 0.8, 0.6]) * len(entries)
    done = [
        result_of(entry, bugs[entry["exercise"]], skill)
        if place < reach
        else ExerciseResult(
            entry["exercise"], entry["name"], Verdict.NOT_ATTEMPTED, 0, entry["points"]
        )
        for place, entry in enumerate(entries)
    ]
    return StudentResult(name, "", SANDBOX, tuple(done))


def to_look_at(results: list[StudentResult]) -> None:
    """Have two notebooks that contradict each other, and a cell that is no Python."""
    why = "two different files answer it: 02_stacking.ipynb and 02_stacking (1).ipynb"
    one = results[3]
    exercises = tuple(
        ExerciseResult(e.exercise, e.name, Verdict.INVALID, 0, e.out_of, message=why)
        if entry["notebook"] == "02_stacking"
        else e
        for e, entry in zip(one.exercises, catalogue(), strict=True)
    )
    results[3] = StudentResult(one.student, "", SANDBOX, exercises, for_a_human=True)
    said = "01_autoencoder.ipynb, cell 23 is no Python, so nothing in it counts (line 2: '(' was "
    two = results[8]
    results[8] = StudentResult(
        two.student, "", SANDBOX, two.exercises, (f"{said}never closed)",), False
    )


def main() -> None:
    """Write the page, and take its picture."""
    results = [student(name) for name in NAMES]
    to_look_at(results)
    with TemporaryDirectory() as folder, chromium() as page:
        class_page.write(
            Path(folder),
            results,
            catalogue(),
            roster=[{"student": name} for name in [*NAMES, *ABSENT]],
            remarks=["export_log.txt lies beside the submissions and is ignored"],
        )
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.goto((Path(folder) / "class.html").as_uri())
        picture = Image.open(BytesIO(page.screenshot()))
    # Few colours: a third of the bytes.
    picture.convert("RGB").quantize(N_COLOURS).save(FOLDER / "class_page.png", optimize=True)


if __name__ == "__main__":
    main()
