"""Right answers to the exercises of notebook 02, written in other ways than the reference."""

import warnings
from functools import reduce

import numpy as np
import torch
from torch import nn


def numpy_sigmoid(z):
    return 1 / (1 + np.exp(-z))


# --- 2.1 encode_stack ---------------------------------------------------------------------------


def encode_unit_by_unit(x, encoders):
    codes = []
    for weight, bias in encoders:
        code = torch.zeros(len(x), len(bias))
        for i, example in enumerate(x):
            for j in range(len(bias)):
                code[i, j] = 1 / (1 + torch.exp(-(weight[j] * example).sum() - bias[j]))
        print("a code of shape", code.shape)
        codes.append(code)
        x = code
    return codes


def encode_in_numpy(x, encoders):
    warnings.warn("this is NumPy, in double precision", stacklevel=1)
    activation, codes = x.double().numpy(), []
    for weight, bias in encoders:
        activation = numpy_sigmoid(activation @ weight.double().numpy().T + bias.double().numpy())
        codes.append(torch.from_numpy(activation))
    return codes


def encode_with_functional(x, encoders):
    activations = [x]
    for k in range(len(encoders)):
        activations += [nn.functional.linear(activations[-1], *encoders[k]).sigmoid()]
    return tuple(activations[1:])


def encode_recursively(x, encoders):
    if not encoders:
        return []
    (weight, bias), *above = encoders
    code = (torch.einsum("ij,kj->ik", x, weight) + bias).sigmoid()
    return [code, *encode_recursively(code, above)]


# --- 2.2 decode_stack ---------------------------------------------------------------------------


def decode_by_index(code, decoders):
    for k in range(len(decoders) - 1, -1, -1):
        weight, bias = decoders[k]
        code = 1 / (1 + torch.exp(-(code @ weight.T + bias)))
    return code


def decode_in_one_line(code, decoders):
    return reduce(lambda h, layer: nn.functional.linear(h, *layer).sigmoid(), decoders[::-1], code)


def decode_recursively(code, decoders):
    if not decoders:
        return code
    weight, bias = decoders[-1]
    return decode_recursively(torch.sigmoid(code @ weight.T + bias), decoders[:-1])


def decode_in_numpy(code, decoders):
    activation = code.numpy().astype("float64")
    for weight, bias in list(decoders)[::-1]:
        activation = numpy_sigmoid(activation @ weight.numpy().T + bias.numpy())
    return torch.tensor(activation)


# --- 2.3 denoising_gradients --------------------------------------------------------------------


def gradients_by_autograd(x, corrupted, weight, bias, visible_bias):
    parameters = [p.detach().clone().requires_grad_() for p in (weight, bias, visible_bias)]
    w, b, c = parameters
    logits = torch.sigmoid(corrupted @ w.T + b) @ w + c
    loss = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return loss, *torch.autograd.grad(loss, parameters)


def gradients_by_loop(x, corrupted, weight, bias, visible_bias):
    m, loss = len(x), torch.tensor(0.0)
    by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
    by_visible_bias = torch.zeros_like(visible_bias)
    for example, seen in zip(x, corrupted, strict=True):
        code = torch.sigmoid(weight @ seen + bias)
        logits = weight.T @ code + visible_bias
        largest = torch.clamp(logits, min=0)
        exact = largest + torch.log1p(torch.exp(-logits.abs())) - example * logits
        loss = loss + exact.sum() / m
        error = torch.sigmoid(logits) - example
        delta = (weight @ error) * code * (1 - code)
        by_weight += (torch.outer(delta, seen) + torch.outer(code, error)) / m
        by_bias += delta / m
        by_visible_bias += error / m
    return [loss, by_weight, by_bias, by_visible_bias]


def gradients_in_numpy(x, corrupted, weight, bias, visible_bias):
    print("in double precision")
    arrays = (t.double().numpy() for t in (x, corrupted, weight, bias, visible_bias))
    x, corrupted, weight, bias, visible_bias = arrays
    code = numpy_sigmoid(corrupted @ weight.T + bias)
    logits = code @ weight + visible_bias
    loss = (np.logaddexp(0, logits) - x * logits).sum() / len(x)
    with np.errstate(over="ignore"):
        error = numpy_sigmoid(logits) - x
    delta = code * (1 - code) * (error @ weight.T)
    gradients = (np.dot(delta.T, corrupted) + np.dot(error.T, code).T, delta.sum(0), error.sum(0))
    return torch.tensor(loss), *(torch.tensor(g / len(x)) for g in gradients)


def gradients_with_the_librarys_cost(x, corrupted, weight, bias, visible_bias):
    """As the notebook proposes: the loss is not written again."""
    from tutorial_lib.losses import cross_entropy

    code = (corrupted @ weight.T + bias).sigmoid()
    logits = nn.functional.linear(code, weight.T, visible_bias)
    error = (logits.sigmoid() - x).div(len(x))
    delta = torch.einsum("ik,jk,ij,ij->ij", error, weight, code, 1 - code)
    by_weight = torch.stack(
        [d.T @ corrupted + c @ error for d, c in zip(delta.T, code.T, strict=True)]
    )
    return cross_entropy(x, logits), by_weight, delta.sum(0), error.sum(0)


# --- 2.4 pretrain_greedily ----------------------------------------------------------------------


def pretrain_from_the_pixels(x, hidden_sizes, train_layer):
    """Keep nothing: encode the input through all finished layers whenever a layer is added."""
    encoders = []
    for size in hidden_sizes:
        data = x
        for weight, bias in encoders:
            data = torch.sigmoid(nn.functional.linear(data, weight, bias))
        encoders.append(tuple(train_layer(data, size)))
    return encoders


def pretrain_recursively(x, hidden_sizes, train_layer):
    if len(hidden_sizes) == 0:
        return []
    layer = train_layer(x.clone(), hidden_sizes[0])
    weight, bias = (p.double() for p in layer)
    code = 1 / (1 + torch.exp(-(x.double() @ weight.T) - bias))
    print(f"layer of {hidden_sizes[0]} done")
    return [layer, *pretrain_recursively(code, hidden_sizes[1:], train_layer)]


def pretrain_in_numpy(x, hidden_sizes, train_layer):
    weights, biases = [], []
    for n_hidden in hidden_sizes:
        layer = train_layer(data=x, n_hidden=n_hidden)
        weights.append(layer[0])
        biases.append(layer[1])
        x = torch.from_numpy(numpy_sigmoid(x.numpy() @ layer[0].numpy().T + layer[1].numpy()))
    return list(zip(weights, biases, strict=True))


# --- 2.5 combine_filters ------------------------------------------------------------------------


def combine_one_by_one(w1, w2):
    filters = []
    for row in w2:
        picture = sum(strength * below for strength, below in zip(row, w1, strict=True))
        filters.append(picture / (picture**2).sum().sqrt())
    return torch.stack(filters)


def combine_in_numpy(w1, w2):
    filters = np.einsum("ij,jk->ik", w2.double().numpy(), w1.double().numpy())
    return torch.from_numpy(filters / np.sqrt(np.square(filters).sum(axis=1))[:, None])


def combine_with_normalize(w1, w2):
    warnings.warn("rows of zeros stay zeros", stacklevel=1)
    return nn.functional.normalize((w1.T @ w2.T).T)


OTHER = {
    "encode_stack": [
        encode_unit_by_unit,
        encode_in_numpy,
        encode_with_functional,
        encode_recursively,
    ],
    "decode_stack": [decode_by_index, decode_in_one_line, decode_recursively, decode_in_numpy],
    "denoising_gradients": [
        gradients_by_autograd,
        gradients_by_loop,
        gradients_in_numpy,
        gradients_with_the_librarys_cost,
    ],
    "pretrain_greedily": [pretrain_from_the_pixels, pretrain_recursively, pretrain_in_numpy],
    "combine_filters": [combine_one_by_one, combine_in_numpy, combine_with_normalize],
}
