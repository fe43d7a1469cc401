"""Plausible wrong answers to the exercises of notebook 03: the rules and the network."""

import copy
import operator

import torch
from torch import nn

from tutorial_lib.exercises.solutions import fine_tuning as solutions

# --- 3.4 predict


def prediction(
    x,
    encoders,
    softmax_weight,
    *,
    squash=torch.sigmoid,
    squash_top=torch.sigmoid,
    bias_sign=1,
    read=lambda logits: logits.argmax(dim=1),
):
    """Predict as the solution does, but for what the switches say."""
    for k, (weight, bias) in enumerate(encoders):
        z = x @ weight.T + bias_sign * bias
        x = squash_top(z) if k == len(encoders) - 1 else squash(z)
    return read(x @ softmax_weight.T)


def prediction_from_top(x, encoders, softmax_weight):
    return solutions.predict(x, encoders[::-1], softmax_weight)


def prediction_from_first(x, encoders, softmax_weight):
    return solutions.predict(x, encoders[:1], softmax_weight)


def prediction_from_last(x, encoders, softmax_weight):
    return solutions.predict(x, encoders[-1:], softmax_weight)


# --- 3.5 early_stopping


def stopping(
    errors,
    patience,
    patience_increase,
    improvement_threshold,
    *,
    grow=lambda patience, epoch, increase: max(patience, epoch * increase),
    raised_to=lambda epoch, best_epoch: epoch,
    is_news=lambda error, reference, threshold: error < reference * threshold,
    starts_at=lambda errors: float("inf"),
    first=1,
    stops=operator.ge,
    stops_before=None,
    told=lambda epoch, best_epoch, best_error, patience, errors: (epoch, best_epoch),
    any_improvement=False,
    best_needs_threshold=False,
    ties_count=False,
    compared_with_last=False,
    looks_ahead=False,
):
    """Follow the rule as the solution does, but for what the switches say."""
    best_error = reference = starts_at(errors)
    best_epoch = 0 if best_error != errors[0] else first
    for epoch, error in enumerate(errors, start=first):
        if stops_before is not None and stops_before(epoch, patience):
            break
        significant = is_news(error, reference, improvement_threshold)
        if significant or (any_improvement and error < reference):
            patience = grow(patience, raised_to(epoch, best_epoch), patience_increase)
        better = error < best_error or (ties_count and error == best_error)
        if significant if best_needs_threshold else better:
            best_error, best_epoch = error, epoch
        reference = error if compared_with_last else best_error
        if stops(epoch, patience):
            break
    if looks_ahead:
        best_epoch = first + errors.index(min(errors))
    return told(epoch, best_epoch, best_error, patience, errors)


def stopping_by_index(*arguments):
    return tuple(epoch - 1 for epoch in solutions.early_stopping(*arguments))


def stopping_swapped(*arguments):
    return solutions.early_stopping(*arguments)[::-1]


def stopping_after_standstill(
    errors,
    patience,
    patience_increase,
    improvement_threshold,
    *,
    stops=operator.ge,
    only_news=False,
    grows=False,
):
    """Count the patience from the last new best, or only from the last clear news."""
    best_error, best_epoch, counted_from = float("inf"), 0, 0
    for epoch, error in enumerate(errors, start=1):
        significant = error < best_error * improvement_threshold
        if grows and significant:
            patience = max(patience, epoch * patience_increase)
        if significant if only_news else error < best_error:
            counted_from = epoch
        if error < best_error:
            best_error, best_epoch = error, epoch
        if stops(epoch - counted_from, patience):
            break
    return epoch, best_epoch


def stopping_at_first_setback(errors, *_):
    best_error, best_epoch = float("inf"), 0
    for epoch, error in enumerate(errors, start=1):
        if error >= best_error:
            break
        best_error, best_epoch = error, epoch
    return epoch, best_epoch


# --- 3.6 classifier_from


def _in_a_row(encoders, softmax, squash=nn.Sigmoid):
    layers = [layer for encoder in encoders for layer in (encoder, squash())]
    return nn.Sequential(*layers, softmax)


def _encoders(stack):
    return [autoencoder.encoder for autoencoder in stack.autoencoders]


def classifier_copied(stack):
    return copy.deepcopy(_in_a_row(_encoders(stack), stack.softmax))


def classifier_with_copied_softmax(stack):
    return _in_a_row(_encoders(stack), copy.deepcopy(stack.softmax))


def classifier_with_copied_encoders(stack):
    return _in_a_row(copy.deepcopy(_encoders(stack)), stack.softmax)


def classifier_from_top(stack):
    return _in_a_row(_encoders(stack)[::-1], stack.softmax)


def classifier_without_sigmoid(stack):
    return nn.Sequential(*_encoders(stack), stack.softmax)


def classifier_with_sigmoid_first(stack):
    layers = [layer for encoder in _encoders(stack) for layer in (nn.Sigmoid(), encoder)]
    return nn.Sequential(*layers, stack.softmax)


def classifier_with_relu(stack):
    return _in_a_row(_encoders(stack), stack.softmax, nn.ReLU)


def classifier_with_new_softmax(stack):
    old = stack.softmax
    new = nn.Linear(old.in_features, old.out_features, bias=old.bias is not None)
    return _in_a_row(_encoders(stack), new)


def classifier_without_softmax(stack):
    return _in_a_row(_encoders(stack), nn.Identity())


def classifier_is_stack(stack):
    return stack


def classifier_of_reconstructions(stack):
    return nn.Sequential(*stack.autoencoders, stack.softmax)


def classifier_with_probabilities(stack):
    return nn.Sequential(_in_a_row(_encoders(stack), stack.softmax), nn.Softmax(dim=1))


def classifier_with_squashed_logits(stack):
    return nn.Sequential(_in_a_row(_encoders(stack), stack.softmax), nn.Sigmoid())


class _WithWholeStack(nn.Module):
    def __init__(self, stack):
        super().__init__()
        self.stack = stack

    def forward(self, x):
        return self.stack.softmax(self.stack.encode(x))


class _WithPlainList(nn.Module):
    def __init__(self, stack):
        super().__init__()
        self.encoders = _encoders(stack)
        self.softmax = stack.softmax

    def forward(self, x):
        for encoder in self.encoders:
            x = torch.sigmoid(encoder(x))
        return self.softmax(x)


class _Detached(nn.Module):
    def __init__(self, layers, n_detached):
        super().__init__()
        self.layers = layers
        self.n_detached = n_detached

    def forward(self, x):
        code = self.layers[: self.n_detached](x).detach()
        return self.layers[self.n_detached :](code)


def classifier_with_detached_code(stack):
    return _Detached(_in_a_row(_encoders(stack), stack.softmax), -1)


def classifier_without_gradient(stack):
    layers = _in_a_row(_encoders(stack), stack.softmax)
    return _Detached(layers, len(layers))


classifier_with_decoders = _WithWholeStack
classifier_with_plain_list = _WithPlainList
