"""One HTML page of a notebook that needs no network, no script and no other file."""

import re
from copy import deepcopy
from html import escape
from pathlib import Path
from typing import Any

from math_core import LatexError, LatexToMathML
from nbformat import NotebookNode

# Fonts with the tables that a browser needs to stretch brackets and roots, where one is installed.
_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#ccc, #555);
  --code: light-dark(#f6f6f4, #23262b); }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 53rem; margin: auto; padding: 1rem;
  overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; }
h2 { margin-top: 2.5rem; }
a { color: light-dark(#0b57a4, #8ab8f0); }
pre, code { font: .8125rem/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 0; overflow-x: auto; }
:not(pre) > code { background: var(--code); padding: .1em .25em; border-radius: .2rem; }
.jp-InputArea, .highlight { background: var(--code); border-radius: .25rem; }
.jp-InputArea-editor, .jp-RenderedMarkdown .highlight { padding: .6rem .8rem; }
.jp-MarkdownCell .jp-InputArea { background: none; }
.jp-CodeCell { margin: 1rem 0; }
.jp-OutputArea-child { margin: .6rem 0; overflow-x: auto; }
.jp-RenderedText { padding-left: .8rem; border-left: 2px solid var(--line); }
.jp-OutputArea-output[data-mime-type$=stderr] { border-left-color: #D55E00; }
.highlight [class^=c] { color: light-dark(#5f6b66, #9aa7a1); font-style: italic; }
.highlight [class^=k], .highlight .ow { color: light-dark(#8b2f8f, #d79be0); }
.highlight [class^=s] { color: light-dark(#1b6b3a, #8fce9f); }
.highlight [class^=m] { color: light-dark(#9a4a00, #e6b277); }
.highlight .nf, .highlight .nc { color: light-dark(#0b57a4, #8ab8f0); }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
.jp-RenderedMarkdown table { display: block; overflow-x: auto; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); }
img { max-width: 100%; height: auto; }
.jp-RenderedImage img { background: white; border-radius: .25rem; }
math { font-family: "Cambria Math", "STIX Two Math", "Latin Modern Math", "DejaVu Math TeX Gyre",
  math; }
math[display=block] { overflow-x: auto; overflow-y: hidden; padding: .25rem 0; }
@media print {
  :root { color-scheme: light; font-size: 10pt; }
  body { max-width: none; padding: 0; }
  pre { white-space: pre-wrap; }
  img, .jp-InputArea-editor, .jp-RenderedText { break-inside: avoid; }
}
"""
_TEMPLATE = """
{%- extends 'lab/base.html.j2' -%}
{%- block header -%}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ resources.title | e }}</title>
<style>{{ resources.style }}</style>
</head>
{%- endblock -%}
{%- block body_header -%}<body class="jp-Notebook"><main>{%- endblock -%}
{%- block data_png -%}
<div class="jp-RenderedImage"><img src="data:image/png;base64,{{ output.data['image/png'] | e }}"
alt="Figure: the text below it says what it shows."></div>
{%- endblock -%}
{%- block body_footer -%}</main></body>{%- endblock -%}
{%- block footer -%}</html>{%- endblock -%}
"""


class _Formulas:
    """A part of a renderer of Markdown: formulas as MathML, which browsers draw by themselves."""

    _math = LatexToMathML(fancy_error=False)

    def inline_math(self, body: str) -> str:
        return self._formula(body, displaystyle=False)

    def block_math(self, body: str) -> str:
        return self._formula(body, displaystyle=True)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", displaystyle=True)

    def _formula(self, latex: str, *, displaystyle: bool) -> str:
        try:
            return self._math.convert_with_local_state(latex, displaystyle=displaystyle)
        except LatexError:  # a formula that cannot be drawn is still read better than a gap
            return f"<code>{escape(latex)}</code>"


def page_of(notebook: NotebookNode, name: str, folder: Path) -> str:
    """Return a notebook as HTML, for screens of every width and for paper.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs; widgets in them would be dead boxes.
    name : str
        The page's title where no cell has a heading.
    folder : Path
        Where relative addresses of pictures in the notebook's text lead.

    Returns
    -------
    str
        A page that loads nothing from anywhere.
    """
    # Only here, for the import takes a second and sets a warning filter.
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(_Formulas, IPythonRenderer):
        """nbconvert's own, but for the formulas."""

    renderer = Renderer(
        escape=False, embed_images=True, path=str(folder), exclude_anchor_links=True
    )
    markdown = MarkdownWithMath(renderer=renderer)
    exporter = HTMLExporter(
        raw_template=_TEMPLATE,
        filters={"markdown2html": markdown.render},
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    resources: dict[str, Any] = {"title": _title(notebook) or name, "style": _STYLE}
    html, _ = exporter.from_notebook_node(_with_attachments(notebook), resources)
    return str(html)


def _title(notebook: NotebookNode) -> str:
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = re.search(r"^# (.+)$", "\n".join(texts), re.MULTILINE)
    return heading[1].strip() if heading else ""


def _with_attachments(notebook: NotebookNode) -> NotebookNode:
    """Return a copy whose texts hold the pictures that were pasted into them."""
    notebook = deepcopy(notebook)
    for cell in notebook.cells:
        for name, content in cell.get("attachments", {}).items():
            for mime_type, data in content.items():
                address = f"data:{mime_type};base64,{data}"
                cell.source = cell.source.replace(f"attachment:{name}", address)
    return notebook
