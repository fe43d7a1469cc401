"""What explorers ask of the models that they are given."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.stacked import StackedAutoencoder


def name_models(
    models: Any, *kinds: type[nn.Module], alone: str = "restored", most: int = 2
) -> dict[str, Any]:
    """Return models by name; one that is given alone has the name ``alone``.

    Raises
    ------
    TypeError
        If something is no model of these kinds.
    ValueError
        If there are none, or more than ``most``.
    """
    named = dict(models) if isinstance(models, Mapping) else {alone: models}
    if not 1 <= len(named) <= most:
        raise ValueError(f"{len(named)} models were given; expected 1 to {most}.")
    for name, model in named.items():
        if not isinstance(model, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"{name} is a {type(model).__name__}; expected an {expected}.")
    return {str(name): model for name, model in named.items()}


def warn_untrained(models: Mapping[str, nn.Module]) -> str:
    """Return a sentence that names the models whose biases are all still 0; "" for none."""
    untrained = [name for name, model in models.items() if is_untrained(model)]
    if not untrained:
        return ""
    return (
        f"{' and '.join(untrained)} looks untrained: all biases are 0. What you see is random "
        "weights; run the training cell first."
    )


def is_untrained(model: nn.Module) -> bool:
    """Tell whether no bias of any autoencoder has moved from 0."""
    layers = model.layers() if isinstance(model, StackedAutoencoder) else [model]
    return not any(
        layer.encoder.bias.any() or layer.visible_bias.any()
        for layer in layers
        if isinstance(layer, Autoencoder)
    )


def encoders_of(model: Autoencoder | StackedAutoencoder) -> list[nn.Linear]:
    """Return the encoders' linear layers, from input to top."""
    layers = model.layers() if isinstance(model, StackedAutoencoder) else [model]
    return [layer.encoder for layer in layers]
