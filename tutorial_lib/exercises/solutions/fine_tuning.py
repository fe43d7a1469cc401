"""Right answers to the exercises of notebook 03."""

import torch


def softmax(logits):
    """Return the probabilities, (n_examples, n_classes): every row sums to 1.

    logits: (n_examples, n_classes), float tensor; its values may be as large as +-1000.
    """
    shifted = logits - logits.max(dim=1, keepdim=True).values
    exponentials = torch.exp(shifted)
    return exponentials / exponentials.sum(dim=1, keepdim=True)


def softmax_loss_and_gradient(features, labels, weight, weight_decay):
    """Return the loss, a tensor of shape (), and its gradient, in the shape of weight.

    features: (n_examples, n_features), weight: (n_classes, n_features); float tensors.
    labels: (n_examples,), int64. The loss is finite for logits of +-1000 too.
    """
    n_examples = len(features)
    rows = torch.arange(n_examples)
    logits = features @ weight.T
    log_likelihood = logits[rows, labels] - torch.logsumexp(logits, dim=1)
    loss = -log_likelihood.mean() + weight_decay / 2 * (weight**2).sum()

    error = softmax(logits)
    error[rows, labels] -= 1
    gradient = error.T @ features / n_examples + weight_decay * weight
    return loss, gradient


def stacked_loss_and_gradients(x, labels, encoders, softmax_weight, weight_decay):
    """Return the loss, the gradients of the encoders, and that of softmax_weight.

    x: (n_examples, n_visible), softmax_weight: (n_classes, n_code); float tensors.
    labels: (n_examples,), int64. encoders: a list of pairs (weight, bias), from input to top,
    weight: (n_out, n_in), bias: (n_out,). Their gradients come as such a list, in that order.
    """
    activations = [x]
    for weight, bias in encoders:
        activations.append(torch.sigmoid(activations[-1] @ weight.T + bias))
    code = activations[-1]
    loss, softmax_gradient = softmax_loss_and_gradient(code, labels, softmax_weight, weight_decay)

    delta = softmax(code @ softmax_weight.T)
    delta[torch.arange(len(x)), labels] -= 1
    weight_above = softmax_weight
    gradients = []
    for k in reversed(range(len(encoders))):
        a = activations[k + 1]
        delta = (delta @ weight_above) * a * (1 - a)
        gradients.insert(0, (delta.T @ activations[k] / len(x), delta.mean(dim=0)))
        weight_above = encoders[k][0]
    return loss, gradients, softmax_gradient


def predict(x, encoders, softmax_weight):
    """Return the most probable label of each example, (n_examples,), int64, counted from 0.

    x: (n_examples, n_visible), softmax_weight: (n_classes, n_code); float tensors.
    encoders: a list of pairs (weight, bias), from input to top.
    """
    code = x
    for weight, bias in encoders:
        code = torch.sigmoid(code @ weight.T + bias)
    return (code @ softmax_weight.T).argmax(dim=1)


def early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    """Return the epoch at whose end training stops, and the best epoch until then.

    validation_errors: a list of numbers, the first of them that of epoch 1; the others: numbers.
    If the errors end before the patience does, training stops at the last of them.
    """
    best_error, best_epoch = float("inf"), 0
    for epoch, error in enumerate(validation_errors, start=1):
        if error < best_error * improvement_threshold:
            patience = max(patience, epoch * patience_increase)
        if error < best_error:
            best_error, best_epoch = error, epoch
        if epoch >= patience:
            break
    return epoch, best_epoch


def classifier_from(stack):
    """Return a classifier, an nn.Module from inputs to logits, that shares the stack's tensors.

    stack: a StackedAutoencoder, with the list stack.autoencoders, each of which has an encoder
    (nn.Linear), and with stack.softmax (nn.Linear).
    """
    layers = []
    for autoencoder in stack.autoencoders:
        layers += [autoencoder.encoder, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers, stack.softmax)
