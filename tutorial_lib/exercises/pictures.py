"""Where a gradient is wrong: one small map per parameter."""

import io
import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from tutorial_lib.exercises.outcome import Row
from tutorial_lib.exercises.parts import Parts, is_plain

MAPS_IN_A_ROW = 4
Map = np.ndarray[Any, np.dtype[np.float64]]


def picture_of_errors(
    expected: Parts, given: Parts, rows: Sequence[Row]
) -> Callable[[], tuple[bytes, str]] | None:
    """Return what draws |given - expected| for every tensor whose shape is right.

    Each map has its own scale, from 0 (white) to the largest expected magnitude (black): dark is
    wrong. Expected values cannot be read off it.

    Returns
    -------
    callable or None
        Gives a PNG, and the same in words. None where no shape is right.
    """
    maps = {
        f"{row.part}\n{row.verdict}": _error_map(expected[row.part], given[row.part])
        for row in rows
        if _can_be_drawn(expected[row.part], given[row.part])
    }
    if not maps:
        return None
    told = "; ".join(f"{row.part} {row.verdict}, {row.detail.rstrip('.')}" for row in rows)
    words = f"Size of the error, dark where it is large: {told}."
    return lambda: (_draw(maps), words)


def _can_be_drawn(expected: Any, given: Any) -> bool:
    same = isinstance(expected, Tensor) and is_plain(given) and given.shape == expected.shape
    return bool(same) and given.ndim in (1, 2) and given.numel() > 0


def _error_map(expected: Tensor, given: Tensor) -> Map:
    difference = (given.double() - expected.double()).abs()
    error = difference / expected.double().abs().max().clamp_min(1e-30)
    return np.atleast_2d(error.nan_to_num(nan=1, posinf=1).clamp(max=1).numpy())


def _draw(maps: dict[str, Map]) -> bytes:
    from matplotlib.figure import Figure  # costs half a second, and only a failure needs it
    from matplotlib.ticker import MaxNLocator

    n_columns = min(MAPS_IN_A_ROW, len(maps))
    n_rows = math.ceil(len(maps) / n_columns)
    figure = Figure(figsize=(2.2 * n_columns, 2.4 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for place, (title, values) in zip(axes, maps.items(), strict=False):
        place.imshow(values, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        lines = (textwrap.fill(line, 24) for line in title.splitlines())
        place.set_title("\n".join(lines), fontsize=9)
        place.tick_params(labelsize=7)
        place.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        place.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        place.yaxis.set_visible(len(values) > 1)  # a bias has only one row
    for place in axes[len(maps) :]:
        place.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
