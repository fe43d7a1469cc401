"""Right answers to the exercises of notebook 03, written another way than the reference's."""

import math
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tutorial_lib.settings import EarlyStopping
from tutorial_lib.stacked import Classifier

# --- 3.1 softmax


def softmax_in_loops(logits):
    rows = []
    for row in logits.tolist():
        largest = max(row)
        exponentials = [math.exp(z - largest) for z in row]
        rows.append([e / sum(exponentials) for e in exponentials])
    return torch.tensor(rows)


def softmax_with_numpy(logits):
    print("numpy was here")
    z = logits.numpy().astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return torch.from_numpy(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))


def softmax_by_differences(logits):
    """Divide by nothing: 1 / sum_j exp(z_j - z_i)."""
    return 1 / torch.exp(logits[:, None, :] - logits[:, :, None]).sum(dim=2)


def softmax_through_logarithms(logits):
    warnings.warn("logarithms ahead", stacklevel=1)
    return torch.exp(logits - logits.logsumexp(1, keepdim=True))


def softmax_columns_as_rows(logits):
    transposed = logits.T - logits.T.max(dim=0).values
    return (transposed.exp() / transposed.exp().sum(dim=0)).T.contiguous()


# --- 3.2 softmax_loss_and_gradient


def softmax_regression_by_autograd(features, labels, weight, weight_decay):
    weight = weight.clone().requires_grad_()
    loss = functional.cross_entropy(features @ weight.T, labels)
    loss = loss + weight_decay / 2 * weight.square().sum()
    loss.backward()
    return loss, weight.grad


def softmax_regression_in_loops(features, labels, weight, weight_decay):
    loss, gradient = 0.0, torch.zeros_like(weight)
    for x, y in zip(features, labels, strict=True):
        z = weight @ x
        p = softmax_through_logarithms(z[None])[0]
        loss += z.logsumexp(0) - z[y]
        for k in range(len(weight)):
            gradient[k] += (p[k] - float(y == k)) * x
    loss = loss / len(features) + 0.5 * weight_decay * torch.linalg.norm(weight) ** 2
    return loss, gradient / len(features) + weight_decay * weight


def softmax_regression_with_numpy(features, labels, weight, weight_decay):
    print("numpy was here")
    x, w, m = features.numpy().astype(float), weight.numpy().astype(float), len(features)
    truth = np.eye(len(w))[labels.numpy()]
    z = x @ w.T
    largest = z.max(axis=1, keepdims=True)
    log_sum = largest + np.log(np.exp(z - largest).sum(axis=1, keepdims=True))
    error = np.exp(z - log_sum) - truth
    loss = np.mean(log_sum[:, 0] - (truth * z).sum(axis=1)) + weight_decay / 2 * np.sum(w**2)
    return torch.tensor(loss), torch.from_numpy(error.T @ x / m + weight_decay * w)


def softmax_regression_with_one_hot(features, labels, weight, weight_decay):
    truth = torch.eye(len(weight))[labels]
    logs = functional.log_softmax(functional.linear(features, weight), dim=1)
    error = (truth - logs.exp()) / len(features)
    loss = -(truth * logs).sum() / len(features) + weight_decay * weight.pow(2).sum() / 2
    return loss, weight_decay * weight - torch.einsum("mk,mn->kn", error, features)


# --- 3.3 stacked_loss_and_gradients


def stacked_by_autograd(x, labels, encoders, softmax_weight, weight_decay):
    encoders = [tuple(p.clone().requires_grad_() for p in pair) for pair in encoders]
    softmax_weight = softmax_weight.clone().requires_grad_()
    code = x
    for weight, bias in encoders:
        code = functional.linear(code, weight, bias).sigmoid()
    loss = functional.cross_entropy(code @ softmax_weight.T, labels)
    loss = loss + 0.5 * weight_decay * softmax_weight.square().sum()
    loss.backward()
    return loss, [[p.grad for p in pair] for pair in encoders], softmax_weight.grad


def stacked_example_by_example(x, labels, encoders, softmax_weight, weight_decay):
    print("one at a time")
    m = len(x)
    total = 0.0
    gradients = [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in encoders]
    top = weight_decay * softmax_weight
    for example, label in zip(x, labels, strict=True):
        activations = [example]
        for weight, bias in encoders:
            activations.append(torch.sigmoid(weight @ activations[-1] + bias))
        z = softmax_weight @ activations[-1]
        total = total + z.logsumexp(0) - z[label]
        delta = torch.softmax(z, 0)
        delta[label] -= 1
        top = top + torch.outer(delta, activations[-1]) / m
        above = softmax_weight
        for k in range(len(encoders) - 1, -1, -1):
            a = activations[k + 1]
            delta = (above.T @ delta) * (a - a**2)
            gradients[k][0].add_(torch.outer(delta, activations[k]) / m)
            gradients[k][1].add_(delta / m)
            above = encoders[k][0]
    return total / m + weight_decay / 2 * (softmax_weight**2).sum(), gradients, top


def stacked_in_float64_by_columns(x, labels, encoders, softmax_weight, weight_decay):
    """The course's own layout: an example is a column, and the minus stands in front."""
    columns, truth = x.double().T, torch.eye(len(softmax_weight)).double()[:, labels]
    theta, m = softmax_weight.double(), x.shape[0]
    a = [columns]
    for weight, bias in encoders:
        a.append(1 / (1 + torch.exp(-(weight.double() @ a[-1] + bias.double()[:, None]))))
    logs = torch.log_softmax(theta @ a[-1], dim=0)
    cost = -(truth * logs).sum() / m + weight_decay / 2 * (theta**2).sum()
    delta = -(theta.T @ (truth - logs.exp())) * a[-1] * (1 - a[-1])
    backwards = []
    for k in range(len(encoders), 0, -1):
        backwards.append(((delta @ a[k - 1].T) / m, delta.sum(dim=1) / m))
        delta = (encoders[k - 1][0].double().T @ delta) * a[k - 1] * (1 - a[k - 1])
    theta_gradient = -(truth - logs.exp()) @ a[-1].T / m + weight_decay * theta
    return cost, list(reversed(backwards)), theta_gradient


# --- 3.4 predict


def predict_by_module(x, encoders, softmax_weight):
    softmax = nn.Linear(softmax_weight.shape[1], len(softmax_weight), bias=False)
    softmax.weight = nn.Parameter(softmax_weight)
    layers = []
    for weight, bias in encoders:
        layers.append(nn.Linear(weight.shape[1], len(weight)))
        layers[-1].weight, layers[-1].bias = nn.Parameter(weight), nn.Parameter(bias)
    return Classifier(layers, softmax).predict(x)


def predict_in_loops(x, encoders, softmax_weight):
    said = []
    for row in x.double():
        for weight, bias in encoders:
            row = torch.tanh((weight.double() @ row + bias) / 2) / 2 + 0.5
        logits = (softmax_weight.double() @ row).tolist()
        said.append(logits.index(max(logits)))
    return torch.tensor(said)


def predict_with_numpy(x, encoders, softmax_weight):
    a = x.numpy().astype(np.float64)
    for weight, bias in encoders:
        a = 1 / (1 + np.exp(-(a @ weight.numpy().T + bias.numpy())))
    return torch.from_numpy(np.argmax(a @ softmax_weight.numpy().T, axis=1))


def predict_by_probability(x, encoders, softmax_weight):
    for weight, bias in encoders:
        x = torch.sigmoid(x @ weight.T + bias)
    return torch.softmax(x @ softmax_weight.T, dim=1).max(dim=1).indices


# --- 3.5 early_stopping


def early_stopping_in_a_while(errors, patience, patience_increase, improvement_threshold):
    errors = list(errors)
    epoch, best = 0, None
    while epoch < len(errors) and epoch < patience:
        epoch += 1
        error = errors[epoch - 1]
        if best is None or error < errors[best - 1]:
            if best is None or error < improvement_threshold * errors[best - 1]:
                patience = max(patience, patience_increase * epoch)
            best = epoch
    return epoch, best


def early_stopping_of_the_library(errors, patience, patience_increase, improvement_threshold):
    rule = EarlyStopping(patience, patience_increase, improvement_threshold)
    stops = (n for n in range(1, len(errors) + 1) if rule.stops(errors[:n]))
    last = next(stops, len(errors))
    return [last, 1 + int(np.argmin(errors[:last]))]


# --- 3.6 classifier_from


def classifier_of_the_library(stack):
    return Classifier([autoencoder.encoder for autoencoder in stack.autoencoders], stack.softmax)


def classifier_of_the_stack(stack):
    return stack.classifier


class OwnClassifier(nn.Module):
    def __init__(self, encoders, softmax):
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.softmax = softmax

    def forward(self, x):
        print(len(x), "examples")
        for encoder in self.encoders:
            x = torch.sigmoid(encoder(x))
        return self.softmax(x)


def classifier_of_ones_own(stack):
    return OwnClassifier([layer.encoder for layer in stack.layers()], stack.softmax)


class WithParameters(nn.Module):
    def __init__(self, stack):
        super().__init__()
        layers = [layer.encoder for layer in stack.autoencoders]
        self.weights = nn.ParameterList(layer.weight for layer in layers)
        self.biases = nn.ParameterList(layer.bias for layer in layers)
        self.softmax = stack.softmax

    def forward(self, x):
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = torch.sigmoid(x @ weight.T + bias)
        return self.softmax(x)


OTHER = {
    "softmax": [
        softmax_in_loops,
        softmax_with_numpy,
        softmax_by_differences,
        softmax_through_logarithms,
        softmax_columns_as_rows,
        nn.Softmax(dim=1),
    ],
    "softmax_loss_and_gradient": [
        softmax_regression_by_autograd,
        softmax_regression_in_loops,
        softmax_regression_with_numpy,
        softmax_regression_with_one_hot,
    ],
    "stacked_loss_and_gradients": [
        stacked_by_autograd,
        stacked_example_by_example,
        stacked_in_float64_by_columns,
    ],
    "predict": [
        predict_by_module,
        predict_in_loops,
        predict_with_numpy,
        predict_by_probability,
    ],
    "early_stopping": [early_stopping_in_a_while, early_stopping_of_the_library],
    "classifier_from": [
        classifier_of_the_library,
        classifier_of_the_stack,
        classifier_of_ones_own,
        WithParameters,
    ],
}
