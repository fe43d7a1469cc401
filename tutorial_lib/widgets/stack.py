"""The stack explorer of notebooks 02 and 03: a digit goes up, and comes back down."""

from collections.abc import Mapping
from html import escape

import ipywidgets
import torch
from torch import Tensor

from tutorial_lib.checks import require_labels
from tutorial_lib.plots import plot_rows
from tutorial_lib.sheets import Picture
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.widgets import charts, pixels
from tutorial_lib.widgets.models import (
    has_classes,
    name_models,
    require_digits,
    warn_untrained,
)
from tutorial_lib.widgets.pad import DrawingPad
from tutorial_lib.widgets.panel import Panel, labelled, row

N_COLUMNS = 20  # of units
MANY = 200  # units that can be drawn large


class StackExplorer(Panel):
    """Send a digit up a stack: see each layer's activations, the classes, and the way back.

    Parameters
    ----------
    stacks : StackedAutoencoder, or dict of name to StackedAutoencoder
        One, or two of the same sizes side by side, such as before and after fine-tuning.
    images : Tensor of shape (n, 784), float in [0, 1]
    labels : Tensor of shape (n,), int64, optional
        Told beside the digit.

    Raises
    ------
    TypeError, ValueError
        If there are no stacks, their sizes differ, or they do not fit the images.

    Used in notebooks 02, *Back to pixels, from each depth*, and 03, *Fine-tuning on all digits*.
    """

    def __init__(
        self,
        stacks: StackedAutoencoder | Mapping[str, StackedAutoencoder],
        images: Tensor,
        *,
        labels: Tensor | None = None,
    ) -> None:
        self._stacks = name_models(stacks, StackedAutoencoder, alone="stack", taken=("input",))
        sizes = {name: _sizes(stack) for name, stack in self._stacks.items()}
        self._sizes = next(iter(sizes.values()))
        if any(other != self._sizes for other in sizes.values()):
            raise ValueError(f"The stacks have different sizes: {sizes}; expected the same.")
        require_digits(images, *self._stacks.values())
        if labels is not None:
            require_labels(labels, len(images), self._sizes[-1])
        self._images, self._labels = images, labels
        self._make_controls(len(self._sizes) - 2)
        self._chart = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 300px"))
        self._view = ipywidgets.HTML()
        drawing = ipywidgets.VBox([self.pad, self.clear])
        super().__init__(
            "Stack explorer",
            [
                row(self.source, self.index, self.depth),
                row(self.switch, self.layer, self.unit, self.value),
                row(drawing, self._chart),
                self._view,
            ],
            warning=warn_untrained(self._stacks),
        )
        self._connect()
        self.update()

    def _make_controls(self, depth: int) -> None:
        self.source = labelled(
            ipywidgets.RadioButtons(options=["test digit", "my drawing"]), "input"
        )
        last = len(self._images) - 1
        self.index = labelled(ipywidgets.IntSlider(0, min=0, max=last), "test digit")
        self.pad = DrawingPad()
        self.clear = ipywidgets.Button(description="Clear drawing")
        self.depth = labelled(
            ipywidgets.Dropdown(options=range(1, depth + 1), value=depth), "back down from layer"
        )
        self.switch = labelled(
            ipywidgets.Checkbox(False, indent=False), "set one hidden unit by hand"
        )
        self.layer = labelled(ipywidgets.Dropdown(options=range(1, depth + 1)), "its layer")
        self.unit = labelled(ipywidgets.IntSlider(0, min=0, max=self._sizes[1] - 1), "its number")
        self.value = labelled(ipywidgets.FloatSlider(0, min=0, max=1, step=0.05), "its activation")

    def _connect(self) -> None:
        self._free()
        self.switch.observe(self.guarded(lambda change: self._free()), "value")
        self.layer.observe(self.guarded(lambda change: self._fit_unit()), "value")
        self.clear.on_click(self.guarded(lambda button: self.pad.clear()))
        self.pad.observe(self.guarded(lambda change: self._drawn()), "ink")
        self.index.observe(self.guarded(lambda change: self._leave_the_pad()), "value")
        self.update_on(
            self.source, self.index, self.depth, self.switch, self.layer, self.unit, self.value
        )

    def _free(self) -> None:
        for control in (self.layer, self.unit, self.value):
            control.disabled = not self.switch.value

    def _fit_unit(self) -> None:
        self.unit.max = self._sizes[self.layer.value] - 1

    def _leave_the_pad(self) -> None:
        self.source.value = "test digit"

    def _drawn(self) -> None:
        if self.source.value == "my drawing":
            self.update()
        elif any(self.pad.ink):
            self.source.value = "my drawing"

    @property
    def x(self) -> Tensor:
        """The digit that goes up, (1, n_visible)."""
        if self.source.value == "my drawing":
            return self.pad.image.to(self._images)
        return self._images[self.index.value : self.index.value + 1]

    def codes(self, stack: StackedAutoencoder) -> list[Tensor]:
        """Return the activations of each layer, with the unit that was set by hand."""
        x, codes = self.x, []
        for k, layer in enumerate(stack.layers(), start=1):
            x = layer.encode(x)
            if self.switch.value and k == self.layer.value:
                x[:, self.unit.value] = self.value.value
            codes.append(x)
        return codes

    @torch.no_grad()
    def update(self) -> None:
        """Send the digit up and down."""
        self._codes = {name: self.codes(stack) for name, stack in self._stacks.items()}
        self._back = {
            name: stack.decode(self._codes[name][self.depth.value - 1], depth=self.depth.value)
            for name, stack in self._stacks.items()
        }
        self._classes = {
            name: torch.softmax(stack.softmax(self._codes[name][-1]), dim=1)[0]
            for name, stack in self._stacks.items()
            if has_classes(stack)
        }
        self._chart.value = f"<p>{escape(self._told())}</p>{self._bars()}"
        self._view.value = pixels.beside(
            pixels.to_figure(pixels.ink(self.x, 1), "the input", scale=4),
            *(figure for name in self._stacks for figure in self._figures(name)),
        )

    def _bars(self) -> str:
        """Draw the probabilities of the classes, one bar for each stack."""
        if not self.x.any():
            return ""
        if not self._classes:
            return "<p>The softmax on top is not trained: there are no classes yet.</p>"
        values = {name: p.tolist() for name, p in self._classes.items()}
        return charts.bars(
            values, [str(k) for k in range(self._sizes[-1])], y="probability of each class"
        )

    def _figures(self, name: str) -> list[str]:
        """Return one stack's activations and its reconstruction: in a row, or one column of two."""
        figures = []
        for k, code in enumerate(self._codes[name], start=1):
            sheet = pixels.cells(code, N_COLUMNS, side=9 if code.shape[1] <= MANY else 6)
            caption = f"layer {k}: {int((code > 0.5).sum())} of {code.shape[1]} above 0.5"
            figures.append(pixels.to_figure(sheet, caption))
        back = pixels.to_figure(
            pixels.ink(self._back[name], 1), f"back from layer {self.depth.value}", scale=4
        )
        if len(self._stacks) == 1:
            return [*figures, back]
        # Up the stack is up on the page.
        return [f"<div><strong>{escape(name)}</strong>{''.join(reversed(figures))}{back}</div>"]

    def _told(self) -> str:
        if not self.x.any():
            return "Draw a digit on the square."
        told = "Your drawing." if self.source.value == "my drawing" else "A test digit."
        if self.source.value == "test digit" and self._labels is not None:
            told = f"A {int(self._labels[self.index.value])}."
        for name, p in self._classes.items():
            who = "Read as" if len(self._stacks) == 1 else f"{name[:1].upper()}{name[1:]}:"
            told += f" {who} {int(p.argmax())} ({100 * float(p.max()):.0f} %)."
        return told

    def picture(self) -> Picture:
        """Draw the input and the reconstructions."""
        return plot_rows({"input": self.x, **self._back}, width=3)

    def describe(self) -> str:
        """Say what went up, what was read, and from where it came back."""
        on = "; ".join(
            f"{name}: "
            + ", ".join(
                f"{int((code > 0.5).sum())} of {code.shape[1]} units of layer {k} above 0.5"
                for k, code in enumerate(codes, start=1)
            )
            for name, codes in self._codes.items()
        )
        return f"A digit and its reconstruction from layer {self.depth.value}. {self._told()} {on}."


def _sizes(stack: StackedAutoencoder) -> list[int]:
    """Return the sizes from the pixels to the classes."""
    encoders = [layer.encoder for layer in stack.layers()]
    sizes = [encoders[0].in_features, *(encoder.out_features for encoder in encoders)]
    return [*sizes, stack.softmax.out_features]
