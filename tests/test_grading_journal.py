"""The journal: killed anywhere, it continues; nobody is in it twice, and nobody else writes."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from grading_results import handed_in, judged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutorial_lib.grading.journal import Journal, JournalError, line_of

ROOT = Path(__file__).parents[1]
CLASS = [
    handed_in("Ada"),
    handed_in("Bo\nßé\u2028", judged("1.1", "FAIL", bug="no bias", details="a\r\nb\ud800\0")),
    handed_in("Chidi", remarks=("two files",), for_a_human=True),
]
KEYS = {result.student: result.key for result in CLASS}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "journal.jsonl"


def grade(path: Path, results=CLASS, keys=KEYS) -> dict:
    """Do what a grading does: judge whoever is not in the journal yet, in order."""
    with Journal.open(path, keys) as journal:
        done = journal.read()
        for result in results:
            if result.student not in done:
                journal.append(result)
        return journal.read()


# --- Continuing ---------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written(path):
    assert grade(path) == {result.student: result for result in CLASS}
    with Journal.open(path, KEYS) as journal:
        assert list(journal.read().values()) == CLASS


def test_the_same_results_are_the_same_bytes_and_one_line_each(tmp_path):
    for name in ("a", "b"):
        grade(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    lines = (tmp_path / "a").read_bytes().splitlines()
    assert lines == [line_of(result).strip() for result in CLASS]
    assert all(list(json.loads(line)) == sorted(json.loads(line)) for line in lines)


def test_a_grading_killed_at_any_byte_ends_like_one_that_was_not(path, monkeypatch):
    grade(path)
    whole = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # a thousand would take a minute
    for offset in range(len(whole) + 1):
        path.write_bytes(whole[:offset])
        with Journal.open(path, KEYS) as journal:
            n_whole = whole[:offset].count(b"\n")
            assert list(journal.read().values()) == CLASS[:n_whole]
        grade(path)
        assert path.read_bytes() == whole


def test_zeros_after_a_loss_of_power_are_cut_off(path):
    grade(path)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(4096))
    grade(path)
    assert path.read_bytes() == whole


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=30))
def test_any_text_survives(path, text):
    path.unlink(missing_ok=True)
    result = handed_in(text, judged("1.1", "ERROR", details=text, message=text), remarks=(text,))
    assert grade(path, [result], {text: result.key}) == {text: result}
    assert path.read_bytes().count(b"\n") == 1


def test_each_line_is_on_the_disk_before_the_next(path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle)))
    with Journal.open(path, KEYS) as journal:
        assert [stat.st_ino for stat in synced] == [path.parent.stat().st_ino]
        for number, result in enumerate(CLASS, start=1):
            journal.append(result)
            assert synced[-1].st_ino == path.stat().st_ino
            assert synced[-1].st_size == path.stat().st_size
            assert len(synced) == 1 + number


# --- What counts --------------------------------------------------------------------------------


def test_an_entry_with_another_key_is_taken_out_for_good(path):
    grade(path)
    with Journal.open(path, {**KEYS, "Ada": "key of a changed notebook"}) as journal:
        assert list(journal.read().values()) == CLASS[1:]
    assert path.read_bytes() == b"".join(map(line_of, CLASS[1:]))


def test_a_student_who_is_judged_anew_is_in_it_once(path):
    grade(path)
    changed = replace(CLASS[0], key="new")
    assert grade(path, [changed, *CLASS[1:]], {**KEYS, "Ada": "new"})["Ada"] == changed
    assert path.read_bytes() == b"".join(map(line_of, [*CLASS[1:], changed]))


def test_whoever_handed_in_nothing_now_is_taken_out(path):
    grade(path)
    with Journal.open(path, {"Ada": KEYS["Ada"]}) as journal:
        assert list(journal.read()) == ["Ada"]


def test_where_we_were_at_fault_the_work_is_judged_anew(path):
    broken = handed_in("Ada", judged("1.1", "INTERNAL"), for_a_human=True)
    grade(path, [broken, *CLASS[1:]])
    assert grade(path)["Ada"] == CLASS[0]


def test_a_doubled_line_counts_once(path):
    path.write_bytes(line_of(CLASS[0]) * 2)
    grade(path)
    assert path.read_bytes() == b"".join(map(line_of, CLASS))


def test_a_second_entry_is_refused(path):
    grade(path)
    with Journal.open(path, KEYS) as journal, pytest.raises(ValueError, match="'Ada' already"):
        journal.append(CLASS[0])
    assert path.read_bytes() == b"".join(map(line_of, CLASS))


def test_an_entry_of_an_older_version_is_no_error_but_does_not_count(path):
    path.write_bytes(b'{"key": "of last year", "student": "Ada", "marks": 3}\n')
    assert grade(path) == {result.student: result for result in CLASS}


BROKEN = {
    "no JSON": b"{",
    "an empty line": b"",
    "zeros": bytes(9),
    "no object": b"[]",
    "no student": b'{"key": "key of Ada"}',
    "a student that is no text": b'{"key": "", "student": ["Ada"]}',
    "a field too few": b'{"key": "key of Ada", "student": "Ada", "exercises": [], "told": []}',
    "no such verdict": line_of(CLASS[0]).replace(b'"PASS"', b'"GOOD"').strip(),
    "exercises of another kind": b'{"key": "key of Ada", "student": "Ada", "exercises": [3]}',
    "not a number": line_of(CLASS[0]).replace(b"1.0", b"NaN").strip(),
    "no ASCII": "ß".encode(),
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_says_where_it_is_and_what_to_do(path, line):
    path.write_bytes(line_of(CLASS[1]) + line + b"\n" + line_of(CLASS[2]))
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"line 2 of .*journal\.jsonl.*Delete that line"):
        Journal.open(path, KEYS)
    assert path.read_bytes() == before
    with Journal(path) as journal, pytest.raises(JournalError, match="line 2"):
        journal.read()


# --- A disk that fails --------------------------------------------------------------------------


def test_a_full_disk_leaves_no_half_line(path, monkeypatch):
    write = os.write
    answers = iter([lambda handle, data: write(handle, data[:10])])

    def fail(handle, data):
        for answer in answers:
            return answer(handle, data)
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal.open(path, KEYS) as journal:
        journal.append(CLASS[0])
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", fail)
            with pytest.raises(OSError, match="No space"):
                journal.append(CLASS[1])
        assert path.read_bytes() == line_of(CLASS[0])
        journal.append(CLASS[1])
    assert path.read_bytes() == b"".join(map(line_of, CLASS[:2]))


def test_a_line_written_in_pieces_is_whole(path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    grade(path)
    assert path.read_bytes() == b"".join(map(line_of, CLASS))


@pytest.mark.parametrize("points", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_not_written(path, points):
    with Journal.open(path, KEYS) as journal, pytest.raises(ValueError, match="JSON compliant"):
        journal.append(handed_in("Ada", judged("1.1", points=points)))
    assert path.read_bytes() == b""


# --- One grader ---------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from tutorial_lib.grading.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_two_gradings_never_write_to_one_folder(path):
    with Journal.open(path, KEYS) as journal:
        for other in (path, path.with_name("other.jsonl")):
            with pytest.raises(JournalError, match=r"another grading is writing .*--out"):
                Journal.open(other, KEYS)
        journal.append(CLASS[0])
    assert grade(path)["Ada"] == CLASS[0]


def test_a_killed_grading_holds_nobody_up(path):
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(JournalError, match="another grading"):
            Journal(path)
        process.kill()
    assert list(grade(path)) == list(KEYS)


def test_a_journal_that_cannot_be_opened_keeps_no_lock(path):
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        Journal(path)
    path.rmdir()
    grade(path)


def test_a_folder_that_cannot_be_locked_is_named(path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(JournalError, match=r"No locks available.* on a local disk"):
        Journal(path)


MODULES = ("journal", "marks", "feedback", "class_page")


def test_what_writes_results_does_without_pytorch():
    names = [f"tutorial_lib.grading.{module}" for module in MODULES]
    look = f"import sys, {', '.join(names)}; print('torch' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert answer.stdout == "False False\n"
