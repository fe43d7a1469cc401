"""The pages for students and teacher: true, calm, whole, and deaf to what anybody wrote."""

import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from grading_results import CATALOGUE, SANDBOX, handed_in, judged
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.grading import class_page, feedback
from tutorial_lib.grading.charts import bar, histogram
from tutorial_lib.grading.class_statistics import not_understood, tallies_of
from tutorial_lib.grading.page import STYLE, WORDS, Html, element, visible
from tutorial_lib.grading.results import Verdict

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
VOID = {"meta"}
# All that the pages are made of. Nothing here loads, runs or submits anything.
ALLOWED = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "p": {"class"},
    "a": {"href"},
    "article": {"id"},
    "span": {"class", "aria-hidden"},
    "pre": {"tabindex"},
    "div": {"class", "role", "aria-label", "tabindex"},
    "th": {"scope"},
    "td": {"class"},
    "svg": {"width", "height", "viewbox", "aria-hidden", "aria-label", "role"},
    "rect": {"class", "x", "y", "width", "height", "rx"},
    "line": {"class", "x1", "x2", "y1", "y2"},
    "text": {"x", "y", "text-anchor", "transform"},
    **dict.fromkeys(("head", "title", "style", "body", "main", "h1", "h2", "h3", "ul", "li"), ()),
    **dict.fromkeys(("table", "caption", "thead", "tbody", "tr", "strong", "code"), ()),
    **dict.fromkeys(("details", "summary"), ()),
}


class Page(HTMLParser):
    """Reads a page strictly: elements are closed in order, and nothing is there but the allowed."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.source = data.decode("utf-8")
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(self.source)
        self.close()
        assert self.open == []
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", self.source)

    def handle_starttag(self, tag, attrs):
        assert set(dict(attrs)) <= set(ALLOWED[tag]), (tag, attrs)
        assert len(attrs) == len(dict(attrs))
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.append((self.open[-1], data))

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html"

    def refuse(self, data):
        raise AssertionError(data)

    handle_comment = handle_pi = unknown_decl = refuse

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def inside(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    @property
    def words(self) -> str:
        text = "".join(text for name, text in self.texts if name != "style")
        return text.replace("\u00a0", " ")


def feedback_of(*exercises, **changes) -> Page:
    return Page(feedback.page_of(handed_in("Ada", *exercises, **changes), CATALOGUE))


def class_of(folder: Path, results, **options) -> Page:
    class_page.write(folder, results, CATALOGUE, **options)
    return Page((folder / "class.html").read_bytes())


# --- What every page keeps ----------------------------------------------------------------------


@pytest.fixture(params=["feedback", "class"])
def any_page(request, tmp_path) -> Page:
    result = handed_in("Ada", judged("1.1", "FAIL", bug="no bias"), judged("Q1", "INTERNAL"))
    if request.param == "feedback":
        return Page(feedback.page_of(result, CATALOGUE))
    return class_of(tmp_path, [result, handed_in("Bo")], pages={"Ada": "ada.html"})


def test_a_page_needs_nothing_but_itself(any_page):
    (policy,) = [m["content"] for m in any_page.all("meta") if "http-equiv" in m]
    assert policy == POLICY
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "<script" not in any_page.source
    assert "http:" not in any_page.source
    assert "https:" not in any_page.source


def test_a_page_can_be_read_by_everybody(any_page):
    assert any_page.all("html") == [{"lang": "en"}]
    assert len(any_page.inside("title")) == len(any_page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in any_page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(th["scope"] in ("col", "row") for th in any_page.all("th"))
    assert len(any_page.all("caption")) == len(any_page.all("table"))
    assert all("aria-hidden" in svg or svg["aria-label"] for svg in any_page.all("svg"))


def test_a_page_has_a_dark_face_and_can_be_printed(any_page):
    (style,) = any_page.inside("style")
    assert style == STYLE
    assert "color-scheme: light dark" in style
    assert "@media print" in style


def test_a_page_is_the_same_every_time(tmp_path):
    results = [handed_in(name, judged("1.1", "FAIL", bug=name)) for name in ("b", "a", "B", "ä")]
    pages = [class_of(tmp_path, order).source for order in (results, results[::-1])]
    assert pages[0] == pages[1]
    assert feedback_of().source == feedback_of().source


# --- Hostile texts ------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "]]><b>",
    "<!-- --!>",
    "</style><script>x</script>",
    "</title></textarea></pre></details>",
    "&lt;b&gt; &#60;b&#62; &#x202e;",
    "a\u2028b\u2029c",
    "\u202egnp.exe\u2066\u200b\ufeff\u061c",
    "\ud800 \udfff",
    "nul\0 bell\a escape\x1b[31m c1\x85\x9b delete\x7f",
    "\r\n\t\v\f",
    "../../etc/passwd?x=1#y%00",
    "x" * 100_000,
    "<" * 100_000,
]


def hostile(text: str):
    """Return a result in which everything that can be a text is that text."""
    kinds = zip(CATALOGUE, ("FAIL", "INTERNAL", "NOT_ATTEMPTED"), strict=True)
    said = {"name": text, "bug": text, "message": text, "details": text}
    exercises = [judged(entry["exercise"], verdict, **said) for entry, verdict in kinds]
    return handed_in(
        text, sandbox=text, remarks=(text, text), told=(text,), versions={text: text}
    ), exercises


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("sandbox", [None, "NO SANDBOX: "])
def test_no_text_becomes_markup(tmp_path, text, sandbox):
    result, exercises = hostile(text)
    result = replace(result, exercises=tuple(exercises))
    if sandbox:
        result = replace(result, sandbox=sandbox + text)
    entries = [{**entry, "title": text, "hints": [text] * 3} for entry in CATALOGUE]
    page = Page(feedback.page_of(result, entries))
    assert all(re.fullmatch(r"#exercise-\w+", str(a["href"])) for a in page.all("a"))
    class_page.write(
        tmp_path,
        [result, handed_in("Bo", *exercises)],
        entries,
        roster=[{"student": text + text}, {"student": "Zoe"}],
        remarks=[text],
        pages={result.student: text[:99] + ".html"},
    )
    page = Page((tmp_path / "class.html").read_bytes())
    assert all(re.fullmatch(r"feedback/[\w%.~-]+\.html", str(a["href"])) for a in page.all("a"))
    assert len(page.words) < 100_000


@given(st.text(st.characters(), max_size=60))
def test_any_text_is_shown_whole_and_nothing_in_it_is_hidden(text):
    hidden = {one for one in visible(text) if unicodedata.category(one) in ("Cc", "Cf", "Cs")}
    assert hidden <= {"\u200c", "\u200d"}
    page = Page(b"<p>" + element("p", text).encode() + b"</p>")
    assert page.words == visible(text).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\0\ud800\u2028\n", "⟨U+0000⟩⟨U+D800⟩⟨U+2028⟩⟨U+000A⟩"),
        (
            "Müller 李 👩\u200d🔬 \u0645\u06cc\u200c\u062e",
            "Müller 李 👩\u200d🔬 \u0645\u06cc\u200c\u062e",
        ),
        ("x" * 12, "xxxxxxxxxx … (2 characters more)"),
    ],
)
def test_what_hides_is_shown_by_its_number(text, shown):
    assert visible(text, longest=10 if len(text) == 12 else 300) == shown


def test_lines_of_a_quotation_stay():
    page = feedback_of(judged("1.1", "FAIL", details="one\r\n\ttwo\n\nthree\x85<b>"))
    assert page.inside("pre") == ["one\n\ttwo\n\nthree⟨U+0085⟩<b>"]


@pytest.mark.parametrize("name", ["../x.html", "a/b.html", "x.txt", "", "..", "/x.html"])
def test_a_page_stays_in_its_folder(tmp_path, name):
    with pytest.raises(ValueError, match="plain file name"):
        feedback.write(tmp_path, handed_in(), CATALOGUE, file_name=name)
    assert list(tmp_path.iterdir()) == []


# --- The student's page -------------------------------------------------------------------------


def test_it_is_written_under_its_name(tmp_path):
    feedback.write(tmp_path, handed_in("Ada"), CATALOGUE, file_name="ada-1.html")
    assert [path.name for path in tmp_path.iterdir()] == ["ada-1.html"]
    assert "Feedback for Ada" in Page((tmp_path / "ada-1.html").read_bytes()).inside("h1")


def test_all_right():
    page = feedback_of()
    assert "6 of 6 points" in page.words
    assert "Every answer is right. Well done!" in page.words
    assert page.all("article") == page.all("a") == []


def test_the_table_says_every_verdict_in_words_and_with_a_sign():
    for verdict in Verdict:
        words = feedback_of(judged("1.1", verdict)).words
        assert f" {WORDS[verdict]}" in words
        assert re.search(rf"[✓✗○?] {WORDS[verdict]}", words)


def test_points_by_notebook_and_in_all():
    page = feedback_of(judged("1.1", "FAIL"), judged("4.5", "FAIL", points=8 / 3))
    assert page.inside("caption") == [
        "01_autoencoder: 1 of 2 points",
        "04_mnist_exercise: 2.67 of 4 points",
    ]
    assert "3.67 of 6 points" in page.words
    assert "1 of 3 answers is right." in page.words


def test_what_is_not_judged_yet_is_not_counted_as_wrong():
    page = feedback_of(judged("4.5", "INVALID"))
    assert "2 of 3 answers are right, and 1 not judged yet." in page.words
    nothing = [judged(entry["exercise"], "INVALID") for entry in CATALOGUE]
    assert "0 of 3 answers are right, and 3 not judged yet." in feedback_of(*nothing).words


def test_what_is_not_right_has_a_place_where_it_says_what_to_do():
    changes = {
        "bug": "no bias",
        "message": "The bias\nis missing.\n\nLook at x = 0.",
        "details": "With 5 examples: other values.\n\nKnown mistake: no bias. The bias is missing.",
    }
    page = feedback_of(judged("1.1", "FAIL", **changes))
    (place,) = page.all("article")
    assert page.all("a") == [{"href": f"#{place['id']}"}]
    assert {"The bias is missing.", "Look at x = 0."} <= set(page.inside("p"))
    assert "no bias" in page.inside("strong")
    assert "On the public examples, the check says:" in page.words
    # The known mistake stands above the quotation already.
    assert page.inside("pre") == ["With 5 examples: other values."]


def test_hints_are_opened_one_after_the_other_and_the_last_is_kept_back():
    page = feedback_of(judged("1.1", "FAIL"))
    assert page.inside("summary") == ["A hint", "Another hint"]
    assert "first of 1.1" in page.words
    assert "second of 1.1" in page.words
    assert "third of 1.1" not in page.words
    first, second = (match.start() for match in re.finditer("<details>", page.source))
    assert first < page.source.index("first of") < second < page.source.index("second of")
    assert page.source.index("</details>") > page.source.index("second of")


def test_what_was_not_tried_comes_last():
    page = feedback_of(judged("1.1", "NOT_ATTEMPTED"), judged("4.5", "ERROR"))
    sections = page.inside("h2")
    assert sections.index("What to look at next") < sections.index("Not attempted yet")
    assert page.inside("h3") == ["4.5 The whole exercise", "1.1 The encoder"]


def test_nothing_tried_is_no_reproach():
    exercises = [judged(entry["exercise"], "NOT_ATTEMPTED") for entry in CATALOGUE]
    page = feedback_of(*exercises)
    assert "Nothing is attempted yet. Begin with the first exercise" in page.words
    assert "0 of 6 points" in page.words


def test_nothing_right_yet():
    page = feedback_of(*(judged(entry["exercise"], "FAIL") for entry in CATALOGUE))
    assert "The first right answer is still to come." in page.words


@pytest.mark.parametrize("verdict", ["INTERNAL", "INVALID"])
def test_what_a_human_has_to_decide_has_no_points_and_no_total(verdict):
    page = feedback_of(judged("Q1", verdict, message="It stopped."))
    assert "No total yet." in page.words
    assert "? of 1" in page.words
    assert "of 6 points" not in page.words
    assert page.all("details") == []


def test_remarks_are_for_the_student_too_unless_they_name_others():
    private = "it may mean ann and bob"
    page = feedback_of(told=("cell 3 does not parse",), remarks=(private, "cell 3 does not parse"))
    assert private not in page.words
    assert page.inside("li") == ["cell 3 does not parse"]
    assert "What we noticed in your files" in page.inside("h2")


def test_no_sandbox_is_stamped():
    page = feedback_of(sandbox="NO SANDBOX")
    assert {"class": "stamp"} in page.all("p")
    assert "NO SANDBOX." in page.inside("strong")
    assert {"class": "stamp"} not in feedback_of().all("p")
    assert SANDBOX in feedback_of().words


def test_no_seed_is_shown():
    assert "20240607" not in feedback_of(judged("1.1", "FAIL")).source


def test_a_result_without_exercises():
    page = feedback_of(exercises=())
    assert "No total yet." in page.words


# --- The teacher's page -------------------------------------------------------------------------


def test_the_number_of_students_and_the_marks(tmp_path):
    results = [
        handed_in("Ada"),
        handed_in("Bo", judged("1.1", "FAIL")),
        handed_in("Chidi", judged("4.5", "FAIL")),
        handed_in("Dana", for_a_human=True),
    ]
    words = class_of(tmp_path, results, roster=[{"student": "Zoe"}, {"student": "Ada"}]).words
    assert "5 students, 1 of them without a submission" in words
    assert "3 final marks, from 2 to 6 of 6 points: half of them 5 or more; mean 4.33." in words
    assert f"Judged in a sandbox: {SANDBOX}." in words


def test_who_has_to_be_looked_at_and_why(tmp_path):
    unread = [
        judged("1.1", "INVALID", message="no\nJSON"),
        judged("Q1", "INVALID", message="no JSON"),
    ]
    results = [
        handed_in("Ada", *unread, remarks=("two files",)),
        handed_in("Bo", judged("4.5", "INTERNAL", message="no memory")),
        handed_in("Chidi", for_a_human=True),
        handed_in("Dana", remarks=("cell 3 does not parse",)),
        handed_in("Emre"),
    ]
    page = class_of(
        tmp_path,
        results,
        remarks=["x.zip is nobody's"],
        roster=[{"student": "Zoe"}],
        pages={"Bo": "b o.html"},
    )
    assert page.inside("h3") == [
        *("The run (1)", "No mark before you have looked (3)"),
        *("The mark stands; worth a glance (1)", "Nothing handed in (1)"),
    ]
    for reason in (
        "x.zip is nobody's",
        "1.1, Q1 not judged (no JSON)",
        "two files",
        "Bo: 4.5 to be looked at: our fault (no memory)",
        "Chidi: marked for a human",
        "Dana: cell 3 does not parse",
        "Zoe",
    ):
        assert reason in page.words
    assert "Emre" not in page.words
    assert page.all("a") == [{"href": "feedback/b%20o.html"}]


def test_nobody_has_to_be_looked_at(tmp_path):
    words = class_of(tmp_path, [handed_in("Ada")]).words
    assert "Nothing: everybody handed in, and every mark is final." in words
    assert "One final mark: 6 of 6 points." in words
    assert "Nothing: what was tried is right." in words


def test_many_exercises_of_one_reason_are_counted(tmp_path):
    entries = [{**CATALOGUE[0], "exercise": f"1.{k}"} for k in range(1, 10)]
    exercises = tuple(replace(judged("1.1", "INVALID"), exercise=e["exercise"]) for e in entries)
    class_page.write(tmp_path, [handed_in("Ada", exercises=exercises)], entries)
    words = Page((tmp_path / "class.html").read_bytes()).words
    assert "1.1, 1.2, 1.3, 1.4, 1.5, 1.6 and 3 more not judged" in words


def test_a_row_of_an_exercise_by_hand(tmp_path):
    bugs = ["no bias", "no sigmoid", "no bias", "b", "c", "d"]
    results = [
        *(handed_in(f"{k}", judged("1.1", "FAIL", bug=bug)) for k, bug in enumerate(bugs)),
        *(handed_in(f"right {k}") for k in range(3)),
        handed_in("x", judged("1.1", "NOT_ATTEMPTED")),
        handed_in("y", judged("1.1", "TIMEOUT")),
        handed_in("z", judged("1.1", "INTERNAL")),
    ]
    (tally, *_) = tallies_of(results, CATALOGUE)
    assert (tally.n_judged, tally.n_attempted, tally.n_right) == (11, 10, 3)
    assert tally.bugs == (("no bias", 2), ("b", 1), ("c", 1), ("d", 1), ("no sigmoid", 1))
    words = class_of(tmp_path, results).words
    assert "3 of 11, 27 %" in words
    assert "no bias × 2; b × 1; c × 1; 2 others; took too long × 1" in words


def test_what_was_not_understood_comes_in_order_with_its_mistake(tmp_path):
    results = [
        handed_in("a", judged("4.5", "FAIL", bug="all at once"), judged("Q1", "FAIL")),
        handed_in("b", judged("4.5", "FAIL", bug="all at once")),
        handed_in("c", judged("1.1", "FAIL")),
        *(handed_in(f"{k}", judged("Q1", "NOT_ATTEMPTED")) for k in range(3)),
    ]
    found = not_understood(tallies_of(results, CATALOGUE))
    assert [one.exercise for one in found] == ["4.5", "1.1", "Q1"]
    text = class_of(tmp_path, results).words
    assert text.index("The most wrong answers") < text.index("all at once × 2") < text.index("Q1")


def test_what_nobody_tried_was_not_misunderstood():
    results = [handed_in("a", *(judged(e["exercise"], "NOT_ATTEMPTED") for e in CATALOGUE))]
    assert not_understood(tallies_of(results, CATALOGUE)) == []


@pytest.mark.parametrize("n_students", [0, 1, 500])
def test_classes_of_every_size(tmp_path, n_students):
    results = [
        handed_in(f"{k:03}", judged("4.5", "FAIL", points=k % 5, bug=f"bug {k % 7}"))
        for k in range(n_students)
    ]
    page = class_of(tmp_path, results)
    assert f"{n_students} student" in page.words
    assert ("nobody judged" in page.words) == (n_students == 0)
    assert ("How the marks lie" in page.words) == (n_students > 0)


def test_a_class_of_which_nothing_is_final(tmp_path):
    words = class_of(tmp_path, [handed_in("Ada", for_a_human=True)]).words
    assert "No mark is final yet." in words
    assert "How the marks lie" not in words


def test_one_run_without_a_sandbox_is_stamped_for_all(tmp_path):
    page = class_of(tmp_path, [handed_in("Ada", sandbox="NO SANDBOX"), handed_in("Bo")])
    assert "NO SANDBOX. 1 of 2 submissions ran without protection" in page.words
    assert {"class": "stamp"} in page.all("p")


# --- Charts -------------------------------------------------------------------------------------


def attributes_of(svg: Html, tag: str) -> list[dict[str, str | None]]:
    return Page(svg.encode()).all(tag)


@pytest.mark.parametrize(("share", "width"), [(0.0, 0), (0.25, 30), (1.0, 120)])
def test_a_bar_is_as_long_as_its_share(share, width):
    track, fill = attributes_of(bar(share), "rect")
    assert (float(track["width"] or 0), float(fill["width"] or 0)) == (120, width)


def test_a_histogram_counts_by_hand():
    chart = histogram(
        [0, 4.99, 5, 54, 55, 56, 56], largest=56, x_label="Points", y_label="Students"
    )
    ((svg),) = attributes_of(chart, "svg")
    spoken = "Students by points: 0 to 5: 2, 5 to 10: 1, 50 to 55: 1, 55 to 56: 3"
    assert svg["aria-label"] == spoken
    heights = [float(box["height"] or 0) for box in attributes_of(chart, "rect")]
    assert heights == pytest.approx(
        [max(heights) * share for share in (2 / 3, 1 / 3, 1 / 3, 1)], abs=0.1
    )
    shown = Page(chart.encode()).inside("text")
    assert shown[:4] == ["2", "1", "1", "3"]
    assert shown[4:] == [*(f"{5 * k}" for k in range(12)), "56", "Points", "Students"]


@pytest.mark.parametrize("largest", [0.5, 1, 3, 14, 15, 56, 1000])
def test_a_histogram_has_few_bars_and_room_for_all(largest):
    chart = histogram([0, largest / 2, largest], largest=largest, x_label="x", y_label="y")
    boxes = attributes_of(chart, "rect")
    assert 1 <= len(boxes) <= 3
    for box in boxes:
        x, y, width, height = (float(box[key] or 0) for key in ("x", "y", "width", "height"))
        assert 0 <= x < x + width <= 640
        assert 0 <= y < y + height <= 260
