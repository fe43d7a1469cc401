"""Plausible wrong answers to the exercises of notebook 02."""

import torch
from torch.nn.functional import softplus


def encode(x, weight, bias):
    return torch.sigmoid(x @ weight.T + bias)


# --- 2.1 encode_stack ---------------------------------------------------------------------------


def encode_stack_with_input(x, encoders):
    codes = [x.clone()]
    for weight, bias in encoders:
        codes.append(encode(codes[-1], weight, bias))
    return codes


def encode_stack_only_deepest(x, encoders):
    for weight, bias in encoders:
        x = encode(x, weight, bias)
    return x


def encode_stack_without_sigmoid(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = x @ weight.T + bias
        codes.append(x)
    return codes


def encode_stack_sigmoid_at_the_end(x, encoders):
    """Pass weighted sums upward and squash only what is returned."""
    return [torch.sigmoid(code) for code in encode_stack_without_sigmoid(x, encoders)]


def encode_stack_without_bias(x, encoders):
    codes = []
    for weight, _ in encoders:
        x = encode(x, weight, 0)
        codes.append(x)
    return codes


def encode_stack_from_input(x, encoders):
    return [encode(x, weight, bias) for weight, bias in encoders]


def encode_stack_from_the_top(x, encoders):
    codes = []
    for weight, bias in reversed(encoders):
        x = encode(x, weight, bias)
        codes.append(x)
    return codes


def encode_stack_transposed(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = torch.sigmoid(x @ weight + bias)
        codes.append(x)
    return codes


# --- 2.2 decode_stack ---------------------------------------------------------------------------


def decode_in_given_order(code, decoders):
    for weight, bias in decoders:
        code = encode(code, weight, bias)
    return code


def decode_without_top(code, decoders):
    for weight, bias in reversed(decoders[:-1]):
        code = encode(code, weight, bias)
    return code


def decode_without_sigmoid(code, decoders):
    for weight, bias in reversed(decoders):
        code = code @ weight.T + bias
    return code


def decode_to_logits(code, decoders):
    for weight, bias in reversed(decoders[1:]):
        code = encode(code, weight, bias)
    weight, bias = decoders[0]
    return code @ weight.T + bias


def decode_without_bias(code, decoders):
    for weight, _ in reversed(decoders):
        code = encode(code, weight, 0)
    return code


def decode_transposed(code, decoders):
    for weight, bias in reversed(decoders):
        code = torch.sigmoid(code @ weight + bias)
    return code


def decode_to_list(code, decoders):
    layers = []
    for weight, bias in reversed(decoders):
        code = encode(code, weight, bias)
        layers.append(code)
    return layers


def decode_reversing_the_list(code, decoders):
    decoders.reverse()
    return decode_in_given_order(code, decoders)


# --- 2.3 denoising_gradients --------------------------------------------------------------------


def denoising_gradients(x, corrupted, weight, bias, visible_bias, *, mistake):
    """Return loss and gradients with one thing wrong; each `mistake` stands at its line."""
    m = len(x)
    seen = x if mistake == "clean input encoded" else corrupted
    code = encode(seen, weight, bias)
    logits = code @ weight + visible_bias
    restored = torch.sigmoid(logits)
    target = corrupted if mistake == "corrupted target" else x
    if mistake == "logarithm of zero":
        nats = -(target * torch.log(restored) + (1 - target) * torch.log(1 - restored))
    else:
        nats = softplus(logits) - target * logits
    loss = nats.mean() if mistake == "loss averaged over units" else nats.sum(dim=1).mean()

    error = restored - target
    if mistake == "sign":
        error = -error
    if mistake == "squared error's delta":
        error = error * restored * (1 - restored)
    delta = error @ weight.T
    if mistake != "no slope of the encoder":
        delta = delta * code * (1 - code)
    entered = x if mistake == "clean input in the encoder's path" else seen
    by_encoder, by_decoder = delta.T @ entered, code.T @ error
    if mistake == "encoder's path forgotten":
        by_encoder = torch.zeros_like(weight)
    if mistake == "decoder's path forgotten":
        by_decoder = torch.zeros_like(weight)
    if mistake == "decoder's path transposed":
        by_decoder = by_decoder.T
    gradients = [by_encoder + by_decoder, delta.sum(dim=0), error.sum(dim=0)]
    if mistake == "paths averaged":
        gradients[0] = gradients[0] / 2
    if mistake != "no 1/m":
        gradients = [gradient / m for gradient in gradients]
    if mistake == "no 1/m in the biases":
        gradients[1:] = [gradient * m for gradient in gradients[1:]]
    return loss, *gradients


# --- 2.4 pretrain_greedily ----------------------------------------------------------------------


def hide_some(x):
    return x * (torch.rand(x.shape) >= 0.3)


def pretrain_on_raw_input(x, hidden_sizes, train_layer):
    return [train_layer(x, n_hidden) for n_hidden in hidden_sizes]


def pretrain_on_corrupted_codes(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = hide_some(encode(x, weight, bias))
    return encoders


def pretrain_on_corrupted_data(x, hidden_sizes, train_layer):
    """Corrupt what is handed to the training, and pass clean codes upward."""
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(hide_some(x), n_hidden)
        encoders.append((weight, bias))
        x = encode(x, weight, bias)
    return encoders


def pretrain_without_sigmoid(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = x @ weight.T + bias
    return encoders


def pretrain_from_the_top(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in reversed(hidden_sizes):
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = encode(x, weight, bias)
    return encoders


def pretrain_returning_the_last(x, hidden_sizes, train_layer):
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        x = encode(x, weight, bias)
    return [(weight, bias)]


def pretrain_on_reconstructions(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = torch.sigmoid(encode(x, weight, bias) @ weight)
    return encoders


def pretrain_encoding_the_input(x, hidden_sizes, train_layer):
    """Encode the raw input, not the data of the layer, by the newest encoder."""
    encoders, data = [], x
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(data, n_hidden)
        encoders.append((weight, bias))
        data = encode(x, weight, bias)
    return encoders


def pretrain_again_from_below(x, hidden_sizes, train_layer):
    """Train every lower layer anew for each layer that is added."""
    encoders = []
    for depth in range(1, len(hidden_sizes) + 1):
        encoders, data = [], x
        for n_hidden in hidden_sizes[:depth]:
            weight, bias = train_layer(data, n_hidden)
            encoders.append((weight, bias))
            data = encode(data, weight, bias)
    return encoders


def pretrain_returning_codes(x, hidden_sizes, train_layer):
    codes = []
    for n_hidden in hidden_sizes:
        x = encode(x, *train_layer(x, n_hidden))
        codes.append(x)
    return codes


# --- 2.5 combine_filters ------------------------------------------------------------------------


def unit_rows(weight):
    return weight / weight.norm(dim=1, keepdim=True)


def combine_without_scaling(w1, w2):
    return w2 @ w1


def combine_the_other_way(w1, w2):
    return unit_rows(w1 @ w2)


def combine_by_columns(w1, w2):
    return unit_rows(w2.T @ w1)


def combine_scaled_as_one(w1, w2):
    filters = w2 @ w1
    return filters / filters.norm()


def combine_scaled_by_pixel(w1, w2):
    filters = w2 @ w1
    return filters / filters.norm(dim=0)


def combine_without_root(w1, w2):
    filters = w2 @ w1
    return filters / (filters**2).sum(dim=1, keepdim=True)


def combine_scaled_filters(w1, w2):
    return unit_rows(w2 @ unit_rows(w1))


def combine_magnitudes(w1, w2):
    return unit_rows(w2.abs() @ w1)


def combine_the_strongest(w1, w2):
    return unit_rows(w1)[w2.abs().argmax(dim=1)]
