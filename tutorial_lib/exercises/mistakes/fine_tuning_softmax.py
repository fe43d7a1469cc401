"""Plausible wrong answers to exercise 3.1: softmax."""

import torch


def softmax_over_examples(logits):
    return torch.softmax(logits, dim=0)


def softmax_of_everything(logits):
    return torch.softmax(logits.flatten(), dim=0).reshape(logits.shape)


def softmax_without_maximum(logits):
    exponentials = torch.exp(logits)
    return exponentials / exponentials.sum(dim=1, keepdim=True)


def softmax_with_global_maximum(logits):
    return softmax_without_maximum(logits - logits.max())


def softmax_with_largest_size(logits):
    return softmax_without_maximum(logits - logits.abs().amax(dim=1, keepdim=True))


def softmax_with_column_maximum(logits):
    return softmax_without_maximum(logits - logits.max(dim=0).values)


def softmax_of_clamped(logits):
    return softmax_without_maximum(logits.clamp(-80, 80))


def softmax_with_minimum(logits):
    return softmax_without_maximum(logits - logits.min(dim=1, keepdim=True).values)


def softmax_with_maximum_added(logits):
    return softmax_without_maximum(logits + logits.max(dim=1, keepdim=True).values)


def softmax_of_shares(logits):
    return softmax_without_maximum(logits / logits.max(dim=1, keepdim=True).values)


def softmax_with_nan_replaced(logits):
    return softmax_without_maximum(logits).nan_to_num()


def softmax_not_divided(logits):
    return torch.exp(logits - logits.max(dim=1, keepdim=True).values)


def softmax_divided_by_total(logits):
    exponentials = softmax_not_divided(logits)
    return exponentials / exponentials.sum()


def softmax_divided_by_columns(logits):
    exponentials = softmax_not_divided(logits)
    return exponentials / exponentials.sum(dim=0)


def softmax_without_keepdim(logits, *, in_maximum, in_sum=True):
    """Let rows become columns; `in_maximum` None leaves the maximum out altogether."""
    if in_maximum is not None:
        logits = logits - logits.max(dim=1, keepdim=not in_maximum).values
    exponentials = torch.exp(logits)
    return exponentials / exponentials.sum(dim=1, keepdim=not in_sum)


def log_softmax(logits):
    return torch.log_softmax(logits, dim=1)


def sigmoid_divided(logits):
    values = torch.sigmoid(logits)
    return values / values.sum(dim=1, keepdim=True)
