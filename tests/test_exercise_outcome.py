"""Verdicts as text and as HTML: the same words, safe, and readable without colour or pictures."""

import html
import re
import struct
from itertools import pairwise

import pytest
import torch

from tutorial_lib.exercises.outcome import SIGNS, WORDS, Outcome, Row, Status, table
from tutorial_lib.exercises.pictures import picture_of_errors
from tutorial_lib.exercises.wording import join, shorten, wrap

ROWS = (
    Row("loss", "right", "relative error 1e-08"),
    Row("gradient of w1", "wrong", "relative error 0.31"),
)


def words_of(page: str) -> list[str]:
    return html.unescape(re.sub(r"<[^>]*>", " ", page)).split()


def test_each_verdict_has_a_sign_and_a_word_of_its_own():
    assert list(Status) == ["CORRECT", "INCORRECT", "NOT_ATTEMPTED", "ERROR"]
    for signs in (SIGNS, WORDS):
        assert set(signs) == set(Status)
        assert len(set(signs.values())) == 4


@pytest.mark.parametrize("status", Status)
def test_text_and_html_say_the_same(status):
    message = f"With 5 < 7 & 'more':\n\n{table(ROWS)}\n\nTry <again>."
    outcome = Outcome("1.6 loss", status, message, rows=ROWS)
    assert repr(outcome) == f"{SIGNS[status]} 1.6 loss: {WORDS[status]}\n{message}"
    assert words_of(outcome._repr_html_()) == repr(outcome).split()


def test_nothing_that_a_learner_wrote_becomes_html():
    hostile = "<script>alert('x')</script> <img src=x onerror=y> &lt; \" '"
    outcome = Outcome(hostile, Status.ERROR, f"{hostile}\n\n    {hostile}")
    page = outcome._repr_html_()
    assert re.findall(r"<(\w+)", page) == ["div", "p", "strong", "p", "pre"]
    assert words_of(page) == repr(outcome).split()


def test_an_indented_paragraph_keeps_its_columns():
    page = Outcome("1.6 loss", Status.INCORRECT, f"Look:\n\n{table(ROWS)}\n\nso.")._repr_html_()
    assert re.findall(r"<(p|pre)\b", page) == ["p", "p", "pre", "p"]
    assert html.escape(table(ROWS)) in page


def test_a_table_is_aligned():
    lines = table(ROWS).splitlines()
    assert [line.index("relative") for line in lines] == [lines[0].index("relative")] * 2
    assert all(line.startswith("    ") for line in lines)
    assert [line.split()[-4] for line in lines] == ["right", "wrong"]


def test_a_picture_is_drawn_only_for_html_and_is_described():
    drawn = []

    def picture():
        drawn.append(True)
        return b"\x89PNG", 'where it is "wrong" & why'

    outcome = Outcome("1.6 loss", Status.INCORRECT, "Wrong.", picture=picture)
    assert "PNG" not in repr(outcome)
    assert drawn == []
    (alt,) = re.findall(
        r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)"', outcome._repr_html_()
    )
    assert html.unescape(alt) == 'where it is "wrong" & why'


# --- The picture --------------------------------------------------------------------------------


def picture_for(expected, given):
    rows = [Row(part, "wrong", "relative error 0.5") for part in expected]
    return picture_of_errors(expected, given, rows)


def test_the_picture_says_in_words_what_it_shows():
    expected = {"loss": torch.tensor(1.0), "w": torch.ones(3, 4), "b": torch.ones(5)}
    given = {"loss": torch.tensor(2.0), "w": torch.zeros(3, 4), "b": torch.ones(5)}
    png, words = picture_for(expected, given)()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width > height > 100
    for part in expected:
        assert f"{part} wrong, relative error 0.5" in words


def test_the_maps_show_where_it_is_wrong(monkeypatch):
    maps = {}
    monkeypatch.setattr("tutorial_lib.exercises.pictures._draw", lambda m: maps.update(m) or b"")
    expected = {"w": torch.tensor([[1.0, -4.0], [2.0, 0.0]]), "b": torch.tensor([1.0, 1.0])}
    given = {
        "w": torch.tensor([[1.0, -4.0], [0.0, 0.0]], dtype=torch.float64),
        "b": torch.tensor([float("nan"), 99.0]),
    }
    picture_for(expected, given)()
    assert maps["w\nwrong"].tolist() == [[0, 0], [0.5, 0]]  # in units of the largest, 4
    assert maps["b\nwrong"].tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "given", [None, 1.0, "text", torch.ones(4, 3), torch.ones(0), torch.ones(3, 4).to_sparse()]
)
def test_what_has_not_the_right_shape_is_not_drawn(given):
    assert picture_for({"w": torch.ones(3, 4)}, {"w": given}) is None
    assert picture_for({"loss": torch.tensor(1.0)}, {"loss": torch.tensor(2.0)}) is None


# --- Sentences ----------------------------------------------------------------------------------


def test_names_are_enumerated():
    assert join(["w1"]) == "w1"
    assert join(["w1", "b1"]) == "w1 and b1"
    assert join(["w1", "b1", "w2"]) == "w1, b1 and w2"


def test_paragraphs_are_wrapped_and_quotations_left_alone():
    long = " ".join(["word"] * 40)
    first, quotation, last = wrap(f"{long}\n\n    {long}\n\nend").split("\n\n")
    assert max(map(len, first.splitlines())) <= 88
    assert quotation == f"    {long}"
    assert (first.split(), last) == (long.split(), "end")


def test_a_long_quotation_is_cut():
    assert shorten("short") == "short"
    assert [len(shorten("x" * n)) for n in (500, 501, 10**6)] == [500, 502, 502]
    assert all(len(a) <= len(b) for a, b in pairwise([shorten("x" * n) for n in range(490, 510)]))
