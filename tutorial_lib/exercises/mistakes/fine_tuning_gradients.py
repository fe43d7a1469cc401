"""Plausible wrong answers to the exercises of notebook 03 that give gradients."""

import torch
from torch import nn

from tutorial_lib.exercises.solutions import fine_tuning as solutions

# --- 3.2 softmax_loss_and_gradient


def right_log_softmax(logits):
    return torch.log_softmax(logits, dim=1)


def log_softmax_with_global_maximum(logits):
    logits = logits - logits.max()
    return logits - torch.log(torch.exp(logits).sum(dim=1, keepdim=True))


def softmax_regression(
    features,
    labels,
    weight,
    weight_decay,
    *,
    softmax=solutions.softmax,
    log=None,
    log_softmax=right_log_softmax,
    sign=1,
    summed_in_loss=False,
    summed_in_gradient=False,
    over_classes=False,
    decay_in_loss=1,
    decay_in_gradient=1,
    decay_over_examples=(False, False),
    columns=(False, False),
    counted=(False, False),
    loss_sign=1,
    truth="right",
    slope=False,
    sum_over_examples=False,
    transposed=False,
):
    """Do softmax regression as the solution does, but for what the switches say.

    Parameters
    ----------
    log : callable or None
        Taken of the probabilities; None takes ``log_softmax``, before they are rounded.
    decay_in_loss, decay_in_gradient : float
        How often the decay is counted.
    decay_over_examples, columns, counted : pair of bool
        In the loss, and in the gradient: whether the decay is divided by m; whether all labels
        are chosen for each example; whether there are as many classes as the labels say.
    truth : {"right", "none", "shifted"}
        What is taken from the probabilities; "shifted" is wrong in the loss as well.
    """
    m, n_classes = len(features), len(weight)
    labels = (labels - 1) % n_classes if truth == "shifted" else labels
    logits = features @ weight.T
    logs = log_softmax(logits) if log is None else log(softmax(logits))
    # Picked, not multiplied: 0 times minus infinity is no number.
    likelihood = logs[torch.arange(m), labels]
    if columns[0]:
        likelihood = logs[:, labels].mean(dim=1)
    if sum_over_examples:
        likelihood = logits[torch.arange(m), labels] - torch.logsumexp(logits, dim=0)
    if counted[0]:
        likelihood = (nn.functional.one_hot(labels) * logs).sum(dim=1)
    likelihood = loss_sign * likelihood
    right = nn.functional.one_hot(labels, -1 if counted[1] else n_classes)
    right = right.any(dim=0).int() if columns[1] else right
    probabilities = softmax(logits)
    error = sign * (probabilities - (0 if truth == "none" else right))
    error = error * probabilities * (1 - probabilities) if slope else error
    counted = n_classes if over_classes else 1
    loss = -likelihood.sum() / counted / (1 if summed_in_loss else m)
    gradient = error.T @ features / counted / (1 if summed_in_gradient else m)
    decays = [weight_decay / (m if over else 1) for over in decay_over_examples]
    loss = loss + decay_in_loss * decays[0] / 2 * (weight**2).sum()
    gradient = gradient + decay_in_gradient * decays[1] * weight
    return loss, gradient.T if transposed else gradient


# --- 3.3 stacked_loss_and_gradients


def backpropagation(
    x,
    labels,
    encoders,
    softmax_weight,
    weight_decay,
    *,
    sign=1,
    truth=True,
    counted=False,
    slope=lambda a: a * (1 - a),
    slope_missing="",
    slope_of="own",
    through="above",
    through_gradient=False,
    transposed=False,
    entering="below",
    gradient_transposed=False,
    bias=1,
    over_examples=1,
    summed_weights=False,
    summed_biases=False,
    encoders_decayed=(False, False),
    softmax_decayed=(True, True),
    softmax=solutions.softmax,
    log_softmax=right_log_softmax,
    squashed_code=True,
    from_top=False,
):
    """Backpropagate as the solution does, but for what the switches say.

    Parameters
    ----------
    counted : bool
        Whether there are as many classes as the labels say.
    slope_missing : {"", "everywhere", "top", "lower"}
        In which layers the factor a (1 - a) is left out.
    slope_of : {"own", "below", "above"}
        Whose activation that factor is made of.
    through : {"above", "own"}
        The weight through which a delta comes down.
    through_gradient : bool
        Whether the first delta comes down through the gradient of the softmax.
    entering : {"below", "own"}
        Whose activation the gradient of a weight is made of.
    bias, over_examples : int
        How often it is added, and how often divided by m.
    encoders_decayed, softmax_decayed : pair of bool
        In the loss, and in the gradient.
    """
    m, top = len(x), len(encoders) - 1
    activations = [x]
    for k, (weight, bias_of_layer) in enumerate(encoders):
        z = activations[-1] @ weight.T + bias * bias_of_layer
        activations.append(torch.sigmoid(z) if squashed_code or k < top else z)
    decays = [weight_decay * switch for switch in softmax_decayed]
    loss, softmax_gradient = softmax_regression(
        activations[-1],
        labels,
        softmax_weight,
        1.0,
        decay_in_loss=decays[0],
        decay_in_gradient=decays[1],
        softmax=softmax,
        log_softmax=log_softmax,
    )
    decays = [weight_decay * switch for switch in encoders_decayed]
    loss = loss + decays[0] / 2 * sum((weight**2).sum() for weight, _ in encoders)
    delta = softmax(activations[-1] @ softmax_weight.T)
    right = nn.functional.one_hot(labels, -1 if counted else len(softmax_weight))
    delta = sign * (delta - truth * right)
    delta = delta / m ** (over_examples - 1)
    above = softmax_gradient if through_gradient else softmax_weight
    weights = [*(weight for weight, _ in encoders), above]
    gradients = []
    for k in range(top, -1, -1):
        weight = weights[k if through == "own" and k < top else k + 1]
        delta = delta @ (weight.T if transposed else weight)
        if slope_missing not in ("everywhere", "top" if k == top else "lower"):
            step = {"below": 0, "own": 1, "above": 2}[slope_of]
            delta = delta * slope(activations[min(k + step, top + 1)])
        d_weight = delta.T @ activations[k + (entering == "own")]
        d_weight = d_weight / (1 if summed_weights else m) + decays[1] * weights[k]
        d_weight = d_weight.T if gradient_transposed else d_weight
        gradients.append((d_weight, delta.sum(dim=0) / (1 if summed_biases else m)))
    return loss, gradients if from_top else gradients[::-1], softmax_gradient
