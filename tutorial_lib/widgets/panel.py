"""What all explorers share: a box of controls and views, a line for errors, and a static twin.

The twin is a PNG with a description. It is what remains of an explorer where no kernel is: in a
notebook that was reopened, on a web page, in a screen reader's words. A live explorer hides it.
"""

from abc import abstractmethod
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets
from IPython.display import display

from tutorial_lib.sheets import Picture

FOLDER = Path(__file__).parent


class _Live(anywidget.AnyWidget):
    """An invisible part of each explorer, which hides its twin in the browser."""

    _esm = FOLDER / "live.js"
    twin = traitlets.Unicode().tag(sync=True)


class Panel(ipywidgets.VBox):
    """An explorer; as the last line of a cell it shows itself.

    Parameters
    ----------
    title : str
        What it is called, in words.
    children : sequence of Widget
    """

    def __init__(self, title: str, children: Sequence[ipywidgets.Widget]) -> None:
        self._problem = ipywidgets.HTML()
        heading = ipywidgets.HTML(f'<strong style="font-size: 1.1em">{escape(title)}</strong>')
        super().__init__()
        self._live = _Live(twin=self.model_id)
        self.children = [heading, *children, self._problem, self._live]

    @abstractmethod
    def picture(self) -> Picture:
        """Draw what is shown now, for the static twin."""

    @abstractmethod
    def describe(self) -> str:
        """Say in a sentence or two what is shown now."""

    def tell(self, problem: str) -> None:
        """Show what went wrong, where everyone sees it; "" takes it away."""
        self._problem.value = (
            problem and f'<p role="alert"><strong>Problem:</strong> {escape(problem)}</p>'
        )

    def guarded(self, action: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that tells of an exception; a log is read by nobody."""

        @wraps(action)
        def run(*arguments: Any) -> None:
            try:
                action(*arguments)
            except Exception as error:
                self.tell(f"{error}" or type(error).__name__)
            else:
                self.tell("")

        return run

    def update_on(self, *controls: ipywidgets.Widget, trait: str = "value") -> None:
        """Call ``update`` whenever one of the controls has another value."""
        for control in controls:
            control.observe(self.guarded(lambda change: self.update()), trait)

    def update(self) -> None:
        """Show what the controls ask for."""

    def _ipython_display_(self) -> None:
        words, data = self.describe(), self.picture()._repr_png_()
        source = f"data:image/png;base64,{b64encode(data).decode()}"
        figure = (
            f'<figure class="tl-twin-{self.model_id}" style="margin: 0">'
            f'<img src="{source}" alt="{escape(words)}" style="max-width: 100%; width: 720px">'
            f"<figcaption>{escape(words)} (Still picture: run the cell, and it moves.)"
            "</figcaption></figure>"
        )
        twin = {"text/html": figure, "image/png": data, "text/plain": words}
        display(twin, raw=True)
        display({**self._repr_mimebundle_(), "text/plain": ""}, raw=True)


def labelled(control: Any, description: str, **layout: Any) -> Any:
    """Give a control its name in words, as wide as it needs to be."""
    control.description = description
    control.style = {"description_width": "initial"}
    control.layout = ipywidgets.Layout(**{"width": "auto", "min_width": "220px", **layout})
    return control
