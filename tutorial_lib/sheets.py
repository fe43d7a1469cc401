"""The paper and the ink of `plots`: checked arrays, tiled into sheets, drawn on a Figure.

Arrays and tensors may need gradients or live on a GPU. NaN, infinity, a wrong shape or counts
that do not match raise a ValueError that names the argument; what holds no numbers, a TypeError.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence, Sized
from io import BytesIO
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor

from tutorial_lib.checks import require_choice, require_size

Array = npt.NDArray[Any]
Values = Tensor | npt.ArrayLike
Scale = Literal["common", "each"]

MNIST_SHAPE = (28, 28)
WIDTH = 7.5  # inches: a notebook's column, with text as large as the notebook's own


class Picture(Figure):
    """A Figure that pyplot does not know, and that a notebook can show."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(figsize=(width, height), dpi=144, layout="compressed")

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def show(
    ax: Axes, image: Array, colours: str, low: float, high: float, *, border: str = "0.7"
) -> AxesImage:
    """Draw an image without ticks or frame; NaN has the colour of the borders."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    cmap = colormaps[colours].with_extremes(bad=border)
    # Colours are blended, not numbers: a blend of a number and a NaN border would be NaN.
    return ax.imshow(image, cmap=cmap, vmin=low, vmax=high, interpolation_stage="rgba")


def draw_rows(
    rows: Mapping[str, Values], max_images: int, image_shape: tuple[int, int], width: float
) -> Picture:
    """Draw rows of images; below stands how far each row is from the first one."""
    require_size("max_images", max_images)
    images = {name: as_images(name, values, image_shape) for name, values in rows.items()}
    check_same_length(**images)
    shown = {name: values[:max_images] for name, values in images.items()}
    first, *others = shown
    sheet = tile(np.concatenate(list(shown.values())), len(shown[first]))
    side = min(1.5, (width - 1.2) / len(shown[first]))
    errors = [f"{name} {((shown[name] - shown[first]) ** 2).mean():.3f}" for name in others]
    # As many characters as fit below: of one digit the picture is narrower than the sentence.
    said = f"mean squared error per pixel: {', '.join(errors)}"
    lines = textwrap.wrap(said, max(10, int(12.5 * (width - 0.8))))
    height = side * len(rows) * image_shape[0] / image_shape[1]
    picture = Picture(width, height + 0.2 + 0.2 * len(lines))
    ax = picture.subplots()
    show(ax, sheet, "gray_r", 0, 1)
    ax.set_yticks((np.arange(len(rows)) + 0.5) * (image_shape[0] + 1), list(rows))
    ax.tick_params(length=0)
    ax.set_xlabel("\n".join(lines))
    return picture


def draw_captioned(images: Array, captions: Sequence[str], n_columns: int, width: float) -> Picture:
    """Draw images, (n, height, width), each below its own caption."""
    require_size("n_columns", n_columns)
    n_rows = math.ceil(len(images) / n_columns)
    picture = Picture(width, n_rows * (width / n_columns + 0.3))
    axes = picture.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, image, caption in zip(axes, images, captions, strict=False):
        show(ax, image, "gray_r", 0, 1)
        ax.spines[:].set(visible=True, color="0.7")
        ax.set_title(caption, fontsize="medium")
    for ax in axes[len(images) :]:
        ax.set_axis_off()
    return picture


def tile_filters(
    weight: Values,
    *,
    scale: Scale = "common",
    n_columns: int | None = None,
    max_filters: int = 100,
    image_shape: tuple[int, int] = MNIST_SHAPE,
) -> Array:
    """Lay filters out on one sheet, with borders of one pixel.

    Parameters
    ----------
    weight : real, shape (n_hidden, n_pixels)
        One filter per row, such as a first encoder's weight.
    scale : {"common", "each"}
        "common" keeps the weights as they are. "each" is UFLDL's sheet: the mean of *all* weights
        is subtracted, then each filter is divided by its own largest magnitude. It shows the form
        of a weak filter as clearly as a strong one's, and so hides which is which.
    n_columns : int, optional
        Filters side by side; by default the sheet is about as wide as high.
    max_filters : int
        Only the first so many are laid out.
    image_shape : (height, width) of one filter

    Returns
    -------
    ndarray of float64, (n_rows * (height + 1) + 1, n_columns * (width + 1) + 1)
        NaN on the borders and where no filter is left.
    """
    require_choice("scale", scale, get_args(Scale))
    require_size("max_filters", max_filters)
    filters = as_images("weight", weight, image_shape)
    if scale == "each":
        filters = filters - filters.mean()
        largest = np.abs(filters).max(axis=(1, 2), keepdims=True)
        filters = filters / np.where(largest > 0, largest, 1)  # a blank filter stays 0, not 0 / 0
    filters = filters[:max_filters]
    return tile(filters, math.ceil(math.sqrt(len(filters))) if n_columns is None else n_columns)


def tile(images: Array, n_columns: int) -> Array:
    """Lay images, (n, height, width), out row by row, with borders of NaN around each."""
    require_size("n_columns", n_columns)
    n_images, height, width = images.shape
    n_rows = math.ceil(n_images / n_columns)
    # Each cell carries its upper and left border; the last two borders are added at the end.
    cells = np.full((n_rows * n_columns, height + 1, width + 1), np.nan)
    cells[:n_images, 1:, 1:] = images
    rows = cells.reshape(n_rows, n_columns, height + 1, width + 1).swapaxes(1, 2)
    sheet = rows.reshape(n_rows * (height + 1), n_columns * (width + 1))
    return np.pad(sheet, ((0, 1), (0, 1)), constant_values=np.nan)


def as_array(name: str, values: Values, n_dimensions: int) -> Array:
    """Return finite numbers as a float64 array with that many dimensions, at least one number."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = values.double().numpy() if values.is_floating_point() else values.numpy()
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; expected an array.") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype} values; expected real numbers.")
    if array.ndim != n_dimensions or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}; expected {n_dimensions} dimension"
            f"{'s' * (n_dimensions > 1)}, none of them empty."
        )
    bad = array.size - np.count_nonzero(np.isfinite(array))
    if bad:
        raise ValueError(f"{name} holds {bad} values that are NaN or infinite; expected none.")
    return array.astype(np.float64)


def as_images(name: str, values: Values, image_shape: tuple[int, int]) -> Array:
    """Return rows of pixels, (n, height * width), as float64 images, (n, height, width)."""
    array = as_array(name, values, 2)
    n_pixels = math.prod(image_shape)
    if len(image_shape) != 2 or min(image_shape) < 1 or n_pixels != array.shape[1]:
        raise ValueError(
            f"{name} has rows of {array.shape[1]} values, image_shape is {tuple(image_shape)}; "
            "expected height * width values. The weight of a deeper layer is no picture of the "
            "input: draw its `combine_filters` or `maximise_activation`."
        )
    return array.reshape(-1, *image_shape)


def as_labels(name: str, values: Values) -> npt.NDArray[np.int64]:
    """Return class numbers, whole and at least 0, as an int64 array (n,)."""
    labels = as_array(name, values, 1)
    bad = labels[(labels < 0) | (labels != np.floor(labels))]
    if len(bad):
        raise ValueError(f"{name} holds {bad[0]:g}; expected class numbers: 0, 1, 2, ...")
    return labels.astype(np.int64)


def check_same_length(**arguments: Sized) -> None:
    """Raise a ValueError unless all have the same length, at least 1."""
    lengths = {name: len(argument) for name, argument in arguments.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"{given} entries; expected equally many, at least 1.")
