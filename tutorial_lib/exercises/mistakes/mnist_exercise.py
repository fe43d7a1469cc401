"""Plausible wrong answers to the exercises of notebook 04 that train."""

import torch

from tutorial_lib.exercises.solutions import mnist_exercise as solutions
from tutorial_lib.exercises.solutions.autoencoder import sparse_autoencoder_loss_and_gradients
from tutorial_lib.exercises.solutions.fine_tuning import (
    softmax_loss_and_gradient,
    stacked_loss_and_gradients,
)
from tutorial_lib.minimise import minimise

SPARSITY_TARGET = solutions.SPARSITY_TARGET
SPARSITY_WEIGHT = solutions.SPARSITY_WEIGHT
WEIGHT_DECAY = solutions.WEIGHT_DECAY


# --- 4.2 train_sparse_autoencoder


def autoencoder_trained(
    x,
    start,
    n_iterations,
    checkpoint=None,
    *,
    weight_decay=WEIGHT_DECAY,
    sparsity_target=SPARSITY_TARGET,
    sparsity_weight=SPARSITY_WEIGHT,
    given=lambda parameters: parameters,
    iterations=lambda n: n,
    begin=lambda start: start,
    use=lambda given, start: given,
    keep=lambda checkpoint: checkpoint,
):
    def loss_and_gradients(*parameters):
        return sparse_autoencoder_loss_and_gradients(
            x, *use(parameters, start), weight_decay, sparsity_target, sparsity_weight
        )

    minimum = minimise(
        loss_and_gradients,
        begin(start),
        n_iterations=iterations(n_iterations),
        checkpoint=keep(checkpoint),
    )
    return given(minimum.parameters)


def encoder_only(parameters):
    return tuple(parameters[:2])


def begun_anew(start):
    n_hidden, n_visible = start[0].shape
    return solutions.initial_parameters(n_visible, n_hidden, torch.Generator().manual_seed(0))


def autoencoder_untrained(x, start, n_iterations, checkpoint=None):
    return [tensor.clone() for tensor in start]


def autoencoder_trained_in_place(x, start, n_iterations, checkpoint=None):
    trained = autoencoder_trained(x, start, n_iterations, checkpoint)
    for given, new in zip(start, trained, strict=True):
        given.copy_(new)
    return trained


# --- 4.3 train_softmax


def softmax_trained(
    features,
    labels,
    weight_decay,
    n_iterations,
    generator,
    checkpoint=None,
    *,
    decay=lambda weight_decay: weight_decay,
    scale=0.005,
    given=lambda weight: weight,
    iterations=lambda n: n,
    n_classes=lambda labels: 10,
    keep=lambda checkpoint: checkpoint,
):
    def loss_and_gradient(weight):
        return softmax_loss_and_gradient(features, labels, weight, decay(weight_decay))

    start = scale * torch.randn(n_classes(labels), features.shape[1], generator=generator)
    minimum = minimise(
        loss_and_gradient,
        [start],
        n_iterations=iterations(n_iterations),
        checkpoint=keep(checkpoint),
    )
    return given(minimum.parameters[0])


def softmax_untrained(features, labels, weight_decay, n_iterations, generator, checkpoint=None):
    return 0.005 * torch.randn(10, features.shape[1], generator=generator)


# --- 4.4 fine_tune_stack


def stack_tuned(
    x,
    labels,
    encoders,
    softmax_weight,
    weight_decay,
    n_iterations,
    checkpoint=None,
    *,
    decay=lambda weight_decay: weight_decay,
    decay_everywhere=False,
    tuned=lambda k, n: True,
    tuned_softmax=True,
    iterations=lambda n: n,
    fresh_softmax=False,
    use=lambda given, old: given,
    keep=lambda checkpoint: checkpoint,
):
    """Tune with switches; ``tuned(k, n)`` tells which of n encoders learn."""
    if fresh_softmax:
        generator = torch.Generator().manual_seed(0)
        softmax_weight = 0.005 * torch.randn(softmax_weight.shape, generator=generator)

    start = [encoders, softmax_weight]

    def loss_and_gradients(*parameters):
        encoders, softmax_weight = use(parameters, start)
        loss, gradients, of_softmax = stacked_loss_and_gradients(
            x, labels, encoders, softmax_weight, decay(weight_decay)
        )
        of_softmax = of_softmax * tuned_softmax
        for k, (weight, bias) in enumerate(encoders):
            if decay_everywhere:
                loss = loss + weight_decay / 2 * (weight**2).sum()
                gradients[k] = (gradients[k][0] + weight_decay * weight, gradients[k][1])
            if not tuned(k, len(encoders)):
                gradients[k] = (torch.zeros_like(weight), torch.zeros_like(bias))
        return loss, gradients, of_softmax

    minimum = minimise(
        loss_and_gradients,
        start,
        n_iterations=iterations(n_iterations),
        checkpoint=keep(checkpoint),
    )
    return tuple(minimum.parameters)


def stack_untouched(
    x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None
):
    return [(w.clone(), b.clone()) for w, b in encoders], softmax_weight.clone()


def stack_the_other_way_round(*arguments, **options):
    return stack_tuned(*arguments, **options)[::-1]


def stack_tuned_in_place(
    x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None
):
    arguments = (x, labels, encoders, softmax_weight, weight_decay, n_iterations)
    tuned, tuned_softmax = stack_tuned(*arguments, checkpoint)
    for given, new in zip(encoders, tuned, strict=True):
        given[0].copy_(new[0])
        given[1].copy_(new[1])
    softmax_weight.copy_(tuned_softmax)
    return tuned, tuned_softmax
