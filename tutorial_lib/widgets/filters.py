"""The filter explorer of notebooks 01 and 02: what each unit of a layer answers to."""

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.features import combine_filters, maximise_activation
from tutorial_lib.plots import plot_filters
from tutorial_lib.sheets import Picture
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.widgets import charts, pixels
from tutorial_lib.widgets.models import (
    codes_of,
    layers_of,
    name_models,
    require_digits,
    warn_untrained,
)
from tutorial_lib.widgets.panel import Panel, labelled, row
from tutorial_lib.widgets.sheet import Sheet

N_COLUMNS, N_UNITS = 10, 100
N_EXAMPLES = 9
LENGTH = 9.0  # of a typical digit
ORDERS = ("number", "norm of the weights", "mean activation", "how seldom it is on")
METHODS = ("linear combination", "activation maximisation")


class FilterExplorer(Panel):
    """Choose a unit on a sheet of filters, and see what excites it.

    Parameters
    ----------
    models : Autoencoder, StackedAutoencoder, or dict of name to one of them
        One, or two side by side with one scale of colours.
    images : Tensor of shape (n, 784), float in [0, 1]
        Digits that no model was trained on; the first 2,000 are used.

    Raises
    ------
    TypeError, ValueError
        If there are no models, or they do not fit the images.

    Used in notebooks 01, *The filters, at 0 % and at 30 %*, and 02, *What the layers look for*.
    """

    def __init__(self, models: Any | Mapping[str, Any], images: Tensor) -> None:
        self._models = name_models(models, Autoencoder, StackedAutoencoder, alone="model")
        self._layers = {name: layers_of(model) for name, model in self._models.items()}
        require_digits(images, *self._models.values())
        self._images = images[:2000]
        self._seen: list[int] = []  # PyTorch counts how often a tensor was changed
        self._chosen = next(iter(self._models))
        depth = min(len(layers) for layers in self._layers.values())
        self.layer = labelled(ipywidgets.Dropdown(options=range(1, depth + 1)), "layer")
        self.method = labelled(ipywidgets.RadioButtons(options=METHODS), "deeper layers by")
        self.order = labelled(ipywidgets.Dropdown(options=ORDERS), "sorted by")
        self._sheets = {name: Sheet(width=285) for name in self._models}
        self._titles = {name: ipywidgets.HTML() for name in self._models}
        self._details = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 285px"))
        self._scale = ipywidgets.HTML()
        columns = [
            ipywidgets.VBox([self._titles[name], sheet]) for name, sheet in self._sheets.items()
        ]
        # A switch that can do nothing would only puzzle.
        controls = row(self.layer, self.order, *([self.method] if depth > 1 else []))
        super().__init__(
            "Filter explorer",
            [controls, row(ipywidgets.VBox([row(*columns), self._scale]), self._details)],
            warning=warn_untrained(self._models),
        )
        self._connect()
        self.update()

    def _connect(self) -> None:
        self.update_on(self.layer, self.order)
        self.method.observe(self.guarded(lambda change: self._show_unit()), "value")
        for name, sheet in self._sheets.items():
            choose = self.guarded(lambda change, name=name: self._choose(name))
            sheet.observe(choose, "selected")

    def _choose(self, name: str) -> None:
        if self._sheets[name].selected < 0:
            return
        for other in set(self._sheets) - {name}:
            self._sheets[other].selected = -1
        self._chosen = name
        self._show_unit()

    def filters(self, name: str) -> Tensor:
        """Return the filters of the layer, (n_units, n_visible), as the sheet shows them."""
        weights = self._weights(name)
        return weights[0] if len(weights) == 1 else combine_filters(*weights)

    def _weights(self, name: str) -> list[Tensor]:
        """Return the encoders' weights, from the first layer to the one that is shown."""
        return [layer.encoder.weight.detach() for layer in self._layers[name][: self.layer.value]]

    def _units(self, name: str) -> list[int]:
        """Return the units in the order asked for, the first hundred."""
        code = self._codes[name][self.layer.value - 1]
        keys = {
            "number": -torch.arange(code.shape[1]),
            "norm of the weights": self._weights(name)[-1].norm(dim=1),
            "mean activation": code.mean(dim=0),
            "how seldom it is on": -(code > 0.5).float().mean(dim=0),
        }
        order: list[int] = keys[self.order.value].argsort(descending=True).tolist()
        return order[:N_UNITS]

    def update(self) -> None:
        """Lay the sheets out anew."""
        self._encode()
        self._order = {name: self._units(name) for name in self._models}
        shown = {name: self.filters(name)[units] for name, units in self._order.items()}
        self._limit = pixels.scale_of(*shown.values())
        for name, filters in shown.items():
            means = self._codes[name][self.layer.value - 1].mean(dim=0)
            labels = [f"unit {u}, mean activation {means[u]:.2f}" for u in self._order[name]]
            sheet = pixels.signed(filters, N_COLUMNS, self._limit)
            told = f"Filters of layer {self.layer.value}, {name}"
            self._sheets[name].show(sheet, labels, N_COLUMNS, description=told)
            shares = f"{len(labels)} of {len(means)} units"
            self._titles[name].value = f"<strong>{escape(name)}</strong>: {shares}"
        self._scale.value = pixels.legend(self._limit)
        self._show_unit()

    def _encode(self) -> None:
        """Encode the images, unless this was done and no model has been trained further since."""
        seen = [p._version for model in self._models.values() for p in model.parameters()]
        if seen != self._seen:
            self._codes = {name: codes_of(m, self._images) for name, m in self._models.items()}
            self._seen = seen

    @property
    def unit(self) -> int:
        """The number of the chosen unit."""
        order = self._order[self._chosen]
        return order[min(max(self._sheets[self._chosen].selected, 0), len(order) - 1)]

    def strongest_input(self) -> Tensor:
        """Return the input that excites the chosen unit most, (n_visible,), scaled to length 1.

        A deeper unit is climbed to at the length of a digit: the sigmoids below bend what a longer
        or a shorter input would show.
        """
        if self.layer.value == 1 or self.method.value == METHODS[0]:
            return combine_filters(*self._weights(self._chosen))[self.unit]
        layers = self._layers[self._chosen][: self.layer.value]
        climbed = maximise_activation(
            [layer.encoder for layer in layers],
            units=[self.unit],
            norm=LENGTH,
            n_steps=40,
            n_restarts=2,
            generator=torch.Generator().manual_seed(0),
            progress=False,
        )
        return climbed[0] / LENGTH

    def _show_unit(self) -> None:
        unit, name = self.unit, self._chosen
        code = self._codes[name][self.layer.value - 1][:, unit]
        best = self.strongest_input()
        limit = float(best.abs().max()) or 1.0
        how = "closed form" if self.layer.value == 1 else self.method.value
        order = code.argsort(descending=True)
        most, least = order[:N_EXAMPLES], order[-N_EXAMPLES:].flip(0)
        figures = pixels.beside(
            pixels.to_figure(
                pixels.signed(best[None], 1, limit),
                f"the input that excites it most ({how})",
                scale=4.5,
            ),
            pixels.to_figure(
                pixels.ink(self._images[most], 3), _told("most", code[most]), scale=1.5
            ),
            pixels.to_figure(
                pixels.ink(self._images[least], 3), _told("least", code[least]), scale=1.5
            ),
        )
        chart = charts.histogram(code.tolist(), x=f"activation of unit {unit}")
        title = escape(f"Layer {self.layer.value}, unit {unit}, {name}")
        self._details.value = f"<p><strong>{title}</strong></p>{figures}{chart}"

    def picture(self) -> Picture:
        """Draw the sheets side by side."""
        shown = [self.filters(name)[units] for name, units in self._order.items()]
        return plot_filters(*shown, titles=list(self._models), n_columns=N_COLUMNS)

    def describe(self) -> str:
        """Say what is on the sheets, and which unit is chosen."""
        code = self._codes[self._chosen][self.layer.value - 1][:, self.unit]
        return (
            f"Filters of layer {self.layer.value} of {' and '.join(self._models)}, sorted by "
            f"{self.order.value}: blue is negative, red positive. Chosen: unit {self.unit}, whose "
            f"mean activation is {code.mean():.2f}."
        )


def _told(which: str, activations: Tensor) -> str:
    low, high = activations.min(), activations.max()
    return f"the digits that excite it {which}: {low:.2f} to {high:.2f}"
