"""What the benchmark compares with: the loop most people would write, and the bare products.

The common loop is plain PyTorch: ``DataLoader`` over ``TensorDataset``, ``nn.Module``, autograd,
``torch.optim``, and the layers below run again for each batch. The floor is the matrix products
of the same training and nothing else, on the fastest route this machine offers.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.losses import kl_sparsity, squared_error, weight_penalty
from tutorial_lib.stacked import Classifier


class CommonAutoencoder(nn.Module):
    """A denoising autoencoder with tied weights, as tutorials write it."""

    def __init__(self, n_visible: int, n_hidden: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(n_visible, n_hidden)
        self.visible_bias = nn.Parameter(torch.zeros(n_visible))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the reconstruction."""
        code = torch.sigmoid(self.encoder(x))
        return functional.linear(code, self.encoder.weight.t(), self.visible_bias)


def common_pretraining_epoch(
    below: Sequence[CommonAutoencoder],
    autoencoder: CommonAutoencoder,
    images: Tensor,
    *,
    batch_size: int,
    corruption_level: float,
) -> None:
    """Train one layer for one epoch, running the layers below for each batch."""
    optimiser = torch.optim.SGD(autoencoder.parameters(), lr=0.1)
    for (x,) in DataLoader(TensorDataset(images), batch_size=batch_size, shuffle=True):
        with torch.no_grad():
            for layer in below:
                x = torch.sigmoid(layer.encoder(x))
        corrupted = x * (torch.rand_like(x) >= corruption_level)
        logits = autoencoder(corrupted)
        loss = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def common_fine_tuning_epoch(
    classifier: Classifier, images: Tensor, labels: Tensor, *, batch_size: int
) -> None:
    """Train the classifier for one epoch."""
    optimiser = torch.optim.SGD(classifier.parameters(), lr=0.1)
    data = TensorDataset(images, labels)
    for x, y in DataLoader(data, batch_size=batch_size, shuffle=True):
        loss = functional.cross_entropy(classifier(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def common_lbfgs_evaluation(autoencoder: Autoencoder, x: Tensor) -> None:
    """Evaluate UFLDL's cost and its gradients on all images at once, by autograd."""
    autoencoder.zero_grad()
    code = autoencoder.encode(x)
    cost = squared_error(x, autoencoder.decode(code)) + 3 * kl_sparsity(code, 0.1)
    weights = autoencoder.encoder.weight, autoencoder.decoder_weight
    cost = cost + weight_penalty(*weights, weight_decay=3e-3)
    cost.backward()


class PretrainingFloor:
    """The five products of one step on a tied autoencoder, for each batch."""

    def __init__(self, x: Tensor, n_hidden: int, batch_size: int) -> None:
        n_visible = x.shape[1]
        self.batches = x.split(batch_size)
        self.weight = torch.rand(n_hidden, n_visible, dtype=x.dtype)
        self.code = torch.rand(batch_size, n_hidden, dtype=x.dtype)
        self.error = torch.rand(batch_size, n_visible, dtype=x.dtype)
        self.delta = torch.rand(batch_size, n_hidden, dtype=x.dtype)
        self.gradient = torch.empty_like(self.weight)

    def __call__(self) -> None:
        for x in self.batches:
            code, error, delta = (rows[: len(x)] for rows in (self.code, self.error, self.delta))
            torch.mm(x, self.weight.t(), out=code)
            torch.mm(code, self.weight, out=error)
            torch.mm(error, self.weight.t(), out=delta)
            torch.mm(delta.t(), x, out=self.gradient)
            torch.mm(code.t(), error, out=self.gradient)


class FineTuningFloor:
    """The products of one step on a classifier, for each batch."""

    def __init__(self, x: Tensor, sizes: Sequence[int], batch_size: int) -> None:
        self.batches = x.split(batch_size)
        self.weights = [torch.rand(upper, lower, dtype=x.dtype) for lower, upper in pairwise(sizes)]
        self.gradients = [torch.empty_like(weight) for weight in self.weights]
        self.activations = [torch.rand(batch_size, size, dtype=x.dtype) for size in sizes]
        self.deltas = [torch.rand(batch_size, size, dtype=x.dtype) for size in sizes]

    def __call__(self) -> None:
        last = len(self.weights) - 1
        for x in self.batches:
            entering = [x, *(rows[: len(x)] for rows in self.activations[1:])]
            deltas = [rows[: len(x)] for rows in self.deltas]
            for k, weight in enumerate(self.weights):
                torch.mm(entering[k], weight.t(), out=entering[k + 1])
            for k in range(last, -1, -1):
                torch.mm(deltas[k + 1].t(), entering[k], out=self.gradients[k])
                if k > 0:
                    torch.mm(deltas[k + 1], self.weights[k], out=deltas[k])


class LBFGSFloor:
    """The five products of one evaluation of an untied autoencoder, chunk by chunk."""

    def __init__(self, x: Tensor, n_hidden: int, chunk_rows: int) -> None:
        n_visible = x.shape[1]
        self.chunks = x.split(chunk_rows)
        self.encoder = torch.rand(n_hidden, n_visible, dtype=x.dtype)
        self.decoder = torch.rand(n_visible, n_hidden, dtype=x.dtype)
        self.code = torch.rand(chunk_rows, n_hidden, dtype=x.dtype)
        self.error = torch.rand(chunk_rows, n_visible, dtype=x.dtype)
        self.gradients = torch.empty_like(self.encoder), torch.empty_like(self.decoder)

    def __call__(self) -> None:
        for x in self.chunks:
            code, error = self.code[: len(x)], self.error[: len(x)]
            torch.mm(x, self.encoder.t(), out=code)
            torch.mm(code, self.decoder.t(), out=error)
            torch.mm(error, self.decoder, out=code)
            torch.mm(code.t(), x, out=self.gradients[0])
            torch.mm(error.t(), code, out=self.gradients[1])
