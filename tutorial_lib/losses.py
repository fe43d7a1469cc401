"""The costs of both tutorials, as pure functions of tensors.

Every cost is a mean over examples; what it sums inside one example is said in its docstring.
Taught in notebook 01; the classifier's cost in notebook 03.
"""

import torch
from torch import Tensor
from torch.nn import functional

from tutorial_lib.checks import require_fraction


def _require_same_shape(name: str, given: Tensor, expected: Tensor) -> None:
    if given.shape != expected.shape:
        raise ValueError(
            f"{name} has shape {tuple(given.shape)}, but x has {tuple(expected.shape)}; "
            "both must be (n_examples, n_features)."
        )


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return half the squared error of a reconstruction.

    Parameters
    ----------
    x : Tensor of shape (n_examples, n_visible), float
    reconstruction : Tensor of the same shape

    Returns
    -------
    Tensor of shape (), in squared pixel units: summed over pixels, mean over examples.

    Raises
    ------
    ValueError
        If the shapes differ.

    Source: UFLDL, sparse autoencoder; notebook 01.
    """
    _require_same_shape("reconstruction", reconstruction, x)
    return 0.5 * (reconstruction - x).square().sum(dim=1).mean()


def cross_entropy(x: Tensor, logits: Tensor) -> Tensor:
    """Return the cross-entropy between pixels read as probabilities and a reconstruction.

    It takes logits, the values before the sigmoid, because log(sigmoid(-1000)) is -inf in
    floating point while the logit itself is harmless.

    Parameters
    ----------
    x : Tensor of shape (n_examples, n_visible), float in [0, 1]
    logits : Tensor of the same shape; ``sigmoid(logits)`` is the reconstruction

    Returns
    -------
    Tensor of shape (), in nats per example: summed over units, mean over examples.

    Raises
    ------
    ValueError
        If the shapes differ.

    Source: deeplearning.net, denoising autoencoders; notebook 01.
    """
    _require_same_shape("logits", logits, x)
    return (functional.softplus(logits) - x * logits).sum(dim=1).mean()


def kl_divergence(sparsity_target: float, mean_activation: Tensor) -> Tensor:
    """Return KL(target || mean activation), summed over hidden units.

    Parameters
    ----------
    sparsity_target : float in (0, 1)
    mean_activation : Tensor of shape (n_hidden,), float in (0, 1)

    Returns
    -------
    Tensor of shape (), in nats.

    Raises
    ------
    ValueError
        If the target is outside (0, 1).

    Source: UFLDL, sparse autoencoder; notebook 01.
    """
    require_fraction("sparsity_target", sparsity_target)
    target = torch.as_tensor(sparsity_target, dtype=mean_activation.dtype)
    on = target * torch.log(target / mean_activation)
    off = (1 - target) * torch.log((1 - target) / (1 - mean_activation))
    return (on + off).sum()


def kl_sparsity(code: Tensor, sparsity_target: float) -> Tensor:
    """Return the sparsity penalty of a set of codes.

    The mean activation of each unit is taken over all rows given: UFLDL defines the penalty on
    the whole training set, and a minibatch gives only an estimate of it.

    Parameters
    ----------
    code : Tensor of shape (n_examples, n_hidden), float in (0, 1)
    sparsity_target : float in (0, 1)

    Returns
    -------
    Tensor of shape (), in nats: summed over hidden units.

    Raises
    ------
    ValueError
        If the target is outside (0, 1).

    Source: UFLDL, sparse autoencoder; notebook 01.
    """
    return kl_divergence(sparsity_target, code.mean(dim=0))


def weight_penalty(*weights: Tensor, weight_decay: float) -> Tensor:
    """Return half the weight decay times the squared norm of all weights; biases stay out.

    Parameters
    ----------
    *weights : Tensor of any shape, at least one
    weight_decay : float, at least 0

    Returns
    -------
    Tensor of shape ().

    Raises
    ------
    ValueError
        If no weight is given, or the decay is negative.

    Source: UFLDL, sparse autoencoder and softmax regression; notebooks 01 and 03.
    """
    if not weights or weight_decay < 0:
        raise ValueError(
            f"{len(weights)} weights and weight_decay {weight_decay} were given; "
            "give at least one weight and a decay of 0 or more."
        )
    return 0.5 * weight_decay * torch.stack([w.square().sum() for w in weights]).sum()


def softmax_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative log-likelihood of the labels under a softmax.

    Parameters
    ----------
    logits : Tensor of shape (n_examples, n_classes), float
    labels : Tensor of shape (n_examples,), int64 in [0, n_classes)

    Returns
    -------
    Tensor of shape (), in nats per example: mean over examples.

    Raises
    ------
    ValueError
        If the numbers of examples differ.

    Source: both tutorials; notebook 03.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits have shape {tuple(logits.shape)} and labels {tuple(labels.shape)}; "
            "expected (n_examples, n_classes) and (n_examples,)."
        )
    return functional.cross_entropy(logits, labels)
