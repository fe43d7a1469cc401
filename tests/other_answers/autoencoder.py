"""Right answers to the exercises of notebook 01, written another way than the reference's."""

import math
import warnings

import numpy as np
import torch
from torch.nn import functional

# --- 1.1 encode


def encode_in_loops(x, weight, bias):
    code = torch.empty(len(x), len(weight))
    for i in range(len(x)):
        for j in range(len(weight)):
            total = float(bias[j])
            for k in range(x.shape[1]):
                total += float(weight[j, k]) * float(x[i, k])
            code[i, j] = 1 / (1 + math.exp(-total))
    return code


def encode_with_numpy(x, weight, bias):
    print("numpy was here")
    z = np.einsum("ik,jk->ij", x.numpy(), weight.numpy()) + bias.numpy()
    return torch.from_numpy(1 / (1 + np.exp(-z)))


def encode_in_float64(x, weight, bias):
    z = (weight.double() @ x.double().T + bias.double()[:, None]).T
    return (torch.tanh(z / 2) + 1) / 2


# --- 1.2 decode


def decode_with_linear(code, weight, bias):
    return functional.linear(code, weight, bias).sigmoid_()


def decode_in_loops(code, weight, bias):
    rows = [torch.stack([(w * h).sum() for w in weight]) + bias for h in code]
    return torch.stack([1 / (1 + (-row).exp()) for row in rows])


# --- 1.3 squared_error


def squared_error_in_loops(x, reconstruction):
    total = torch.tensor(0.0)
    for a, b in zip(x, reconstruction, strict=True):
        total += 0.5 * ((a - b) @ (a - b))
    return total / len(x)


def squared_error_with_numpy(x, reconstruction):
    warnings.warn("squares ahead", stacklevel=1)
    difference = x.numpy().astype(np.float64) - reconstruction.numpy()
    return torch.tensor(np.sum(difference**2) / (2 * len(difference)))


def squared_error_expanded(x, reconstruction):
    x, r = x.double(), reconstruction.double()
    return (x.square().sum() - 2 * (x * r).sum() + r.square().sum()) / len(x) / 2


# --- 1.4 cross_entropy


def cross_entropy_of_torch(x, logits):
    cost = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return cost.sum() / x.shape[0]


def cross_entropy_with_log_sigmoid(x, logits):
    ink, paper = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    return -(x * ink + (1 - x) * paper).sum(1).mean(0)


def cross_entropy_with_numpy(x, logits):
    z, x = logits.numpy().astype(np.float64), x.numpy()
    return torch.tensor((np.logaddexp(0, z) - x * z).sum(axis=1).mean())


def cross_entropy_in_loops(x, logits):
    total = 0.0
    for pixel, z in zip(x.flatten().tolist(), logits.flatten().tolist(), strict=True):
        total += (z if z > 0 else 0) + math.log1p(math.exp(-abs(z))) - pixel * z
    return torch.tensor(total / len(x))


def cross_entropy_by_sides(x, logits):
    """Overflows where it is not looked at, which does no harm."""
    right, left = logits + torch.log1p(torch.exp(-logits)), torch.log1p(torch.exp(logits))
    paper = torch.where(logits > 0, right, left)
    return (x * (paper - logits) + (1 - x) * paper).sum() / len(x)


# --- 1.5 kl_sparsity


def kl_sparsity_in_loops(code, sparsity_target):
    total = torch.zeros(())
    for j in range(code.shape[1]):
        q = code[:, j].sum() / len(code)
        total = total + sparsity_target * (math.log(sparsity_target) - q.log())
        total = total + (1 - sparsity_target) * (math.log(1 - sparsity_target) - (1 - q).log())
    return total


def kl_sparsity_with_numpy(code, sparsity_target):
    q = code.numpy().astype(np.float64).mean(axis=0)
    p = np.array([sparsity_target, 1 - sparsity_target])[:, None]
    both = np.stack([q, 1 - q])
    return torch.as_tensor((p * np.log(p / both)).sum())


# --- 1.6 sparse_autoencoder_loss_and_gradients


def sparse_by_autograd(x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight):
    parameters = [p.clone().requires_grad_() for p in (w1, b1, w2, b2)]
    w1, b1, w2, b2 = parameters
    code = torch.sigmoid(functional.linear(x, w1, b1))
    error = 0.5 * (torch.sigmoid(functional.linear(code, w2, b2)) - x).pow(2).sum() / len(x)
    decay = weight_decay * (w1.pow(2).sum() + w2.pow(2).sum()) / 2
    loss = error + decay + sparsity_weight * kl_sparsity_in_loops(code, sparsity_target)
    loss.backward()
    return (loss.detach(), *(p.grad for p in parameters))


def sparse_one_example_at_a_time(x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight):
    """As on paper: a pass for the mean activations, then one for the errors; in float64, a list."""
    x, w1, b1, w2, b2 = (tensor.double() for tensor in (x, w1, b1, w2, b2))
    m, rho = len(x), sparsity_target
    rho_hat = sum(torch.sigmoid(w1 @ example + b1) for example in x) / m
    kl = rho * torch.log(rho / rho_hat) + (1 - rho) * torch.log((1 - rho) / (1 - rho_hat))
    loss = weight_decay / 2 * (w1.norm() ** 2 + w2.norm() ** 2) + sparsity_weight * kl.sum()
    gradients = [weight_decay * w1, torch.zeros_like(b1), weight_decay * w2, torch.zeros_like(b2)]
    for example in x:
        h = torch.sigmoid(w1 @ example + b1)
        y = torch.sigmoid(w2 @ h + b2)
        loss = loss + ((y - example) @ (y - example)) / 2 / m
        delta3 = -(example - y) * y * (1 - y)
        pull = sparsity_weight * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
        delta2 = (w2.T @ delta3 + pull) * h * (1 - h)
        for k, part in enumerate(
            (torch.outer(delta2, example), delta2, torch.outer(delta3, h), delta3)
        ):
            gradients[k] = gradients[k] + part / m
    return [loss, *gradients]


def sparse_with_numpy(x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight):
    """Columns are examples, as in the original exercise."""
    x, w1, b1, w2, b2 = (t.numpy().astype(np.float64) for t in (x.T, w1, b1, w2, b2))
    m, rho = x.shape[1], sparsity_target
    h = 1 / (1 + np.exp(-(w1 @ x + b1[:, None])))
    y = 1 / (1 + np.exp(-(w2 @ h + b2[:, None])))
    q = h.mean(axis=1)
    loss = ((y - x) ** 2).sum() / (2 * m) + weight_decay / 2 * ((w1**2).sum() + (w2**2).sum())
    kl = rho * np.log(rho / q) + (1 - rho) * np.log((1 - rho) / (1 - q))
    loss += sparsity_weight * kl.sum()
    d3 = (y - x) * y * (1 - y) / m
    pull = sparsity_weight / m * ((1 - rho) / (1 - q) - rho / q)
    d2 = (w2.T @ d3 + pull[:, None]) * h * (1 - h)
    gradients = (
        d2 @ x.T + weight_decay * w1,
        d2.sum(axis=1),
        d3 @ h.T + weight_decay * w2,
        d3.sum(axis=1),
    )
    return tuple(map(torch.as_tensor, (loss, *gradients)))


# --- 1.7 numerical_gradient


def numerical_gradient_of_every_index(loss, theta, epsilon=1e-4):
    gradient = np.zeros(theta.shape)
    for index in np.ndindex(*theta.shape):
        above, below = theta.clone(), theta.clone()
        above[index] += epsilon
        below[index] -= epsilon
        gradient[index] = (loss(above).item() - loss(below).item()) / (2 * epsilon)
    return torch.from_numpy(gradient)


def numerical_gradient_put_back(loss, theta, epsilon=1e-4):
    """Move the entries of a copy, and put each of them back."""
    moved = theta.clone().flatten()
    slopes = []
    for i, entry in enumerate(theta.flatten().tolist()):
        values = []
        for side in (1, -1):
            moved[i] = entry + side * epsilon
            values.append(float(loss(moved.reshape(theta.shape))))
        moved[i] = entry
        slopes.append((values[0] - values[1]) / epsilon / 2)
    return torch.tensor(slopes, dtype=torch.float64).reshape(theta.shape)


def numerical_gradient_along_unit_vectors(loss, theta, epsilon=1e-4):
    unit = torch.eye(theta.numel(), dtype=theta.dtype).reshape(-1, *theta.shape)
    parts = [(loss(theta + epsilon * e) - loss(theta - epsilon * e)) for e in unit]
    return torch.stack(parts).reshape(theta.shape) * (0.5 / epsilon)


# --- 1.8 corrupt


def corrupt_with_bernoulli(x, corruption_level, generator):
    keep = torch.full_like(x, 1 - corruption_level)
    return x * torch.bernoulli(keep, generator=generator)


def corrupt_a_copy(x, corruption_level, generator):
    corrupted = x.clone()
    corrupted[torch.rand(x.shape, generator=generator) < corruption_level] = 0
    return corrupted


def corrupt_with_numpy(x, corruption_level, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    dice = np.random.default_rng(seed).random(tuple(x.shape))
    return torch.from_numpy(np.where(dice < corruption_level, 0.0, x.double().numpy()))


# --- 1.9 strongest_inputs


def strongest_inputs_in_loops(weight):
    inputs = torch.zeros(weight.shape)
    for i, row in enumerate(weight.tolist()):
        length = math.sqrt(sum(w * w for w in row))
        if length > 0:
            inputs[i] = torch.tensor([w / length for w in row])
    return inputs


def strongest_inputs_normalised(weight):
    return functional.normalize(weight, dim=1)


def strongest_inputs_with_numpy(weight):
    w = weight.numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        return torch.from_numpy(np.nan_to_num(w / np.linalg.norm(w, axis=1)[:, None]))


def strongest_inputs_with_a_hair_added(weight):
    return weight / (weight.pow(2).sum(dim=1).sqrt()[:, None] + 1e-12)


OTHER = {
    "encode": [encode_in_loops, encode_with_numpy, encode_in_float64],
    "decode": [decode_with_linear, decode_in_loops],
    "squared_error": [squared_error_in_loops, squared_error_with_numpy, squared_error_expanded],
    "cross_entropy": [
        cross_entropy_of_torch,
        cross_entropy_with_log_sigmoid,
        cross_entropy_with_numpy,
        cross_entropy_in_loops,
        cross_entropy_by_sides,
    ],
    "kl_sparsity": [kl_sparsity_in_loops, kl_sparsity_with_numpy],
    "sparse_autoencoder_loss_and_gradients": [
        sparse_by_autograd,
        sparse_one_example_at_a_time,
        sparse_with_numpy,
    ],
    "numerical_gradient": [
        numerical_gradient_of_every_index,
        numerical_gradient_put_back,
        numerical_gradient_along_unit_vectors,
    ],
    "corrupt": [corrupt_with_bernoulli, corrupt_a_copy, corrupt_with_numpy],
    "strongest_inputs": [
        strongest_inputs_in_loops,
        strongest_inputs_normalised,
        strongest_inputs_with_numpy,
        strongest_inputs_with_a_hair_added,
    ],
}
