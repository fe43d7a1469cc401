"""Draw networks as schematics: a column of a few circles for a layer, lines for its weights."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle

from tutorial_lib.sheets import WIDTH, Array, Picture

# Between circles, between columns, and down to what is discarded.
PITCH, SPACING, DROP = 0.45, 2.6, 3.4
KEPT: dict[str, Any] = {"edgecolor": "#0072B2", "facecolor": "#0072B2", "linestyle": "-"}
DISCARDED: dict[str, Any] = {"edgecolor": "0.4", "facecolor": "white", "linestyle": (0, (3, 2))}


@dataclass(frozen=True)
class Network:
    """What to draw: layers and, between them, weights, as in "784 pixels", "encoder", "20 units".

    A layer's name has to begin with its size, or a ValueError is raised. ``discarded`` says which
    (weights, layer) hang on the layer of a number (the input is 0) and are thrown away.
    """

    title: str
    chain: Sequence[str]
    discarded: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def draw_networks(*networks: Network, width: float = WIDTH) -> Picture:
    """Draw networks side by side, what is discarded in grey, hollow and dashed. See notebook 02."""
    starts = np.cumsum([0.0, *(SPACING * (len(n.chain[::2]) - 0.25) for n in networks)])
    left, right = -0.8, starts[-1] - 0.75 * SPACING + 0.8
    low = -DROP - 2.9 if any(network.discarded for network in networks) else -1.8
    scale = min(0.42, width / (right - left))
    picture = Picture(scale * (right - left), scale * (3.8 - low))
    ax = picture.subplots()
    ax.set(xlim=(left, right), ylim=(low, 3.8), aspect="equal")
    ax.set_axis_off()
    for network, start in zip(networks, starts, strict=False):
        layers, weights = network.chain[::2], network.chain[1::2]
        x = start + SPACING * np.arange(len(layers))
        ax.text(x.mean(), 3.2, network.title, ha="center", weight="bold")
        columns = [_draw_layer(ax, name, at) for name, at in zip(layers, x, strict=True)]
        for k, name in enumerate(weights):
            _draw_weights(ax, name, columns[k], columns[k + 1])
        for k, (name, layer) in network.discarded.items():
            column = _draw_layer(ax, layer, x[k] + SPACING, -DROP, DISCARDED)
            _draw_weights(ax, name, columns[k][:1], column, DISCARDED)  # one unit's: a sketch
    return picture


def _draw_layer(ax: Axes, name: str, x: float, y: float = 0, style: Any = KEPT) -> Array:
    """Draw a column of circles, more for a larger layer, and its name; return their centres."""
    if not (size := re.match(r"[1-9][\d,]*", name)):
        raise ValueError(f"A layer is called {name!r}; a size comes first, as in '784 pixels'.")
    n_units = int(size.group().replace(",", ""))
    n_circles = min(n_units, max(2, 2 * round(0.9 * np.log10(n_units))))
    places = PITCH * (np.arange(n_circles) - (n_circles - 1) / 2)
    if n_circles < n_units:
        places += 0.35 * np.sign(places)  # room for dots, which stand for all the others
        ax.text(x, y, "⋮", ha="center", va="center_baseline", color=style["edgecolor"])
    for place in places:
        ax.add_patch(Circle((x, y + place), 0.17, zorder=3, **style))
    side, va = (1.75, "bottom") if style is KEPT else (-1.75, "top")
    ax.text(x, y + side, name.replace(" ", "\n", 1), ha="center", va=va)
    return np.column_stack([np.full(n_circles, x), y + places])


def _draw_weights(ax: Axes, name: str, left: Array, right: Array, style: Any = KEPT) -> None:
    look = {"colors": style["edgecolor"], "linestyles": [style["linestyle"]]}
    ax.add_collection(LineCollection([*product(left, right)], linewidths=0.6, zorder=1, **look))
    x, y = (left.mean(axis=0) + right.mean(axis=0)) / 2
    ax.text(x, y, name, ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1.5})
