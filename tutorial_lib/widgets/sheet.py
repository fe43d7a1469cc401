"""A sheet of tiles in the browser, one of which can be chosen by click or by arrow keys."""

import anywidget
import traitlets

from tutorial_lib.sheets import Array
from tutorial_lib.widgets.panel import FOLDER
from tutorial_lib.widgets.pixels import to_png


class Sheet(anywidget.AnyWidget):
    """A picture of equal tiles, row by row.

    Attributes
    ----------
    selected : int
        Number of the chosen tile; -1 for none.
    labels : list of str
        What each tile is called: spoken by a screen reader, and shown under the pointer.
    n_columns : int
    row_names : list of str
        Written beside the rows; none by default.
    description : str
        What the whole sheet shows.
    width : int
        In the browser's pixels.
    """

    _esm = FOLDER / "sheet.js"
    _css = FOLDER / "sheet.css"
    png = traitlets.Bytes().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    n_columns = traitlets.Int(1).tag(sync=True)
    row_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(400).tag(sync=True)

    def show(self, pixels: Array, labels: list[str], n_columns: int, *, description: str) -> None:
        """Show uint8 pixels as `pixels.ink` and `pixels.signed` lay them out."""
        with self.hold_sync():
            self.selected = min(self.selected, len(labels) - 1)
            self.png = to_png(pixels)
            self.labels, self.n_columns, self.description = labels, n_columns, description
