"""The code in a submitted notebook, read as text: nothing else of the file is looked at.

Outputs, metadata, attachments, tags and the language that the file claims to be in are whatever
its author wants them to be, so no mark depends on them.
"""

import codecs
import json
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 16_000_000  # pictures in outputs are large; a week of work is not
MAX_CELLS = 5_000
MAX_SOURCE = 500_000  # characters; a notebook of the course has at most 30,000
# A file of nothing but `{},{},{}` takes forty times its size in memory.
MAX_VALUES = 2_000_000


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes
    ----------
    number : int
        Its place among all cells of the notebook, from 1, as a reader counts.
    text : str
        Lines end in ``\\n``.
    """

    number: int
    text: str


class InvalidNotebook(ValueError):
    """A file cannot be read as a notebook; the reason continues a sentence with its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def cells(data: bytes) -> list[Cell]:
    """Return the code cells of a notebook.

    Parameters
    ----------
    data : bytes
        Content of an ``.ipynb`` file of format 4.

    Raises
    ------
    InvalidNotebook
        If it is none.
    """
    found = _cells_of(_parsed(_decoded(data)))
    if len(found) > MAX_CELLS:
        raise InvalidNotebook(f"has {len(found):,} cells; expected at most {MAX_CELLS:,}")
    code = [
        Cell(number, _source(cell, number))
        for number, cell in enumerate(found, start=1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    if (size := sum(len(cell.text) for cell in code)) > MAX_SOURCE:
        raise InvalidNotebook(f"has {size:,} characters of code; expected at most {MAX_SOURCE:,}")
    return code


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise InvalidNotebook(f"has {len(data):,} bytes; expected at most {MAX_BYTES:,}")
    if data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)) or b"\0" in data[:4]:
        raise InvalidNotebook("is UTF-16 or UTF-32 text; save it as UTF-8")
    # Counted before parsing: afterwards the memory is taken.
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MAX_VALUES:
        raise InvalidNotebook(f"holds more than {MAX_VALUES:,} values; clear its outputs")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidNotebook(f"is not UTF-8 text (byte {error.start:,})") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno:,}, column {error.colno:,}"
        raise InvalidNotebook(f"is not JSON ({place}), as a notebook is") from None
    except RecursionError:
        raise InvalidNotebook("is JSON nested too deeply for a notebook") from None
    except ValueError:  # an integer with more digits than Python converts
        raise InvalidNotebook("holds a number too large for a notebook") from None


def _cells_of(notebook: Any) -> list[Any]:
    if not isinstance(notebook, dict):
        raise InvalidNotebook("is JSON, but not a notebook")
    version = notebook.get("nbformat")
    if type(version) is not int or version != 4:
        told = f"format {version}" if type(version) is int and 0 <= version < 100 else "no format"
        raise InvalidNotebook(
            f"is a notebook of {told}; expected format 4: open and save it in JupyterLab"
        )
    found = notebook.get("cells")
    if not isinstance(found, list):
        raise InvalidNotebook("has no list of cells")
    return found


def _source(cell: dict[str, Any], number: int) -> str:
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise InvalidNotebook(f"has a cell without text: cell {number}")
    return source.replace("\r\n", "\n").replace("\r", "\n")
