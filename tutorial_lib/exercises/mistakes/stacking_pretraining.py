"""Plausible wrong ways to train layer by layer: the answers to exercise 2.4."""

import torch

from tutorial_lib.exercises.mistakes.stacking import encode


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


def pretrain_from_the_top_down(x, hidden_sizes, train_layer):
    """Put each new encoder in front of the list."""
    return pretrain(x, hidden_sizes, train_layer)[::-1]


def pretrain(x, hidden_sizes, train_layer, *, handed_up=encode):
    """Do all as it should be, up to what is handed up."""
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)
        encoders.append((weight, bias))
        x = handed_up(x, weight, bias)
    return encoders


def pretrain_without_bias(x, hidden_sizes, train_layer):
    return pretrain(
        x, hidden_sizes, train_layer, handed_up=lambda x, weight, bias: encode(x, weight, 0)
    )


def pretrain_transposed(x, hidden_sizes, train_layer):
    return pretrain(
        x,
        hidden_sizes,
        train_layer,
        handed_up=lambda x, weight, bias: torch.sigmoid(x @ weight + bias),
    )


def pretrain_on_the_first_codes(x, hidden_sizes, train_layer):
    """Take the first entry of all codes where the last is meant."""
    encoders, data = [], x
    for n_hidden in hidden_sizes:
        encoders.append(train_layer(data, n_hidden))
        data = encode(x, *encoders[0])
    return encoders


def pretrain_encoding_all_over_again(x, hidden_sizes, train_layer):
    """Send codes, not the input, up through all layers that are finished."""
    encoders, data = [], x
    for n_hidden in hidden_sizes:
        encoders.append(train_layer(data, n_hidden))
        for weight, bias in encoders:
            data = encode(data, weight, bias)
    return encoders


def pretrain_once_more_for_the_codes(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in hidden_sizes:
        encoders.append(train_layer(x, n_hidden))
        x = encode(x, *train_layer(x, n_hidden))
    return encoders


def pretrain_once_for_each_part(x, hidden_sizes, train_layer):
    encoders = []
    for n_hidden in hidden_sizes:
        weight, bias = train_layer(x, n_hidden)[0], train_layer(x, n_hidden)[1]
        encoders.append((weight, bias))
        x = encode(x, weight, bias)
    return encoders


def pretrain_without_top(x, hidden_sizes, train_layer):
    return pretrain(x, hidden_sizes[:-1], train_layer)


def pretrain_first_only(x, hidden_sizes, train_layer):
    """Return inside the loop."""
    return pretrain(x, hidden_sizes[:1], train_layer)


def pretrain_returning_a_pair(x, hidden_sizes, train_layer):
    return pretrain(x, hidden_sizes, train_layer)[-1]


def pretrain_returning_two_lists(x, hidden_sizes, train_layer):
    weights, biases = zip(*pretrain(x, hidden_sizes, train_layer), strict=True)
    return list(weights), list(biases)


def pretrain_returning_one_row(x, hidden_sizes, train_layer):
    return [part for pair in pretrain(x, hidden_sizes, train_layer) for part in pair]


def pretrain_returning_weights(x, hidden_sizes, train_layer):
    return [weight for weight, _ in pretrain(x, hidden_sizes, train_layer)]


def pretrain_by_the_first_size(x, hidden_sizes, train_layer):
    return pretrain(x, hidden_sizes[:1] * len(hidden_sizes), train_layer)
