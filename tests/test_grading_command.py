"""The command `grade` as a whole: the same marks whatever happens, and whoever else is there."""

import csv
import io
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
import torch
from grading_class import (
    ENCODE,
    ERROR,
    NAMES,
    ROOT,
    ROSTER,
    SECRET,
    Graded,
    Here,
    assert_ours,
    attack,
    cells,
    end_all,
    family,
    finished,
    flat,
    graded,
    honest_class,
    in_folders,
    interrupt,
    is_plain,
    maps_pytorch,
    n_lines,
    peak_memory,
    started,
    survivors,
    tree,
    wait_for_a_box,
    wait_until,
    words_of,
    workers_of,
    zipped,
)
from grading_results import CATALOGUE
from hostile import builders, expectations
from killed_grading import judge_by_name, played

from tutorial_lib.__main__ import main
from tutorial_lib.grading import classroom, errand, executors, provenance
from tutorial_lib.grading.coordinator import Coordinator
from tutorial_lib.grading.executors import Processes
from tutorial_lib.grading.identities import safe_name, shown
from tutorial_lib.grading.results import UNSAFE

pytestmark = pytest.mark.alone

QUICK = ("--time-limit", 3)
HONEST = honest_class()
ATTACKERS = {
    name: attack(name)
    for name in (
        *("os_exit", "fork_bomb", "killing_everybody", "lying_eq"),
        *("output_bomb", "frame_bomb", "giant_string", "endless_sleep"),
    )
}
MEMORY_KB = 300_000


def among(*names: str):
    """Return the honest ones with attackers among them, who come first, last and in between."""
    return {f"{'aet'[k % 3]}{name}": ATTACKERS[name] for k, name in enumerate(names)} | HONEST


@pytest.fixture(scope="module", autouse=True)
def nothing_left():
    """End what runs, and give PyTorch its threads back, which a judge here does without."""
    number = torch.get_num_threads()
    yield
    torch.set_num_threads(number)
    end_all()


# ------------------------------------------------------------------ one class, graded four times


@pytest.fixture(scope="session")
def roster(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("class") / "roster.csv"
    path.write_text(ROSTER)
    return path


@pytest.fixture(scope="session")
def alone(tmp_path_factory, roster) -> Graded:
    """The class without attackers, in folders, two at once."""
    folder = tmp_path_factory.mktemp("alone")
    submissions = in_folders(folder / "in", HONEST)
    (submissions / "notes.txt").write_text("from nobody")
    return graded(submissions, folder / "out", "--jobs", 2, "--roster", roster, *QUICK)


@pytest.fixture(scope="session")
def beside_floods(tmp_path_factory, roster) -> tuple[Graded, int, bool]:
    """The class beside those that flood, one at once; the coordinator's peak, and its PyTorch."""
    folder = tmp_path_factory.mktemp("floods")
    students = among("output_bomb", "frame_bomb", "giant_string")
    submissions = in_folders(folder / "in", students)
    options = ("--jobs", 1, "--roster", roster, *QUICK)
    process = started(words_of(submissions, folder / "out", *options))
    peak, loaded = 0, False
    with ThreadPoolExecutor(1) as reader:
        whole = reader.submit(finished, process, folder / "out")
        while not whole.done():
            peak = max(peak, peak_memory(process.pid))
            loaded |= maps_pytorch(process.pid)
            time.sleep(0.05)
    return whole.result(), peak, loaded


@pytest.fixture(scope="session")
def killed(tmp_path_factory, roster) -> tuple[Graded, list[dict[int, str]], list[int]]:
    """The class zipped, the last first, beside killers; killed twice and interrupted once."""
    folder = tmp_path_factory.mktemp("killed")
    # Who sleeps comes first, for longer than we wait: so no run is over before it is killed.
    students = among("endless_sleep", "killing_everybody", "os_exit", "fork_bomb")
    submissions = zipped(folder / "in.zip", students)
    options = ("--jobs", 2, "--roster", roster, *QUICK)
    words = words_of(submissions, folder / "out", *options)
    draw, left, statuses = random.Random(1), [], []
    for kill in (subprocess.Popen.kill, interrupt, subprocess.Popen.kill):
        before = n_lines(folder / "out" / "journal.jsonl")
        process = started(words)
        wait_for_a_box(process)
        time.sleep(draw.uniform(0, 1.5))
        relatives = family(process.pid)
        kill(process)
        process.communicate(timeout=30)
        statuses.append(process.returncode)
        left.append({pid: relatives[pid] for pid in survivors(relatives)})
        assert n_lines(folder / "out" / "journal.jsonl") >= before
    return finished(started(words), folder / "out"), left, statuses


@pytest.fixture(scope="session")
def crowded(tmp_path_factory, roster) -> tuple[Graded, int]:
    """The class in one folder beside attackers, four at once; a process of the pool is killed."""
    folder = tmp_path_factory.mktemp("crowded")
    students = among("killing_everybody", "lying_eq", "output_bomb")
    submissions = flat(folder / "in", students)
    options = ("--jobs", 4, "--roster", roster, *QUICK)
    process = started(words_of(submissions, folder / "out", *options))
    wait_for_a_box(process)
    victim = workers_of(process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    return finished(process, folder / "out"), victim


def test_right_and_wrong_answers_get_what_they_deserve(alone):
    assert alone.verdicts("anna") == dict.fromkeys(["1.1", "1.2", "1.3", "Q2"], "PASS")
    assert alone.verdicts("berta") == {"1.1": "PASS", "1.2": "PASS", "1.3": "FAIL", "Q2": "FAIL"}
    assert alone.verdicts("carla") == {"1.1": "ERROR", "1.3": "PASS"}
    totals = {student: row["total"] for student, row in alone.rows().items()}
    assert totals == {
        **{"anna": "4", "berta": "2", "carla": "1", "dora": "0", "emma": "16"},
        **{"fanny": "", "gerda": "", "Hannah": "0", "hannah": "", "zita": ""},
    }


def test_a_notebook_as_it_was_delivered_is_not_attempted_and_a_solved_one_has_all(alone):
    results = alone.results()
    assert {one["verdict"] for one in results["dora"]["exercises"]} == {"NOT_ATTEMPTED"}
    first = results["emma"]["exercises"][:13]
    assert {one["verdict"] for one in first} == {"PASS"}
    assert sum(one["points"] for one in first) == sum(one["out_of"] for one in first) == 16


def test_two_files_for_one_notebook_are_for_a_human(alone):
    assert set(alone.verdicts("fanny").values()) == {"INVALID"}
    row = alone.rows()["fanny"]
    assert row["1.1"] == row["1.3"] == row["total"] == ""
    assert "different files of one name" in row["remark"]
    assert alone.status == 1
    assert "2 without a mark before a human has looked" in alone.out
    assert '"fanny"' not in alone.read("marks_canvas.csv").decode()
    assert "score" not in json.loads(alone.read("marks_gradescope.json"))["fanny"]


def test_who_is_not_on_the_roster_or_not_there_is_named(alone):
    rows = alone.rows()
    assert [*rows][:2] == ["zita", "anna"]  # the roster's order
    assert rows["zita"]["remark"] == rows["hannah"]["remark"] == "nothing handed in"
    remarks = alone.results()["Hannah"]["remarks"]
    assert "is not on the roster" in remarks
    assert any(remark.startswith("looks like hannah") for remark in remarks)
    page = assert_ours(alone.read("class.html")).text
    assert "Nothing handed in (2)zitahannah" in page
    assert "The run (1)notes.txt lies beside the submissions" in page


def test_marks_after_one_session_and_after_all(tmp_path, capsys):
    passes = {f"02{more}.ipynb": cells(f"n_passes = {k}") for k, more in enumerate(["", " (1)"])}
    students = {"anna": {"01.ipynb": cells(ENCODE)}, "berta": {"01.ipynb": cells(ENCODE), **passes}}
    words = words_of(in_folders(tmp_path / "in", students), tmp_path / "out", *QUICK, "--jobs", 1)
    found = Graded(tmp_path / "out")

    assert main([*words, "--notebooks", "01"]) == 0  # that 02 is unclear concerns nobody yet
    journal = found.read("journal.jsonl")
    row = found.rows()["berta"]
    assert [name for name in row if name[0].isdigit()] == [f"1.{k}" for k in range(1, 10)]
    assert (row["total"], row["out_of"]) == ("1", "16")
    assert [one["exercise"][0] for one in found.results()["anna"]["exercises"]].count("2") == 0
    assert "1 of 16 points" in assert_ours(found.pages()["berta.html"]).text
    assert "2.1" not in assert_ours(found.read("class.html")).text

    assert main([*words, "--notebooks", "01, 02_stacking"]) == 1
    assert {name: row["total"] for name, row in found.rows().items()} == {"anna": "1", "berta": ""}
    assert found.rows()["anna"]["out_of"] == "28"
    assert main(words) == 1
    assert found.rows()["anna"]["out_of"] == "56"
    assert found.read("journal.jsonl") == journal, "nobody is judged twice"

    assert main([*words, "--notebooks", "01,5"]) == 2
    assert (
        "No notebook is called '5'; expected some of 01_autoencoder, 01," in capsys.readouterr().err
    )


def test_a_notebook_that_cannot_be_read_is_for_a_human(alone):
    assert {one["verdict"] for one in alone.results()["gerda"]["exercises"]} == {"INVALID"}
    row = alone.rows()["gerda"]
    assert row["1.1"] == row["4.5"] == row["total"] == ""
    assert "01.ipynb is UTF-16" in row["remark"]
    assert "cannot be read, and may be it" in assert_ours(alone.read("class.html")).text


def test_all_reports_agree(alone):
    results, rows = alone.results(), alone.rows()
    canvas = csv.reader(io.StringIO(alone.read("marks_canvas.csv").decode(), newline=""))
    in_canvas = {line[0]: line[-1] for line in [*canvas][2:]}
    gradescope = json.loads(alone.read("marks_gradescope.json"))
    assert set(alone.pages()) == {f"{safe_name(student)}.html" for student in results}
    for student, result in results.items():
        page = assert_ours(alone.pages()[f"{safe_name(student)}.html"]).text
        if student in ("fanny", "gerda"):
            assert "No total yet." in page
            continue
        total = sum(one["points"] for one in result["exercises"])
        assert float(rows[student]["total"]) == total
        if student == "Hannah":  # the roster knows her as hannah
            assert student not in in_canvas
        else:
            assert float(in_canvas[student]) == total
        assert gradescope[student]["score"] == total
        assert f"{total:g} of 56 points" in page
        for one in result["exercises"]:
            assert float(rows[student][one["exercise"]]) == one["points"]
    assert alone.lines() == alone.lines("journal.jsonl")


def assert_same_for_the_honest(found: Graded, alone: Graded) -> None:
    """Assert that nobody among the honest has a byte more or less."""
    assert {student: found.lines()[student] for student in HONEST} == alone.lines()
    assert {name: found.pages()[name] for name in alone.pages()} == alone.pages()
    rows = found.rows()
    assert {student: rows[student] for student in alone.rows()} == alone.rows()
    attackers = set(found.results()) - set(HONEST)
    assert attackers
    assert all(found.verdicts(student)["1.3"] != "PASS" for student in attackers)
    assert all(found.verdicts(student)["1.2"] == "PASS" for student in attackers)


def test_marks_are_the_same_bytes_beside_floods_one_at_once(beside_floods, alone):
    assert_same_for_the_honest(beside_floods[0], alone)


def test_marks_are_the_same_bytes_from_an_archive_killed_and_beside_killers(killed, alone):
    assert_same_for_the_honest(killed[0], alone)
    assert killed[0].lines() == killed[0].lines("journal.jsonl")


def test_marks_are_the_same_bytes_without_folders_four_at_once(crowded, alone):
    assert_same_for_the_honest(crowded[0], alone)


def test_a_killed_process_of_the_pool_costs_nobody_a_mark(crowded):
    verdicts = {
        v for student in crowded[0].results() for v in crowded[0].verdicts(student).values()
    }
    assert "INTERNAL" not in verdicts


def test_the_coordinator_stays_small_and_without_pytorch(beside_floods, record_property):
    _, peak, loaded = beside_floods
    record_property("coordinator_peak_kb", peak)
    print(f"The coordinator's peak: {peak / 1000:.0f} MB.")
    assert 0 < peak < MEMORY_KB
    assert not loaded


def test_nothing_of_a_killed_or_interrupted_grading_lives_on(killed):
    _, left, statuses = killed
    assert left == [{}, {}, {}]
    assert statuses == [-signal.SIGKILL, 130, -signal.SIGKILL]


def test_a_second_run_judges_nobody_again(alone, tmp_path, monkeypatch, capsys, roster):
    folder = alone.folder.parent
    judged = []
    place = Here(lambda job: judged.append(job["student"]) or played(job))
    monkeypatch.setattr(executors, "choose", lambda jobs, scheduler: place)
    before = tree(alone.folder)
    words = ["grade", folder / "in", "--out", alone.folder, "--roster", roster, *QUICK]
    assert main([str(word) for word in words]) == 1
    assert judged == []
    assert tree(alone.folder) == before


# ------------------------------------------------------------------ killed a hundred times


def test_a_hundred_kills_lose_nobody_and_judge_nobody_twice(tmp_path, record_property):
    process = subprocess.run(
        [sys.executable, Path(__file__).parent / "killed_grading.py", tmp_path, "100"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    told = json.loads(process.stdout)
    record_property("kills", told)
    print(told)
    assert told["kills"] >= 100
    in_between = told["kills"] - told["before anybody was judged"] - told["while all is written"]
    assert in_between >= 10
    assert told["while all is written"] >= 3


# ------------------------------------------------------------------ what is refused, and how


def refused(*words: object) -> int:
    return main(["grade", *map(str, words)])


@pytest.fixture
def one(tmp_path) -> Path:
    return in_folders(tmp_path / "in", {"anna": {"01.ipynb": cells(ERROR)}})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "grade SUBMISSIONS --out DIR"),
        (["IN"], "grade SUBMISSIONS --out DIR"),
        (["IN/nowhere", "--out", "OUT"], "cannot be opened: No such file"),
        (["IN/anna/01.ipynb", "--out", "OUT"], "is one notebook; name the folder"),
        (["IN", "--out", "IN"], "lies in"),
        (["IN", "--out", "IN/marks"], "lies in"),
        (["IN", "--out", "OUT", "--jobs", "0"], "--jobs is 0; expected 1 to"),
        (["IN", "--out", "OUT", "--jobs", "1000000"], "--jobs is 1000000"),
        (["IN", "--out", "OUT", "--time-limit", "nan"], "--time-limit is nan"),
        (["IN", "--out", "OUT", "--time-limit", "inf"], "--time-limit is inf"),
        (["IN", "--out", "OUT", "--time-limit", "-1"], "--time-limit is -1"),
        (["IN", "--out", "OUT", "--memory", "100"], "--memory is 100; expected 512 to"),
        (["IN", "--out", "OUT", "--memory", "1" + "0" * 30], "expected 512 to"),
        (["IN", "--out", "OUT", "--student", "anna"], "--student and --explain go together"),
        (["IN", "--out", "OUT", "--explain"], "--student and --explain go together"),
        (["IN", "--out", "OUT", "--student", "x", "--explain"], "Nobody called 'x'"),
        (["IN", "--out", "OUT", "--student", "anna", "--explain"], "secret.key is not there"),
        (["IN", "--out", "OUT", "--roster", "no.csv"], "The roster no.csv cannot be read"),
        (["IN", "--out", "OUT", "--secret-file", "IN/no"], "no is not there; it should hold 16"),
        (["IN", "--out", "OUT", "--scheduler", "host"], "expected an address such as tcp://"),
    ],
)
def test_what_cannot_begin_is_refused_in_a_sentence(words, said, one, capsys):
    out = one.parent / "out"
    places = {"IN": str(one), "OUT": str(out)}
    for name, place in places.items():
        words = [word.replace(name, place) for word in words]
    before = tree(one)
    assert refused(*words) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message
    assert tree(one) == before
    if "--scheduler" not in words:
        assert not out.exists()


def test_an_empty_folder_a_short_secret_and_a_file_in_the_way_are_refused(tmp_path, one, capsys):
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty", "--out", tmp_path / "out") == 2
    assert "holds no submissions" in capsys.readouterr().err
    (tmp_path / "short").write_bytes(b"guess me\n")
    assert refused(one, "--out", tmp_path / "out", "--secret-file", tmp_path / "short") == 2
    assert "holds 8 bytes; a secret has 16 or more" in capsys.readouterr().err
    assert refused(one, "--out", tmp_path / "short") == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_without_a_traceback(
    tmp_path, one, capsys, monkeypatch
):
    monkeypatch.setattr(executors, "choose", lambda jobs, scheduler: Here(played))
    monkeypatch.setattr(errand, "prepare", small_catalogue)
    (tmp_path / "out" / "marks.csv").mkdir(parents=True)
    assert refused(one, "--out", tmp_path / "out") == 2
    assert "Is a directory" in capsys.readouterr().err


def small_catalogue(versions):
    return CATALOGUE


def test_without_bubblewrap_it_refuses_and_names_the_remedy(tmp_path, one):
    words = [str(word) for word in ("grade", one, "--out", tmp_path / "out")]
    environment = {**os.environ, "PATH": str(tmp_path)}
    found = finished(started(words, env=environment), tmp_path / "out")
    assert found.status == 2
    assert "apt install bubblewrap" in found.err
    assert "--unsafe-no-sandbox" in found.err
    assert not found.folder.exists()


def test_without_dask_the_message_says_what_to_install(tmp_path, one, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = (one, "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    assert refused(*words) == 2
    assert "pip install 'tutorial-lib[cluster]'" in capsys.readouterr().err


def test_an_attack_on_this_machine_is_reported(capsys):
    assert refused("--self-test") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Sandbox: bubblewrap")
    assert all(line.startswith("  held") for line in lines[1:-1])
    assert lines[-1] == f"{len(lines) - 2} of {len(lines) - 2} attacks held."


def test_an_attack_that_gets_through_is_told_and_is_an_error(capsys, monkeypatch):
    from tutorial_lib.grading import probes

    results = [probes.ProbeResult("network", False, "there is one")]
    monkeypatch.setattr(probes, "self_test", lambda: results)
    assert refused("--self-test") == 1
    out = capsys.readouterr().out
    assert "BROKEN  network: there is one" in out
    assert "0 of 1 attacks held." in out


# ------------------------------------------------------------------ for a teacher


def test_the_cases_of_a_student_are_explained_and_nothing_is_written(alone, capsys):
    folder = alone.folder.parent
    before = tree(folder)
    words = (folder / "in", "--out", alone.folder, "--student", "berta", *QUICK)
    assert refused(*words, "--explain", "1.3") == 0
    told = capsys.readouterr().out
    assert "1.3 squared_error: FAIL" in told
    assert "x = tensor(" in told
    assert "right: " in told
    assert "given: " in told
    assert ".mean()" in told  # the text that was judged
    (seed,) = [
        one["seed"] for one in alone.results()["berta"]["exercises"] if one["exercise"] == "1.3"
    ]
    assert f"seed {seed}" in told
    assert refused(*words, "--explain", "9.9") == 2
    assert "There is no exercise '9.9'" in capsys.readouterr().err
    assert tree(folder) == before


def test_who_interrupts_is_told_how_to_go_on(one, tmp_path, monkeypatch, capsys):
    def interrupted(self, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(classroom.Classroom, "grade", interrupted)
    assert refused(one, "--out", tmp_path / "out") == 130
    assert capsys.readouterr().err == (
        "Interrupted. Give the same command again: it goes on from here.\n"
    )


def test_an_answer_that_was_ended_and_what_nobody_judged_are_explained_once(tmp_path, capsys):
    endless = cells("def encode(x, weight, bias):\n    while True: pass\n")
    students = {"anna": {"01.ipynb": endless}, "bert": {"work.rar": b"x"}}
    submissions = in_folders(tmp_path / "in", students)
    words = (submissions, "--out", tmp_path / "out", "--time-limit", 1)
    assert refused(*words) == 1
    capsys.readouterr()
    assert refused(*words, "--student", "anna", "--explain") == 0
    told = capsys.readouterr().out
    assert "1.1 encode: TIMEOUT" in told
    assert "The answer was ended: TIMEOUT. It had 1 s for all cases together." in told
    assert "given: AnswerError: The answer was ended: TIMEOUT." in told
    assert refused(*words, "--student", "bert", "--explain") == 0
    told = capsys.readouterr().out
    assert "\n1.1, 1.2, 1.3, 1.4, Q1, Q2, 1.5" in told
    assert "Q16: INVALID" in told
    assert told.count("INVALID") == 1


def test_without_a_sandbox_every_row_and_page_says_so(tmp_path):
    students = {"anna": {"01.ipynb": cells(ERROR)}, "dora": {}}
    submissions = in_folders(tmp_path / "in", students)
    found = graded(submissions, tmp_path / "out", "--jobs", 1, "--unsafe-no-sandbox", *QUICK)
    assert found.status == 0
    assert "WITHOUT A SANDBOX" in found.out
    assert found.verdicts("anna") == {"1.3": "PASS"}
    assert {row["sandbox"] for row in found.rows().values()} == {UNSAFE}
    assert {result["sandbox"] for result in found.results().values()} == {UNSAFE}
    pages = [*found.pages().values(), found.read("class.html")]
    assert all(f"{UNSAFE}." in assert_ours(page).text for page in pages)
    gradescope = json.loads(found.read("marks_gradescope.json"))
    assert {one["extra_data"]["sandbox"] for one in gradescope.values()} == {UNSAFE}
    head = found.read("marks_canvas.csv").decode().splitlines()[0]
    assert head.endswith(f'"{UNSAFE}: Stacked autoencoders"')


# ------------------------------------------------------------------ our own faults


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_submission_that_kills_its_judge_costs_nobody_else_a_mark(jobs, monkeypatch):
    monkeypatch.setattr(errand, "grade", judge_by_name)
    students = ["a", "b", "killer", "c", "raiser", "d", "e", "f"]
    with Coordinator(Processes(jobs)) as coordinator:
        outcomes = [*coordinator.judge(students, job_of)]
    assert sorted(student for student, _ in outcomes) == sorted(students)  # each once
    found = dict(outcomes)
    assert isinstance(found.pop("killer"), BrokenProcessPool)
    assert isinstance(found.pop("raiser"), ValueError)
    assert {student: result["key"] for student, result in found.items()} == {
        student: f"key of {student}" for student in "abcdef"
    }


def job_of(student: str):
    plain = {
        "sandbox": "",
        "versions": {},
        "limits": {},
        "remarks": [],
        "private": [],
        "unread": [],
    }
    return {"student": student, "key": f"key of {student}", **plain}


class Fragile(Processes):
    """Breaks once, while nobody is judged: the next submission is not even taken."""

    def __init__(self) -> None:
        super().__init__(1)
        self.n_started = 0

    def start(self):
        self.n_started += 1
        executor = super().start()
        if self.n_started == 1:
            with pytest.raises(BrokenProcessPool):
                executor.submit(judge_by_name, job_of("killer")).result()
        return executor


def test_an_executor_that_broke_before_it_was_used_is_replaced(monkeypatch):
    monkeypatch.setattr(errand, "grade", judge_by_name)
    place = Fragile()
    with Coordinator(place) as coordinator:
        assert sorted(s for s, _ in coordinator.judge(["a", "b"], job_of)) == ["a", "b"]
    assert place.n_started == 2


def test_our_fault_is_an_empty_cell_for_a_human_and_is_judged_again(tmp_path, monkeypatch, capsys):
    faulty = {"raiser"}

    def grade(job):
        if job["student"] in faulty:
            raise ValueError("<b>the judge</b> did not expect this")
        return played(job)

    students = {name: {"01.ipynb": b"{}"} for name in ("anna", "raiser", "zoe")}
    submissions = in_folders(tmp_path / "in", students)
    monkeypatch.setattr(errand, "prepare", small_catalogue)
    monkeypatch.setattr(executors, "choose", lambda jobs, scheduler: Here(grade))
    words = words_of(submissions, tmp_path / "out")
    assert main(words) == 1
    found = Graded(tmp_path / "out")
    assert set(found.verdicts("raiser").values()) == {"INTERNAL"}
    row = found.rows()["raiser"]
    assert {row[entry["exercise"]] for entry in CATALOGUE} == {""} == {row["total"]}
    assert "ValueError: <b>the judge</b>" in row["remark"]
    page = assert_ours(found.pages()["raiser.html"]).text
    assert "our fault" in page
    assert_ours(found.read("class.html"))
    others = {student: found.lines()[student] for student in ("anna", "zoe")}
    assert found.lines("journal.jsonl") == others
    faulty.clear()
    main(words)
    assert {student: found.lines()[student] for student in others} == others
    assert "INTERNAL" not in found.verdicts("raiser").values()
    assert set(found.lines("journal.jsonl")) == set(students)


def test_other_versions_on_a_worker_are_named_and_are_our_fault(tmp_path, one, monkeypatch):
    theirs = {**provenance.versions(), "torch": "0.0.1"}
    monkeypatch.setattr(classroom, "versions", lambda: theirs)
    monkeypatch.setattr(executors, "choose", lambda jobs, scheduler: Here())
    assert main(words_of(one, tmp_path / "out")) == 1
    found = Graded(tmp_path / "out")
    assert set(found.verdicts("anna").values()) == {"INTERNAL"}
    (remark,) = found.results()["anna"]["remarks"]
    assert "0.0.1" in remark
    assert torch.__version__ in remark
    assert "install the same versions everywhere" in remark


def test_a_worker_of_other_versions_is_not_asked_what_there_is():
    with pytest.raises(RuntimeError, match="install the same versions"):
        errand.prepare({**provenance.versions(), "code": "of last year"})


def test_a_place_where_nobody_can_judge_is_refused_with_the_reason(
    tmp_path, one, monkeypatch, capsys
):
    monkeypatch.setenv("TUTORIAL_MNIST_FOLDER", str(tmp_path / "no-digits"))
    assert main(words_of(one, tmp_path / "out", "--jobs", 1)) == 2
    told = capsys.readouterr().err
    assert "No submission can be judged" in told
    assert "no-digits" in told
    assert not (tmp_path / "out" / "marks.csv").exists()


def test_a_result_that_no_line_can_hold_is_one_submissions_fault(monkeypatch):
    from tutorial_lib.grading import judge

    monkeypatch.setattr(judge, "grade", lambda job: {"points": float("nan")})
    with pytest.raises(RuntimeError, match=r"ValueError: .*JSON compliant"):
        errand.grade({})


# ------------------------------------------------------------------ hostile names and archives


@pytest.fixture
def in_this_process(monkeypatch) -> Here:
    place = Here()
    monkeypatch.setattr(executors, "choose", lambda jobs, scheduler: place)
    return place


def around(folder: Path) -> dict[str, bytes]:
    """Return everything around the folder of marks."""
    return {name: data for name, data in tree(folder).items() if not name.startswith("out/")}


@pytest.mark.parametrize("expected", builders.BUILT_ARCHIVES, ids=lambda one: one.file)
def test_archives_are_read_and_nothing_else_is(expected, tmp_path, in_this_process, capsys):
    (tmp_path / "marks.csv").write_bytes(b"PLANTED")
    path = tmp_path / "in.zip"
    path.write_bytes(builders.ARCHIVES[expected.file]())
    before = around(tmp_path)
    status = main(words_of(path, tmp_path / "out", *QUICK))
    assert around(tmp_path) == before
    if status == 2:
        # A part of a sentence, not a traceback; nobody is judged by half an archive.
        assert capsys.readouterr().err.startswith(str(path))
        assert expected.file in ("overlapping_members", "zip_cut_off")
        return
    found = Graded(tmp_path / "out")
    exercises = found.results()["anna"]["exercises"]
    (verdict,) = [one["verdict"] for one in exercises if one["exercise"] == "1.3"]
    assert verdict in expected.allowed("1.3")
    for student in set(found.results()) - {"anna"}:
        if expected.file != "zip_damaged":  # there berta is honest, too
            assert set(found.verdicts(student).values()) <= {"INVALID"}
            assert found.results()[student]["remarks"]
    assert_no_secret(found)


def assert_no_secret(found: Graded) -> None:
    written = b"".join(data for name, data in tree(found.folder).items() if name != "secret.key")
    for secret in (b"PLANTED", b"root:x:0:0", SECRET):
        assert secret not in written


def test_links_pipes_and_folders_are_not_read(tmp_path, in_this_process, capsys):
    builders.links_in_a_folder(tmp_path / "in")
    planted = tmp_path / "planted.ipynb"
    planted.write_bytes(cells(ERROR, "# PLANTED"))
    (tmp_path / "in" / "hilde").mkdir()
    (tmp_path / "in" / "hilde" / "01.ipynb").symlink_to(planted)
    main(words_of(tmp_path / "in", tmp_path / "out", *QUICK))
    found = Graded(tmp_path / "out")
    assert found.verdicts("anna") == {"1.3": "PASS"}
    for student in ("berta", "carla", "fanny", "gerda", "hilde"):
        verdicts = set() if student == "gerda" else {"INVALID"}  # an empty folder hides nothing
        assert set(found.verdicts(student).values()) == verdicts
        assert found.results()[student]["remarks"]
    assert_no_secret(found)
    assert stat.S_ISFIFO((tmp_path / "in" / "fanny" / "01.ipynb").stat().st_mode)


# ------------------------------------------------------------------ fifty, here and on a cluster

MARKUP = (
    *("markup_in_errors", "markup_in_cells", "markup_in_names", "markup_in_results"),
    "markup_in_file_name",
)
STUB = "def squared_error(x, reconstruction):\n    ..."
FILE_NAME = "<script>alert(1)<!-- & \"'.ipynb"


def fifty():
    """Return odd names, every second with a right answer; five with markup; others without."""
    names = expectations.IDENTITIES
    named = {n: {"01.ipynb": cells(ERROR if k % 2 else STUB)} for k, n in enumerate(names)}
    marked = {name: attack(name) for name in MARKUP[:-1]}
    marked[MARKUP[-1]] = {FILE_NAME: attack(MARKUP[-1])[f"{MARKUP[-1]}.ipynb"]}
    rest = {f"student{k:02}": others(k) for k in range(50 - len(named) - len(marked))}
    return {**named, **marked, **rest}


def others(number: int):
    """Return what takes no box: stubs, unreadable files, two versions, nothing."""
    stub = (ROOT / "notebooks" / f"{NAMES[number % 4]}.ipynb").read_bytes()
    different = {"01.ipynb": cells("x = 1"), "01-Copy1.ipynb": cells(f"x = {number}2")}
    kinds = [{f"{NAMES[number % 4]}.ipynb": stub}, {"01.ipynb": b"{" * number}, different, {}]
    return kinds[number // 4 % 4]


@pytest.fixture(scope="session")
def here(tmp_path_factory) -> Graded:
    folder = tmp_path_factory.mktemp("fifty")
    submissions = in_folders(folder / "in", fifty())
    return graded(submissions, folder / "out", "--jobs", 2, *QUICK)


class Cluster:
    """A scheduler and two workers of one thread, in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / "scheduler.json"
        quiet = ("--scheduler-file", file, "--no-dashboard")
        self.scheduler = self._start("scheduler", *quiet, "--host", "127.0.0.1", "--port", 0)
        wait_until(lambda: file.exists() and file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        rest = ("--nthreads", 1, "--no-nanny", "--local-directory", folder)
        self.workers = [self._start("worker", *quiet, *rest) for _ in range(2)]
        wait_until(lambda: (folder / "log").read_text().count("Registered to:") == 2)

    def _start(self, *words: object) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "dask", *map(str, words)]
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def on_a_cluster(tmp_path_factory, here) -> tuple[Graded, int, Graded]:
    """The fifty on a cluster, of which a worker dies; and another class, whose scheduler does."""
    folder = tmp_path_factory.mktemp("cluster")
    cluster = Cluster(folder)
    try:
        options = ("--scheduler", cluster.address, *QUICK)
        out = folder / "out"
        process = started(words_of(here.folder.parent / "in", out, *options))
        judged = wait_until(lambda: (n := n_lines(out / "journal.jsonl")) > 15 and n)
        cluster.workers[0].kill()
        whole = finished(process, out)
        process = started(words_of(here.folder.parent / "in", folder / "gone", *options))
        wait_until(lambda: n_lines(folder / "gone" / "journal.jsonl"))
        cluster.scheduler.kill()
        return whole, judged, finished(process, folder / "gone")
    finally:
        cluster.end()


def test_fifty_submissions_have_the_same_results_on_a_cluster(on_a_cluster, here):
    whole, judged, _ = on_a_cluster
    assert len(here.results()) == 50
    assert judged < 50  # when the worker died
    assert whole.read("results.jsonl") == here.read("results.jsonl")
    assert whole.read("marks.csv") == here.read("marks.csv")
    assert whole.pages() == here.pages()


def test_a_scheduler_that_goes_ends_the_run_and_keeps_who_was_judged(on_a_cluster, here):
    gone = on_a_cluster[2]
    assert gone.status == 2
    assert "has gone. Who was judged stays judged" in gone.err
    kept = gone.lines("journal.jsonl")
    assert kept
    assert kept.items() <= here.lines().items()
    assert not (gone.folder / "marks.csv").exists()


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, one):
    began = time.monotonic()
    words = words_of(one, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    found = finished(started(words), tmp_path / "out")
    assert found.status == 2
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in found.err
    assert "Traceback" not in found.err
    assert time.monotonic() - began < 30


def test_hostile_names_have_honest_marks(here):
    for number, name in enumerate(expectations.IDENTITIES):
        is_right = number % 2 == 1
        assert here.verdicts(shown(name)) == ({"1.3": "PASS"} if is_right else {}), name
        assert here.rows()[cell_of(name)]["total"] == str(int(is_right))


def cell_of(name: str) -> str:
    """Return a name as it stands in a table: what a spreadsheet would compute is quoted."""
    name = shown(name)
    return f"'{name}" if name.lstrip()[:1] in ("=", "+", "-", "@", "'") else name


def test_no_cell_is_a_formula(here):
    for table in ("marks.csv", "marks_canvas.csv"):
        text = here.read(table).decode("utf-8-sig")
        for line in csv.reader(io.StringIO(text, newline="")):
            for cell in line:
                assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n"), cell


def test_nothing_is_written_but_in_the_folder_of_marks(here):
    folder = here.folder.parent
    assert {path.name for path in folder.iterdir()} == {"in", "out"}
    handed_in = {
        f"{s}/{name}": data for s, files in fifty().items() for name, data in files.items()
    }
    assert tree(folder / "in") == handed_in
    of_ours = {"class.html", "journal.jsonl", "marks.csv", "marks_canvas.csv", ".grading.lock"}
    of_ours |= {"marks_gradescope.json", "results.jsonl", "secret.key", "feedback"}
    assert {path.name for path in here.folder.iterdir()} == of_ours
    pages = {f"{safe_name(student)}.html" for student in here.results()}
    assert set(here.pages()) == pages
    assert len(pages) == 50


def test_no_markup_of_a_student_gets_into_a_page(here):
    assert_ours(here.read("class.html"))
    for page in here.pages().values():
        assert_ours(page)
    said = {name: assert_ours(here.pages()[f"{safe_name(name)}.html"]).text for name in MARKUP}
    assert any("<script" in text for text in said.values())  # it is quoted, and is text
    attacks = {one.file: one for one in expectations.HOSTILE}
    for name in MARKUP:
        for one in here.results()[name]["exercises"]:
            allowed = attacks[f"{name}.ipynb"].allowed(one["exercise"])
            assert one["verdict"] in allowed, (name, one["exercise"])


def test_only_plain_values_are_plain():
    assert is_plain({"a": [1, (2.0, b"x", None)]})
    for value in (Path("x"), {1: 2}, [type("Text", (str,), {})()], {"a": {1}}):
        assert not is_plain(value)
