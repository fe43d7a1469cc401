"""Marks: nobody's zero is a guess, no name is a formula, and every reader gets its format."""

import csv
import io
import json
from pathlib import Path

import pytest
from grading_results import CATALOGUE, SANDBOX, handed_in, judged
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.grading import marks
from tutorial_lib.grading.cells import safe_cell
from tutorial_lib.grading.results import StudentResult
from tutorial_lib.grading.totals import added, mark_of, rounded

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Stacked autoencoders"]


def written(folder: Path, results, roster=(), **options) -> Path:
    marks.write(folder, results, CATALOGUE, roster, **options)
    return folder


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def row_of(folder: Path, student: str) -> dict[str, str]:
    header, *lines = rows(folder / "marks.csv")
    (line,) = [line for line in lines if line[0] == student]
    return dict(zip(header, line, strict=True))


# --- The table ----------------------------------------------------------------------------------


def test_a_row_by_hand(tmp_path):
    ada = handed_in("Ada", judged("Q1", "FAIL"), judged("4.5", "FAIL", points=4 * 2 / 3))
    assert rows(written(tmp_path, [ada]) / "marks.csv") == [
        ["student", "1.1", "Q1", "4.5", "total", "out_of", "sandbox", "remark"],
        ["Ada", "1", "0", "2.67", "3.67", "6", SANDBOX, ""],
    ]


def test_numbers_stay_numbers_and_texts_are_quoted(tmp_path):
    text = (written(tmp_path, [handed_in("Ada; =1+1")]) / "marks.csv").read_bytes()
    assert text.startswith(b'\xef\xbb\xbf"student","1.1"')
    assert b'\n"Ada; =1+1",1,1,4,6,6,"bubblewrap' in text


@pytest.mark.parametrize("verdict", ["INTERNAL", "INVALID"])
def test_what_a_human_has_to_decide_is_empty_and_no_zero(tmp_path, verdict):
    ada = handed_in("Ada", judged("Q1", verdict), remarks=("two files", "in =one"))
    row = row_of(written(tmp_path, [ada]), "Ada")
    assert (row["1.1"], row["Q1"], row["4.5"], row["total"], row["out_of"]) == (
        *("1", "", "4", "", "6"),
    )
    reason = f"no total before somebody has looked at it; Q1 {verdict}; two files; in =one"
    assert row["remark"] == reason


def test_a_result_marked_for_a_human_has_points_but_no_total(tmp_path):
    row = row_of(written(tmp_path, [handed_in("Ada", for_a_human=True)]), "Ada")
    assert (row["1.1"], row["total"]) == ("1", "")
    assert row["remark"] == "no total before somebody has looked at it"


def test_a_result_without_exercises_is_no_zero(tmp_path):
    row = row_of(written(tmp_path, [handed_in("Ada", exercises=())]), "Ada")
    assert (row["1.1"], row["total"], row["out_of"]) == ("", "", "6")


@pytest.mark.parametrize(
    "verdict", ["FAIL", "ERROR", "NOT_ATTEMPTED", "TIMEOUT", "MEMORY", "OUTPUT", "CRASH"]
)
def test_what_was_judged_and_is_not_right_is_zero(tmp_path, verdict):
    row = row_of(written(tmp_path, [handed_in("Ada", judged("4.5", verdict))]), "Ada")
    assert (row["4.5"], row["total"], row["remark"]) == ("0", "2", "")


def test_students_without_a_submission_are_there_with_empty_cells(tmp_path):
    roster = [{"student": name} for name in ("Zoe", "Ada", "Bo")]
    folder = written(tmp_path, [handed_in("Ada"), handed_in("guest"), handed_in("Émile")], roster)
    assert [line[0] for line in rows(folder / "marks.csv")[1:]] == [
        *("Zoe", "Ada", "Bo", "guest", "Émile"),
    ]
    row = row_of(folder, "Zoe")
    assert row == dict.fromkeys(row, "") | {
        "student": "Zoe",
        "out_of": "6",
        "remark": "nothing handed in",
    }


def test_no_sandbox_stands_in_its_row(tmp_path):
    folder = written(tmp_path, [handed_in("Ada", sandbox="NO SANDBOX"), handed_in("Bo")])
    assert row_of(folder, "Ada")["sandbox"] == "NO SANDBOX"
    assert row_of(folder, "Bo")["sandbox"] == SANDBOX


def test_the_same_results_in_another_order_are_the_same_bytes(tmp_path):
    results = [handed_in(name, judged("1.1", "FAIL")) for name in ("b", "A", "a", "ä", "")]
    for folder, order in ("one", results), ("two", results[::-1]):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, order)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_nobody_handed_in(tmp_path):
    folder = written(tmp_path, [])
    assert len(rows(folder / "marks.csv")) == 1
    assert len(rows(folder / "marks_canvas.csv")) == 2
    assert json.loads((folder / "marks_gradescope.json").read_bytes()) == {}
    assert (folder / "results.jsonl").read_bytes() == b""


def test_two_results_of_one_student_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two results"):
        written(tmp_path, [handed_in("Ada"), handed_in("Ada")])


def test_results_of_another_course_are_refused(tmp_path):
    ada = handed_in("Ada", exercises=(judged("Q1"),))
    with pytest.raises(ValueError, match=r"'Ada' lists the exercises .*same version"):
        written(tmp_path, [ada])
    assert list(tmp_path.iterdir()) == []


# --- Points -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "shown"),
    [(1.0, "1"), (0.5, "0.5"), (8 / 3, "2.67"), (0.1 + 0.2, "0.3"), (0, "0"), (1e6, "1000000")],
)
def test_points_are_shown_without_noise(points, shown):
    assert str(rounded(points)) == shown


@pytest.mark.parametrize("points", [-1, -0.01, float("nan"), float("inf")])
def test_points_that_are_none_are_refused(points):
    with pytest.raises(ValueError, match="0 or more, and finite"):
        rounded(points)


@given(st.lists(st.floats(0, 100), max_size=41))
def test_a_total_is_the_sum_of_what_is_shown(points):
    hundredths = sum(round(100 * float(str(rounded(one)))) for one in points)
    assert round(100 * added(points)) == hundredths
    assert len(str(added(points)).partition(".")[2]) <= 2


# --- Formulas -----------------------------------------------------------------------------------

FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")'),
    *("\t=1", "\rx", "\tx", "\nx", " =1", "\u00a0=1", "\u3000+1", "\ufeff=1", "\u200b=1", "\0=1"),
    *("'=1", '"=1', "' =1", "“=1", "„=1", "«=1", "`=1", "\u00b4=1", "''\"=1", "\uff07=1"),
    *("\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\ufe661", "\ufe631", "\u22121", "\u207a1"),
    *("\ufe6bx", "\u202e=1", "\ud800=1"),
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_could_be_a_formula_gets_an_apostrophe(text):
    assert safe_cell(text).startswith("'")
    assert not set(safe_cell(text)) & set("\t\r\n\0\ufeff\u200b\u202e\ud800")


@pytest.mark.parametrize("text", ["", "Ada", "Müller, Jo-Ann", "a=b", "3", "x@y.org", "(-1)", "李"])
def test_other_texts_stay_as_they_are(text):
    assert safe_cell(text) == text


@given(st.text(st.characters(), max_size=20))
def test_no_cell_begins_like_a_formula(text):
    shown = safe_cell(text)
    assert shown.lstrip(" \u00a0\"'")[:1] not in {"=", "+", "-", "@"} or shown[0] == "'"
    shown.encode()


def test_every_text_of_a_row_is_made_safe(tmp_path):
    bad = '=cmd|"\n\ud800'
    result = handed_in(bad, sandbox=bad, for_a_human=True)
    roster = [{"student": bad, **dict.fromkeys(CANVAS[:5], bad)}]
    folder = written(tmp_path, [result], roster, assignment=bad)
    for name in ("marks.csv", "marks_canvas.csv"):
        for line in rows(folder / name):
            assert all(not cell.startswith("=") and "\n" not in cell for cell in line)


# --- Canvas -------------------------------------------------------------------------------------


def test_canvas_gets_its_header_its_second_row_and_its_own_columns_back(tmp_path):
    identity = {"ID": "17", "SIS User ID": "s17", "SIS Login ID": "ada", "Section": "A, B"}
    roster = [{"student": "ada", "Student": "Lovelace, Ada", **identity}]
    folder = written(tmp_path, [handed_in("ada"), handed_in("guest")], roster)
    assert not (folder / "marks_canvas.csv").read_bytes().startswith(b"\xef")
    assert rows(folder / "marks_canvas.csv") == [
        CANVAS,
        ["    Points Possible", "", "", "", "", "6"],
        ["Lovelace, Ada", "17", "s17", "ada", "A, B", "6"],
    ]


def test_canvas_gets_no_row_that_would_empty_a_grade(tmp_path):
    results = [handed_in("Ada", judged("1.1", "INTERNAL")), handed_in("Bo", for_a_human=True)]
    folder = written(tmp_path, results, [{"student": "Zoe", "Student": "Zoe"}])
    assert len(rows(folder / "marks_canvas.csv")) == 2


def test_columns_of_canvas_that_are_not_known_are_empty(tmp_path):
    folder = written(tmp_path, [handed_in("Ada")], [{"student": "Ada", "ID": None}])
    assert rows(folder / "marks_canvas.csv")[2] == ["Ada", "", "", "", "", "6"]


def test_a_student_cannot_pass_for_the_row_of_points_possible(tmp_path):
    folder = written(tmp_path, [handed_in("  Points Possible")])
    (*_, last) = rows(folder / "marks_canvas.csv")
    assert "Points Possible" not in last[0]


def test_the_assignment_can_be_named(tmp_path):
    folder = written(tmp_path, [], assignment="Notebooks (123)")
    assert rows(folder / "marks_canvas.csv")[0][5] == "Notebooks (123)"


# --- Gradescope ---------------------------------------------------------------------------------


def gradescope(folder: Path, *results: StudentResult) -> dict:
    return json.loads((written(folder, results) / "marks_gradescope.json").read_bytes())


def test_gradescope_by_hand(tmp_path):
    changes = {"bug": "mean", "message": "Sum them.", "details": "With 5:\n\tno\0"}
    ada = gradescope(tmp_path, handed_in("Ada", judged("4.5", "FAIL", points=1.5, **changes)))[
        "Ada"
    ]
    assert (ada["score"], ada["visibility"], ada["stdout_visibility"]) == (3.5, "visible", "hidden")
    assert ada["extra_data"] == {"sandbox": SANDBOX}
    assert ada["tests"][0] == {
        "number": "1.1",
        "name": "1.1 The encoder",
        "score": 1,
        "max_score": 1,
        "status": "passed",
        "output": "correct.",
        "output_format": "text",
        "visibility": "visible",
    }
    assert (ada["tests"][2]["score"], ada["tests"][2]["status"]) == (1.5, "failed")
    assert ada["tests"][2]["output"] == (
        "not yet.\n\nKnown mistake: mean.\n\nSum them.\n\n"
        "On the public examples, the check says:\nWith 5:\n\tno⟨U+0000⟩"
    )


@pytest.mark.parametrize("changes", [{"for_a_human": True}, {"exercises": ()}])
def test_gradescope_gets_no_score_where_a_human_decides(tmp_path, changes):
    ada = gradescope(tmp_path, handed_in("Ada", **changes))["Ada"]
    assert "score" not in ada
    assert "looks at it first" in ada["output"]
    assert all("score" not in test and "status" not in test for test in ada["tests"])


def test_no_seed_reaches_gradescope(tmp_path):
    assert "20240607" not in json.dumps(gradescope(tmp_path, handed_in("Ada")))


# --- Everything ---------------------------------------------------------------------------------


def test_all_that_is_known_is_in_one_line_a_student(tmp_path):
    results = [handed_in("Bo", judged("1.1", "CRASH")), handed_in("Ada\n\ud800", remarks=("x",))]
    lines = (written(tmp_path, results) / "results.jsonl").read_bytes().splitlines()
    again = [StudentResult.from_plain(json.loads(line)) for line in lines]
    assert again == results[::-1]
    first = json.loads(lines[0])
    assert first["exercises"][0]["seed"] == 20240607
    assert (first["limits"], first["sandbox"]) == ({"seconds": 20.0}, SANDBOX)
    assert first["versions"] == {"python": "3.11", "torch": "2.13"}


def test_the_mark_is_the_same_wherever_it_stands(tmp_path):
    ada = handed_in("Ada", judged("4.5", "FAIL", points=8 / 3))
    folder = written(tmp_path, [ada])
    shown = {
        row_of(folder, "Ada")["total"],
        rows(folder / "marks_canvas.csv")[2][5],
        str(json.loads((folder / "marks_gradescope.json").read_bytes())["Ada"]["score"]),
        str(mark_of(ada)),
    }
    assert shown == {"4.67"}


def test_a_reader_of_semicolons_finds_no_formula_either(tmp_path):
    folder = written(tmp_path, [handed_in("a;=1+1;b")])
    text = (folder / "marks.csv").read_text("utf-8-sig")
    for line in csv.reader(io.StringIO(text), delimiter=";"):
        assert not any(cell.startswith("=") for cell in line)
