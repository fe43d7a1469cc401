"""Arrays as PNGs, one pixel for one value: the browser enlarges them.

A slider redraws a widget many times a second; matplotlib would take ten times as long.
"""

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
from matplotlib import colormaps
from PIL import Image

from tutorial_lib.sheets import MNIST_SHAPE, Array, Values, as_images, tile

BORDER = 178  # grey: neither paper nor ink, in a light theme and in a dark one
_BLUE_TO_RED = (colormaps["RdBu_r"](np.linspace(0, 1, 511))[:, :3] * 255).round().astype(np.uint8)


def ink(images: Values, n_columns: int, image_shape: tuple[int, int] = MNIST_SHAPE) -> Array:
    """Return a sheet of pictures, black ink on white, as uint8: rows of pixels in [0, 1]."""
    sheet = tile(as_images("images", images, image_shape), n_columns)
    grey = 255 * (1 - np.clip(sheet, 0, 1))
    return np.where(np.isnan(sheet), BORDER, grey).astype(np.uint8)


def signed(
    values: Values, n_columns: int, limit: float, image_shape: tuple[int, int] = MNIST_SHAPE
) -> Array:
    """Return a sheet of maps as RGB: 0 is white, ``limit`` dark red, ``-limit`` dark blue."""
    sheet = tile(as_images("values", values, image_shape), n_columns)
    place = np.clip(sheet / limit, -1, 1) * 255 + 255
    colours = _BLUE_TO_RED[np.nan_to_num(place, nan=0).round().astype(int)]
    return np.where(np.isnan(sheet)[..., None], np.uint8(BORDER), colours)


def cells(values: Values, n_columns: int, side: int = 9) -> Array:
    """Return a sheet of squares, black for 1 and white for 0, of ``side`` pixels each."""
    squares = np.repeat(np.asarray(values, np.float32).reshape(-1, 1), side**2, axis=1)
    return ink(squares, n_columns, (side, side))


def scale_of(*sheets: Values) -> float:
    """Return the ``limit`` that suits these maps: a few stray values may go beyond it.

    The strongest weight of a sheet would pale all others.
    """
    return max(float(np.quantile(np.abs(np.asarray(sheet)), 0.998)) for sheet in sheets) or 1.0


def to_png(pixels: Array) -> bytes:
    """Encode uint8 pixels, (height, width) or (height, width, 3)."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1)
    return buffer.getvalue()


def to_html(pixels: Array, *, alt: str, scale: float = 1) -> str:
    """Return an image that is ``scale`` times as wide as its pixels, never wider than its place."""
    source = f"data:image/png;base64,{b64encode(to_png(pixels)).decode()}"
    width = round(scale * pixels.shape[1])
    return (
        f'<img src="{source}" alt="{escape(alt)}" '
        f'style="width: {width}px; max-width: 100%; image-rendering: pixelated">'
    )


def to_figure(pixels: Array, caption: str, *, scale: float = 1) -> str:
    """Return an image with a caption of its width, which is also its alternative text."""
    width = round(scale * pixels.shape[1])
    return (
        f'<figure style="max-width: {max(width, 120)}px">'
        f"{to_html(pixels, alt=caption, scale=scale)}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def beside(*figures: str) -> str:
    """Put pieces of HTML beside one another, as many as fit."""
    return f'<div class="tl-figures">{"".join(figures)}</div>'


def legend(limit: float) -> str:
    """Return the scale of `signed` in words and colours."""
    colours = ", ".join(f"rgb({','.join(map(str, _BLUE_TO_RED[k]))})" for k in range(0, 511, 51))
    # As wide for short numbers as for long ones: what stands beside it must not jump.
    number = '<span style="display: inline-block; min-width: 3em; padding-left: 4px">{:.2g}</span>'
    return (
        f'{number.format(-limit)}<span aria-hidden="true" style="display: inline-block; '
        f"width: 160px; height: 0.8em; border: 1px solid rgb({BORDER},{BORDER},{BORDER}); "
        f'background: linear-gradient(to right, {colours})"></span>{number.format(limit)}'
        "<span>blue: negative, white: 0, red: positive</span>"
    )
