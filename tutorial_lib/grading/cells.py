"""CSV in which no text becomes a formula, whoever wrote it."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from tutorial_lib.grading.page import visible

Cell = str | int | float

_MINUS = "\u2212"
# Straight and full-width ones, accents used as such, and the two low ones.
_QUOTES = "'\"`\u00b4\u201a\u201e\uff02\uff07"


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and in which nothing is hidden.

    What a cell begins with counts after blanks, quotes and invisible characters, too, which
    programs strip; and in its full-width and other variants, which some take for the same.
    """
    start = next((one for one in text if not _is_skipped(one)), "")
    is_formula = unicodedata.normalize("NFKC", start) in {*"=+-@", _MINUS}
    shown = visible(text, longest=len(text))
    return f"'{shown}" if is_formula or text[:1] in {"\t", "\r", "\n"} else shown


def _is_skipped(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Pi", "Pf"} or category[0] in "CZ" or character in _QUOTES


def table_of(lines: Iterable[Sequence[Cell]], *, encoding: str) -> bytes:
    """Return lines of cells as CSV; numbers stay numbers."""
    # Every text in quotes, or a semicolon in a name would end a cell where lists are separated so.
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for line in lines:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in line])
    return file.getvalue().encode(encoding)
