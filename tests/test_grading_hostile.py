"""Every hostile and careless submission, in real boxes: what it must get, and nothing else.

Each is handed in by three students, whose secret cases differ. All of them are judged before the
first test looks.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest
from attacked import SECONDS, SPEAKING, Attacked, all_expected, attack, inherit
from hostile.expectations import HOSTILE
from sandboxes import needs_sandbox

from tutorial_lib.grading.results import Verdict
from tutorial_lib.grading.sandbox import level

pytestmark = [needs_sandbox, pytest.mark.alone]
STUDENTS = ("anna", "bert", "carl")
EXPECTED = {expected.file: expected for expected in all_expected()}
PLANTED = "planted-secret-4f1c"


@contextmanager
def planted(folder: Path) -> Iterator[None]:
    """Leave secrets where an attacker would look, besides `inherited`: files, the environment."""
    home = Path.home() / ".planted-secret"
    files = [home, Path("/tmp/planted-secret"), folder / "secret.key"]
    for file in files:
        file.write_text(PLANTED)
    os.environ["PLANTED_SECRET"] = PLANTED
    server = socket.create_server(("127.0.0.1", 0))
    try:
        yield
        server.settimeout(0.01)
        with pytest.raises(TimeoutError):
            server.accept()  # nobody came
    finally:
        server.close()
        del os.environ["PLANTED_SECRET"]
        for file in files:
            assert file.read_text() == PLANTED
            file.unlink()


def state_of_the_host(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of the files that somebody might want to change."""
    package = Path(__file__).parents[1]
    places = [package / "tutorial_lib", package / "tests" / "hostile", folder]
    files = [path for place in places for path in place.rglob("*") if path.suffix != ".pyc"]
    return {str(f): (f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file()}


@pytest.fixture(scope="module")
def attacks(tmp_path_factory) -> Iterator[Mapping[str, Attacked]]:
    """Judge everything, and look whether the host has changed."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "marks.csv").write_text("student,total\nanna,0\n")
    before = state_of_the_host(folder)
    tell = level()
    endless = [name for name, one in EXPECTED.items() if "TIMEOUT" in one.verdicts.values()]
    others = [name for name in EXPECTED if name not in endless]
    # In parts, so that both processes end together. To wait longer for what can only end by the
    # clock shows nothing more; what may meet another limit first gets the time for it.
    work = [(endless[k::4], 1.0) for k in range(4)] + [(others[k::8], SECONDS) for k in range(8)]
    judges = ProcessPoolExecutor(2, get_context("spawn"), inherit, (folder / "secret.key",))
    with planted(folder), judges as pool:
        parts = [
            pool.submit(attack, names, STUDENTS, tell, seconds, slot)
            for slot, (names, seconds) in enumerate(work)
        ]
        yield {name: attacked for part in parts for name, attacked in part.result().items()}
    after = state_of_the_host(folder)
    assert {f for f in before.keys() | after.keys() if before.get(f) != after.get(f)} == set()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_submission_gets_what_it_earned(name, attacks):
    expected, attacked = EXPECTED[name], attacks[name]
    for verdicts, bugs in zip(attacked.verdicts, attacked.bugs, strict=True):
        for exercise, verdict in verdicts.items():
            assert verdict in expected.allowed(exercise), (exercise, expected.tries)
            if expected.bug and verdict == Verdict.FAIL:
                assert bugs[exercise] == expected.bug


def test_every_answer_ends_within_its_limit_and_two_seconds(attacks):
    slowest = max(attacks, key=lambda name: attacks[name].late)
    print(f"slowest: {slowest}, ended {attacks[slowest].late:.1f} s after its limit")
    assert attacks[slowest].late < 2


def test_nothing_that_was_planted_is_in_a_result(attacks):
    assert [
        begin for begin in SPEAKING if not any(name.startswith(begin) for name in attacks)
    ] == []
    told = {name: json.dumps(attacked.result) for name, attacked in attacks.items()}
    assert [name for name, text in told.items() if PLANTED in text] == []


def test_the_promises_in_figures(attacks):
    forged = [
        name
        for name in (expected.file for expected in HOSTILE)
        for verdicts in attacks[name].verdicts
        for exercise, verdict in verdicts.items()
        if verdict == Verdict.PASS and Verdict.PASS not in EXPECTED[name].allowed(exercise)
    ]
    n = sum(len(attacked.verdicts) for attacked in attacks.values())
    print(f"{len(HOSTILE)} attacks, {n} submissions in all: {len(forged)} forged passes")
    assert len(HOSTILE) >= 50
    assert forged == []
