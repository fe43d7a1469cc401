"""What a check says: one verdict, the same in plain text and as HTML.

Nothing here knows how the verdict was reached.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from html import escape


class Status(StrEnum):
    """The four verdicts."""

    CORRECT = "CORRECT"
    INCORRECT = "INCORRECT"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"
    ERROR = "ERROR"


# A sign and a word for each, so that colour is never the only sign.
SIGNS = {
    Status.CORRECT: "✓",
    Status.INCORRECT: "✗",
    Status.NOT_ATTEMPTED: "–",
    Status.ERROR: "!",
}
WORDS = {
    Status.CORRECT: "correct",
    Status.INCORRECT: "not yet",
    Status.NOT_ATTEMPTED: "not attempted",
    Status.ERROR: "error",
}
_COLOURS = {
    Status.CORRECT: "#009E73",
    Status.INCORRECT: "#D55E00",
    Status.NOT_ATTEMPTED: "#767676",
    Status.ERROR: "#CC79A7",
}
# JupyterLab leaves no room below preformatted text, and too much below the last paragraph.
_ROOM = 'style="margin: .6em 0"'


@dataclass(frozen=True)
class Row:
    """One line of a table of results.

    Attributes
    ----------
    part : str
        What was compared, such as ``"gradient of w1"``.
    verdict : str
        ``"right"`` or ``"wrong"``.
    detail : str
        Such as ``"relative error 0.31"``.
    """

    part: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class Outcome:
    """The verdict on one answer; as the last line of a cell it shows itself.

    Attributes
    ----------
    task : str
        Id and name of the exercise.
    status : Status
    message : str
        Plain text, everything that the picture and the table say included.
    known_bug : str or None
        Name of the mistake that was recognised.
    points, out_of : float
    rows : tuple of Row
        Part by part, where the result has several.
    picture : callable or None
        Returns a PNG and its description; called only where a picture can be shown.
    """

    task: str
    status: Status
    message: str
    known_bug: str | None = None
    points: float = 0
    out_of: float = 0
    rows: tuple[Row, ...] = ()
    picture: Callable[[], tuple[bytes, str]] | None = None

    @property
    def headline(self) -> str:
        """Sign, task and verdict in words."""
        return f"{SIGNS[self.status]} {self.task}: {WORDS[self.status]}"

    def __repr__(self) -> str:
        return f"{self.headline}\n{self.message}"

    def _repr_html_(self) -> str:
        paragraphs = "".join(_paragraph(text) for text in self.message.split("\n\n"))
        return (
            f'<div style="border-left: 5px solid {_COLOURS[self.status]}; padding: 2px 12px">'
            f"<p {_ROOM}><strong>{escape(self.headline)}</strong></p>"
            f"{paragraphs}{self._image()}</div>"
        )

    def _image(self) -> str:
        if self.picture is None:
            return ""
        data, description = self.picture()
        source = f"data:image/png;base64,{b64encode(data).decode()}"
        return f'<img src="{source}" alt="{escape(description)}" style="max-width: 100%">'


def table(rows: tuple[Row, ...]) -> str:
    """Set rows as aligned plain text, indented so that it counts as preformatted."""
    width = max(len(row.part) for row in rows)
    return "\n".join(f"    {row.part:{width}}  {row.verdict:5}  {row.detail}" for row in rows)


def _paragraph(text: str) -> str:
    """Render a paragraph; an indented one keeps its columns, as in Markdown."""
    tag = "pre" if all(line.startswith("    ") for line in text.splitlines()) else "p"
    return f"<{tag} {_ROOM}>{escape(text)}</{tag}>"
