"""What a greedy layer-wise training hands to each layer: how exercise 2.4 is judged."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.drawing import normal
from tutorial_lib.exercises.parts import WrongStructure

LARGEST = 32  # rows, columns, units and calls; the cases have fewer than 10
MOST_MASKED = 10  # columns whose masks are all tried: their number doubles with each


class _Trainer:
    """Stands in for training: notes what it is given, and hands out fixed random weights.

    Noise is random, so it cannot be compared. It is noted that there was some, and in its place
    what should have been there.
    """

    def __init__(self, x: Tensor) -> None:
        self.noted: list[tuple[Any, bool, Tensor]] = []
        self._generator = torch.Generator().manual_seed(0)
        self._is_damaged = False
        # What comes next if all is done right, and if the last data are encoded as they were.
        self._clean = self._expected = x.double()
        # What those two were made from.
        self._sources: list[tuple[Tensor, Tensor, Tensor]] = []

    def train_layer(self, data: Any, n_hidden: Any) -> tuple[Tensor, Tensor]:
        """Note the arguments and return a weight and a bias."""
        if not isinstance(data, Tensor) or data.ndim != 2 or not isinstance(n_hidden, int):
            raise TypeError("train_layer(data, n_hidden) takes a tensor of rows, then a size.")
        if max(*data.shape, n_hidden) > LARGEST or len(self.noted) >= LARGEST:
            raise ValueError("train_layer is for the few and small layers that were asked for.")
        given = data.detach().to(torch.float64, copy=True)  # whoever gave it may yet change it
        self._is_damaged = self._was_damaged(given)
        self.noted.append((n_hidden, not self._is_damaged, given))
        if self._is_damaged:
            self.noted[-1] = n_hidden, False, self._clean
        weight = normal(self._generator, n_hidden, data.shape[1])
        bias = normal(self._generator, n_hidden)
        self._sources = [(given, weight.double(), bias.double())]
        self._expected = _encode(*self._sources[0])
        if self._clean.shape == given.shape:
            self._sources.append((self._clean, weight.double(), bias.double()))
            self._clean = _encode(*self._sources[1])
        return weight, bias

    def _was_damaged(self, data: Tensor) -> bool:
        """Tell whether noise hid some of the data, here or further down."""
        if _close(data, self._clean):
            return False
        if _close(data, self._expected):
            return self._is_damaged
        wholes = (self._clean, self._expected)
        return any(_is_masked(data, whole) for whole in wholes) or any(
            _encodes_masked(data, *source) for source in self._sources
        )


def _encode(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.sigmoid(x @ weight.T + bias)


def _close(data: Tensor, other: Tensor) -> bool:
    return data.shape == other.shape and torch.allclose(data, other, 1e-4, 1e-5)


def _is_masked(data: Tensor, whole: Tensor) -> bool:
    """Tell whether the data are the whole with some values set to 0."""
    if data.shape != whole.shape:
        return False
    return bool((torch.isclose(data, whole, 1e-4, 1e-5) | (data == 0)).all())


def _encodes_masked(data: Tensor, source: Tensor, weight: Tensor, bias: Tensor) -> bool:
    """Tell whether the data are codes of a source with some values set to 0; all ways are tried."""
    if source.shape[1] > MOST_MASKED or data.shape != (len(source), len(weight)):
        return False
    masks = torch.tensor(list(product((0.0, 1.0), repeat=source.shape[1])), dtype=torch.float64)
    codes = _encode(masks[:, None, :] * source, weight, bias)
    return bool(torch.isclose(codes, data, 1e-4, 1e-5).all(dim=2).any(dim=0).all())


def watched(pretrain: Callable[..., Any], x: Tensor, hidden_sizes: Sequence[int]) -> Any:
    """Return what each layer was given, and the encoders that came back."""
    trainer = _Trainer(x)
    encoders = pretrain(x, hidden_sizes, trainer.train_layer)
    if encoders is ...:
        return encoders
    n_layers = len(hidden_sizes)
    _require_one_list_of_pairs(encoders, n_layers)
    calls = f"the number of calls of train_layer for {n_layers} layer{'s' * (n_layers > 1)}"
    told: dict[str, Any] = {calls: len(trainer.noted)}
    noted = [*trainer.noted, *[(None, None, None)] * n_layers][:n_layers]
    for k, (n_hidden, is_undamaged, data) in enumerate(noted, start=1):
        told[f"n_hidden of call {k} (layer {k} has {hidden_sizes[k - 1]} units)"] = n_hidden
        told[f"call {k} was given data free of noise"] = is_undamaged
        told[f"what call {k} was given"] = data
    return {**told, "encoders": encoders}


def _require_one_list_of_pairs(encoders: Any, n_layers: int) -> None:
    """Say which other form the encoders have, where it is one that is easily taken for it."""
    expected = f"expected a list of {n_layers} (weight, bias), one pair per layer."
    if not isinstance(encoders, list | tuple) or len(encoders) != 2:
        return
    if all(isinstance(part, Tensor) for part in encoders):
        raise WrongStructure(f"It returned a single pair of tensors; {expected}")
    if n_layers != 2 and all(isinstance(p, list | tuple) and len(p) == n_layers for p in encoders):
        raise WrongStructure(f"It returned two lists of {n_layers}; {expected}")
