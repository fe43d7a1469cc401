"""Right answers to the exercises of notebook 04, written in other ways than the reference."""

import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.minimise import minimise
from tutorial_lib.settings import FineTuning, Pretraining
from tutorial_lib.stacked import Classifier
from tutorial_lib.training import fine_tune, pretrain_layer

# --- 4.1 initial_parameters ---------------------------------------------------------------------


def drawn_in_another_order(n_visible, n_hidden, generator):
    r = (6 / (n_hidden + n_visible + 1)) ** 0.5
    w2 = torch.empty(n_visible, n_hidden, dtype=torch.float64).uniform_(-r, r, generator=generator)
    w1 = torch.empty(n_hidden, n_visible, dtype=torch.float64).uniform_(-r, r, generator=generator)
    zeros = torch.zeros(n_hidden + n_visible).double()
    return [w1, zeros[:n_hidden], w2, zeros[n_hidden:]]


def drawn_in_place(n_visible, n_hidden, generator):
    r = (6 / (n_hidden + n_visible + 1)) ** 0.5
    w1 = torch.empty(n_hidden, n_visible).uniform_(-r, r, generator=generator)
    w2 = torch.empty(n_visible, n_hidden).uniform_(-r, r, generator=generator)
    return w1, torch.zeros(n_hidden), w2, torch.zeros(n_visible)


def drawn_by_numpy(n_visible, n_hidden, generator):
    seed = torch.randint(2**31, (), generator=generator).item()
    print("seed", seed)
    random = np.random.default_rng(seed)
    r = np.sqrt(6 / (n_hidden + n_visible + 1))
    shapes = (n_hidden, n_visible), (n_visible, n_hidden)
    w1, w2 = (torch.tensor(random.uniform(-r, r, shape), dtype=torch.float32) for shape in shapes)
    return w1, torch.zeros(n_hidden), w2, torch.zeros(n_visible)


# --- 4.2 train_sparse_autoencoder ---------------------------------------------------------------


def trained_by_autograd(x, start, n_iterations, checkpoint=None):
    warnings.warn("this is double precision", stacklevel=1)
    x = x.double()

    def loss_and_gradients(*parameters):
        w1, b1, w2, b2 = parameters = [p.requires_grad_() for p in parameters]
        code = torch.sigmoid(x @ w1.T + b1)
        error = torch.sigmoid(code @ w2.T + b2) - x
        mean = code.mean(0)
        kl = 0.1 * torch.log(0.1 / mean) + 0.9 * torch.log(0.9 / (1 - mean))
        loss = (error**2).sum() / (2 * len(x)) + 0.0015 * ((w1**2).sum() + (w2**2).sum())
        loss = loss + 3 * kl.sum()
        return loss, *torch.autograd.grad(loss, parameters)

    start = [tensor.double() for tensor in start]
    options = {"n_iterations": n_iterations, "checkpoint": checkpoint, "title": "By autograd"}
    return tuple(minimise(loss_and_gradients, start, **options).parameters)


def trained_by_the_library(x, start, n_iterations, checkpoint=None):
    n_hidden, n_visible = start[0].shape
    autoencoder = Autoencoder(n_visible, n_hidden, tied=False)
    names = ["encoder.weight", "encoder.bias", "own_decoder_weight", "visible_bias"]
    autoencoder.load_state_dict(dict(zip(names, start, strict=True)))
    settings = Pretraining(
        n_epochs=n_iterations,
        optimiser="lbfgs",
        loss="squared_error",
        weight_decay=3e-3,
        sparsity_target=0.1,
        sparsity_weight=3.0,
    )
    print("the library trains")
    pretrain_layer(autoencoder, x, settings=settings, progress=False, checkpoint=checkpoint)
    return [autoencoder.get_parameter(name) for name in names]


# --- 4.3 train_softmax --------------------------------------------------------------------------


def softmax_by_autograd(features, labels, weight_decay, n_iterations, generator, checkpoint=None):
    features = features.double()

    def loss_and_gradient(weight):
        weight = weight.requires_grad_()
        loss = functional.cross_entropy(features @ weight.T, labels)
        loss = loss + weight_decay * (weight * weight).sum() / 2
        return [loss, torch.autograd.grad(loss, weight)[0]]

    start = torch.rand(10, features.shape[1], generator=generator, dtype=torch.float64) / 100
    options = {"n_iterations": n_iterations, "checkpoint": checkpoint}
    return minimise(loss_and_gradient, (start,), **options).parameters[0]


def softmax_in_numpy(features, labels, weight_decay, n_iterations, generator, checkpoint=None):
    x, y = features.double().numpy(), np.eye(10)[labels.numpy()]

    def loss_and_gradient(weight):
        w = weight.numpy()
        z = x @ w.T
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -(y * np.log(p)).sum() / len(x) + weight_decay * (w**2).sum() / 2
        print("loss", loss)
        return loss, (p - y).T @ x / len(x) + weight_decay * w

    start = torch.randn(x.shape[1], 10, generator=generator).T / 200
    options = {"n_iterations": n_iterations, "checkpoint": checkpoint}
    return minimise(loss_and_gradient, [start], **options).parameters[0]


# --- 4.4 fine_tune_stack ------------------------------------------------------------------------


def tuned_by_autograd(
    x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None
):
    x = x.double()
    start = [tensor.double() for pair in encoders for tensor in pair] + [softmax_weight.double()]

    def loss_and_gradients(*parameters):
        parameters = [parameter.requires_grad_() for parameter in parameters]
        code = x
        for weight, bias in zip(parameters[:-1:2], parameters[1:-1:2], strict=True):
            code = torch.sigmoid(functional.linear(code, weight, bias))
        loss = functional.cross_entropy(code @ parameters[-1].T, labels)
        loss = loss + weight_decay / 2 * (parameters[-1] ** 2).sum()
        return loss, *torch.autograd.grad(loss, parameters)

    options = {"n_iterations": n_iterations, "checkpoint": checkpoint}
    *tuned, top = minimise(loss_and_gradients, start, **options).parameters
    return [list(pair) for pair in zip(tuned[::2], tuned[1::2], strict=True)], top


def tuned_by_the_library(
    x, labels, encoders, softmax_weight, weight_decay, n_iterations, checkpoint=None
):
    layers = [nn.Linear(weight.shape[1], weight.shape[0]) for weight, _ in encoders]
    top = nn.Linear(softmax_weight.shape[1], softmax_weight.shape[0], bias=False)
    for layer, (weight, bias) in zip(layers, encoders, strict=True):
        layer.load_state_dict({"weight": weight, "bias": bias})
    top.load_state_dict({"weight": softmax_weight})
    settings = FineTuning(n_epochs=n_iterations, optimiser="lbfgs", weight_decay=weight_decay)
    fine_tune(Classifier(layers, top), x, labels, settings=settings, progress=False)
    print("done")
    return [(layer.weight, layer.bias) for layer in layers], top.weight


# --- 4.5 train_digit_classifier -----------------------------------------------------------------


def nearest_neighbour(images, labels, generator):
    """No network at all: what counts is what is read."""

    def read(new_images):
        print("reading", len(new_images))
        similar = new_images @ images.T - (images**2).sum(dim=1) / 2
        return labels[similar.argmax(dim=1)]

    return read


class Clouds:
    """One normal distribution per digit, in the 40 directions in which images vary most."""

    def __init__(self, images, labels, generator):
        warnings.warn("no features are learnt", stacklevel=1)
        x, y = images.double().numpy(), labels.numpy()
        self.middle = x.mean(axis=0)
        self.directions = np.linalg.eigh(np.cov(x.T))[1][:, -40:]
        codes = self.codes(images)
        self.clouds = [self.cloud(codes[y == k]) for k in range(10)]

    def codes(self, images):
        return (images.double().numpy() - self.middle) @ self.directions

    def cloud(self, codes):
        spread = np.cov(codes.T) + 0.1 * np.eye(40)
        return codes.mean(axis=0), np.linalg.inv(spread), np.linalg.slogdet(spread)[1]

    def __call__(self, new_images):
        codes = self.codes(new_images)
        distances = [
            ((codes - middle) @ inverse * (codes - middle)).sum(axis=1) + volume
            for middle, inverse, volume in self.clouds
        ]
        return torch.from_numpy(np.argmin(distances, axis=0))


OTHER = {
    "initial_parameters": [drawn_in_another_order, drawn_in_place, drawn_by_numpy],
    "train_sparse_autoencoder": [trained_by_autograd, trained_by_the_library],
    "train_softmax": [softmax_by_autograd, softmax_in_numpy],
    "fine_tune_stack": [tuned_by_autograd, tuned_by_the_library],
    "train_digit_classifier": [nearest_neighbour, Clouds],
}
