"""The table of published and obtained figures, as text."""

import math

import pytest

from tutorial_lib.comparison import HEADER, Row, format_duration, format_table, row_cells


def test_a_table_by_hand():
    rows = [
        Row("test error", 1.3, 1.276, margin_95=0.046),
        Row("pre-training", 585.01 * 60, 73.4, "s"),
        Row("without pre-training", None, 1.61),
    ]
    expected = """
                       published         obtained    ratio of times
--------------------  ----------  ---------------  ----------------
test error                1.30 %  1.28 % ± 0.05 %
pre-training          9 h 45 min       1 min 13 s  478 times faster
without pre-training           -           1.61 %
±: half of the 95 % interval of the mean over all seeds"""
    assert format_table(rows) == expected.removeprefix("\n")


def test_without_margins_there_is_no_note():
    assert "±" not in format_table([Row("test error", 1.3, 1.276)])


def test_no_rows_leave_the_header():
    assert format_table([]).split("\n")[0].split() == " ".join(HEADER).split()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (4.24, "4.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (170, "2 min 50 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (585.01 * 60, "9 h 45 min"),
        (100 * 3600, "100 h 00 min"),
        (None, "-"),
        (math.nan, "-"),
    ],
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("published", "obtained", "ratio"),
    [
        (100.0, 50.0, "2.0 times faster"),
        (50.0, 100.0, "2.0 times slower"),
        (1_000_000.0, 10.0, "100,000 times faster"),
        (None, 10.0, "-"),
        (10.0, None, "-"),
        (10.0, 0.0, "-"),
        (math.inf, 10.0, "-"),
    ],
)
def test_ratios(published, obtained, ratio):
    assert row_cells(Row("time", published, obtained, "s"))[3] == ratio


def test_only_times_have_a_ratio():
    assert row_cells(Row("test error", 1.3, 1.3)) == ("test error", "1.30 %", "1.30 %", "")
