"""Where a gradient is wrong: one small map per parameter."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from tutorial_lib.exercises.outcome import Row
from tutorial_lib.exercises.parts import Parts, is_plain

WIDEST = 9.0  # inches
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

    figure = Figure(figsize=(min(WIDEST, 2.2 * len(maps)), 2.4), layout="constrained")
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    for place, (title, values) in zip(axes, maps.items(), strict=True):
        place.imshow(values, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        place.set_title(title, fontsize=9)
        place.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
