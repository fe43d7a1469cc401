"""Exercise 2.4: greedy layer-wise training, judged by what each layer is given to learn from."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from tutorial_lib.exercises.core import Exercise, KnownBug
from tutorial_lib.exercises.drawing import normal, uniform
from tutorial_lib.exercises.mistakes import stacking as mistakes
from tutorial_lib.exercises.solutions import stacking as solutions


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
        if not isinstance(data, Tensor) or data.ndim != 2:
            raise TypeError("train_layer(data, n_hidden) takes a tensor of rows, then a size.")
        given = data.detach().double()
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
    masks = torch.tensor(list(product((0.0, 1.0), repeat=source.shape[1])), dtype=torch.float64)
    codes = _encode(masks[:, None, :] * source, weight, bias)
    if data.shape != codes.shape[1:]:
        return False
    return bool(torch.isclose(codes, data, 1e-4, 1e-5).all(dim=2).any(dim=0).all())


def watched(pretrain: Callable[..., Any], x: Tensor, hidden_sizes: Sequence[int]) -> Any:
    """Return what each layer was given, and the encoders that came back."""
    trainer = _Trainer(x)
    encoders = pretrain(x, hidden_sizes, trainer.train_layer)
    if encoders is ...:
        return encoders
    told: dict[str, Any] = {"the number of calls of train_layer": len(trainer.noted)}
    nothing = [(None, None, None)] * len(hidden_sizes)
    noted = [*trainer.noted, *nothing][: len(hidden_sizes)]
    for k, (n_hidden, is_undamaged, data) in enumerate(noted, start=1):
        told[f"n_hidden of call {k}"] = n_hidden
        told[f"call {k} was given data free of noise"] = is_undamaged
        told[f"what call {k} was given"] = data
    return {**told, "encoders": encoders}


def _problem(
    generator: torch.Generator, n_examples: int, n_visible: int, hidden_sizes: list[int]
) -> dict[str, Any]:
    return {"x": uniform(generator, n_examples, n_visible), "hidden_sizes": hidden_sizes}


pretrain_greedily = Exercise(
    id="2.4",
    title="Layer by layer",
    points=2,
    reference=solutions.pretrain_greedily,
    cases=lambda generator: {
        "6 examples of 4 pixels, three layers of 4 units": _problem(generator, 6, 4, [4, 4, 4]),
        "8 examples of 7 pixels, layers of 5, 3 and 2 units": _problem(generator, 8, 7, [5, 3, 2]),
        "5 examples of 6 pixels, a single layer of 4 units": _problem(generator, 5, 6, [4]),
    },
    parts=("",),
    observe=watched,
    expects="train_layer called once per layer, from the input up, each time with the clean codes "
    "of the layer below and the size of the layer; and a list of all the (weight, bias).",
    known_bugs=(
        KnownBug(
            "raw input to every layer",
            mistakes.pretrain_on_raw_input,
            "Every layer is trained on the input, so you get several first layers. A second layer "
            "learns from what the first one says.",
        ),
        KnownBug(
            "corrupted codes passed up",
            mistakes.pretrain_on_corrupted_codes,
            "What you hand to the upper layers is damaged. A layer below makes its code from "
            "clean input once it is trained; only the layer in training sees noise, and makes "
            "its own.",
        ),
        KnownBug(
            "noise added to the data",
            mistakes.pretrain_on_corrupted_data,
            "You corrupt the data before you hand them over. A denoising layer needs the clean "
            "ones to compare with, and train_layer adds its own noise.",
        ),
        KnownBug(
            "no sigmoid",
            mistakes.pretrain_without_sigmoid,
            "You pass weighted sums upward instead of codes. They can be any number, and a "
            "decoder that ends in a sigmoid can only restore what lies between 0 and 1.",
        ),
        KnownBug(
            "reconstructions passed up",
            mistakes.pretrain_on_reconstructions,
            "You pass on what the layer restored, which is the input once more. What goes up is "
            "the code.",
        ),
        KnownBug(
            "raw input encoded",
            mistakes.pretrain_encoding_the_input,
            "You encode the input by the newest encoder alone. From the second layer on, an "
            "encoder takes the codes of the layer below.",
        ),
        KnownBug(
            "sizes from the top",
            mistakes.pretrain_from_the_top,
            "You take the sizes in reverse. The first of them belongs to the layer next to the "
            "input.",
        ),
        KnownBug(
            "only the last returned",
            mistakes.pretrain_returning_the_last,
            "You return the last encoder alone; the others are needed to get up to it.",
        ),
        KnownBug(
            "lower layers trained again",
            mistakes.pretrain_again_from_below,
            "For each new layer you train all those below once more. They are finished, and stay "
            "as they are: that is what makes the method greedy.",
        ),
        KnownBug(
            "codes returned",
            mistakes.pretrain_returning_codes,
            "You collect the codes. What was learnt, and is asked for, are weights and biases.",
        ),
    ),
    hints=(
        "Write it for two layers, without a loop: train the first on x; what are the data of the "
        "second?",
        "In the loop, keep the current data in a variable that is x at the start. After each "
        "training, encode these data by the weight and bias you were just given.",
        "for n_hidden in hidden_sizes: weight, bias = train_layer(x, n_hidden); note the pair; "
        "x = torch.sigmoid(x @ weight.T + bias).",
    ),
    notice="Noise appears nowhere in your function: it is the business of the layer in training.",
)
