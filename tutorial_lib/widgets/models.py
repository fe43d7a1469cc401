"""What explorers ask of the models that they are given."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.checks import require_data, require_unit_interval
from tutorial_lib.sheets import MNIST_SHAPE
from tutorial_lib.stacked import StackedAutoencoder

MOST = 2  # side by side


def name_models(
    models: Any, *kinds: type[nn.Module], alone: str, taken: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return models by name; one that is given alone has the name ``alone``.

    ``taken`` are names that the explorer has given away.

    Raises
    ------
    TypeError
        If something is no model of these kinds.
    ValueError
        If there are none, or more than two, or two have one name.
    """
    named = dict(models) if isinstance(models, Mapping) else {alone: models}
    if not 1 <= len(named) <= MOST:
        raise ValueError(f"{len(named)} models were given; expected 1 to {MOST}.")
    for name, model in named.items():
        if not isinstance(model, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"{name} is a {type(model).__name__}; expected an {expected}.")
    names = [str(name) for name in named]
    for name in names:
        if name in taken or names.count(name) > 1:
            raise ValueError(f"{name!r} is the name of something else here; choose another.")
    return dict(zip(names, named.values(), strict=True))


def require_digits(images: Tensor, *models: Autoencoder | StackedAutoencoder) -> None:
    """Raise unless images are digits in [0, 1] which each of the models can be given."""
    n_pixels = math.prod(MNIST_SHAPE)
    require_data("images", images, n_pixels)
    require_unit_interval("images", images)
    for model in models:
        weight = layers_of(model)[0].encoder.weight
        if weight.shape[1] != n_pixels:
            raise ValueError(f"A model takes {weight.shape[1]} values; expected {n_pixels} pixels.")
        if (weight.dtype, weight.device) != (images.dtype, images.device):
            raise TypeError(
                f"images are {images.dtype} on {images.device}, a model {weight.dtype} on "
                f"{weight.device}; convert one of them, for example with images.to(weight)."
            )


def layers_of(model: Autoencoder | StackedAutoencoder) -> list[Autoencoder]:
    """Return the autoencoders that a model is made of, from input to top."""
    return model.layers() if isinstance(model, StackedAutoencoder) else [model]


@torch.no_grad()
def codes_of(model: Autoencoder | StackedAutoencoder, x: Tensor) -> list[Tensor]:
    """Return the code of every layer, (n, n_units) each, from input to top."""
    return model.encode_layers(x) if isinstance(model, StackedAutoencoder) else [model.encode(x)]


def warn_untrained(models: Mapping[str, Autoencoder | StackedAutoencoder]) -> str:
    """Return a sentence that names the models whose biases are all still 0; "" for none."""
    untrained = [name for name, model in models.items() if _is_untrained(model)]
    if not untrained:
        return ""
    look = "looks" if len(untrained) == 1 else "look"
    return (
        f"{' and '.join(untrained)} {look} untrained: all biases are 0. What you see is random "
        "weights; run the training cell first."
    )


def has_classes(stack: StackedAutoencoder) -> bool:
    """Tell whether the softmax was trained: it starts at 0, or at 0.005 times a normal number."""
    return float(stack.softmax.weight.square().mean().sqrt()) > 0.01


def _is_untrained(model: Autoencoder | StackedAutoencoder) -> bool:
    layers = layers_of(model)
    return not any(layer.encoder.bias.any() or layer.visible_bias.any() for layer in layers)
