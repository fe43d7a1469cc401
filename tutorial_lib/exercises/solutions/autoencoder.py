"""Right answers to the exercises of notebook 01."""

import torch


def encode(x, weight, bias):
    """Return the code, (n_examples, n_hidden), of the inputs.

    x: (n_examples, n_visible), weight: (n_hidden, n_visible), bias: (n_hidden,); float tensors.
    """
    return torch.sigmoid(x @ weight.T + bias)


def squared_error(x, reconstruction):
    """Return half the squared error, a tensor of shape (): summed over pixels, mean over examples.

    x, reconstruction: (n_examples, n_visible), float tensors.
    """
    return ((reconstruction - x) ** 2).sum(dim=1).mean() / 2
