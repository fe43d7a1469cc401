"""Grade a class whose grading is killed (SIGKILL) at random moments, until it gets to the end.

A process of its own, because it forks: `python killed_grading.py FOLDER KILLS`. Judging is played:
a result that depends on nothing but the job, after a few milliseconds. All the rest is real. It
prints how many kills there were, when, and of how many gradings, as JSON.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from grading_class import SECRET, Graded, Here, in_folders, n_lines
from grading_results import CATALOGUE, handed_in, judged

from tutorial_lib.grading import classroom, errand
from tutorial_lib.grading.classroom import Classroom

N_STUDENTS = 40


def played(job: dict[str, Any]) -> dict[str, Any]:
    """Return a result; a number drawn from the job says which."""
    drawn = hashlib.sha256(job["key"].encode()).digest()
    time.sleep(drawn[0] / 255 * 0.01)
    verdicts = ["PASS", "FAIL", "ERROR", "TIMEOUT", "INVALID"]
    exercises = [
        judged(entry["exercise"], verdicts[byte % 5])
        for entry, byte in zip(CATALOGUE, drawn, strict=False)
    ]
    changes = {name: job[name] for name in ("key", "sandbox", "versions", "limits")}
    result = handed_in(job["student"], *exercises, remarks=tuple(job["remarks"]), **changes)
    told: dict[str, Any] = json.loads(json.dumps(result.plain()))
    return told


def judge_by_name(job: dict[str, Any]) -> dict[str, Any]:
    """Play the judge in a process of the pool: some submissions are too much for it."""
    match job["student"]:
        case "killer":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raiser":
            raise ValueError("<b>the judge</b> did not expect this")
    return played(job)


class Place(Here):
    n_jobs = 3


def start(submissions: Path, out: Path) -> int:
    """Grade in a child process; return its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            Classroom(submissions, out, secret_file=submissions.parent / "secret").grade()
            status = 0
        finally:
            os._exit(status)
    return child


def wait_for(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def look(out: Path, peace: Graded, before: set[bytes]) -> set[bytes]:
    """Return the whole lines of a journal: none twice, none lost, each as in peace."""
    path = out / "journal.jsonl"
    whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    lines = set(whole)
    assert len(lines) == len(whole), "somebody is there twice"
    assert lines >= before, "somebody was lost"
    assert lines <= set(peace.read("journal.jsonl").split(b"\n")), "a line of another kind"
    return lines


def assert_same(out: Path, peace: Graded) -> None:
    mine = Graded(out)
    assert sorted(mine.lines("journal.jsonl").values()) == sorted(
        peace.lines("journal.jsonl").values()
    )
    for name in ("results.jsonl", "marks.csv", "marks_canvas.csv", "class.html"):
        assert mine.read(name) == peace.read(name), name
    assert mine.pages() == peace.pages()


def wait_a_while(out: Path, *, seconds: float, draw: random.Random) -> None:
    """Wait for a random moment; every other time for one while submissions are judged."""
    until = time.monotonic() + draw.uniform(0, seconds)
    n_then = draw.choice([0, draw.randrange(N_STUDENTS)])
    if n_then:
        until = time.monotonic() + seconds
        while n_lines(out / "journal.jsonl") < n_then and time.monotonic() < until:
            time.sleep(0.001)
        until = time.monotonic() + draw.uniform(0, 0.01)
    time.sleep(max(0.0, until - time.monotonic()))


def grade_under_fire(
    submissions: Path, out: Path, *, seconds: float, draw: random.Random
) -> list[int]:
    """Kill a grading at random moments a few times, or until it gets to the end.

    Returns the lengths of the journal at each kill.
    """
    lengths, lines = list[int](), set[bytes]()
    peace = Graded(submissions.parent / "peace")
    n_kills = draw.randint(1, 8)
    while True:
        child = start(submissions, out)
        if len(lengths) < n_kills:
            wait_a_while(out, seconds=seconds, draw=draw)
            os.kill(child, signal.SIGKILL)  # it may have ended: then its body is still there
        status = wait_for(child)
        lines = look(out, peace, lines)
        if status == 0:
            assert_same(out, peace)
            return lengths
        assert status == -signal.SIGKILL, f"it ended with status {status}"
        lengths.append(len(lines))


def main(folder: Path, n_kills: int) -> None:
    errand.prepare = lambda versions: CATALOGUE  # type: ignore[assignment]
    classroom.executors.choose = lambda jobs, scheduler: Place(played)  # type: ignore[assignment]
    assert "torch" not in sys.modules
    (folder / "secret").write_bytes(SECRET)
    students = {f"student{k:02}": {"01.ipynb": b"{}" * k} for k in range(N_STUDENTS)}
    submissions = in_folders(folder / "in", students)
    Classroom(submissions, folder / "peace", secret_file=folder / "secret")  # tries a box once
    began = time.monotonic()
    assert wait_for(start(submissions, folder / "peace")) == 0
    seconds = time.monotonic() - began
    draw, lengths, gradings = random.Random(0), list[int](), 0
    while len(lengths) < n_kills:
        gradings += 1
        out = folder / f"killed{gradings}"
        lengths += grade_under_fire(submissions, out, seconds=1.2 * seconds, draw=draw)
    told = {
        "kills": len(lengths),
        "before anybody was judged": lengths.count(0),
        "while all is written": lengths.count(N_STUDENTS),
        "gradings": gradings,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
