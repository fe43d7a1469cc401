"""Where a gradient is wrong: one small map per parameter."""

import io
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from tutorial_lib.exercises.outcome import Row
from tutorial_lib.exercises.values import Parts

WIDEST = 9.0  # inches


def picture_of_errors(expected: Parts, given: Parts, rows: Sequence[Row]) -> tuple[bytes, str]:
    """Draw |given - expected| of every tensor whose shape is right, and describe the drawing.

    Each map has its own scale, from 0 (white) to the largest expected magnitude (black): dark is
    wrong. Expected values cannot be read off it.

    Returns
    -------
    bytes
        A PNG.
    str
        The same in words.
    """
    from matplotlib.figure import Figure  # costs half a second, and only a failure needs it

    maps = {
        part: _error_map(value, given[part])
        for part, value in expected.items()
        if isinstance(value, Tensor) and value.ndim and getattr(given[part], "shape", None) == value.shape
    }
    figure = Figure(figsize=(min(WIDEST, 2.2 * len(maps)), 2.4), layout="constrained")
    for axes, (part, values) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        axes.imshow(values, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        verdict = next((row.verdict for row in rows if row.part == part), "")
        axes.set_title(f"{part}\n{verdict}", fontsize=9)
        axes.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    told = "; ".join(f"{row.part} {row.verdict}, {row.detail}" for row in rows)
    return buffer.getvalue(), f"Size of the error, dark where it is large: {told}."


def _error_map(expected: Tensor, given: Tensor) -> np.ndarray:
    difference = (given.double() - expected.double()).abs().nan_to_num(posinf=np.inf, nan=np.inf)
    error = difference / expected.double().abs().max().clamp_min(1e-30)
    return np.atleast_2d(error.clamp(max=1).numpy())
