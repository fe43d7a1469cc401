"""MNIST, the handwritten digits of both tutorials, as tensors ready for training.

Where the data come from, and how they are verified, is the matter of `mnist_sources`.
"""

import os
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tutorial_lib.mnist_sources import (
    MNISTError,
    cache_folder,
    fetch_mnist,
    named_folder,
    read_folder,
)

__all__ = ["Digits", "MNISTError", "Split", "SplitName", "load_mnist", "mnist_status"]

SplitName = Literal["sda", "ufldl"]
_N_CLASSES = 10
_N_TRAINING = {"sda": 50_000, "ufldl": 60_000}  # what is left of the 60,000 serves validation


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Images and their labels, in the published order.

    Attributes
    ----------
    images : Tensor of float32, shape (n, 784), range [0, 1]
        One row per image; 0 is the background and 1 the pen.
    labels : Tensor of int64, shape (n,), range 0 to 9
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Split({len(self)} images)"

    def first(self, n: int) -> "Split":
        """Return the first ``n`` images and labels, as views.

        Raises
        ------
        ValueError
            If there are fewer, or ``n`` is not positive.
        """
        _require_count("n", n, len(self), "images in this split")
        return Split(self.images[:n], self.labels[:n])

    def balanced(self, n_per_class: int, *, seed: int = 0) -> "Split":
        """Return a random sample with equally many images of each digit.

        Parameters
        ----------
        n_per_class : int
            At most the size of the rarest class.
        seed : int
            The same seed gives the same sample.

        Returns
        -------
        Split
            A copy of ``10 * n_per_class`` rows, in the order in which they stand here.

        Raises
        ------
        ValueError
            If a digit has fewer images.
        """
        rarest = int(torch.bincount(self.labels, minlength=_N_CLASSES).min())
        _require_count("n_per_class", n_per_class, rarest, "images of the rarest digit")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        classes = [order[self.labels[order] == digit] for digit in range(_N_CLASSES)]
        rows = torch.cat([rows[:n_per_class] for rows in classes]).sort().values
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True, eq=False)
class Digits:
    """The parts of MNIST: to learn from, to choose settings with, and to judge the result.

    Attributes
    ----------
    train, validation, test : Split
        ``validation`` has no rows where a tutorial does without it.
    """

    train: Split
    validation: Split
    test: Split


def load_mnist(
    *,
    split: SplitName = "sda",
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Digits:
    """Load MNIST, fetching it on first use.

    A pixel is its published byte divided by 255, so that black is 0 and white exactly 1, in both
    splits. (The file that the SdA tutorial came with divides by 256; the difference, 0.4 %, is no
    reason to have two scales.)

    Parameters
    ----------
    split : {"sda", "ufldl"}
        "sda": 50,000 images to train, 10,000 to validate, 10,000 to test.
        "ufldl": 60,000 to train, none to validate, 10,000 to test.
    folder : path, optional
        A folder with the four published IDX files, plain or .gz; by default the environment
        variable ``TUTORIAL_MNIST_FOLDER``. If one is named, nothing else is tried. Otherwise a
        verified copy is kept in a cache folder (environment variable ``TUTORIAL_CACHE``).
    progress : bool
        Whether to show a progress bar while downloading.

    Returns
    -------
    Digits
        ``digits.train.images`` and so on; `Split.first` and `Split.balanced` give smaller sets.

    Raises
    ------
    MNISTError
        If a verified copy cannot be had; the message says what was tried and what to do.
    ValueError, TypeError
        If an argument is none of the above.

    Notes
    -----
    MNIST was made by Yann LeCun, Corinna Cortes and Christopher Burges (CC BY-SA 3.0).
    Taught in notebook 01.
    """
    if split not in get_args(SplitName):
        raise ValueError(f"split is {split!r}; choose one of 'sda', 'ufldl'.")
    try:
        arrays = fetch_mnist(folder, progress=progress)
    except MNISTError as error:
        raise MNISTError(str(error)) from None  # ends the traceback here, at the caller's door
    train = _split(arrays["train_images"], arrays["train_labels"])
    test = _split(arrays["test_images"], arrays["test_labels"])
    n = _N_TRAINING[split]
    validation = Split(train.images[n:], train.labels[n:])
    return Digits(Split(train.images[:n], train.labels[:n]), validation, test)


def mnist_status() -> tuple[bool, str]:
    """Say where verified data lie, without fetching anything.

    Returns
    -------
    ok : bool
        Whether `load_mnist` needs no network.
    text : str
        The folder, and what to do if they are not there.
    """
    named = named_folder()
    folder = named or cache_folder()
    _, failures = read_folder(folder)
    if not failures:
        return True, f"verified in {folder}"
    remedy = "put the published files there" if named else "run python -m tutorial_lib data"
    return False, f"{len(failures)} of 4 files missing or damaged in {folder}: {remedy}"


def _split(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Split:
    pixels = np.divide(images.reshape(len(images), -1), np.float32(255), dtype=np.float32)
    return Split(torch.from_numpy(pixels), torch.from_numpy(labels.astype(np.int64)))


def _require_count(name: str, value: int, most: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; expected a whole number.")
    if not 1 <= value <= most:
        raise ValueError(
            f"{name} is {value}; expected at least 1 and at most {most}, the number of {what}."
        )
