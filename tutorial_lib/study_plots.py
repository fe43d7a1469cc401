"""Draw what the study of pre-training found; takes plain numbers, such as `Study.curves` gives."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

from tutorial_lib import sheets
from tutorial_lib.plots import LINES
from tutorial_lib.sheets import WIDTH, Array, Picture, Values


def plot_study(
    panels: Mapping[str, Mapping[str, Values]],
    *,
    ylabel: str = "test error (%)",
    width: float = WIDTH,
) -> Picture:
    """Draw errors against the number of labels, both logarithmic: a panel per network.

    Parameters
    ----------
    panels : mapping of title to mapping of label to curve
        A curve is real, of shape (n_points, 3). Its columns are the number of labels, the mean
        error, and how far its error bar reaches to either side: 0 draws none.

    Raises
    ------
    ValueError
        Also if a number of labels or an error is not above 0, or an error bar below 0.
    """
    sheets.check_same_length(panels=panels)
    n_columns = min(2, len(panels))
    n_rows = -(-len(panels) // n_columns)
    picture = Picture(width, (0.34 * n_rows + 0.08) * width)
    axes = picture.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for ax, (title, curves) in zip(axes.flat, panels.items(), strict=False):
        sheets.check_same_length(**{f"panels[{title!r}]": curves})
        for (label, values), line in zip(curves.items(), cycle(LINES), strict=False):
            x, mean, margin = _columns(f"panels[{title!r}][{label!r}]", values)
            ax.errorbar(x, mean, margin, label=label, capsize=3, **line)
        ax.set_title(title)
        _scale(ax)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    axes[0, 0].legend(frameon=False, handlelength=4)
    picture.supxlabel("labels", fontsize="medium")
    picture.supylabel(ylabel, fontsize="medium")
    return picture


def _columns(name: str, values: Values) -> Array:
    curve = sheets.as_array(name, values, 2)
    if curve.shape[1] != 3:
        raise ValueError(f"{name} has {curve.shape[1]} columns; expected labels, mean, margin.")
    if curve[:, :2].min() <= 0 or curve[:, 2].min() < 0:
        raise ValueError(f"{name} holds {curve.min():g}; logarithmic axes need numbers above 0.")
    return curve.T


def _scale(ax: Axes) -> None:
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_locator(FixedLocator(np.asarray(ax.lines[0].get_xdata()).tolist()))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.tick_params(labelbottom=True, labelleft=True)
    ax.grid(alpha=0.3)
