"""What all explorers share: a box of controls and views, a line for errors, and a static twin.

The twin is a PNG with a description. It is what remains of an explorer where no kernel is: in a
notebook that was reopened, on a web page, in a screen reader's words. A live explorer hides it.
"""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
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
    _css = FOLDER / "panel.css"
    twin = traitlets.Unicode().tag(sync=True)


class Panel(ipywidgets.VBox):
    """An explorer; as the last line of a cell it shows itself.

    Parameters
    ----------
    title : str
        What it is called, in words.
    children : sequence of Widget
    warning : str
        Shown as long as nothing worse is to be told, such as of a model that was not trained.
    """

    def __init__(
        self, title: str, children: Sequence[ipywidgets.Widget], *, warning: str = ""
    ) -> None:
        self._problem, self._warning = ipywidgets.HTML(), warning
        self._calls = threading.local()  # JupyterLab may bring clicks in another thread
        heading = ipywidgets.HTML(f'<strong class="tl-title">{escape(title)}</strong>')
        super().__init__()
        self.add_class("tl-panel")
        self._live = _Live(twin=self.model_id)
        self.children = [heading, self._problem, *children, self._live]
        self.tell("")

    def picture(self) -> Picture:
        """Draw what is shown now, for the static twin."""
        raise NotImplementedError

    def describe(self) -> str:
        """Say in a sentence or two what is shown now."""
        raise NotImplementedError

    def update(self) -> None:
        """Show what the controls ask for."""
        raise NotImplementedError

    def tell(self, problem: str) -> None:
        """Show what went wrong, where everyone sees it; "" takes it away."""
        told = problem or self._warning
        self._problem.value = (
            told and f'<p role="alert"><strong>Problem:</strong> {escape(told)}</p>'
        )

    def guarded(self, action: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that tells of an exception; a log is read by nobody.

        One callback may set off others. Only when the first of them has ended, and none has failed,
        is an earlier problem taken away.
        """

        @wraps(action)
        def run(*arguments: Any) -> None:
            outermost = not getattr(self._calls, "running", False)
            if outermost:
                self._calls.running, self._calls.failed = True, False
            try:
                action(*arguments)
            except Exception as error:
                self._calls.failed = True
                self.tell(str(error) or type(error).__name__)
            finally:
                self._calls.running = not outermost
            if outermost and not self._calls.failed:
                self.tell("")

        return run

    def close(self) -> None:
        """Take the explorer and all its parts off the page, and out of the kernel's memory."""
        for part in _parts(self):
            part.close()
        super().close()

    def update_on(self, *controls: ipywidgets.Widget) -> None:
        """Call ``update`` whenever one of the controls has another value."""
        for control in controls:
            control.observe(self.guarded(lambda change: self.update()), "value")

    def _ipython_display_(self) -> None:
        try:
            display(self._twin(), raw=True)
        except Exception as error:  # the live explorer can still tell what is wrong
            self.tell(str(error) or type(error).__name__)
        display({**self._repr_mimebundle_(), "text/plain": ""}, raw=True)

    def _twin(self) -> dict[str, Any]:
        words, data = self.describe(), self.picture()._repr_png_()
        width = int.from_bytes(data[16:20], "big") * 2 // 3  # a PNG says there how wide it is
        source = f"data:image/png;base64,{b64encode(data).decode()}"
        figure = (
            f'<figure class="tl-twin-{self.model_id}" style="margin: 0">'
            f'<img src="{source}" alt="{escape(words)}" style="max-width: 100%; width: {width}px">'
            f"<figcaption>{escape(words)} (Still picture: run the cell, and it moves.)"
            "</figcaption></figure>"
        )
        return {"text/html": figure, "image/png": data, "text/plain": words}


def _parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
        yield child


def row(*parts: ipywidgets.Widget) -> ipywidgets.HBox:
    """Put parts beside one another; on a narrow page the last ones go below."""
    return ipywidgets.HBox(parts, layout=ipywidgets.Layout(flex_flow="row wrap"))


def labelled(control: Any, description: str) -> Any:
    """Give a control its name in words, with as much room as the name needs."""
    control.description = description
    control.style = {"description_width": "initial"}
    # Two sliders fit beside each other on a page of 1024 pixels with JupyterLab's side bar.
    slides = "Slider" in type(control).__name__
    control.layout = ipywidgets.Layout(width="auto", **({"min_width": "285px"} if slides else {}))
    return control
