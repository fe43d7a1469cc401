"""A solved notebook's page: complete, and in need of nothing but a browser."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from math_core import LatexToMathML
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tutorial_lib.solve_page import page_of

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


class Reader(HTMLParser):
    """Collect what a page loads, its style and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.style = self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        loading = {"src", "srcset", "data", "poster", "background", "style", "onload"}
        if tag == "link":
            loading.add("href")
        self.loads += [value for name, value in attrs if name in loading and value]

    def handle_data(self, data):
        if self.tags[-1:] == ["style"]:
            self.style += data
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def assert_self_contained(page: str) -> None:
    """Fail if a browser would ask for anything: a script, a style, a font, a picture."""
    reader = read(page)
    assert {"script", "link", "iframe", "object", "embed", "base"}.isdisjoint(reader.tags)
    assert [what for what in reader.loads if re.search(r"https?:|//|url\(", what[:200])] == []
    assert not re.search(r"@import|@font-face|url\(", reader.style)
    assert not re.search(r"mathjax|require\.js|jquery", page, re.IGNORECASE)


def formulas(notebook: NotebookNode) -> list[str]:
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    without_code = re.sub(r"```.*?```|`[^`\n]*`", "", "\n\n".join(texts), flags=re.DOTALL)
    return [block or inline for block, inline in FORMULA.findall(without_code)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_the_course_is_drawn_offline(path):
    notebook = nbformat.read(path, as_version=4)
    found = formulas(notebook)
    for latex in found:
        LatexToMathML().convert_with_local_state(latex, displaystyle=True)  # or an error says why
    page = page_of(notebook, path.stem, path.parent)
    assert page.count("<math") == len(found)
    assert "$" not in re.sub(r"<(style|pre|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert_self_contained(page)


def page_with(*cells: NotebookNode, folder: Path = Path()) -> str:
    return page_of(new_notebook(cells=list(cells)), "01_small", folder)


def test_formulas_become_mathml_and_code_does_not():
    page = page_with(
        new_markdown_cell("Let $\\hat x_1 < 2$ and `$HOME`.\n\n$$\\frac{1}{m}\\sum_i x_i$$\n"),
        new_markdown_cell("\\begin{align}a &= b \\\\ c &= d\\end{align}"),
    )
    assert page.count("<math") == 3
    assert 'display="block"' in page
    assert "<mfrac>" in page
    assert "<code>$HOME</code>" in page


def test_a_formula_that_cannot_be_drawn_is_shown_as_it_was_written():
    page = page_with(new_markdown_cell("So $\\nosuchsign<b>$."))
    assert "<code>\\nosuchsign&lt;b&gt;</code>" in page


def test_pictures_are_in_the_page(tmp_path):
    data = base64.b64decode(PNG)
    (tmp_path / "beside.png").write_bytes(data)
    cell = new_markdown_cell("![one](beside.png) ![two](attachment:pasted.png)")
    cell["attachments"] = {"pasted.png": {"image/png": PNG}}
    output = new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"})
    page = page_with(cell, new_code_cell("plot()", outputs=[output]), folder=tmp_path)
    assert page.count(f'src="data:image/png;base64,{PNG}"') == 3
    assert 'alt="Figure' in page
    assert read(page).tags.count("img") == 3
    assert_self_contained(page)


def test_outputs_are_shown_as_the_notebook_shows_them():
    outputs = [
        new_output("stream", name="stdout", text="cost <1>\n"),
        new_output("stream", name="stderr", text="beware\n"),
        new_output("execute_result", data={"text/html": "<p>yes</p>", "text/plain": "no"}),
        new_output("error", ename="E", evalue="e", traceback=["\x1b[31mE\x1b[39m: at <cell>"]),
    ]
    page = page_with(new_code_cell("print('cost <1>')  # a comment", outputs=outputs))
    assert "cost &lt;1&gt;" in page
    assert "beware" in page
    assert "<p>yes</p>" in page
    assert "at &lt;cell&gt;" in page
    assert ">no<" not in page
    assert "\x1b" not in page
    assert '<span class="c1"># a comment</span>' in page  # coloured
    assert_self_contained(page)


def test_the_title_is_the_first_heading_or_the_name():
    titled = page_with(new_markdown_cell("# Codes & <layers>\n\n# Not this"))
    assert "<title>Codes &amp; &lt;layers&gt;</title>" in titled
    assert "<title>01_small</title>" in page_with(new_code_cell("# no heading"))


def test_the_page_is_for_phones_and_for_paper():
    page = page_with(new_markdown_cell("text"))
    assert 'name="viewport"' in page
    assert "@media print" in read(page).style


def test_the_notebook_is_left_as_it_was():
    cell = new_markdown_cell("![](attachment:a.png)", attachments={"a.png": {"image/png": PNG}})
    page_with(cell)
    assert cell.source == "![](attachment:a.png)"


@pytest.mark.parametrize(
    "load",
    [
        '<script src="https://somewhere.org/mathjax.js"></script>',
        '<link rel="stylesheet" href="style.css">',
        '<img src="https://somewhere.org/a.png">',
        '<p style="background: url(//somewhere.org/a.png)">',
        "<style>@import 'a.css'</style>",
    ],
)
def test_the_look_for_loads_would_see_one(load):
    with pytest.raises(AssertionError):
        assert_self_contained(f"<html><body>{load}</body></html>")
