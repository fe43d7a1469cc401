"""Plausible wrong answers to the exercises 1.1, 1.2, 1.8 and 1.9."""

import torch
from torch.nn import functional


def encode_without_sigmoid(x, weight, bias):
    return x @ weight.T + bias


def encode_without_bias(x, weight, bias):
    return torch.sigmoid(x @ weight.T)


def encode_transposed(x, weight, bias):
    return torch.sigmoid(x @ weight + bias)


def encode_bias_outside(x, weight, bias):
    return torch.sigmoid(x @ weight.T) + bias


def encode_wrong_sign(x, weight, bias):
    return 1 / (1 + torch.exp(x @ weight.T + bias))


def encode_softmax(x, weight, bias):
    return torch.softmax(x @ weight.T + bias, dim=1)


def encode_squashed_twice(x, weight, bias):
    return torch.sigmoid(torch.sigmoid(x @ weight.T + bias))


def encode_bias_subtracted(x, weight, bias):
    return torch.sigmoid(x @ weight.T - bias)


def encode_tanh(x, weight, bias):
    return torch.tanh(x @ weight.T + bias)


def _survivors(shape, corruption_level, generator):
    return torch.rand(shape, generator=generator) >= corruption_level


def corrupt_and_rescale(x, corruption_level, generator):
    return x * _survivors(x.shape, corruption_level, generator) / (1 - corruption_level)


def corrupt_by_dropout(x, corruption_level, generator):
    return functional.dropout(x, corruption_level)


def corrupt_in_place(x, corruption_level, generator):
    return x.mul_(_survivors(x.shape, corruption_level, generator))


def corrupt_the_others(x, corruption_level, generator):
    return x * ~_survivors(x.shape, corruption_level, generator)


def corrupt_all_rows_alike(x, corruption_level, generator):
    return x * _survivors(x.shape[1:], corruption_level, generator)


def corrupt_whole_rows(x, corruption_level, generator):
    return x * _survivors((len(x), 1), corruption_level, generator)


def corrupt_without_the_generator(x, corruption_level, generator):
    return x * _survivors(x.shape, corruption_level, None)


def corrupt_always_the_same(x, corruption_level, generator):
    return x * _survivors(x.shape, corruption_level, torch.Generator().manual_seed(0))


def corrupt_with_normal_numbers(x, corruption_level, generator):
    return x * (torch.randn(x.shape, generator=generator) >= corruption_level)


def corrupt_with_rounded_dice(x, corruption_level, generator):
    return x * torch.round(torch.rand(x.shape, generator=generator))


def corrupt_the_same_number_in_each_row(x, corruption_level, generator):
    n_hidden, corrupted = round(corruption_level * x.shape[1]), x.clone()
    for row in corrupted:
        row[torch.randperm(len(row), generator=generator)[:n_hidden]] = 0
    return corrupted


def corrupt_with_ink(x, corruption_level, generator):
    return torch.where(_survivors(x.shape, corruption_level, generator), x, 1.0)


def corrupt_by_fading(x, corruption_level, generator):
    return x * (1 - corruption_level * torch.rand(x.shape, generator=generator))


def corrupt_by_scaling(x, corruption_level, generator):
    return x * (1 - corruption_level)


def corrupt_mask_alone(x, corruption_level, generator):
    return _survivors(x.shape, corruption_level, generator).to(x)


def strongest_over_units(weight):
    return weight / _length(weight, dim=0)


def strongest_of_all(weight):
    return weight / _length(weight, dim=None)


def strongest_without_keepdim(weight):
    return weight / weight.norm(dim=1)


def strongest_not_shortened(weight):
    return weight / weight.norm(dim=1, keepdim=True).clamp(min=1)


def strongest_with_something_added(weight, *, added):
    return weight / (weight.norm(dim=1, keepdim=True) + added)


def strongest_not_rooted(weight):
    return weight / _length(weight, dim=1) ** 2


def strongest_by_sum_of_sizes(weight):
    length = weight.abs().sum(dim=1, keepdim=True)
    return weight / torch.where(length > 0, length, 1.0)


def strongest_by_largest(weight):
    length = weight.abs().max(dim=1, keepdim=True).values
    return weight / torch.where(length > 0, length, 1.0)


def strongest_by_sum(weight):
    return weight / weight.sum(dim=1, keepdim=True)


def strongest_by_largest_value(weight):
    return weight / weight.max(dim=1, keepdim=True).values


def strongest_without_sign(weight):
    return weight.abs() / _length(weight, dim=1)


def strongest_dividing_by_zero(weight):
    return weight / weight.norm(dim=1, keepdim=True)


def strongest_as_it_is(weight):
    return weight.clone()


def _length(weight, dim):
    length = weight.norm(dim=dim, keepdim=True)
    return torch.where(length > 0, length, 1.0)
