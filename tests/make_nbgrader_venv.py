"""Make an environment with nbgrader, for the tests of the exported course.

    python tests/make_nbgrader_venv.py [FOLDER]

nbgrader has no place in the course's own environment. This one sees the packages of the environment
that runs this script, PyTorch among them, and adds only what nbgrader needs beside them: seconds
and about 100 MB. FOLDER is named to the tests by NBGRADER_VENV; both default to a folder inside of
the running environment. Called again it does nothing, unless what it was made from has changed.
"""

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

# All that is not in constraints.txt.
NEEDS = (
    "nbgrader==0.9.6",
    "alembic==1.20.1",
    "mako==1.4.3",
    "notebook==7.6.5",
    "rapidfuzz==3.14.6",
    "sqlalchemy==2.1.9",
)
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


def default_folder() -> Path:
    """Return where the environment is looked for."""
    return Path(os.environ.get("NBGRADER_VENV") or Path(sys.prefix) / "nbgrader")


def program(folder: Path, name: str) -> Path:
    """Return the path of a program in an environment."""
    return folder / ("Scripts" if os.name == "nt" else "bin") / name


def recipe() -> str:
    """Return everything that decides what the environment is like."""
    return "\n".join([platform.python_version(), *NEEDS, *packages(), CONSTRAINTS.read_text()])


def packages() -> list[str]:
    """Return the folders of the running environment's packages."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def is_made(folder: Path) -> bool:
    """Tell whether the environment is there, whole and made of the same."""
    stamp = folder / ".recipe"
    return stamp.is_file() and stamp.read_text("utf-8") == recipe()


def make(folder: Path) -> None:
    """Make the environment, from nothing."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    python = program(folder, "python")
    own = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    # addsitedir, unlike a mere path, also finds what is installed there in editable form.
    lines = [f"import site; site.addsitedir({path!r})\n" for path in packages()]
    Path(own, "shared_packages.pth").write_text("".join(lines), "utf-8")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--constraint", CONSTRAINTS, *NEEDS)
    run(program(folder, "nbgrader"), "--version")
    (folder / ".recipe").write_text(recipe(), "utf-8")  # last: without it, it is made anew


def run(*command: str | Path) -> None:
    """Run a program, and end with its exit status if it fails."""
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default_folder()
    if is_made(place):
        print(f"{place} is as it should be.")
    else:
        make(place)
        print(f"Made {place}.")
