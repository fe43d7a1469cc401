"""The table of progress: all exercises, each with its best verdict, from the local record alone."""

import html
import json
import re

import pytest

from tutorial_lib.exercises import all_exercises, progress, record
from tutorial_lib.exercises.outcome import SIGNS, WORDS, Status

TASKS = all_exercises()


def lines() -> list[str]:
    return repr(progress()).splitlines()


def words_of(page: str) -> list[str]:
    return html.unescape(re.sub(r"<[^>]*>", " ", page)).split()


def test_at_first_nothing_is_attempted():
    assert len(lines()) == len(TASKS) + 1
    for line, task in zip(lines(), TASKS, strict=False):
        assert line.startswith("– ")
        assert line.endswith(f"{task.title} (not attempted)")
        assert line.split()[1] == task.id
    assert lines()[-1] == f"0 of {len(TASKS)} done"


@pytest.mark.parametrize("status", Status)
def test_each_verdict_has_its_mark(status):
    record.note(TASKS[0].name, status, None)
    assert lines()[0].startswith(f"{SIGNS[status]} {TASKS[0].id}")
    assert lines()[0].endswith(f"({WORDS[status]})")
    done = 1 if status is Status.CORRECT else 0
    assert lines()[-1] == f"{done} of {len(TASKS)} done"


def test_a_check_is_seen_at_once():
    task = TASKS[0]
    for answer, sign in ((..., "–"), (lambda *arguments: None, "✗"), (task.reference, "✓")):
        task.check(answer)
        assert lines()[0].startswith(sign)


def test_what_is_done_keeps_its_mark():
    for answer in (TASKS[0].reference, lambda *arguments: None):
        TASKS[0].check(answer)
    assert lines()[0].startswith("✓")


def test_html_says_the_same_in_words():
    record.note(TASKS[0].name, Status.CORRECT, None)
    page = progress()._repr_html_()
    assert " ".join(words_of(page)) == re.sub(r"[()]", "", " ".join(repr(progress()).split()))
    assert page.count("<tr>") == len(TASKS)


@pytest.mark.parametrize("status", [None, 3, "", "DONE", ["CORRECT"], {}, "correct"])
def test_an_unknown_mark_is_none(record_of_this_test, status):
    record_of_this_test.parent.mkdir(parents=True)
    record_of_this_test.write_text(json.dumps({TASKS[0].name: {"status": status}, "gone": {}}))
    assert lines()[0].startswith("–")
    assert len(lines()) == len(TASKS) + 1


def test_deleting_the_record_starts_anew(record_of_this_test):
    record.note(TASKS[0].name, Status.CORRECT, None)
    record_of_this_test.unlink()
    assert lines()[-1].startswith("0 of")
