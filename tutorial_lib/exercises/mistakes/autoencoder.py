"""Plausible wrong answers to the exercises of notebook 01."""

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


def squared_error_per_example(x, reconstruction):
    return ((reconstruction - x) ** 2).sum(dim=1) / 2


def _stable(x, logits):
    return functional.softplus(logits) - x * logits


def cross_entropy_over_pixels(x, logits):
    return _stable(x, logits).mean()


def cross_entropy_summed(x, logits):
    return _stable(x, logits).sum()


def cross_entropy_wrong_sign(x, logits):
    return -_stable(x, logits).sum(dim=1).mean()


def cross_entropy_of_ink(x, logits):
    return -(x * functional.logsigmoid(logits)).sum(dim=1).mean()


def cross_entropy_ink_and_paper_swapped(x, logits):
    return _stable(1 - x, logits).sum(dim=1).mean()


def cross_entropy_rounded(x, logits):
    """Take the logarithm of a probability that was rounded to 0."""
    p = torch.sigmoid(logits)
    return -(x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1).mean()


def cross_entropy_overflowing(x, logits):
    """Take the logarithm of an exponential that has become infinite."""
    return (torch.log(1 + torch.exp(logits)) - x * logits).sum(dim=1).mean()


def cross_entropy_overflowing_backwards(x, logits):
    return (torch.log(1 + torch.exp(-logits)) + (1 - x) * logits).sum(dim=1).mean()


def cross_entropy_clipped(x, logits):
    """Cut logarithms off at -100, as PyTorch does when it is given probabilities."""
    cost = functional.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
    return cost.sum(dim=1).mean()


def cross_entropy_squashed_twice(x, logits):
    return _stable(x, torch.sigmoid(logits)).sum(dim=1).mean()


def cross_entropy_not_squashed(x, logits):
    """Take the logits themselves for probabilities."""
    return -(x * torch.log(logits) + (1 - x) * torch.log(1 - logits)).sum(dim=1).mean()


def _kl(target, mean_activation):
    on = target * torch.log(target / mean_activation)
    return on + (1 - target) * torch.log((1 - target) / (1 - mean_activation))


def kl_of_the_whole_batch(code, sparsity_target):
    return code.shape[1] * _kl(sparsity_target, code.mean())


def kl_of_one_mean(code, sparsity_target):
    return _kl(sparsity_target, code.mean())


def kl_per_example(code, sparsity_target):
    return _kl(sparsity_target, code.mean(dim=1)).sum()


def kl_before_the_mean(code, sparsity_target):
    return _kl(sparsity_target, code).mean(dim=0).sum()


def kl_backwards(code, sparsity_target):
    return _kl(code.mean(dim=0), torch.tensor(sparsity_target)).sum()


def kl_mean_over_units(code, sparsity_target):
    return _kl(sparsity_target, code.mean(dim=0)).mean()


def kl_wrong_sign(code, sparsity_target):
    return -_kl(sparsity_target, code.mean(dim=0)).sum()


def kl_of_activity_alone(code, sparsity_target):
    return (sparsity_target * torch.log(sparsity_target / code.mean(dim=0))).sum()


def kl_per_unit(code, sparsity_target):
    return _kl(sparsity_target, code.mean(dim=0))


def sparse_gradients(
    x,
    w1,
    b1,
    w2,
    b2,
    weight_decay,
    sparsity_target,
    sparsity_weight,
    *,
    loss_without=(),
    decay_in_loss=1,
    decay_in_gradients=1,
    decay_on_biases=0,
    error_sign=1,
    output_slope=True,
    hidden_slope=True,
    pull=1,
    pull_outside=False,
    pull_once=False,
    pull_of_the_mean=False,
    pull_per_example=False,
    backwards="w2",
    divide_by_m=("w1", "b1", "w2", "b2"),
    transposed=False,
    other_order=False,
):
    """Return loss and gradients; each switch makes one mistake, and by default there is none."""
    m = len(x)
    code = torch.sigmoid(x @ w1.T + b1)
    reconstruction = torch.sigmoid(code @ w2.T + b2)
    mean = code.mean(dim=0)
    terms = {
        "error": ((reconstruction - x) ** 2).sum(dim=1).mean() / 2,
        "decay": decay_in_loss * weight_decay / 2 * ((w1**2).sum() + (w2**2).sum()),
        "sparsity": sparsity_weight * _kl(sparsity_target, mean).sum(),
    }
    loss = sum(term for name, term in terms.items() if name not in loss_without)

    delta3 = error_sign * (reconstruction - x)
    if output_slope:
        delta3 = delta3 * reconstruction * (1 - reconstruction)
    if pull_of_the_mean:
        mean = code.mean()
    if pull_per_example:
        mean = code
    towards = (1 - sparsity_target) / (1 - mean) - sparsity_target / mean
    towards = pull * sparsity_weight * towards
    slope = code * (1 - code) if hidden_slope else 1
    back = delta3 @ (w2 if backwards == "w2" else w1.T if backwards == "w1" else w2.T)
    delta2 = back * slope + towards if pull_outside else (back + towards) * slope
    if pull_once:  # divided by m before the mean over examples divides by m
        delta2 = (back + towards / m) * slope

    gradients = {
        "w1": delta2.T @ x,
        "b1": delta2.sum(dim=0),
        "w2": delta3.T @ code,
        "b2": delta3.sum(dim=0),
    }
    decayed = {"w1": w1, "w2": w2, "b1": decay_on_biases * b1, "b2": decay_on_biases * b2}
    for name, parameter in decayed.items():
        mean_gradient = gradients[name] / (m if name in divide_by_m else 1)
        gradients[name] = mean_gradient + decay_in_gradients * weight_decay * parameter
    if transposed:
        gradients["w1"], gradients["w2"] = gradients["w1"].T, gradients["w2"].T
    order = ("w1", "w2", "b1", "b2") if other_order else ("w1", "b1", "w2", "b2")
    return loss, *(gradients[name] for name in order)


def _differences(loss, theta, forward, backward, divisor):
    gradient = torch.zeros_like(theta)
    for i in range(theta.numel()):
        step = torch.zeros_like(theta)
        step.view(-1)[i] = 1
        difference = loss(theta + forward * step) - loss(theta - backward * step)
        gradient.view(-1)[i] = difference / divisor
    return gradient


def forward_difference(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, 0, epsilon)


def backward_difference(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, 0, epsilon, epsilon)


def difference_over_epsilon(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, epsilon)


def difference_not_divided(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 1)


def difference_turned_round(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, -2 * epsilon)


def difference_with_a_fixed_step(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, 1e-4, 1e-4, 2e-4)


def difference_along_the_diagonal(loss, theta, epsilon=1e-4):
    """Move all entries at once."""
    return torch.full_like(theta, (loss(theta + epsilon) - loss(theta - epsilon)) / (2 * epsilon))


def difference_flattened(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 2 * epsilon).flatten()


def difference_in_single_precision(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 2 * epsilon).float()


def difference_left_in_place(loss, theta, epsilon=1e-4):
    """Move the entries of theta itself, and leave them where they are."""
    gradient, entries = torch.zeros_like(theta), theta.view(-1)
    for i in range(theta.numel()):
        entries[i] += epsilon
        above = loss(theta)
        entries[i] -= 2 * epsilon
        gradient.view(-1)[i] = (above - loss(theta)) / (2 * epsilon)
    return gradient


def exact_gradient(loss, theta, epsilon=1e-4):
    """Differentiate instead of taking differences."""
    theta = theta.clone().requires_grad_()
    return torch.autograd.grad(loss(theta), theta)[0]


def _survivors(shape, corruption_level, generator):
    return torch.rand(shape, generator=generator) >= corruption_level


def corrupt_and_rescale(x, corruption_level, generator):
    return x * _survivors(x.shape, corruption_level, generator) / (1 - corruption_level)


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


def corrupt_with_ink(x, corruption_level, generator):
    return torch.where(_survivors(x.shape, corruption_level, generator), x, 1.0)


def corrupt_by_fading(x, corruption_level, generator):
    return x * (1 - corruption_level * torch.rand(x.shape, generator=generator))


def corrupt_mask_alone(x, corruption_level, generator):
    return _survivors(x.shape, corruption_level, generator).to(x)


def strongest_over_units(weight):
    return weight / _length(weight, dim=0)


def strongest_of_all(weight):
    return weight / _length(weight, dim=None)


def strongest_not_rooted(weight):
    return weight / _length(weight, dim=1) ** 2


def strongest_by_sum_of_sizes(weight):
    length = weight.abs().sum(dim=1, keepdim=True)
    return weight / torch.where(length > 0, length, 1.0)


def strongest_by_largest(weight):
    length = weight.abs().max(dim=1, keepdim=True).values
    return weight / torch.where(length > 0, length, 1.0)


def strongest_without_sign(weight):
    return weight.abs() / _length(weight, dim=1)


def strongest_dividing_by_zero(weight):
    return weight / weight.norm(dim=1, keepdim=True)


def strongest_as_it_is(weight):
    return weight.clone()


def _length(weight, dim):
    length = weight.norm(dim=dim, keepdim=True)
    return torch.where(length > 0, length, 1.0)
