import io
import os
import pickle
import socket
import stat
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.grading.archives import Unreadable, members, read_member
from tutorial_lib.grading.identities import shown
from tutorial_lib.grading.roster import RosterError, read_roster
from tutorial_lib.grading.submissions import SubmissionsError, find, safe_name


def put(root, **files):
    """Write files, their names given with `/`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def zipped(*pairs, **files):
    """The bytes of a zip file; pairs may have one name twice, or a ZipInfo for a name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*pairs, *files.items()):
            archive.writestr(name, content)
    return buffer.getvalue()


def roster_of(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path)


def class_of(tmp_path, *students):
    return roster_of(tmp_path, "\n".join(["student", *students]))


def handed_in(found):
    return {one.student: {f.name: f.loaded()[0] for f in one.files} for one in found.submissions}


def said(found, student=""):
    """Return what is said of a student's submission, and why what was not read of it was not."""
    remarks = [remark.text for remark in found.remarks if remark.student == student]
    own = [one for one in found.submissions if one.student == student]
    problems = [f"{file.name} {file.problem}" for one in own for file in one.files if file.problem]
    return [*remarks, *(text for one in own for text in one.unread), *problems]


def is_said(found, student, *words):
    texts = [text for text in said(found, student) if all(word in text for word in words)]
    assert len(texts) == 1, said(found, student)
    return True


# ------------------------------------------------------------------ who handed in what

LAYOUTS = {
    "folders": {"ann/01.ipynb": "A", "ann/more/02.ipynb": "B", "bob x/01.ipynb": "C"},
    "flat": {"ann_01.ipynb": "A", "ann_02.ipynb": "B", "bob x_01.ipynb": "C"},
    "Canvas": {
        "ann_LATE_1234_99881_01.ipynb": "A",
        "ann_LATE_1234_99882_02.ipynb": "B",
        "bob x_1235_99883_01.ipynb": "C",
    },
    "Moodle": {
        "ann_1234_assignsubmission_file_/01.ipynb": "A",
        "ann_1234_assignsubmission_file_/02.ipynb": "B",
        "bob x_77_assignsubmission_file_01.ipynb": "C",
    },
    "zip files": {
        "ann/work.ZIP": zipped(**{"01.ipynb": "A", "deep/er/02.ipynb": "B"}),
        "bob x_work.zip": zipped(**{"01.ipynb": "C"}),
    },
}
LITTER = {
    "__MACOSX/ann/._01.ipynb": "x",
    ".DS_Store": "x",
    "ann/.ipynb_checkpoints/01-checkpoint.ipynb": "x",
    "ann/._01.ipynb": "x",
    "ann/desktop.ini": "x",
    "ann/timestamp.txt": "x",
    "ann/more/progress.json": "{}",
    "ann/more/checkpoints/500-units-29e64e0872dc.checkpoint": "x",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", ["a folder", "an archive", "an archive of a folder"])
def test_every_layout_is_read_alike(layout, packed, tmp_path):
    litter = {} if layout == "flat" else LITTER
    files = {**LAYOUTS[layout], **litter}
    if layout in ("Canvas", "Moodle"):
        files = {name: x for name, x in files.items() if not name.startswith("ann/")}
    path = tmp_path / "class.zip"
    if packed == "a folder":
        put(path := tmp_path / "class", **files)
    elif packed == "an archive":
        path.write_bytes(zipped(**files))
    else:
        path.write_bytes(zipped(**{f"class/{name}": x for name, x in files.items()}))
    found = find(path)
    contents = {name: sorted(files.values()) for name, files in handed_in(found).items()}
    assert contents == {"ann": [b"A", b"B"], "bob x": [b"C"]}
    assert [text for text in said(found, "ann") if "late" in text] == (
        ["was handed in late, by the mark LATE in its name"] if layout == "Canvas" else []
    )
    assert len(found.remarks) == (layout == "Canvas")


def test_files_are_read_when_asked_for_in_any_process(tmp_path):
    data = os.urandom(1_000_000)
    inner = zipped(**{"01.ipynb": data})
    (tmp_path / "class.zip").write_bytes(zipped(**{f"s{k}/w.zip": inner for k in range(30)}))
    tracemalloc.start()
    try:
        found = pickle.loads(pickle.dumps(find(tmp_path / "class.zip")))
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()
    assert len(found.submissions) == 30
    assert found.submissions[7].files[0].read() == data


def test_the_order_is_that_of_the_names(tmp_path):
    put(tmp_path, **{f"{name}/b.ipynb": "" for name in "zac"}, **{"a/a.ipynb": ""})
    found = find(tmp_path)
    assert [one.student for one in found.submissions] == ["a", "c", "z"]
    assert [file.name for file in found.submissions[0].files] == ["a.ipynb", "b.ipynb"]


def test_what_is_no_notebook_is_named(tmp_path):
    files = {"ann/notes.txt": "x", "bob/01.IPYNB": "B", "ReadMe.md": "x", "cy_x.pdf": "x"}
    found = find(put(tmp_path, **files))
    assert is_said(found, "ann", "ignored: notes.txt")
    assert is_said(found, "ann", "handed in no notebook")
    assert handed_in(found) == {"ann": {}, "bob": {"01.IPYNB": b"B"}}
    assert len(said(found)) == 2


def test_an_empty_folder_is_a_submission_of_nothing(tmp_path):
    (tmp_path / "ann").mkdir()
    found = find(tmp_path, class_of(tmp_path.parent, "ann"))
    assert handed_in(found) == {"ann": {}}
    assert is_said(found, "ann", "no notebook")
    assert found.missing == ()


@pytest.mark.parametrize("make", ["nothing", "empty", "text", "fifo"])
def test_no_submissions_is_an_error(make, tmp_path):
    path = tmp_path / "x"
    {
        "nothing": lambda: None,
        "empty": path.mkdir,
        "text": lambda: path.write_text("no zip"),
        "fifo": lambda: os.mkfifo(path),
    }[make]()
    with pytest.raises(SubmissionsError, match=r"expected"):
        find(path)


# ------------------------------------------------------------------ versions


@pytest.mark.parametrize("second", ["01-1", "01 (1)", "01(2)", "01-Copy1", "01 - Copy", "b/01"])
def test_a_repeated_upload_counts_once_and_a_different_one_needs_a_human(second, tmp_path):
    files = {"ann/01.ipynb": "A", f"ann/{second}.ipynb": "A"}
    files |= {"bob/01.ipynb": "A", f"bob/{second}.ipynb": "B"}
    found = find(put(tmp_path, **files))
    assert len(found.submissions[0].files) == 1
    assert is_said(found, "ann", "byte for byte")
    assert len(found.submissions[1].files) == 2
    assert is_said(found, "bob", "a human must choose", "01.ipynb", f"{second}.ipynb")


def test_what_cannot_be_read_is_no_copy(tmp_path):
    for name in ("a/01.ipynb", "b/01.ipynb"):
        (tmp_path / "ann" / name).parent.mkdir(parents=True)
        (tmp_path / "ann" / name).symlink_to("nowhere")
    found = find(tmp_path)
    assert len(found.submissions[0].files) == 2
    assert is_said(found, "ann", "a human must choose")


def test_notebooks_of_one_student_have_a_limit_together(tmp_path):
    for k in range(6):
        put(tmp_path, **{f"ann/{k}.ipynb": ""})
        os.truncate(tmp_path / f"ann/{k}.ipynb", 15_000_000)
    problems = [bool(file.problem) for file in find(tmp_path).submissions[0].files]
    assert problems == [False] * 4 + [True] * 2


def test_a_number_alone_makes_no_second_version(tmp_path):
    found = find(put(tmp_path, **{"ann/part-1.ipynb": "A", "ann/part-2.ipynb": "A"}))
    assert len(found.submissions[0].files) == 2
    assert found.remarks == ()


def test_one_name_twice_in_an_archive_is_two_files(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("ann/01.ipynb", "A"), ("ann/01.ipynb", "B"))
    (tmp_path / "x.zip").write_bytes(data)
    found = find(tmp_path / "x.zip")
    assert [file.read() for file in found.submissions[0].files] == [b"A", b"B"]
    assert is_said(found, "ann", "a human must choose")


# ------------------------------------------------------------------ the roster

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Task 1 (5)\r
    Points Possible,,,,,5\r
"Smith, Ann",1234,u1,ann@x.org,S1,\r
"Doe, Bob",1235,u2,bob@x.org,S1,3\r
"Student, Test",1,,,S1,\r
"""


def test_a_canvas_gradebook_is_a_roster(tmp_path):
    roster = roster_of(tmp_path, CANVAS)
    assert roster.column == "SIS Login ID"
    assert roster.students == ("ann@x.org", "bob@x.org")
    assert roster.rows["ann@x.org"]["Student"] == "Smith, Ann"
    assert roster.columns[-1] == "Task 1 (5)"
    (remark,) = roster.remarks
    assert "row 5" in remark


@pytest.mark.parametrize(
    ("text", "students"),
    [
        ("student\nann\nbob\n", ("ann", "bob")),
        ("id;student;x\r\n1; ann ;\r\n2;bob\r\n\r\n", ("ann", "bob")),
        ("Student,Email\nAnn S,a@x\n", ("a@x",)),
        ("Student\rAnn S\r", ("Ann S",)),
        ('id\tname\n7\t"two\nlines"\n', ("7",)),
        ("LOGIN,student\na,b\n", ("b",)),
    ],
)
def test_rosters_come_in_many_forms(text, students, tmp_path):
    assert roster_of(tmp_path, text).students == students


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column that identifies"),
        ("name,section\nann,1\n", "expected 'student'"),
        ("student\nann\nann\n", "'ann' twice"),
        ("student,student\na,b\n", "two columns"),
        ("student\n", "names no student"),
        (b"student\n\xe9\n", "UTF-8"),
        ("student\n" + "x" * 200_000, "not CSV"),
    ],
)
def test_a_wrong_roster_says_what_is_expected(text, message, tmp_path):
    with pytest.raises(RosterError, match=message):
        roster_of(tmp_path, text)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(RosterError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


def test_names_are_matched_exactly_and_near_misses_are_named(tmp_path):
    names = ["ann", "Ann", "zo\u0065\u0301", "\u0430nn", "bob ", "carl", "s_jones"]
    for name in names:
        put(tmp_path / "in", **{f"{name}/01.ipynb": name})
    put(tmp_path / "in", **{"s_brown_01.ipynb": "x"})
    roster = class_of(tmp_path, "ann", "zo\u00e9", "bob", "dora", "s_jones", "s_brown")
    found = find(tmp_path / "in", roster)
    assert set(handed_in(found)) == {*names, "s_brown"}
    assert found.missing == ("bob", "dora", "zo\u00e9")
    assert said(found, "ann") == said(found, "s_jones") == said(found, "s_brown") == []
    for name, like in [
        ("Ann", "ann"),
        ("\u0430nn", "ann"),
        ("bob ", "bob"),
        (names[2], "zo\u00e9"),
    ]:
        assert is_said(found, name, "is not on the roster")
        assert is_said(found, name, "looks like", like, "not taken")
    assert said(found, "carl") == ["is not on the roster"]
    assert said(found, "dora") == ["is on the roster, but handed in nothing"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["01_autoencoder.ipynb", "02_stacking.ipynb"],
            r"seems to be one student's: .* \(01, 02\)",
        ),
        (["01/a.ipynb", "03_fine_tuning/b.ipynb"], "seems to be one student's"),
    ],
)
def test_the_folder_of_one_student_is_no_class(names, words, tmp_path):
    put(tmp_path / "ann", **dict.fromkeys(names, "A"))
    with pytest.raises(SubmissionsError, match=words):
        find(tmp_path / "ann")
    assert len(find(tmp_path).submissions) == 1
    with pytest.raises(SubmissionsError, match="is one notebook"):
        find(next((tmp_path / "ann").rglob("*.ipynb")))


@pytest.mark.parametrize("suffix", [".rar", ".7z", ".tar", ".tar.gz", ".TGZ", ".txz", ".zipx"])
def test_an_archive_of_another_kind_is_no_zero(suffix, tmp_path):
    put(tmp_path, **{f"ann{suffix}": "x", f"bob/work{suffix}": "x", "cy/01.ipynb": "C"})
    found = find(tmp_path)
    assert [one.student for one in found.submissions] == ["ann", "bob", "cy"]
    ann, bob, cy = (one.unread for one in found.submissions)
    kind = "is an archive of a kind that is not read; expected .zip"
    assert (ann, bob, cy) == ((f"ann{suffix} {kind}",), (f"work{suffix} {kind}",), ())


@pytest.mark.parametrize("suffix", [".json", ".txt", ".TXT", ".download"])
def test_a_suffix_that_a_browser_adds_does_no_harm(suffix, tmp_path):
    names = [f"ann.ipynb{suffix}", f"bob/01.ipynb{suffix}", f"cy_01.ipynb{suffix}"]
    found = find(put(tmp_path, **dict.fromkeys(names, "A")))
    assert [list(files.values()) for files in handed_in(found).values()] == [[b"A"]] * 3
    assert [*handed_in(found)] == ["ann", "bob", "cy"]
    assert found.remarks == ()


@pytest.mark.parametrize("name", ["progress.json", "timestamp.txt", "best.checkpoint"])
def test_a_folder_may_have_the_name_of_litter(name, tmp_path):
    files = {f"ann/{name}/01.ipynb": "A"}
    (tmp_path / "class.zip").write_bytes(zipped(**files))
    put(tmp_path / "class", **files)
    for path in (tmp_path / "class", tmp_path / "class.zip"):
        assert handed_in(find(path)) == {"ann": {f"{name}/01.ipynb": b"A"}}


def test_a_folder_of_no_students_is_not_taken_for_one_students(tmp_path):
    found = find(put(tmp_path, **{"notes.txt": "x"}))
    assert not found.submissions
    assert said(found) == ["notes.txt lies beside the submissions and is ignored"]


def test_a_name_that_begins_like_another_ones_is_said(tmp_path):
    roster = class_of(tmp_path, "ann", "ann_b")
    found = find(put(tmp_path / "in", **{"ann_b_01.ipynb": "A", "ann_02.ipynb": "B"}), roster)
    assert handed_in(found) == {"ann": {"02.ipynb": b"B"}, "ann_b": {"01.ipynb": b"A"}}
    assert is_said(found, "ann_b", "ann_b_01.ipynb", "may be ann's")
    assert not said(found, "ann")


def test_look_alikes_are_named_without_a_roster_too(tmp_path):
    found = find(put(tmp_path, **{"ann/1.ipynb": "", "ANN/1.ipynb": "", "a1/1.ipynb": ""}))
    assert is_said(found, "ann", "looks like ANN")
    assert is_said(found, "ANN", "looks like ann")
    assert said(found, "a1") == []


def test_canvas_knows_students_by_number(tmp_path):
    roster = roster_of(tmp_path, CANVAS)
    names = ["smithann_1234_555_01.ipynb", "doebob_LATE_1235_556_01.ipynb", "who_1299_557_01.ipynb"]
    found = find(put(tmp_path / "in", **dict.fromkeys(names, "x")), roster)
    assert set(handed_in(found)) == {"ann@x.org", "bob@x.org", "who"}
    assert is_said(found, "bob@x.org", "late")
    assert said(found, "who") == ["is not on the roster"]


def test_a_name_and_a_number_of_two_students_are_nobodys(tmp_path):
    roster = roster_of(tmp_path, "student,id\nann,1234\nbob,1235\n")
    names = ["ann_1235_555_01.ipynb", "ann_1234_556_02.ipynb"]
    found = find(put(tmp_path / "in", **dict.fromkeys(names, "x")), roster)
    assert handed_in(found)["ann"] == {"02.ipynb": b"x"}
    assert is_said(found, "ann_1235", "may mean ann and bob")


def test_one_name_with_two_numbers_is_two_students(tmp_path):
    names = ["leeann_1234_555_01.ipynb", "leeann_1235_556_01.ipynb"]
    found = find(put(tmp_path, **dict.fromkeys(names, "x")))
    assert set(handed_in(found)) == {"leeann_1234", "leeann_1235"}
    assert is_said(found, "leeann_1234", "shares the name")


# ------------------------------------------------------------------ names

RESERVED = [
    "con",
    "NUL",
    "com1",
    "lpt9.txt",
    "aux.",
    "prn ",
    "index",
    "",
    ".",
    "..",
    "-",
    "a.",
    "~",
]
HOSTILE = [
    "../../etc/passwd",
    "/boot",
    "C:\\x",
    "a\0b",
    "a\nb",
    "\u202egnp.exe",
    "x" * 300,
    "\udcff",
]


@pytest.mark.parametrize("name", ["ann", "ann.smith", "s_jones-2", "ann@uni.edu", "12345"])
def test_ordinary_names_stay(name):
    assert safe_name(name) == name
    assert shown(name) == name


def fold(name):
    return name.casefold().rstrip(". ")


@pytest.mark.parametrize("name", [*RESERVED, *HOSTILE, "José Müller"])
def test_a_safe_name_is_a_plain_short_word(name):
    safe = safe_name(name)
    assert set(safe) <= {*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@~"}
    assert 0 < len(safe) <= 80
    assert safe[0] not in ".-"
    assert safe.split(".")[0].casefold() not in {"con", "nul", "aux", "prn", "com1", "lpt9"}
    assert shown(name).isprintable()
    assert len(shown(name)) < 500


def test_letters_stay_readable():
    assert safe_name("José Müller").startswith("Jose-Muller~")


ANY_NAME = st.text(max_size=8) | st.text("aAbB.~-_ é", max_size=5) | st.sampled_from(RESERVED)


@given(st.lists(ANY_NAME, unique=True, max_size=30))
def test_no_two_students_share_a_file(names):
    assert len({fold(safe_name(name)) for name in names}) == len(names)
    assert len({shown(name) for name in names}) == len(names)


@given(ANY_NAME)
def test_a_safe_name_does_not_pass_for_another_student(name):
    # Somebody may call himself what the file of somebody else is called.
    other = safe_name(name)
    assert other == name or safe_name(other) != other


def test_names_from_a_folder_may_hold_anything(tmp_path):
    for name in ["a\nb", "\u202etxt", "-x", "..."]:
        put(tmp_path, **{f"{name}/01.ipynb": "A"})
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    found = find(tmp_path)
    assert len(found.submissions) == 5
    for one in found.submissions:
        assert one.student.isprintable()
        assert one.student.encode()
    assert sum("not seen" in remark.text for remark in found.remarks) == 3


# ------------------------------------------------------------------ what is not followed


def test_links_pipes_and_sockets_are_neither_followed_nor_waited_for(tmp_path, monkeypatch):
    root = put(tmp_path / "in", **{"ann/01.ipynb": "A"})
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret")
    (root / "ann/link.ipynb").symlink_to(secret)
    (root / "ann/loop").symlink_to(root / "ann", target_is_directory=True)
    (root / "bob").symlink_to(tmp_path, target_is_directory=True)
    (root / "cy.ipynb").symlink_to(secret)
    os.mkfifo(root / "ann/pipe.ipynb")
    os.mkfifo(root / "ann/pipe.zip")
    monkeypatch.chdir(root / "ann")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket.ipynb")
    found = find(root)
    assert handed_in(found) == {
        "ann": {"01.ipynb": b"A", "link.ipynb": b"", "pipe.ipynb": b"", "socket.ipynb": b""},
        "bob": {},
        "cy": {"cy.ipynb": b""},
    }
    assert is_said(found, "ann", "link.ipynb is a link")
    # What folders hold that are not followed is not known, and so is no zero.
    ann, bob, _ = found.submissions
    assert "loop/ is a link, which is not followed" in ann.unread
    assert bob.unread == ("the folder is a link, which is not followed",)
    assert is_said(found, "ann", "pipe.ipynb is no regular file")
    assert is_said(found, "ann", "pipe.zip is no regular file")


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path):
    put(tmp_path, **{"ann/01.ipynb": "A", "secret": "S"})
    file = find(tmp_path).submissions[0].files[0]
    (tmp_path / "ann/01.ipynb").unlink()
    assert "cannot be opened" in file.loaded()[1]
    (tmp_path / "ann/01.ipynb").symlink_to(tmp_path / "secret")
    assert file.loaded()[0] == b""
    (tmp_path / "ann/01.ipynb").unlink()
    os.mkfifo(tmp_path / "ann/01.ipynb")
    assert "no regular file" in file.loaded()[1]


def test_deep_folders_and_many_files_end_somewhere(tmp_path):
    put(tmp_path, **{"/".join(["ann", *"d" * 40, "01.ipynb"]): "A", "bob/01.ipynb": "B"})
    for k in range(2_100):
        (tmp_path / f"bob/{k}.txt").touch()
    found = find(tmp_path)
    assert is_said(found, "ann", "more than 20")
    assert is_said(found, "bob", "2,10", "the first 2,000")


def test_a_large_class_in_one_folder_of_an_archive_is_no_large_student(tmp_path):
    names = [f"class/s{k}/{n}.{end}" for k in range(600) for n in "1234" for end in ("ipynb", "pt")]
    (tmp_path / "class.zip").write_bytes(zipped(**dict.fromkeys(names, "A")))
    found = find(tmp_path / "class.zip")
    assert len(found.submissions) == 600
    assert {len(one.files) for one in found.submissions} == {4}
    assert not any(one.unread for one in found.submissions)


def test_what_may_hold_notebooks_and_was_not_looked_into_is_kept_apart(tmp_path):
    put(tmp_path, **{"ann/w.zip": "no zip", "bob/digits.csv": "", "cy/01.ipynb": "C"})
    os.truncate(tmp_path / "bob/digits.csv", 10**11)
    for k in range(31):
        put(tmp_path, **{f"dan/{k}.ipynb": str(k)})
    found = find(tmp_path)
    kept = {one.student: one.unread for one in found.submissions if one.unread}
    assert [*kept] == ["ann", "dan"]
    assert kept["ann"][0].startswith("w.zip is no zip archive")
    assert kept["dan"] == ("there are 31 notebooks, of which the first 30 are read",)
    assert is_said(found, "bob", "digits.csv has 100,000,000,000 bytes")


def test_giant_files_are_not_read(tmp_path):
    put(tmp_path, **{"ann/01.ipynb": "", "ann/02.zip": ""})
    os.truncate(tmp_path / "ann/01.ipynb", 10**11)
    os.truncate(tmp_path / "ann/02.zip", 10**11)
    found = find(tmp_path)
    assert is_said(found, "ann", "01.ipynb has 100,000,000,000 bytes")
    assert is_said(found, "ann", "02.zip has 100,000,000,000 bytes")


# ------------------------------------------------------------------ hostile archives


def of_mode(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def patched(data, old, new):
    assert data.count(old) >= 1
    return data.replace(old, new)


def encrypted():
    data = zipped(**{"01.ipynb": "A"})
    place = data.index(b"PK\1\2") + 8
    return data[:place] + b"\1" + data[place + 1 :]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(**{"../01.ipynb": "x"}), "leads out"),
        (zipped(**{"a/../../01.ipynb": "x"}), "leads out"),
        (zipped(**{"/etc/01.ipynb": "x"}), "leads out"),
        (zipped(**{"C:/01.ipynb": "x"}), "leads out"),
        (zipped(**{"a\\01.ipynb": "x"}), "backslash"),
        (zipped(**{"a\n01.ipynb": "x"}), "control"),
        (patched(zipped(**{"01X.ipynb": "x"}), b"01X.ipynb", b"01\0.ipynb"), "control"),
        (zipped((of_mode("01.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd")), "is a link"),
        (zipped((of_mode("01.ipynb", stat.S_IFIFO), "")), "no regular file"),
        (encrypted(), "encrypted"),
        (zipped(**{"01.ipynb": b"0" * 15_000_000}), "200 times"),
        (zipped(**{"01.ipynb": b"0" * 17_000_000}), "17,000,000 bytes"),
    ],
)
def test_hostile_members_are_refused_with_a_reason(data, words, tmp_path):
    put(tmp_path / "in", **{"ann/w.zip": data, "bob/01.ipynb": "B"})
    found = find(tmp_path / "in")
    assert is_said(found, "ann", words)
    assert all(file.loaded()[0] == b"" for file in found.submissions[0].files)
    assert handed_in(found)["bob"] == {"01.ipynb": b"B"}


def test_a_name_that_leads_out_is_nobodys(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(**{"../ann/01.ipynb": "x", "ann/02.ipynb": "B"}))
    found = find(tmp_path / "x.zip")
    assert handed_in(found) == {"ann": {"02.ipynb": b"B"}}
    assert is_said(found, "", "../ann/01.ipynb", "leads out")


@pytest.mark.parametrize("claimed", [10, 2**31])
def test_the_size_that_a_member_claims_is_not_believed(claimed):
    data = zipped(**{"01.ipynb": b"0" * 20_000_000})
    size = (20_000_000).to_bytes(4, "little")
    forged = io.BytesIO(patched(data, size, claimed.to_bytes(4, "little")))
    with pytest.raises(Unreadable):
        read_member(forged, members(forged)[0].number)


def test_a_member_that_unpacks_to_more_than_allowed_is_stopped():
    file = io.BytesIO(zipped(**{"01.ipynb": os.urandom(5_000)}))
    with pytest.raises(Unreadable, match="5,000 bytes; expected at most 4,000"):
        read_member(file, 0, limit=4_000)


def test_members_that_share_bytes_are_a_bomb():
    data = zipped(**{"a.ipynb": os.urandom(3000), "b.ipynb": os.urandom(3000)})
    place = data.rindex(b"PK\1\2") + 42
    forged = data[:place] + (10).to_bytes(4, "little") + data[place + 4 :]
    with pytest.raises(Unreadable, match="overlap"):
        members(io.BytesIO(forged))


def test_archives_in_archives_in_archives_stay_closed(tmp_path):
    inner = zipped(**{"01.ipynb": "A"})
    found = find(put(tmp_path, **{"ann/w.zip": zipped(**{"v.zip": inner})}))
    assert handed_in(found) == {"ann": {}}
    assert is_said(found, "ann", "w.zip/v.zip is an archive in an archive")


def test_too_many_members_cost_only_their_owner(tmp_path):
    many = zipped(*((str(k), "") for k in range(10_001)))
    found = find(put(tmp_path, **{"ann/w.zip": many, "bob/01.ipynb": "B"}))
    assert is_said(found, "ann", "10,001 members")
    assert handed_in(found)["bob"] == {"01.ipynb": b"B"}


def test_a_directory_of_gigabytes_is_not_read():
    data = zipped(**{"01.ipynb": "A"})
    end = data.rindex(b"PK\5\6")
    large = b"\0" * 9_000_000
    forged = large + data[:end] + data[end : end + 12] + (9_000_000).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="too large a directory"):
        members(io.BytesIO(forged + data[end + 16 :]))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("01.ipynb", "A")
    (member,) = members(buffer)
    assert f"method {method}" in member.problem


GOOD = zipped(**{"ann/01.ipynb": b"A" * 50, "bob/01.ipynb": os.urandom(50)})


@given(st.data())
def test_damaged_archives_give_reasons_and_no_crash(data):
    damaged = bytearray(GOOD)
    for place in data.draw(st.lists(st.integers(0, len(GOOD) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    file = io.BytesIO(bytes(damaged[: data.draw(st.integers(0, len(GOOD)))]))
    with suppress(Unreadable):
        for member in members(file):
            assert len(read_member(file, member.number)) < 1000


@given(st.binary(max_size=100))
def test_what_is_no_archive_gives_a_reason(data):
    with pytest.raises(Unreadable, match=r"\w"):
        members(io.BytesIO(data))
