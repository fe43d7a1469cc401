"""Which parts of the library are in the box: none of them answers an exercise, and a test tries.

Whoever imports another part there gets an error that says so, and a named FAIL.
"""

import shutil
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

MODULES = (
    "__init__",
    "minimise",  # notebook 04 trains with it; the next six are what it stands on
    "lbfgs",
    "loop",
    "nesting",
    "checkpoints",
    "files",
    "precision",
    "checks",
    "driving",  # what is done with an answer where one call is not enough
    "grading.__init__",
    "grading.start",
    "grading.worker",  # runs the answers
    "grading.answer",
    "grading.frames",  # and how it is talked to
    "grading.memory",
    "grading.wire",
    "grading.lent",
    "grading.box_contents",
)
START = "tutorial_lib/grading/start.py"


def fill(folder: Path) -> Path:
    """Copy the parts into a folder, readable by everybody, and return it."""
    folder.chmod(0o755)
    for module in MODULES:
        target = folder / "tutorial_lib" / f"{module.replace('.', '/')}.py"
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / f"{module.replace('.', '/')}.py", target)
        target.chmod(0o644)
    for inner in folder.rglob("*/"):
        inner.chmod(0o755)
    return folder
