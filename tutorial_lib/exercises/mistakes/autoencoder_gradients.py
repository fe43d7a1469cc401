"""Plausible wrong gradients: the answers to the exercises 1.6 and 1.7."""

from types import SimpleNamespace

import torch

from tutorial_lib.exercises.mistakes.autoencoder_costs import kl

# What each switch of `sparse_gradients` is when nothing is wrong.
_RIGHT = {
    "loss_without": (),
    "loss_ignores_sparsity_weight": False,
    "decay_in_loss": 1,
    "lengths_squared": True,
    "error_sign": 1,
    "output_slope": True,
    "hidden_slope": True,
    "backwards": "w2",
    "pull": 1,
    "pull_ignores_sparsity_weight": False,
    "pull_is_the_penalty": False,
    "pull_of": "units",
    "pull_outside": False,
    "pull_times_m_to_the": 0,
    "divide_by_m": ("w1", "b1", "w2", "b2"),
    "divide_twice": False,
    "decay_in_gradients": 1,
    "decayed": ("w1", "w2"),
    "decay_divided": False,
    "transposed": False,
    "order": ("w1", "b1", "w2", "b2"),
}


def sparse_gradients(x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight, **switches):
    """Return loss and gradients; each switch makes one mistake, and by default there is none."""
    s = SimpleNamespace(**_RIGHT | switches)
    parameters = {"w1": w1, "b1": b1, "w2": w2, "b2": b2}
    code = torch.sigmoid(x @ w1.T + b1)
    reconstruction = torch.sigmoid(code @ w2.T + b2)
    loss = _loss(s, x, code, reconstruction, w1, w2, weight_decay, sparsity_target, sparsity_weight)

    output_delta = s.error_sign * (reconstruction - x)
    if s.output_slope:
        output_delta = output_delta * reconstruction * (1 - reconstruction)
    back = output_delta @ {"w2": w2, "w1": w1.T, "w2 transposed": w2.T}[s.backwards]
    pull = _pull(s, code, sparsity_target, sparsity_weight) * len(x) ** s.pull_times_m_to_the
    slope = code * (1 - code) if s.hidden_slope else 1
    hidden_delta = back * slope + pull if s.pull_outside else (back + pull) * slope

    gradients = {
        "w1": hidden_delta.T @ x,
        "b1": hidden_delta.sum(dim=0),
        "w2": output_delta.T @ code,
        "b2": output_delta.sum(dim=0),
    }
    for name, parameter in parameters.items():
        decay = s.decay_in_gradients * weight_decay * parameter if name in s.decayed else 0
        divisor = len(x) ** (1 + s.divide_twice) if name in s.divide_by_m else 1
        gradients[name] = gradients[name] / divisor + decay / (len(x) if s.decay_divided else 1)
    if s.transposed:
        gradients["w1"], gradients["w2"] = gradients["w1"].T, gradients["w2"].T
    return loss, *(gradients[name] for name in s.order)


def _loss(s, x, code, reconstruction, w1, w2, weight_decay, sparsity_target, sparsity_weight):
    lengths = w1.norm(), w2.norm()
    if s.lengths_squared:
        lengths = lengths[0] ** 2, lengths[1] ** 2
    terms = {
        "error": ((reconstruction - x) ** 2).sum(dim=1).mean() / 2,
        "decay": s.decay_in_loss * weight_decay / 2 * sum(lengths),
        "sparsity": (1 if s.loss_ignores_sparsity_weight else sparsity_weight)
        * kl(sparsity_target, code.mean(dim=0)).sum(),
    }
    return sum(term for name, term in terms.items() if name not in s.loss_without)


def _pull(s, code, target, sparsity_weight):
    """Return the sparsity penalty's part of the hidden delta."""
    mean = {"units": code.mean(dim=0), "all": code.mean(), "examples": code}[s.pull_of]
    slope = kl(target, mean) if s.pull_is_the_penalty else (1 - target) / (1 - mean) - target / mean
    return s.pull * (1 if s.pull_ignores_sparsity_weight else sparsity_weight) * slope


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


def difference_times_epsilon(loss, theta, epsilon=1e-4):
    """Forget the brackets: ``/ 2 * epsilon``."""
    return _differences(loss, theta, epsilon, epsilon, 2 / epsilon)


def difference_not_divided(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 1)


def difference_turned_round(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, -2 * epsilon)


def difference_with_a_fixed_step(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, 1e-4, 1e-4, 2e-4)


def difference_of_all_at_once(loss, theta, epsilon=1e-4):
    return (loss(theta + epsilon) - loss(theta - epsilon)) / (2 * epsilon)


def difference_along_the_diagonal(loss, theta, epsilon=1e-4):
    """Move all entries at once, and give each of them the same slope."""
    return torch.full_like(theta, difference_of_all_at_once(loss, theta, epsilon))


def difference_of_piled_up_steps(loss, theta, epsilon=1e-4):
    """Never take a step back before the next."""
    gradient, step = torch.zeros_like(theta), torch.zeros_like(theta)
    for i in range(theta.numel()):
        step.view(-1)[i] = epsilon
        gradient.view(-1)[i] = (loss(theta + step) - loss(theta - step)) / (2 * epsilon)
    return gradient


def difference_flattened(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 2 * epsilon).flatten()


def difference_in_single_precision(loss, theta, epsilon=1e-4):
    return _differences(loss, theta, epsilon, epsilon, 2 * epsilon).float()


def difference_by_a_step_in_single_precision(loss, theta, epsilon=1e-4):
    rounded = torch.tensor(epsilon, dtype=torch.float32).item()
    return _differences(loss, theta, rounded, rounded, 2 * epsilon)


def difference_left_in_place(loss, theta, epsilon=1e-4):
    """Move the entries of theta itself, and leave them where they are."""
    gradient, entries = torch.zeros_like(theta), theta.view(-1)
    for i in range(theta.numel()):
        entries[i] += epsilon
        above = loss(theta)
        entries[i] -= 2 * epsilon
        gradient.view(-1)[i] = (above - loss(theta)) / (2 * epsilon)
    return gradient


def difference_left_in_a_copy(loss, theta, epsilon=1e-4):
    return difference_left_in_place(loss, theta.clone(), epsilon)


def difference_of_five_points(loss, theta, epsilon=1e-4):
    """Extrapolate from two steps to either side."""
    near, far = (_differences(loss, theta, k * epsilon, k * epsilon, 1) for k in (1, 2))
    return (8 * near - far) / (12 * epsilon)


def exact_gradient(loss, theta, epsilon=1e-4):
    """Differentiate instead of taking differences."""
    theta = theta.clone().requires_grad_()
    return torch.autograd.grad(loss(theta), theta)[0]
