"""What each unit looks for: the input of fixed length that excites it most.

Layer 1 has a closed form. Deeper units have none: their filters are combined from the filters
below (a linear guess), or climbed to by gradient ascent (activation maximisation).
Draw the results with `plots.plot_filters`.
"""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from tutorial_lib.checks import require_matrix, require_size


def strongest_inputs(weight: Tensor) -> Tensor:
    """Return the input of length 1 that excites each unit of the first layer most.

    A unit's activation grows with w . x, and of all x of one length that is largest where x
    points along w: x_j = W_ij / sqrt(sum_j W_ij^2).

    Parameters
    ----------
    weight : Tensor of shape (n_hidden, n_visible), float
        The weight of the first encoder.

    Returns
    -------
    Tensor of shape (n_hidden, n_visible)
        Rows of length 1; a unit whose weights are all 0 has no such input, and a row of zeros.

    Raises
    ------
    TypeError, ValueError
        If the weight is no float matrix, or holds NaN or infinity.

    Source: UFLDL, *Visualizing a Trained Autoencoder*; the constraint there is a length of at
    most 1, which the maximum always uses up.
    """
    return combine_filters(weight)


def combine_filters(*weights: Tensor, n_strongest: int | None = None) -> Tensor:
    """Return each unit's filter as a weighted sum of the filters below: W_k ... W_2 W_1.

    This takes the layers in between for linear, and is thus a guess for every layer but the first.

    Parameters
    ----------
    *weights : Tensors of shape (n_out, n_in), float
        The encoders' weights, from the input up to the layer in question.
    n_strongest : int, optional
        A unit above the first layer keeps only so many connections, those of largest magnitude.

    Returns
    -------
    Tensor of shape (n_out of the last, n_in of the first)
        Rows of length 1, or of zeros where everything cancels.

    Raises
    ------
    TypeError, ValueError
        If a weight is no finite float matrix, or its columns are not the units of the layer below.

    Source: Erhan, Bengio, Courville and Vincent 2009, after Lee, Ekanadham and Ng 2008, who keep
    the strongest connections.
    """
    _check_chain(weights)
    if n_strongest is not None:
        require_size("n_strongest", n_strongest)
    filters = weights[0].detach()
    for weight in weights[1:]:
        filters = _keep_strongest(weight.detach(), n_strongest) @ filters
    return _unit_rows(filters)


def maximise_activation(
    encoders: Iterable[nn.Module],
    *,
    depth: int | None = None,
    units: Sequence[int] | None = None,
    norm: float = 1.0,
    n_steps: int = 100,
    learning_rate: float = 0.5,
    n_restarts: int = 4,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> Tensor:
    """Climb to the input of a given length that excites each unit of a deep layer most.

    What is climbed is the pre-activation: the sigmoid would not move the maximum, but where it
    saturates its gradient vanishes and the climb would stall. Each step goes a fraction of the
    length along the gradient's direction, then back onto the sphere ||x|| = norm.

    Parameters
    ----------
    encoders : nn.Linear layers from the input up, such as ``stack.classifier.encoders``
        Every layer but the last is followed by a sigmoid.
    depth : int, optional
        The layer of the units, from 1; by default the last.
    units : sequence of int, optional
        Which units, by default all; all climb at once.
    norm : float, above 0
        Length of the inputs. At 1 the layers below stay nearly linear and the pictures smooth;
        at the length of a digit (about 9 for MNIST) units saturate, and more inputs serve.
    n_steps : int
    learning_rate : float, above 0
        First step as a fraction of the length; it falls linearly to 0, so that the end is calm.
    n_restarts : int
        Random starts per unit, of which the best end is kept.
    generator : torch.Generator, optional
        Source of the starts; the same state gives the same inputs.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Tensor of shape (n_units, n_visible)
        Rows of length ``norm``; zeros for a unit that no input moves.

    Raises
    ------
    TypeError, ValueError
        If the encoders are no matching finite linear layers, or another argument is out of range.

    Source: Erhan, Bengio, Courville and Vincent 2009, *Visualizing Higher-Layer Features of a
    Deep Network*.
    """
    layers = _lowest_layers(encoders, depth)
    require_size("n_steps", n_steps)
    require_size("n_restarts", n_restarts)
    _check_above_zero(norm=norm, learning_rate=learning_rate)
    chosen = _chosen_units(units, layers[-1])
    x = norm * _unit_rows(_random_starts(n_restarts, len(chosen), layers[0], generator))
    for step in tqdm(range(n_steps), desc="activation maximisation", disable=not progress):
        with torch.enable_grad():
            x.requires_grad_()
            (gradient,) = torch.autograd.grad(_pre_activation(layers, chosen, x).sum(), x)
        rate = learning_rate * (1 - step / n_steps)
        x = norm * _unit_rows(x.detach() / norm + rate * _unit_rows(gradient))
    x = x * (gradient != 0).any(dim=-1, keepdim=True)
    with torch.no_grad():
        best = _pre_activation(layers, chosen, x).argmax(dim=0)
    return x[best, torch.arange(len(chosen), device=x.device)]


def _pre_activation(layers: Sequence[nn.Linear], units: Tensor, x: Tensor) -> Tensor:
    """Return, for inputs (n_restarts, n_units, n_visible), what each one's own unit receives."""
    for layer in layers[:-1]:
        x = torch.sigmoid(layer(x))
    # Input u concerns unit u alone: row by row, not every input times every unit.
    received = (x * layers[-1].weight[units]).sum(dim=-1)
    return received if layers[-1].bias is None else received + layers[-1].bias[units]


def _unit_rows(x: Tensor) -> Tensor:
    """Scale the last dimension to length 1; zeros stay."""
    largest = x.abs().amax(dim=-1, keepdim=True)
    # Divided first, so that squares of tiny or huge numbers neither vanish nor overflow.
    return functional.normalize(x / torch.where(largest > 0, largest, 1), dim=-1)


def _keep_strongest(weight: Tensor, n_strongest: int | None) -> Tensor:
    if n_strongest is None or n_strongest >= weight.shape[1]:
        return weight
    kept = weight.abs().topk(n_strongest, dim=1).indices
    return torch.zeros_like(weight).scatter_(1, kept, weight.gather(1, kept))


def _random_starts(
    n_restarts: int, n_units: int, layer: nn.Linear, generator: torch.Generator | None
) -> Tensor:
    device = "cpu" if generator is None else generator.device
    shape = (n_restarts, n_units, layer.in_features)
    return torch.randn(shape, generator=generator, device=device).to(layer.weight)


def _lowest_layers(encoders: Iterable[nn.Module], depth: int | None) -> list[nn.Linear]:
    modules = list(encoders)
    layers = [module for module in modules if isinstance(module, nn.Linear)]
    if len(layers) != len(modules):
        raise TypeError("encoders holds something other than nn.Linear; pass the encoders alone.")
    _check_chain([layer.weight for layer in layers])
    depth = len(layers) if depth is None else depth
    if not 1 <= depth <= len(layers):
        raise ValueError(f"depth is {depth}; these encoders have layers 1 to {len(layers)}.")
    return layers[:depth]


def _chosen_units(units: Sequence[int] | None, layer: nn.Linear) -> Tensor:
    chosen = list(range(layer.out_features)) if units is None else [int(unit) for unit in units]
    if not chosen or min(chosen) < 0 or max(chosen) >= layer.out_features:
        raise ValueError(f"units is {units!r}; expected some of 0 to {layer.out_features - 1}.")
    return torch.tensor(chosen, device=layer.weight.device)


def _check_chain(weights: Sequence[Tensor]) -> None:
    """Raise unless the weights are finite matrices of layers that fit on one another."""
    if not weights:
        raise ValueError("No weight was given; expected at least that of the first layer.")
    n_below = None
    for k, weight in enumerate(weights, start=1):
        require_matrix(f"the weight of layer {k}", weight, n_below)
        if not torch.isfinite(weight).all():
            raise ValueError(
                f"The weight of layer {k} holds NaN or infinity; did training diverge?"
            )
        n_below = weight.shape[0]


def _check_above_zero(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}; expected a number above 0.")
