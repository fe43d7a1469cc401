"""The one-page report: complete, self-contained, valid, safe to write and to open."""

import base64
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tutorial_lib.comparison import Row
from tutorial_lib.plots import plot_filters, plot_learning_curves
from tutorial_lib.report import Illustration, write_report

# A PNG of one grey pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
VOID = {"meta", "img", "br", "link"}
RUN = {
    "recipe": "sda",
    "preset": "full",
    "seed": 3,
    "threads": 2,
    "precision": "bfloat16",
    "torch": "2.13.0",
    "seconds": {"pretraining": 70.04, "fine_tuning": 100.0, "total": 175.0},
    "validation_error": 1.33,
    "test_error": 1.284,
    "test_error_without_pretraining": 1.61,
    "history": {"cost": [3.0, 2.0]},
}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style" and data.strip():
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(folder: Path, **changes) -> Page:
    arguments = {"title": "SdA", "results": RUN, "rows": [Row("test error", 1.3, 1.284)]}
    return Page(write_report(folder, **{**arguments, **changes}))


def test_one_run(tmp_path):
    texts = page(tmp_path).texts
    for text in ["SdA", "test error", "1.30 %", "1.28 %", "seed 3", "1 min 10 s", "2.13.0"]:
        assert text in texts
    assert "history" not in " ".join(texts)


def test_several_seeds(tmp_path):
    runs = [{**RUN, "seed": seed, "test_error": 1.2 + seed / 100} for seed in range(3)]
    figure = {"mean": 1.21, "standard_deviation": 0.01, "interval_95": [1.19, 1.23]}
    results = {"recipe": "sda", "runs": runs, "summary": {"test_error": figure}}
    rows = [Row("test error", 1.3, 1.21, margin_95=0.02)]
    texts = page(tmp_path, results=results, rows=rows).texts
    assert "1.21 % ± 0.02 %" in texts
    assert any(text.startswith("±: half of the 95 % interval") for text in texts)
    for text in ["seed 0", "seed 2", "1.22 %", "1.21", "0.01", "1.19 to 1.23", "0, 1, 2"]:
        assert text in texts


@pytest.mark.parametrize(
    "results", [{}, {"seed": None, "seconds": {}}, {"summary": {"x": {}}}, {"runs": []}]
)
def test_what_is_lacking_is_left_out(tmp_path, results):
    assert "SdA" in page(tmp_path, results=results, rows=[]).texts


def test_numbers_that_are_none(tmp_path):
    results = {**RUN, "test_error": math.nan, "validation_error": None}
    texts = page(tmp_path, results=results).texts
    assert not {"nan %", "None", "None %"} & set(texts)


def test_pictures_from_files_and_figures(tmp_path):
    (tmp_path / "pixel.png").write_bytes(PIXEL)
    illustrations = [
        Illustration("One", tmp_path / "pixel.png", "a grey pixel", "It is grey."),
        Illustration("Two", plot_filters(torch.rand(4, 784)), "four filters", "They are noise."),
    ]
    report = page(tmp_path, illustrations=illustrations)
    images = report.all("img")
    assert [image["alt"] for image in images] == ["a grey pixel", "four filters"]
    assert (images[0]["width"], images[0]["height"]) == ("1", "1")
    data = [base64.b64decode(image["src"].partition("base64,")[2]) for image in images]
    assert data[0] == PIXEL
    assert data[1].startswith(b"\x89PNG")
    assert {"It is grey.", "They are noise.", "One", "Two"} <= set(report.texts)


def test_needs_nothing_but_itself(tmp_path):
    figure = plot_learning_curves({"a": [2.0, 1.0]})
    report = page(tmp_path, illustrations=[Illustration("Curves", figure, "a", "b")])
    assert report.source.startswith("<!DOCTYPE html>\n<html lang=")
    assert report.all("script") == report.all("link") == report.all("iframe") == []
    assert all(image["src"].startswith("data:image/png;base64,") for image in report.all("img"))
    assert not re.search(r"https?://|url\(|@import|href=", report.source)
    assert "color-scheme: light dark" in report.source
    assert [m["content"] for m in report.all("meta") if m.get("name") == "viewport"]


@given(hostile=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_text_stays_text(tmp_path_factory, hostile):
    hostile = "<script>alert('\"1\"')</script>&amp;" + hostile
    folder = tmp_path_factory.mktemp("report")
    (folder / "pixel.png").write_bytes(PIXEL)
    results = {
        **{key: hostile for key in ("recipe", "preset", "seed", "torch")},
        "seconds": {hostile: 1.0},
        "summary": {hostile: {"mean": 1.0}},
    }
    report = page(
        folder,
        title=hostile,
        results=results,
        rows=[Row(hostile, 1.0, 2.0)],
        illustrations=[Illustration(hostile, folder / "pixel.png", hostile, hostile)],
    )
    assert report.all("script") == []
    assert report.all("img")[0]["alt"] == hostile
    assert report.source.count("<script") == 0


def test_the_old_page_survives_a_failure(tmp_path, monkeypatch):
    before = page(tmp_path).source

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        page(tmp_path, title="new")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_makes_the_folder_and_replaces_the_page(tmp_path):
    folder = tmp_path / "deep" / "er"
    page(folder, title="first")
    assert "second" in page(folder, title="second").texts


def test_the_same_input_gives_the_same_bytes(tmp_path):
    def draw() -> str:
        figure = plot_filters(torch.ones(4, 784))
        return page(tmp_path, illustrations=[Illustration("Filters", figure, "a", "b")]).source

    assert draw() == draw()


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_an_image_that_is_no_png(tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.png is not a PNG file"):
        page(tmp_path, illustrations=[Illustration("x", tmp_path / "x.png", "x", "x")])


def test_an_image_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.png"):
        page(tmp_path, illustrations=[Illustration("x", tmp_path / "x.png", "x", "x")])
