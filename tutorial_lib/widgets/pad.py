"""A square to draw a digit on: with mouse or finger, or with keys."""

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor

from tutorial_lib.widgets.panel import FOLDER

SIDE = 28


class DrawingPad(anywidget.AnyWidget):
    """What is drawn, as MNIST would have it.

    Attributes
    ----------
    ink : bytes of length 784
        Row by row, 0 for paper to 255 for ink.
    """

    _esm = FOLDER / "pad.js"
    _css = FOLDER / "pad.css"
    # From the browser come memoryviews, which traitlets does not take for bytes.
    ink = traitlets.Bytes(bytes(SIDE**2)).tag(sync=True, from_json=lambda value, _: bytes(value))

    @property
    def image(self) -> Tensor:
        """The drawing as float32, (1, 784) in [0, 1], its centre of mass in the middle.

        So were the digits of MNIST placed; a network has learnt nothing about others.
        """
        pixels = np.frombuffer(self.ink, np.uint8).reshape(SIDE, SIDE).astype(np.float32) / 255
        total = pixels.sum()
        if total:
            places = np.arange(SIDE)
            middle = (pixels.sum(axis=1) @ places, pixels.sum(axis=0) @ places)
            shift = [round((SIDE - 1) / 2 - float(m / total)) for m in middle]
            pixels = _shifted(pixels, *shift)
        return torch.from_numpy(pixels.reshape(1, -1).copy())

    def clear(self) -> None:
        """Take all ink away."""
        self.ink = bytes(SIDE**2)


def _shifted(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move a picture; what leaves on one side does not come back on the other."""
    padded = np.pad(pixels, SIDE)
    return padded[SIDE - down : 2 * SIDE - down, SIDE - right : 2 * SIDE - right]
