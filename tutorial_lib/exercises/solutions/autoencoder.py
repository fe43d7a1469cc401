"""Right answers to the exercises of notebook 01."""

import torch


def encode(x, weight, bias):
    """Return the code, (n_examples, n_hidden), of the inputs.

    x: (n_examples, n_visible), weight: (n_hidden, n_visible), bias: (n_hidden,); float tensors.
    """
    return torch.sigmoid(x @ weight.T + bias)


def decode(code, weight, bias):
    """Return the reconstruction, (n_examples, n_visible), of the codes.

    code: (n_examples, n_hidden), weight: (n_visible, n_hidden), bias: (n_visible,); float tensors.
    """
    return torch.sigmoid(code @ weight.T + bias)


def squared_error(x, reconstruction):
    """Return half the squared error, a tensor of shape (): summed over pixels, mean over examples.

    x, reconstruction: (n_examples, n_visible), float tensors.
    """
    return ((reconstruction - x) ** 2).sum(dim=1).mean() / 2


def cross_entropy(x, logits):
    """Return the cross-entropy, shape (), in nats: summed over pixels, mean over examples.

    x: (n_examples, n_visible) in [0, 1], logits: the same shape, before the last sigmoid;
    float tensors. Finite and right for logits of +-1000 too.
    """
    log_one_plus_exp = logits.clamp(min=0) + torch.log1p(torch.exp(-logits.abs()))
    return (log_one_plus_exp - x * logits).sum(dim=1).mean()


def kl_sparsity(code, sparsity_target):
    """Return the sparsity penalty, shape (): KL(target || mean activation), summed over units.

    code: (n_examples, n_hidden), a float tensor with values between 0 and 1;
    sparsity_target: a number between 0 and 1.
    """
    mean_activation = code.mean(dim=0)
    on = sparsity_target * torch.log(sparsity_target / mean_activation)
    off = (1 - sparsity_target) * torch.log((1 - sparsity_target) / (1 - mean_activation))
    return (on + off).sum()


def sparse_autoencoder_loss_and_gradients(
    x, w1, b1, w2, b2, weight_decay, sparsity_target, sparsity_weight
):
    """Return the loss, shape (), and its gradients with respect to w1, b1, w2 and b2.

    x: (n_examples, n_visible), w1: (n_hidden, n_visible), b1: (n_hidden,),
    w2: (n_visible, n_hidden), b2: (n_visible,); float tensors. The last three are numbers.
    """
    code = encode(x, w1, b1)
    reconstruction = decode(code, w2, b2)
    loss = squared_error(x, reconstruction)
    loss = loss + weight_decay / 2 * ((w1**2).sum() + (w2**2).sum())
    loss = loss + sparsity_weight * kl_sparsity(code, sparsity_target)

    mean_activation = code.mean(dim=0)
    on, off = sparsity_target / mean_activation, (1 - sparsity_target) / (1 - mean_activation)
    output_delta = (reconstruction - x) * reconstruction * (1 - reconstruction)
    hidden_delta = (output_delta @ w2 + sparsity_weight * (off - on)) * code * (1 - code)

    w1_gradient = hidden_delta.T @ x / len(x) + weight_decay * w1
    w2_gradient = output_delta.T @ code / len(x) + weight_decay * w2
    return loss, w1_gradient, hidden_delta.mean(dim=0), w2_gradient, output_delta.mean(dim=0)


def numerical_gradient(loss, theta, epsilon=1e-4):
    """Return the gradient of loss at theta by central differences, in the shape of theta.

    loss: a function that takes a tensor like theta and returns a tensor of shape ();
    theta: a float64 tensor of any shape, which stays as it is.
    """
    gradient = torch.zeros_like(theta)
    for i in range(theta.numel()):
        step = torch.zeros_like(theta)
        step.view(-1)[i] = epsilon
        difference = loss(theta + step) - loss(theta - step)
        gradient.view(-1)[i] = difference / (2 * epsilon)
    return gradient


def corrupt(x, corruption_level, generator):
    """Return a copy of x in which each value is set to 0 with probability corruption_level.

    x: a float tensor, which stays as it is; generator: a torch.Generator, the source of the noise.
    The values that survive are unchanged.
    """
    survives = torch.rand(x.shape, generator=generator) >= corruption_level
    return x * survives


def strongest_inputs(weight):
    """Return the input of length 1 that excites each unit most: (n_hidden, n_visible).

    weight: (n_hidden, n_visible), a float tensor. A unit whose weights are all 0 gets a row of 0.
    """
    length = (weight**2).sum(dim=1, keepdim=True).sqrt()
    return weight / torch.where(length > 0, length, 1.0)
