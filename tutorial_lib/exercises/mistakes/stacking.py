"""Plausible wrong ways up and down a stack: the answers to the exercises 2.1 and 2.2."""

import torch


def encode(x, weight, bias):
    return torch.sigmoid(x @ weight.T + bias)


# --- 2.1 encode_stack ---------------------------------------------------------------------------


def encode_stack_with_input(x, encoders):
    codes = [x]
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


def encode_stack_from_the_deepest(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = encode(x, weight, bias)
        codes.insert(0, x)
    return codes


def encode_stack_to_sums(x, encoders):
    """Pass codes upward, and note the sums."""
    sums = []
    for weight, bias in encoders:
        sums.append(x @ weight.T + bias)
        x = torch.sigmoid(sums[-1])
    return sums


def encode_stack_by_the_first_layer(x, encoders):
    codes = []
    for _ in encoders:
        x = encode(x, *encoders[0])
        codes.append(x)
    return codes


def encode_stack_bias_outside(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = torch.sigmoid(x @ weight.T) + bias
        codes.append(x)
    return codes


def encode_stack_minus_bias(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = encode(x, weight, -bias)
        codes.append(x)
    return codes


def encode_stack_by_tanh(x, encoders):
    codes = []
    for weight, bias in encoders:
        x = torch.tanh(x @ weight.T + bias)
        codes.append(x)
    return codes


def encode_stack_without_top(x, encoders):
    return encode_stack_without_input(x, encoders[:-1])


def encode_stack_without_bottom(x, encoders):
    """Count layers from 1 where the list counts from 0."""
    return encode_stack_without_input(x, encoders[1:])


def encode_stack_without_input(x, encoders):
    return encode_stack_with_input(x, encoders)[1:]


def encode_stack_first_only(x, encoders):
    """Return inside the loop."""
    return encode_stack_without_input(x, encoders[:1])


def encode_stack_in_one_tensor(x, encoders):
    return torch.cat(encode_stack_without_input(x, encoders), dim=1)


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


def decode_without_bottom(code, decoders):
    return decode_in_given_order(code, decoders[:0:-1])


def decode_from_the_top_code_each_time(code, decoders):
    for weight, bias in reversed(decoders):
        restored = encode(code, weight, bias)
    return restored


def decode_with_sigmoid_at_the_end(code, decoders):
    return torch.sigmoid(decode_without_sigmoid(code, decoders))


def decode_with_one_sigmoid_more(code, decoders):
    return torch.sigmoid(decode_in_given_order(code, decoders[::-1]))


def decode_biases_in_given_order(code, decoders):
    for (weight, _), (_, bias) in zip(reversed(decoders), decoders, strict=True):
        code = encode(code, weight, bias)
    return code


def decode_weights_in_given_order(code, decoders):
    for (weight, _), (_, bias) in zip(decoders, reversed(decoders), strict=True):
        code = encode(code, weight, bias)
    return code


def decode_by_minus_k(code, decoders):
    """Count from the end, but begin at 0: decoders[-0] is the lowest."""
    for k in range(len(decoders)):
        code = encode(code, *decoders[-k])
    return code


def decode_one_step(code, decoders):
    """Return inside the loop."""
    return encode(code, *decoders[-1])


def decode_bias_outside(code, decoders):
    for weight, bias in reversed(decoders):
        code = torch.sigmoid(code @ weight.T) + bias
    return code


def decode_by_tanh(code, decoders):
    for weight, bias in reversed(decoders):
        code = torch.tanh(code @ weight.T + bias)
    return code
