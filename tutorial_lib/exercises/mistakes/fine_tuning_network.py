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
    first=1,
    stops=operator.ge,
    any_improvement=False,
    best_needs_threshold=False,
    ties_count=False,
    compared_with_last=False,
    looks_ahead=False,
):
    """Follow the rule as the solution does, but for what the switches say."""
    best_error, best_epoch, reference = float("inf"), 0, float("inf")
    for epoch, error in enumerate(errors, start=first):
        significant = error < reference * improvement_threshold
        if significant or (any_improvement and error < reference):
            patience = grow(patience, epoch, patience_increase)
        better = error < best_error or (ties_count and error == best_error)
        if significant if best_needs_threshold else better:
            best_error, best_epoch = error, epoch
        reference = error if compared_with_last else best_error
        if stops(epoch, patience):
            break
    if looks_ahead:
        best_epoch = first + errors.index(min(errors))
    return epoch, best_epoch


def stopping_by_index(*arguments):
    return tuple(epoch - 1 for epoch in solutions.early_stopping(*arguments))


def stopping_swapped(*arguments):
    return solutions.early_stopping(*arguments)[::-1]


def stopping_after_standstill(errors, patience, patience_increase, improvement_threshold):
    best_error, best_epoch = float("inf"), 0
    for epoch, error in enumerate(errors, start=1):
        if error < best_error:
            best_error, best_epoch = error, epoch
        if epoch - best_epoch >= patience:
            break
    return epoch, best_epoch


# --- 3.6 classifier_from


def _in_a_row(encoders, softmax):
    layers = [layer for encoder in encoders for layer in (encoder, nn.Sigmoid())]
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


classifier_with_decoders = _WithWholeStack
classifier_with_plain_list = _WithPlainList
