"""Draw what autoencoders learn: arrays or tensors in, a picture out.

Each function returns a `Picture`, a matplotlib Figure that stands alone: nothing pops up, no
"current figure" changes, and a slider may redraw it a thousand times without a leak. As the last
line of a notebook cell it shows itself; ``picture.savefig("name.png")`` keeps it.
Wrong input raises the errors that `sheets` describes.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import LogFormatter, MaxNLocator

from tutorial_lib import sheets
from tutorial_lib.checks import require_choice, require_size
from tutorial_lib.sheets import (
    MNIST_SHAPE,
    WIDTH,
    Array,
    Picture,
    Scale,
    Values,
    show,
    tile_filters,
)

Quantity = Literal["cost", "validation_error"]

# Okabe and Ito's colours differ for every kind of colour vision; dashes and markers differ too, so
# that a grey print can be read.
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": "--", "marker": "s"},
    {"color": "#009E73", "linestyle": "-.", "marker": "^"},
    {"color": "#CC79A7", "linestyle": ":", "marker": "D"},
    {"color": "#000000", "linestyle": (0, (8, 2)), "marker": "X"},
)


class _PlainLogFormatter(LogFormatter):
    """Write 0.02 rather than 2e-02; which ticks get a number is left to matplotlib."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def plot_filters(
    *weights: Values,
    titles: Sequence[str] | None = None,
    scale: Scale = "common",
    n_columns: int | None = None,
    max_filters: int = 100,
    image_shape: tuple[int, int] = MNIST_SHAPE,
    label: str = "weight",
    width: float = WIDTH,
) -> Picture:
    """Draw one sheet of filters per weight matrix, side by side.

    With scale "common", one range of colours, symmetric about zero, serves all filters of all
    sheets: equal colours are equal weights, white is zero, and ``label`` stands at the colour
    bar. With "each", every filter fills the grey scale by itself. The other parameters are those
    of `tile_filters`.
    """
    titles = [""] * len(weights) if titles is None else titles
    sheets.check_same_length(weights=weights, titles=titles)
    tiling: dict[str, Any] = {"scale": scale, "n_columns": n_columns, "max_filters": max_filters}
    tiled = [tile_filters(weight, image_shape=image_shape, **tiling) for weight in weights]
    limit = max(float(np.nanmax(np.abs(sheet))) for sheet in tiled) or 1.0
    margin = 0.9 if scale == "common" else 0.1
    steepness = max(sheet.shape[0] / sheet.shape[1] for sheet in tiled)
    side = min((width - margin) / len(tiled), 5.0 / steepness)  # 5 inches high at most
    height = max(1.2, side * steepness) + (0.4 if any(titles) else 0.1)  # 1.2: for the colour bar
    picture = Picture(side * len(tiled) + margin, height)
    axes = picture.subplots(1, len(tiled), squeeze=False)[0]
    colours, border = ("RdBu_r", "0.7") if scale == "common" else ("gray", "black")
    for ax, sheet, title in zip(axes, tiled, titles, strict=True):
        drawn = show(ax, sheet, colours, -limit, limit, border=border)
        ax.set_title(title)
    if scale == "common":
        picture.colorbar(drawn, ax=list(axes), label=label, aspect=6 * side * steepness)
    return picture


def plot_rows(
    rows: Mapping[str, Values],
    *,
    max_images: int = 10,
    image_shape: tuple[int, int] = MNIST_SHAPE,
    width: float = WIDTH,
) -> Picture:
    """Draw named rows of images, each (n, n_pixels) in [0, 1] and as many as in the first row.

    The mean squared errors below say how far the images drawn in a row are from the first row's.
    """
    return sheets.draw_rows(rows, max_images, image_shape, width)


def plot_reconstructions(
    images: Values,
    reconstructions: Values,
    *,
    max_images: int = 10,
    image_shape: tuple[int, int] = MNIST_SHAPE,
    width: float = WIDTH,
) -> Picture:
    """Draw images, (n, n_pixels) in [0, 1], above their reconstructions of the same shape.

    The mean squared error below is that of the images drawn.
    """
    rows = {"image": images, "reconstruction": reconstructions}
    return plot_rows(rows, max_images=max_images, image_shape=image_shape, width=width)


def plot_denoising(
    clean: Values,
    corrupted: Values,
    restored: Values,
    *,
    answer: str = "restored",
    max_images: int = 10,
    image_shape: tuple[int, int] = MNIST_SHAPE,
    width: float = WIDTH,
) -> Picture:
    """Draw clean images, the same corrupted, and what was restored: three times (n, n_pixels).

    ``answer`` is the name of the last row. What noise pushed out of [0, 1] is drawn as 0 or 1, yet
    counts in the mean squared error.
    """
    rows = {"clean": clean, "corrupted": corrupted, answer: restored}
    return plot_rows(rows, max_images=max_images, image_shape=image_shape, width=width)


def plot_learning_curves(
    curves: Mapping[str, Any],
    *,
    quantity: Quantity = "cost",
    log: bool = False,
    step: str = "epoch",
    unit: str = "",
    width: float = WIDTH,
) -> Picture:
    """Draw one labelled curve per training run.

    Parameters
    ----------
    curves : mapping of label to numbers, or to a History, whose ``quantity`` is drawn
    quantity : {"cost", "validation_error"}
    log : bool
        Draw the values, all above 0, on a logarithmic axis.
    step : str
        What a value stands for: "epoch", "iteration".
    unit : str
        Of the cost, such as "nats per digit".
    """
    require_choice("quantity", quantity, get_args(Quantity))
    sheets.check_same_length(curves=curves)
    picture = Picture(width, 0.5 * width)
    ax = picture.subplots()
    for (label, curve), line in zip(curves.items(), cycle(LINES), strict=False):
        values = sheets.as_array(f"curves[{label!r}]", getattr(curve, quantity, curve), 1)
        if log and values.min() <= 0:
            raise ValueError(f"curves[{label!r}] holds {values.min():g}; log=True needs > 0.")
        steps = np.arange(1, len(values) + 1)
        ax.plot(steps, values, label=label, markevery=max(1, len(values) // 10), **line)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(_PlainLogFormatter())
        ax.yaxis.set_minor_formatter(_PlainLogFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    cost = f"cost ({unit})" if unit else "cost"
    ax.set(xlabel=step, ylabel=cost if quantity == "cost" else "validation error (%)")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, handlelength=4)
    return picture


def plot_confusion(
    labels: Values,
    predictions: Values,
    *,
    class_names: Sequence[str] | None = None,
    width: float = WIDTH,
) -> Picture:
    """Count how often each class was read as each other: labels and predictions, int (n,).

    The numbers are examples. A mistake's colour is its share of all examples of the true class,
    which is its row; right answers stay grey, or they would drown the mistakes. The classes are
    called 0, 1, ... unless ``class_names`` names them.
    """
    truth, read = sheets.as_labels("labels", labels), sheets.as_labels("predictions", predictions)
    sheets.check_same_length(labels=truth, predictions=read)
    n_classes = int(max(truth.max(), read.max())) + 1
    names = class_names or [str(k) for k in range(n_classes)]
    if len(names) < n_classes:
        raise ValueError(f"class_names has {len(names)} names; expected at least {n_classes}.")
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (truth, read), 1)
    picture = Picture(width, 0.86 * width)
    ax = picture.subplots()
    drawn = _show_counts(ax, counts)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    wrong = int((truth != read).sum())
    title = f"{wrong:,} of {len(truth):,} misread ({100 * wrong / len(truth):.2f} %)"
    ax.set(xlabel="read as", ylabel="true class", title=title)
    picture.colorbar(drawn, ax=ax, label="share of the true class (%)", aspect=30)
    return picture


def plot_misread_digits(
    images: Values,
    labels: Values,
    predictions: Values,
    *,
    probabilities: Values | None = None,
    max_images: int = 20,
    n_columns: int = 5,
    image_shape: tuple[int, int] = MNIST_SHAPE,
    width: float = WIDTH,
) -> Picture:
    """Draw the digits that were misread, with captions such as "4 read as 9".

    Parameters
    ----------
    images : real, shape (n, n_pixels), in [0, 1]
    labels, predictions : int, shape (n,)
    probabilities : real, shape (n, n_classes), in [0, 1], optional
        The surest mistakes then come first, and the captions say how sure the classifier was.

    Raises
    ------
    ValueError
        Also when nothing was misread.
    """
    pixels = sheets.as_images("images", images, image_shape)
    truth, read = sheets.as_labels("labels", labels), sheets.as_labels("predictions", predictions)
    sheets.check_same_length(images=pixels, labels=truth, predictions=read)
    require_size("max_images", max_images)
    chosen = np.flatnonzero(truth != read)
    if len(chosen) == 0:
        raise ValueError(f"None of the {len(truth)} digits was misread: nothing to draw.")
    captions = [f"{label} read as {guess}" for label, guess in zip(truth, read, strict=True)]
    if probabilities is not None:
        sureness = _sureness(probabilities, read)
        captions = [f"{c}\n{100 * p:.1f} % sure" for c, p in zip(captions, sureness, strict=True)]
        chosen = chosen[np.argsort(-sureness[chosen], kind="stable")]
    chosen = chosen[:max_images]
    return sheets.draw_captioned(pixels[chosen], [captions[k] for k in chosen], n_columns, width)


def _sureness(probabilities: Values, predictions: Array) -> Array:
    """Return the probability that was given to each prediction."""
    matrix = sheets.as_array("probabilities", probabilities, 2)
    sheets.check_same_length(probabilities=matrix, predictions=predictions)
    if matrix.min() < 0 or matrix.max() > 1 or predictions.max() >= matrix.shape[1]:
        raise ValueError(
            f"probabilities has {matrix.shape[1]} columns in [{matrix.min():g}, {matrix.max():g}]; "
            f"expected values in [0, 1], and a column for prediction {predictions.max()}."
        )
    return matrix[np.arange(len(matrix)), predictions]


def _show_counts(ax: Axes, counts: Array) -> AxesImage:
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(share, np.nan)  # drawn in the colour of borders
    limit = np.nanmax(share, initial=0) or 1.0
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[row, column] > 0.6 * limit else "black"
            ax.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    return show(ax, share, "Blues", 0, limit)
