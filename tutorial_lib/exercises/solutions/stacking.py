"""Right answers to the exercises of notebook 02."""

import torch


def encode_stack(x, encoders):
    """Return the codes of all layers as a list, from the lowest to the deepest.

    x: (n_examples, n_visible), encoders: list of (weight, bias) from input to top, each weight
    (n_out, n_in); float tensors.
    """
    codes = []
    for weight, bias in encoders:
        x = torch.sigmoid(x @ weight.T + bias)
        codes.append(x)
    return codes


def decode_stack(code, decoders):
    """Return the reconstruction, (n_examples, n_visible), of the deepest codes.

    code: (n_examples, n_hidden), decoders: list of (weight, bias) from the bottom to the top,
    each weight (n_out, n_in); float tensors.
    """
    for weight, bias in reversed(decoders):
        code = torch.sigmoid(code @ weight.T + bias)
    return code


def denoising_gradients(x, corrupted, weight, bias, visible_bias):
    """Return the cross-entropy and its gradients by weight, bias and visible_bias.

    x, corrupted: (m, n_visible), weight: (n_hidden, n_visible), tied; float tensors.
    The loss has shape (): summed over units, mean over the m examples.
    """
    code = torch.sigmoid(corrupted @ weight.T + bias)
    logits = code @ weight + visible_bias
    loss = (torch.nn.functional.softplus(logits) - x * logits).sum(dim=1).mean()

    visible_delta = (torch.sigmoid(logits) - x) / len(x)
    hidden_delta = visible_delta @ weight.T * code * (1 - code)
    weight_gradient = hidden_delta.T @ corrupted + code.T @ visible_delta
    return loss, weight_gradient, hidden_delta.sum(dim=0), visible_delta.sum(dim=0)


def pretrain_greedily(x, hidden_sizes, train_layer):
    """Return the trained encoders, a list of (weight, bias) from input to top.

    x: (n_examples, n_visible), float tensor; hidden_sizes: the size of each code, from input to
    top; train_layer(data, n_hidden) trains one layer on data and returns its (weight, bias).
    """
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = torch.sigmoid(x @ weight.T + bias)
    return encoders


def combine_filters(w1, w2):
    """Return the filters of the second layer, (n_second, n_visible), each of length 1.

    w1: (n_first, n_visible), w2: (n_second, n_first), the encoders' weights; float tensors.
    """
    filters = w2 @ w1
    return filters / filters.norm(dim=1, keepdim=True)
