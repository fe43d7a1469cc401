"""What explorers ask of the models that they are given."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.stacked import StackedAutoencoder

MOST = 2  # side by side


def name_models(models: Any, *kinds: type[nn.Module], alone: str) -> dict[str, Any]:
    """Return models by name; one that is given alone has the name ``alone``.

    Raises
    ------
    TypeError
        If something is no model of these kinds.
    ValueError
        If there are none, or more than two.
    """
    named = dict(models) if isinstance(models, Mapping) else {alone: models}
    if not 1 <= len(named) <= MOST:
        raise ValueError(f"{len(named)} models were given; expected 1 to {MOST}.")
    for name, model in named.items():
        if not isinstance(model, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"{name} is a {type(model).__name__}; expected an {expected}.")
    return {str(name): model for name, model in named.items()}


def layers_of(model: Autoencoder | StackedAutoencoder) -> list[Autoencoder]:
    """Return the autoencoders that a model is made of, from input to top."""
    return model.layers() if isinstance(model, StackedAutoencoder) else [model]


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
