"""The local record: it survives anything, and keeps right answers as text that works elsewhere."""

import importlib.util
import json
import sys
import threading
from pathlib import Path

import pytest

from tutorial_lib.exercises import record
from tutorial_lib.exercises.outcome import Status

CORRECT, INCORRECT, NOT_ATTEMPTED = Status.CORRECT, Status.INCORRECT, Status.NOT_ATTEMPTED


@pytest.fixture
def notebook(tmp_path):
    """Return a function that runs a text as a module, as the cells of a notebook, by name."""

    def from_text(text, name, module="notebook"):
        path = tmp_path / f"{module}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(module, path)
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return getattr(made, name)

    return from_text


def kept(answer, name="answer"):
    """Return what is recalled of a right answer, or None."""
    record.note(name, CORRECT, record.text_of(answer, name))
    return record.recall(name)


# --- The file -----------------------------------------------------------------------------------


def test_it_lies_beside_the_notebook_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for value in (None, ""):
        monkeypatch.delenv("TUTORIAL_PROGRESS", raising=False)
        if value is not None:
            monkeypatch.setenv("TUTORIAL_PROGRESS", value)
        assert record.path() == Path("progress.json")
    record.note("encode", CORRECT, None)
    assert (tmp_path / "progress.json").exists()
    monkeypatch.setenv("TUTORIAL_PROGRESS", "elsewhere/mine.json")
    record.note("decode", CORRECT, None)
    assert list(json.loads((tmp_path / "elsewhere" / "mine.json").read_text())) == ["decode"]


def test_until_it_is_correct_the_last_verdict_stands():
    record.note("encode", NOT_ATTEMPTED, None)
    assert record.load() == {"encode": {"status": "NOT_ATTEMPTED"}}
    record.note("encode", INCORRECT, "wrong = 1\n")
    record.note("encode", CORRECT, "right = 1\n")
    record.note("decode", Status.ERROR, None)
    assert record.load() == {
        "encode": {"status": "CORRECT", "answer": "right = 1\n"},
        "decode": {"status": "ERROR"},
    }


def test_a_right_answer_is_kept_when_a_wrong_one_follows():
    record.note("encode", CORRECT, "right = 1\n")
    record.note("encode", INCORRECT, "wrong = 1\n")
    assert record.load()["encode"]["answer"] == "right = 1\n"


def test_deleting_it_harms_nothing(record_of_this_test):
    record.note("encode", CORRECT, None)
    record_of_this_test.unlink()
    assert record.load() == {}
    assert record.recall("encode") is None
    record.note("encode", INCORRECT, None)
    assert record.load() == {"encode": {"status": "INCORRECT"}}


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"3",
    b"null",
    b'"text"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"encode": 3, "decode": null}',
    b'{"encode": {"status": ["CORRECT"], "answer": 3}}',
    b'{"encode": {"status": null}, "other": {"answer": "answer = 1"}}',
]


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_an_empty_record_and_can_be_written_again(record_of_this_test, content):
    record_of_this_test.parent.mkdir(parents=True)
    record_of_this_test.write_bytes(content)
    assert record.recall("encode") is None
    record.note("encode", CORRECT, "encode = print\n")
    assert record.load()["encode"] == {"status": "CORRECT", "answer": "encode = print\n"}


@pytest.mark.parametrize("place", ["file/progress.json", "folder", "x" * 300])
def test_where_nothing_can_be_written_nothing_is_said(monkeypatch, tmp_path, place):
    (tmp_path / "file").write_text("in the way of a folder")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    monkeypatch.setattr(record, "path", lambda: tmp_path / place)
    record.note("encode", CORRECT, "text")
    assert record.load() == {}
    assert record.recall("encode") is None


def test_a_full_disk_leaves_the_old_record(monkeypatch, record_of_this_test):
    record.note("encode", CORRECT, None)
    before = record_of_this_test.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tutorial_lib.checkpoints.os.fsync", full)
    record.note("decode", CORRECT, None)
    assert record_of_this_test.read_bytes() == before
    assert list(record_of_this_test.parent.iterdir()) == [record_of_this_test]


def test_two_notebooks_share_a_record():
    record.note("encode", CORRECT, "encode = 1\n")  # one notebook
    record.note("decode", CORRECT, "decode = 1\n")  # another, later
    record.note("corrupt", INCORRECT, None)
    assert {k: v["status"] for k, v in record.load().items()} == {
        "encode": "CORRECT",
        "decode": "CORRECT",
        "corrupt": "INCORRECT",
    }


def test_what_is_done_stays_done():
    for status in (INCORRECT, CORRECT, INCORRECT, Status.NOT_ATTEMPTED):
        record.note("encode", status, "encode = 1\n" if status is CORRECT else None)
    assert record.load()["encode"] == {"status": "CORRECT", "answer": "encode = 1\n"}


def test_written_from_two_sides_at_once_it_is_whole_at_every_moment():
    broken = []

    def write(name):
        for _ in range(20):
            record.note(name, CORRECT, "x" * 10_000)
            if not all(set(e) == {"status", "answer"} for e in record.load().values()):
                broken.append(name)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("encode", "decode")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert record.load()


def test_any_text_can_be_kept():
    text = "x = 'é \\ud800 \"quoted\" \\\\'\n\t"
    record.note("encode", CORRECT, text + "\ud800")
    assert record.load()["encode"]["answer"] == text + "\ud800"
    assert record.recall("encode") is None


# --- The text of an answer ----------------------------------------------------------------------


def test_a_function_is_kept_with_its_helpers_imports_and_numbers(notebook):
    answer = notebook(
        """
import torch
import math as m
from torch import exp
from torch.nn.functional import linear as affine

HALF, NAMES, nothing = 0.5, ["a", "b"], None
unused = object()


def logistic(z):
    return 1 / (1 + exp(-z))


def shifted(z, by=HALF):
    return logistic(affine(z, torch.eye(2))) + by


def answer(x, scale=m.pi):
    return [shifted(x) * scale + len(NAMES) for _ in range(2)], nothing
""",
        "answer",
    )
    import torch

    x = torch.tensor([[0.0, 1.0]])
    (first, _), last = kept(answer)(x)
    assert torch.equal(first, answer(x)[0][0])
    assert last is None


def test_helpers_that_call_each_other_are_kept_once(notebook):
    text = """
def base(n):
    return n


def one(n):
    return base(n) + 1


def other(n):
    return base(n) * 2


def answer(n):
    return one(n) + other(n) if n < 3 else answer(n - 1)
"""
    answer = notebook(text, "answer")
    assert record.text_of(answer, "answer").count("def base") == 1
    assert kept(answer)(5) == answer(5)


def test_a_decorated_function_is_kept_with_its_decorator(notebook):
    text = """
import functools


def doubled(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return 2 * function(*arguments)
    return wrapper


@doubled
def answer(n):
    return n
"""
    assert kept(notebook(text, "answer"))(4) == 8


def test_a_decorator_of_torch_does_not_hide_what_a_function_stands_on(notebook):
    text = """
import torch

def helper(n):
    return n + 1


@torch.no_grad()
def answer(n):
    return helper(n)
"""
    assert kept(notebook(text, "answer"))(4) == 5


def test_functions_of_torch_by_another_name_and_infinity_are_kept(notebook):
    text = """
import torch

squash, largest, nothing = torch.sigmoid, float("-inf"), float("nan")


def answer(x):
    return squash(x + largest), nothing
"""
    import torch

    code, nothing = kept(notebook(text, "answer"))(torch.ones(2))
    assert torch.equal(code, torch.zeros(2))
    assert nothing != nothing


def test_a_class_inside_a_function_is_kept_with_it(notebook):
    text = """
K = 3


def answer(n):
    class Adder:
        by = K
    return n + Adder.by
"""
    answer = notebook(text, "answer")
    assert record.text_of(answer, "answer").split("\n\n")[0].strip() == "K = 3"
    assert kept(answer)(1) == 4


def test_a_function_by_another_name_answers_to_the_exercises_name(notebook):
    text = "def helper(n):\n    return n\n\n\nh = helper\n\n\ndef mine(n):\n    return h(n) + 1\n"
    assert kept(notebook(text, "mine"))(1) == 2


def test_a_function_by_another_name_that_uses_the_exercises_name_is_not_kept(notebook):
    """It would call itself."""
    text = "def answer(n):\n    return n\n\n\ndef wrapper(n):\n    return answer(n)\n"
    assert record.text_of(notebook(text, "wrapper"), "answer") is None


def test_a_local_variable_is_no_helper(notebook):
    text = "weight = object()\n\n\ndef answer(weight):\n    return weight\n"
    assert kept(notebook(text, "answer"))(3) == 3


def test_an_answer_that_was_recalled_helps_in_another_notebook(notebook):
    kept(notebook("K = 2\n\n\ndef encode(n):\n    return n + K\n", "encode"), "encode")
    later = notebook(
        "def encode_stack(n):\n    return encode(encode(n))\n", "encode_stack", "later"
    )
    later.__globals__["encode"] = record.recall("encode")
    assert kept(later, "encode_stack")(1) == 5


def test_two_helpers_of_one_name_are_not_mixed_up(notebook):
    kept(
        notebook("def by(n):\n    return 2 * n\n\n\ndef one(n):\n    return by(n)\n", "one"), "one"
    )
    text = "def by(n):\n    return n + 100\n\n\ndef answer(n):\n    return one(n) + by(n)\n"
    answer = notebook(text, "answer", "later")
    answer.__globals__["one"] = record.recall("one")
    assert answer(1) == 103
    assert record.text_of(answer, "answer") is None


def test_a_helper_from_a_library_is_imported():
    from tutorial_lib.exercises.solutions import autoencoder

    assert kept(autoencoder.encode, "encode") is not None


CANNOT_BE_KEPT = {
    "a lambda": "answer = lambda n: n",
    "a closure": """
def make():
    k = 1
    def answer(n):
        return n + k
    return answer

answer = make()
""",
    "a helper that is a lambda": """
helper = lambda n: n

def answer(n):
    return helper(n)
""",
    "a tensor": """
import torch
weight = torch.ones(1)

def answer(n):
    return n * weight
""",
    "an object": """
thing = object()

def answer(n):
    return thing
""",
    "a class": """
class answer:
    pass
""",
    "an object that can be called": """
class Answer:
    def __call__(self, n):
        return n

answer = Answer()
""",
    "a function that calls another of its own name": """
def answer(n):
    return answer(n - 1) if n else 0

first = answer

def answer(n):
    return n
""",
    "something that cannot be looked at": """
class Rude:
    def __getattribute__(self, name):
        raise RuntimeError(name)

rude = Rude()

def answer(n):
    return rude
""",
}


@pytest.mark.parametrize("text", CANNOT_BE_KEPT.values(), ids=CANNOT_BE_KEPT)
def test_what_cannot_be_kept_is_left_out_silently(notebook, text):
    answer = notebook(text, "first" if "first" in text else "answer")
    assert record.text_of(answer, "answer") is None


@pytest.mark.parametrize("value", [None, 3, "text", print, len, ...])
def test_only_functions_have_a_text(value):
    assert record.text_of(value, "answer") is None


def test_a_function_without_source_has_no_text():
    scope = {}
    exec("def answer(n):\n    return n", scope)
    assert record.text_of(scope["answer"], "answer") is None


def test_a_mistake_in_a_name_shows_when_it_is_called_not_before(notebook):
    answer = notebook("def answer(n):\n    return misspelt(n)\n", "answer")
    with pytest.raises(NameError, match="misspelt"):
        kept(answer)(1)


# --- Recalling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "def answer(:\n",
        "raise ValueError",
        "import sys\nsys.exit(3)",
        "raise BaseException",
        "1 / 0\nanswer = 1",
        "answer = 3",
        "other = print",
        "from tutorial_lib.nowhere import answer",
        "\0",
        "answer = '\\d'\nanswer = 3",
        "def answer():\n  return answer()\nanswer()",
    ],
)
def test_a_poisoned_text_recalls_nothing(text):
    record.note("answer", CORRECT, text)
    assert record.recall("answer") is None


def test_recalling_can_be_interrupted():
    record.note("answer", CORRECT, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        record.recall("answer")


def test_an_error_in_a_recalled_answer_shows_its_line(notebook):
    answer = kept(notebook("def answer(n):\n    return n / 0  # here\n", "answer"))
    with pytest.raises(ZeroDivisionError) as caught:
        answer(1)
    assert str(caught.traceback[-1].statement).strip() == "return n / 0  # here"


def test_recalling_adds_no_module():
    record.note("answer", CORRECT, "def answer(n):\n    return n\n")
    before = set(sys.modules)
    assert record.recall("answer")(3) == 3
    assert set(sys.modules) == before
