"""Plausible wrong answers to the first exercise of notebook 04."""

import torch

from tutorial_lib.exercises.solutions import mnist_exercise as solutions


def parameters_with_range(n_visible, n_hidden, generator, *, bound, low=-1.0, bias_scale=0.0):
    r = bound(n_visible, n_hidden)
    w1, w2, b1, b2 = (
        low * r + (1 - low) * r * torch.rand(*shape, generator=generator)
        for shape in [(n_hidden, n_visible), (n_visible, n_hidden), (n_hidden,), (n_visible,)]
    )
    return w1, bias_scale * b1, w2, bias_scale * b2


def right_bound(n_visible, n_hidden):
    return (6 / (n_hidden + n_visible + 1)) ** 0.5


def parameters_from_a_normal(n_visible, n_hidden, generator):
    r = right_bound(n_visible, n_hidden)
    w1 = r * torch.randn(n_hidden, n_visible, generator=generator)
    w2 = r * torch.randn(n_visible, n_hidden, generator=generator)
    return w1, torch.zeros(n_hidden), w2, torch.zeros(n_visible)


def parameters_tied(n_visible, n_hidden, generator):
    w1, b1, _, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return w1, b1, w1.T, b2


def parameters_all_zero(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return 0 * w1, b1, 0 * w2, b2


def parameters_shifted_by_1(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    shift = right_bound(n_visible, n_hidden) - 1
    return w1 + shift, b1, w2 + shift, b2


def parameters_with_equal_rows(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return w1[:1].repeat(n_hidden, 1), b1, w2, b2


def parameters_with_equal_columns(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return w1[:, :1].repeat(1, n_visible), b1, w2, b2


def parameters_weights_first(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return w1, w2, b1, b2


def parameters_in_other_shapes(n_visible, n_hidden, generator):
    w1, b1, w2, b2 = solutions.initial_parameters(n_visible, n_hidden, generator)
    return w1.T.clone(), b1, w2.T.clone(), b2


def parameters_without_generator(n_visible, n_hidden, generator):
    fresh = torch.Generator().manual_seed(int(torch.randint(1000, ())))
    return solutions.initial_parameters(n_visible, n_hidden, fresh)


def parameters_seeded_anew(n_visible, n_hidden, generator):
    return solutions.initial_parameters(n_visible, n_hidden, generator.manual_seed(0))
