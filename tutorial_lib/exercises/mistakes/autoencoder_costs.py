"""Plausible wrong costs: the answers to the exercises 1.3, 1.4 and 1.5."""

import math

import torch
from torch.nn import functional

# Small numbers that people put under a logarithm to keep it finite.
LEAST = ("1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12", "1e-15")


def squared_error_over_pixels(x, reconstruction):
    return ((reconstruction - x) ** 2).mean() / 2


def squared_error_without_half(x, reconstruction):
    return ((reconstruction - x) ** 2).sum(dim=1).mean()


def squared_error_summed(x, reconstruction):
    return ((reconstruction - x) ** 2).sum() / 2


def squared_error_mean_of_all(x, reconstruction):
    return ((reconstruction - x) ** 2).mean()


def squared_error_of_sums(x, reconstruction):
    return ((reconstruction - x).sum(dim=1) ** 2).mean() / 2


def squared_error_rooted(x, reconstruction):
    return (reconstruction - x).norm(dim=1).mean() / 2


def squared_error_absolute(x, reconstruction):
    return (reconstruction - x).abs().sum(dim=1).mean() / 2


def squared_error_summed_without_half(x, reconstruction):
    return ((reconstruction - x) ** 2).sum()


def squared_error_along_the_wrong_axis(x, reconstruction):
    return ((reconstruction - x) ** 2).sum(dim=0).mean() / 2


def squared_error_with_the_half_squared(x, reconstruction):
    return ((0.5 * (reconstruction - x)) ** 2).sum(dim=1).mean()


def squared_error_per_example(x, reconstruction):
    return ((reconstruction - x) ** 2).sum(dim=1) / 2


def _stable(x, logits):
    return functional.softplus(logits) - x * logits


def cross_entropy_over_pixels(x, logits):
    return _stable(x, logits).mean()


def cross_entropy_summed(x, logits):
    return _stable(x, logits).sum()


def cross_entropy_along_the_wrong_axis(x, logits):
    return _stable(x, logits).sum(dim=0).mean()


def cross_entropy_per_example(x, logits):
    return _stable(x, logits).sum(dim=1)


def cross_entropy_in_bits(x, logits):
    return _stable(x, logits).sum(dim=1).mean() / math.log(2)


def cross_entropy_wrong_sign(x, logits):
    return -_stable(x, logits).sum(dim=1).mean()


def cross_entropy_of_ink(x, logits):
    return -(x * functional.logsigmoid(logits)).sum(dim=1).mean()


def cross_entropy_ink_and_paper_swapped(x, logits):
    return _stable(1 - x, logits).sum(dim=1).mean()


def cross_entropy_pixel_and_answer_swapped(x, logits):
    return _naive(torch.sigmoid(logits), x, 1 - x)


def _naive(x, ink, paper):
    return -(x * torch.log(ink) + (1 - x) * torch.log(paper)).sum(dim=1).mean()


def cross_entropy_rounded(x, logits):
    """Take the logarithm of a probability that was rounded to 0."""
    p = torch.sigmoid(logits)
    return _naive(x, p, 1 - p)


def cross_entropy_rounded_in_double(x, logits):
    return cross_entropy_rounded(x.double(), logits.double())


def cross_entropy_overflowing(x, logits):
    """Take the logarithm of an exponential that has become infinite."""
    return (torch.log(1 + torch.exp(logits)) - x * logits).sum(dim=1).mean()


def cross_entropy_overflowing_backwards(x, logits):
    return (torch.log(1 + torch.exp(-logits)) + (1 - x) * logits).sum(dim=1).mean()


def cross_entropy_overflowing_both_ways(x, logits):
    ink, paper = torch.log(1 + torch.exp(-logits)), torch.log(1 + torch.exp(logits))
    return (x * ink + (1 - x) * paper).sum(dim=1).mean()


def cross_entropy_cut_off(x, logits, *, least):
    """Keep the logarithms finite by a least probability."""
    p = torch.sigmoid(logits)
    return _naive(x, p.clamp(min=least), (1 - p).clamp(min=least))


def cross_entropy_clipped(x, logits):
    """Cut logarithms off at -100, as PyTorch does when it is given probabilities."""
    cost = functional.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
    return cost.sum(dim=1).mean()


def cross_entropy_squashed_twice(x, logits):
    return _stable(x, torch.sigmoid(logits)).sum(dim=1).mean()


def cross_entropy_not_squashed(x, logits):
    """Take the logits themselves for probabilities."""
    return _naive(x, logits, 1 - logits)


def kl(target, mean_activation):
    """Return the right penalty of each unit."""
    on = target * torch.log(target / mean_activation)
    return on + (1 - target) * torch.log((1 - target) / (1 - mean_activation))


def kl_of_the_whole_batch(code, sparsity_target):
    return code.shape[1] * kl(sparsity_target, code.mean())


def kl_of_one_mean(code, sparsity_target):
    return kl(sparsity_target, code.mean())


def kl_per_example(code, sparsity_target):
    return kl(sparsity_target, code.mean(dim=1)).sum()


def kl_before_the_mean(code, sparsity_target):
    return kl(sparsity_target, code).mean(dim=0).sum()


def kl_of_sums(code, sparsity_target):
    return kl(sparsity_target, code.sum(dim=0)).sum()


def kl_of_counts(code, sparsity_target):
    return kl(sparsity_target, (code > 0.5).float().mean(dim=0)).sum()


def kl_in_bits(code, sparsity_target):
    return kl(sparsity_target, code.mean(dim=0)).sum() / math.log(2)


def kl_backwards(code, sparsity_target):
    return kl(code.mean(dim=0), torch.tensor(sparsity_target)).sum()


def kl_mean_over_units(code, sparsity_target):
    return kl(sparsity_target, code.mean(dim=0)).mean()


def kl_wrong_sign(code, sparsity_target):
    return -kl(sparsity_target, code.mean(dim=0)).sum()


def kl_of_activity_alone(code, sparsity_target):
    return (sparsity_target * torch.log(sparsity_target / code.mean(dim=0))).sum()


def kl_per_unit(code, sparsity_target):
    return kl(sparsity_target, code.mean(dim=0))
