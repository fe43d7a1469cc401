"""One page, `report.html`, that shows what a re-run of a published recipe gave."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from tutorial_lib.comparison import (
    HEADER,
    NOT_KNOWN,
    Row,
    format_duration,
    format_percent,
    format_value,
    margin_note,
    row_cells,
)
from tutorial_lib.files import atomic_writer

SETTINGS = ("recipe", "preset", "seed", "threads", "precision", "torch")
PERCENTAGES = (
    "accuracy_before_fine_tuning",
    "test_accuracy",
    "validation_error",
    "test_error",
    "test_error_without_pretraining",
)
STYLE = """
:root { color-scheme: light dark; --line: light-dark(#ccc, #555); --quiet: light-dark(#555, #bbb); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: right; }
td { white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: normal; }
figure { margin: 2rem 0; }
img { max-width: 100%; height: auto; background: white; border-radius: .25rem; }
figcaption { color: var(--quiet); max-width: 45rem; }
"""


class Illustration(NamedTuple):
    """A picture of the page: its PNG file or Figure, and what it says to eye and ear.

    Attributes
    ----------
    title : str
    image : Path or Figure
    alt : str
        What is drawn, for those who do not see it.
    caption : str
        What to see in it.
    """

    title: str
    image: Path | Figure
    alt: str
    caption: str


def write_report(
    folder: str | Path,
    *,
    title: str,
    results: Mapping[str, Any],
    rows: Sequence[Row],
    illustrations: Sequence[Illustration] = (),
) -> Path:
    """Write ``report.html``, one page that needs no other file, no script and no network.

    Parameters
    ----------
    folder : str or Path
        Made if missing. The page appears whole or not at all.
    title : str
    results : mapping
        The content of ``results.json``: of one run, or with ``runs`` and ``summary`` of several.
        What it lacks is left out.
    rows : sequence of Row
        The comparison, as given to `format_table`.
    illustrations : sequence of Illustration
        Inlined as PNG, in this order.

    Returns
    -------
    Path of the page

    Raises
    ------
    ValueError
        If the image of an illustration is no PNG.
    FileNotFoundError
        If it does not exist.
    """
    runs = results.get("runs") or [results]
    sections = [
        f"<h1>{escape(title)}</h1>",
        _table("Published and obtained", HEADER, map(row_cells, rows)),
        *(f"<p>{escape(note)}</p>" for note in margin_note(rows)),
        *map(_figure, illustrations),
        "<h2>Runs</h2>",
        _summary_table(results.get("summary") or {}),
        _runs_table(runs),
        _settings_table([results, *runs]),
    ]
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main>\n</body>\n</html>\n"
    )
    path = Path(folder) / "report.html"
    with atomic_writer(path) as file:
        file.write(page.encode())
    return path


def _table(caption: str, header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column names the rows; every text is escaped here."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in others)
        + "</tr>"
        for first, *others in lines
    )
    return (
        f'<div class="wide" tabindex="0"><table>\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _summary_table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        (
            _spoken(name),
            format_value(figure.get("mean")),
            format_value(figure.get("standard_deviation")),
            " to ".join(map(format_value, figure.get("interval_95") or [None])),
        )
        for name, figure in summary.items()
    ]
    header = ("", "mean", "standard deviation", "95 % interval of the mean")
    return _table("Over all seeds", header, lines) if lines else ""


def _runs_table(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return one line per figure and one column per run: a page is narrow, figures are few."""
    columns = [_run_figures(run) for run in runs]
    names = dict.fromkeys(name for column in columns for name in column)
    lines = [[name, *(column.get(name, NOT_KNOWN) for column in columns)] for name in names]
    header = ["", *(f"seed {run.get('seed', NOT_KNOWN)}" for run in runs)]
    return _table("Each run", header, lines)


def _run_figures(run: Mapping[str, Any]) -> dict[str, str]:
    percentages = {_spoken(key): format_percent(run[key]) for key in PERCENTAGES if key in run}
    seconds = run.get("seconds") or {}
    return percentages | {f"time, {_spoken(key)}": format_duration(seconds[key]) for key in seconds}


def _settings_table(sources: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for key in SETTINGS:
        values = dict.fromkeys(str(source[key]) for source in sources if key in source)
        if values:
            lines.append((key, ", ".join(values)))
    return _table("Settings", ("", "value"), lines)


def _spoken(key: str) -> str:
    return (
        key.replace("_", " ")
        .replace("pretraining", "pre-training")
        .replace("fine tuning", "fine-tuning")
    )


def _figure(illustration: Illustration) -> str:
    png = png_bytes(illustration.image)
    # Bytes 16 to 24 of a PNG are its size; given to the browser, the text does not jump about.
    width, height = struct.unpack(">II", png[16:24])
    return (
        f"<h2>{escape(illustration.title)}</h2>\n<figure>\n"
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'width="{width}" height="{height}" alt="{escape(illustration.alt)}">\n'
        f"<figcaption>{escape(illustration.caption)}</figcaption>\n</figure>"
    )


def png_bytes(image: Path | Figure) -> bytes:
    """Return a picture as the bytes of a PNG file; errors as for `write_report`."""
    if isinstance(image, Figure):
        buffer = BytesIO()
        image.savefig(buffer, format="png")
        return buffer.getvalue()
    png = Path(image).read_bytes()
    if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) < 24:
        raise ValueError(f"{image} is not a PNG file; save the picture as .png first.")
    return png
