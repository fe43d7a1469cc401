"""Right answers to the exercises of notebook 04."""

import torch

from tutorial_lib.exercises.solutions.autoencoder import (
    encode,
    sparse_autoencoder_loss_and_gradients,
)
from tutorial_lib.exercises.solutions.fine_tuning import (
    predict,
    softmax_loss_and_gradient,
    stacked_loss_and_gradients,
)
from tutorial_lib.minimise import minimise

# As in the notebook, where the first cells define them.
SPARSITY_TARGET = 0.1
SPARSITY_WEIGHT = 3.0
WEIGHT_DECAY = 3e-3


def initial_parameters(n_visible, n_hidden, generator):
    """Return w1, b1, w2 and b2 of a sparse autoencoder that has learnt nothing yet.

    w1: (n_hidden, n_visible), b1: (n_hidden,), w2: (n_visible, n_hidden), b2: (n_visible,);
    float tensors. generator: a torch.Generator, the source of the random numbers.
    """
    r = (6 / (n_hidden + n_visible + 1)) ** 0.5
    w1 = (2 * torch.rand(n_hidden, n_visible, generator=generator) - 1) * r
    w2 = (2 * torch.rand(n_visible, n_hidden, generator=generator) - 1) * r
    return w1, torch.zeros(n_hidden), w2, torch.zeros(n_visible)


def train_sparse_autoencoder(x, start, n_iterations, checkpoint=None):
    """Return w1, b1, w2 and b2 of a sparse autoencoder, trained on x from the start given.

    x: (n_examples, n_visible), a float tensor. start: w1, b1, w2 and b2, as initial_parameters
    returns them; they stay as they are. checkpoint: for minimise.
    """

    def loss_and_gradients(w1, b1, w2, b2):
        return sparse_autoencoder_loss_and_gradients(
            x, w1, b1, w2, b2, WEIGHT_DECAY, SPARSITY_TARGET, SPARSITY_WEIGHT
        )

    minimum = minimise(
        loss_and_gradients,
        start,
        n_iterations=n_iterations,
        checkpoint=checkpoint,
        title="Autoencoder",
    )
    return minimum.parameters


def train_softmax(features, labels, weight_decay, n_iterations, generator, checkpoint=None):
    """Return the weight of a softmax classifier, (10, n_features), that was trained.

    features: (n_examples, n_features), float tensor; labels: (n_examples,), int64, 0 to 9.
    generator: a torch.Generator, for the start. checkpoint: for minimise.
    """

    def loss_and_gradient(weight):
        return softmax_loss_and_gradient(features, labels, weight, weight_decay)

    start = 0.005 * torch.randn(10, features.shape[1], generator=generator)
    minimum = minimise(
        loss_and_gradient,
        [start],
        n_iterations=n_iterations,
        checkpoint=checkpoint,
        title="Softmax",
    )
    return minimum.parameters[0]


def fine_tune_stack(
    x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None
):
    """Return the tuned encoders, a list of (weight, bias) pairs, and the tuned softmax_weight.

    x: (n_examples, n_visible), softmax_weight: (n_classes, n_code); float tensors.
    labels: (n_examples,), int64. encoders: a list of pairs (weight, bias), from input to top.
    What is given stays as it is. checkpoint: for minimise.
    """

    def loss_and_gradients(encoders, softmax_weight):
        return stacked_loss_and_gradients(x, labels, encoders, softmax_weight, weight_decay)

    minimum = minimise(
        loss_and_gradients,
        [encoders, softmax_weight],
        n_iterations=n_iterations,
        checkpoint=checkpoint,
        title="Fine-tuning",
    )
    encoders, softmax_weight = minimum.parameters
    return encoders, softmax_weight


def train_digit_classifier(images, labels, generator):
    """Return a function that takes images and returns labels, learnt from the ones given here.

    images: (n_examples, 784), a float tensor from 0 to 1; labels: (n_examples,), int64, 0 to 9.
    What the function returns: (n_images,), int64. generator: a torch.Generator.
    """
    encoders, code = [], images
    for n_hidden in (200, 200):
        start = initial_parameters(code.shape[1], n_hidden, generator)
        weight, bias = train_sparse_autoencoder(code, start, 60)[:2]
        encoders.append((weight, bias))
        code = encode(code, weight, bias)
    softmax_weight = train_softmax(code, labels, WEIGHT_DECAY, 60, generator)
    encoders, softmax_weight = fine_tune_stack(
        images, labels, encoders, softmax_weight, WEIGHT_DECAY, 60
    )

    def read_digits(new_images):
        return predict(new_images, encoders, softmax_weight)

    return read_digits
