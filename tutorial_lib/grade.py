"""The command ``grade``: submitted notebooks in, marks, feedback and a picture of the class out.

This process coordinates. It never runs what was handed in, nor loads PyTorch: see
`tutorial_lib.grading`, and GRADING.md for what is promised.
"""

import argparse
import math
import os
import sys
from pathlib import Path

from tutorial_lib.grading.classroom import Classroom, GradeError
from tutorial_lib.grading.confinement import SLOTS
from tutorial_lib.grading.executors import ClusterUnavailable
from tutorial_lib.grading.journal import JournalError
from tutorial_lib.grading.page import visible
from tutorial_lib.grading.roster import RosterError
from tutorial_lib.grading.sandbox import Limits, SandboxUnavailable, level
from tutorial_lib.grading.submissions import SubmissionsError
from tutorial_lib.grading.totals import COURSE

REFUSALS = (
    *(GradeError, SubmissionsError, RosterError, JournalError),
    *(SandboxUnavailable, ClusterUnavailable),
)
MIN_MEMORY, MAX_MEMORY = 512, 1 << 20  # MiB: PyTorch alone takes half of the first
MAX_JOBS = SLOTS - 1  # each has a user id of its own, and so has who is next


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    _add_class(parser)
    _add_judging(parser)
    _add_other_uses(parser)


def _add_class(parser: argparse.ArgumentParser) -> None:
    """Declare what is graded, and where to."""
    parser.add_argument(
        "submissions",
        nargs="?",
        type=Path,
        metavar="SUBMISSIONS",
        help="folder or .zip of STUDENT/NAME.ipynb or STUDENT_NAME.ipynb",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of marks and pages; made if missing"
    )
    parser.add_argument(
        "--roster", type=Path, metavar="CSV", help="who is in the class (column: student)"
    )
    parser.add_argument(
        "--secret-file",
        type=Path,
        metavar="FILE",
        help="the course's secret, from which the cases are drawn (default: DIR/secret.key, made "
        "on first use; keep it for appeals)",
    )
    parser.add_argument(
        "--notebooks",
        type=lambda words: [word.strip() for word in words.split(",")],
        default=[],
        metavar="NN,NN",
        help="count only these, such as 01 or 01,02; what is not handed out yet costs nothing",
    )
    parser.add_argument(
        "--assignment",
        default=COURSE,
        metavar="TITLE",
        help="the column's title in Canvas, with its number if it exists: 'Autoencoders (1234)'",
    )


def _add_judging(parser: argparse.ArgumentParser) -> None:
    """Declare how submissions are judged."""
    usual = Limits()
    parser.add_argument(
        "--jobs",
        type=int,
        default=min(os.cpu_count() or 1, MAX_JOBS),
        metavar="N",
        help="submissions to judge at once (default: one per core)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="judge on the workers of a Dask cluster, such as tcp://host:8786",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=usual.seconds,
        metavar="S",
        help=f"seconds for one exercise (default: {usual.seconds:g}; 12 times that for 4.5)",
    )
    parser.add_argument(
        "--memory",
        type=int,
        default=usual.memory_mb,
        metavar="MB",
        help=f"memory of one student's answers (default: {usual.memory_mb})",
    )
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="judge without a sandbox: submissions can then read, change and send whatever you "
        "can, and forge their marks; every row and page says so",
    )


def _add_other_uses(parser: argparse.ArgumentParser) -> None:
    """Declare what else the command does, in place of grading."""
    parser.add_argument("--student", metavar="NAME", help="with --explain: whose answers")
    parser.add_argument(
        "--explain",
        metavar="EXERCISE",
        nargs="?",
        const="",
        help="show the secret cases of one student in full, of one exercise or all that failed; "
        "nothing is written",
    )
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="run the known attacks against this machine's sandbox and say what held",
    )


def run(arguments: argparse.Namespace) -> int:
    """Grade; return the exit status: 1 if somebody has to look, 2 if it cannot begin."""
    try:
        if arguments.self_test:
            return _self_test()
        classroom = _classroom(arguments)
        if arguments.explain is None:
            return _grade(classroom, arguments)
        told = classroom.explain(arguments.student, arguments.explain)
        print(visible(told, longest=len(told), lines=True))  # what a student wrote may be anything
        return 0
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, for one; who was judged stays judged
        print(f"{error.filename or 'Grading'}: {error.strerror or error}", file=sys.stderr)
        return 2


def _grade(classroom: Classroom, arguments: argparse.Namespace) -> int:
    try:
        return classroom.grade(
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            assignment=arguments.assignment,
            notebooks=arguments.notebooks,
        )
    except KeyboardInterrupt:
        print("Interrupted. Give the same command again: it goes on from here.", file=sys.stderr)
        return 130  # what a shell reports for a program that Ctrl-C ended


def _classroom(arguments: argparse.Namespace) -> Classroom:
    if arguments.submissions is None or arguments.out is None:
        raise GradeError("Name the submissions and a folder: grade SUBMISSIONS --out DIR.")
    _check_numbers(arguments)
    if (arguments.student is None) != (arguments.explain is None):
        raise GradeError("--student and --explain go together: whose answers, and which of them.")
    return Classroom(
        arguments.submissions,
        arguments.out,
        roster=arguments.roster,
        secret_file=arguments.secret_file,
        limits=Limits(seconds=arguments.time_limit, memory_mb=arguments.memory),
        has_sandbox=not arguments.unsafe_no_sandbox,
    )


def _check_numbers(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.jobs <= MAX_JOBS:
        raise GradeError(f"--jobs is {arguments.jobs}; expected 1 to {MAX_JOBS}.")
    if not 0 < arguments.time_limit < math.inf:
        raise GradeError(f"--time-limit is {arguments.time_limit}; expected seconds above 0.")
    if not MIN_MEMORY <= arguments.memory <= MAX_MEMORY:
        raise GradeError(
            f"--memory is {arguments.memory}; expected {MIN_MEMORY} to {MAX_MEMORY} MB."
        )


def _self_test() -> int:
    from tutorial_lib.grading.probes import self_test

    print(f"Sandbox: {level()}")
    results = self_test()
    for one in results:
        print(f"  {'held' if one.held else 'BROKEN':6}  {one.name}: {one.told}")
    broken = [one for one in results if not one.held]
    print(f"{len(results) - len(broken)} of {len(results)} attacks held.")
    return 1 if broken else 0
