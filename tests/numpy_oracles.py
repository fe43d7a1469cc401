"""Both tutorials' costs and gradients in plain NumPy, float64, one example at a time.

Nothing here comes from the package or from PyTorch, so that a mistake would have to be made twice.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def relative_difference(given: Array, expected: Array) -> float:
    """The norm of the difference, in units of the norm of what is expected."""
    return float(np.linalg.norm(given - expected) / np.linalg.norm(expected))


def central_difference(
    cost: Callable[[Array], float], at: Array, *, epsilon: float = 1e-3
) -> Array:
    """The gradient of a function of an array, from four values for each entry.

    Richardson's combination of two central differences errs by epsilon**4, so epsilon can be so
    large that rounding does not matter: about 1e-12 remains, where the plain one keeps 1e-9.
    """
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        values = []
        for steps in (1, -1, 2, -2):
            moved = at.copy()
            moved[index] += steps * epsilon
            values.append(cost(moved))
        gradient[index] = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * epsilon)
    return gradient


def autoencoder_cost(
    weights: dict[str, Array],
    x: Array,
    corrupted: Array,
    *,
    loss: str,
    sparsity_target: float = 0.1,
    sparsity_weight: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[float, dict[str, Array]]:
    """Cost and gradients; ``weights`` holds "encoder", "bias", "visible_bias", perhaps "decoder".

    Without "decoder" the encoder is used transposed, and its gradient is the sum of both uses.
    """
    encoder, bias, visible_bias = (weights[k] for k in ("encoder", "bias", "visible_bias"))
    decoder = weights.get("decoder", encoder.T)
    m = len(x)
    mean_code = sum(sigmoid(encoder @ example + bias) for example in corrupted) / m
    rho = sparsity_target
    pull = sparsity_weight * (-rho / mean_code + (1 - rho) / (1 - mean_code))
    kl = np.sum(rho * np.log(rho / mean_code) + (1 - rho) * np.log((1 - rho) / (1 - mean_code)))
    cost = sparsity_weight * kl
    g_encoder, g_decoder = np.zeros_like(encoder), np.zeros_like(decoder)
    g_bias, g_visible_bias = np.zeros_like(bias), np.zeros_like(visible_bias)
    for example, seen in zip(x, corrupted, strict=True):
        code = sigmoid(encoder @ seen + bias)
        restored = sigmoid(decoder @ code + visible_bias)
        if loss == "cross_entropy":
            cost -= np.sum(example * np.log(restored) + (1 - example) * np.log(1 - restored)) / m
            error = restored - example
        else:
            cost += 0.5 * np.sum((restored - example) ** 2) / m
            error = (restored - example) * restored * (1 - restored)
        delta = (decoder.T @ error + pull) * code * (1 - code)
        g_encoder += np.outer(delta, seen) / m
        g_decoder += np.outer(error, code) / m
        g_bias += delta / m
        g_visible_bias += error / m
    decayed = [encoder, decoder] if "decoder" in weights else [encoder]
    cost += 0.5 * weight_decay * sum(np.sum(w**2) for w in decayed)
    gradients = {"encoder": g_encoder, "bias": g_bias, "visible_bias": g_visible_bias}
    if "decoder" in weights:
        gradients["decoder"] = g_decoder + weight_decay * decoder
    else:
        gradients["encoder"] = g_encoder + g_decoder.T
    gradients["encoder"] = gradients["encoder"] + weight_decay * encoder
    return float(cost), gradients


def classifier_cost(
    weights: list[Array],
    biases: list[Array],
    x: Array,
    labels: NDArray[np.int64],
    *,
    weight_decay: float = 0.0,
) -> tuple[float, list[Array], list[Array], Array]:
    """Cost, gradients of weights and of biases, and each example's own derivative by its input.

    Only the last layer, the softmax, is decayed.
    """
    m = len(x)
    g_weights = [np.zeros_like(w) for w in weights]
    g_biases = [np.zeros_like(b) for b in biases]
    g_input = np.zeros_like(x)
    cost = 0.5 * weight_decay * np.sum(weights[-1] ** 2)
    for i, (example, label) in enumerate(zip(x, labels, strict=True)):
        activations = [example]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(sigmoid(weight @ activations[-1] + bias))
        logits = weights[-1] @ activations[-1] + biases[-1]
        probability = np.exp(logits - logits.max())
        probability /= probability.sum()
        cost -= np.log(probability[label]) / m
        delta = probability
        delta[label] -= 1
        for k in reversed(range(len(weights))):
            g_weights[k] += np.outer(delta, activations[k]) / m
            g_biases[k] += delta / m
            delta = weights[k].T @ delta
            if k > 0:
                delta = delta * activations[k] * (1 - activations[k])
        g_input[i] = delta
    g_weights[-1] += weight_decay * weights[-1]
    return float(cost), g_weights, g_biases, g_input


def softmax_regression_optimum(
    x: Array, labels: NDArray[np.int64], *, n_classes: int, weight_decay: float
) -> tuple[float, Array]:
    """The least cost of softmax regression without bias, and its weight, by Newton's method.

    The decay makes the problem strictly convex: there is one optimum, found to the last digits.
    """
    n, d = x.shape
    weight = np.zeros((n_classes, d))
    right = np.eye(n_classes)[labels]
    for _ in range(30):
        logits = x @ weight.T
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        gradient = (p - right).T @ x / n + weight_decay * weight
        # d2 cost / d weight[a] d weight[b] = mean of p_a (1[a = b] - p_b) x x^T
        middle = p[:, :, None] * (np.eye(n_classes) - p[:, None, :])
        hessian = np.einsum("nab,ni,nj->aibj", middle, x, x, optimize=True) / n
        hessian = hessian.reshape(weight.size, weight.size) + weight_decay * np.eye(weight.size)
        weight = weight - np.linalg.solve(hessian, gradient.ravel()).reshape(weight.shape)
    assert np.linalg.norm(gradient) < 1e-12, "Newton's method must have converged"
    cost = -np.mean(np.log(p[np.arange(n), labels])) + 0.5 * weight_decay * np.sum(weight**2)
    return float(cost), weight
