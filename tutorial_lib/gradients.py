"""Cost and gradients of both facades by hand, without autograd.

Each product is written straight to where it is needed: into a parameter (plain gradient descent,
where no gradient is ever stored) or into ``parameter.grad`` (Adam, L-BFGS). Buffers are kept
between calls, and many rows are worked through in chunks that stay in the processor's cache.
Notebooks 01 and 03 derive these formulas; the tests compare them with autograd and with NumPy.
"""

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from tutorial_lib.autoencoder import Autoencoder
from tutorial_lib.checks import require_choice
from tutorial_lib.losses import kl_divergence
from tutorial_lib.sinks import Sink
from tutorial_lib.stacked import Classifier

Loss = Literal["cross_entropy", "squared_error"]

# 1,000 rows of 784 float32 pixels are 3 MB: their few buffers stay in a shared L3 cache.
CHUNK_ROWS = 1000


class _Buffers:
    """Named tensors kept between calls, so that the inner loop allocates nothing large."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._kept: dict[object, Tensor] = {}

    def get(self, name: object, shape: tuple[int, int], device: torch.device) -> Tensor:
        kept = self._kept.get(name)
        if kept is None or len(kept) < shape[0]:
            kept = torch.empty(shape, dtype=self.dtype, device=device)
            self._kept[name] = kept
        return kept[: shape[0]]

    def cast(self, parameter: Tensor) -> Tensor:
        """Return a parameter in the dtype of the products; a float32 one is returned itself."""
        return parameter.detach().to(self.dtype)


def _shape(matrix: Tensor) -> tuple[int, int]:
    n_rows, n_columns = matrix.shape
    return n_rows, n_columns


def _sigmoid_backward(delta: Tensor, activation: Tensor) -> None:
    """Multiply ``delta`` by ``activation * (1 - activation)`` in place, in one pass."""
    torch.ops.aten.sigmoid_backward.grad_input(delta, activation, grad_input=delta)


class AutoencoderGradients:
    """Cost and gradients of one autoencoder.

    Parameters
    ----------
    autoencoder : Autoencoder
    loss : {"cross_entropy", "squared_error"}
    dtype : torch.dtype
        Of the data handed over and of the products.
    sparsity_target, sparsity_weight : float
        The KL penalty on the mean activation over the rows of one call; weight 0 leaves it out.
    chunk_rows : int
        Rows worked through at a time.
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        *,
        loss: Loss,
        dtype: torch.dtype,
        sparsity_target: float = 0.1,
        sparsity_weight: float = 0.0,
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        require_choice("loss", loss, get_args(Loss))
        self.autoencoder = autoencoder
        self.loss = loss
        self.sparsity_target = sparsity_target
        self.sparsity_weight = sparsity_weight
        self.chunk_rows = chunk_rows
        self._buffers = _Buffers(dtype)

    def __call__(self, x: Tensor, corrupted: Tensor, sink: Sink) -> Tensor:
        """Return the cost on these rows, without weight decay, and hand the gradients to ``sink``.

        Parameters
        ----------
        x, corrupted : Tensor of shape (n_examples, n_visible), of the dtype chosen
        sink : Sink

        Returns
        -------
        Tensor of shape (), float64: mean over examples, plus the sparsity penalty.
        """
        cast, autoencoder = self._buffers.cast, self.autoencoder
        self._weight, self._bias = cast(autoencoder.encoder.weight), cast(autoencoder.encoder.bias)
        tied = autoencoder.own_decoder_weight is None
        self._decoder_weight = self._weight.t() if tied else cast(autoencoder.decoder_weight)
        self._visible_bias = cast(autoencoder.visible_bias)
        code = self._encode(corrupted)
        sink.start(len(x))
        cost = torch.zeros((), dtype=torch.float64, device=x.device)
        pull = None
        if self.sparsity_weight:
            mean = code.mean(0, dtype=torch.promote_types(code.dtype, torch.float32))
            penalty = self.sparsity_weight * kl_divergence(self.sparsity_target, mean)
            cost += penalty * len(x)
            slope = (1 - self.sparsity_target) / (1 - mean) - self.sparsity_target / mean
            pull = (self.sparsity_weight * slope).to(code.dtype)
        for rows in range(0, len(x), self.chunk_rows):
            chunk = slice(rows, rows + self.chunk_rows)
            cost += self._backward(x[chunk], corrupted[chunk], code[chunk], pull, sink)
        return cost.div_(len(x))

    def _encode(self, corrupted: Tensor) -> Tensor:
        code = self._buffers.get("code", (len(corrupted), len(self._bias)), corrupted.device)
        for x, h in zip(corrupted.split(self.chunk_rows), code.split(self.chunk_rows), strict=True):
            torch.addmm(self._bias, x, self._weight.t(), out=h).sigmoid_()
        return code

    def _backward(
        self, x: Tensor, corrupted: Tensor, code: Tensor, pull: Tensor | None, sink: Sink
    ) -> Tensor:
        autoencoder, buffers = self.autoencoder, self._buffers
        logits = buffers.get("logits", _shape(x), x.device)
        torch.addmm(self._visible_bias, code, self._decoder_weight.t(), out=logits)
        error, cost = self._output_error(x, logits)
        delta = buffers.get("delta", _shape(code), x.device)
        torch.mm(error, self._decoder_weight, out=delta)
        if pull is not None:
            delta += pull
        _sigmoid_backward(delta, code)
        weight = autoencoder.encoder.weight
        if autoencoder.own_decoder_weight is None:
            # A tied weight is used twice, so its gradient has two terms: one product does both.
            sink.weight(weight, torch.cat((delta, code)), torch.cat((corrupted, error)))
        else:
            sink.weight(weight, delta, corrupted)
            sink.weight(autoencoder.own_decoder_weight, error, code)
        sink.bias(autoencoder.encoder.bias, delta)
        sink.bias(autoencoder.visible_bias, error)
        return cost

    def _output_error(self, x: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Return the derivative of the summed cost by the logits, and that cost."""
        error = self._buffers.get("error", _shape(x), x.device)
        wide = torch.promote_types(x.dtype, torch.float32)
        if self.loss == "cross_entropy":
            cost = functional.softplus(logits).sub_(torch.mul(x, logits, out=error)).sum(dtype=wide)
            torch.sigmoid(logits, out=error).sub_(x)
        else:
            reconstruction = logits.sigmoid_()
            torch.sub(reconstruction, x, out=error)
            cost = 0.5 * torch.linalg.vector_norm(error, dtype=wide).square()
            _sigmoid_backward(error, reconstruction)
        return error, cost


class ClassifierGradients:
    """Cost and gradients of encoders with a softmax on top.

    Parameters
    ----------
    classifier : Classifier
        With no encoders it is softmax regression.
    dtype : torch.dtype
        Of the data handed over and of the products.
    chunk_rows : int
        Rows worked through at a time.
    """

    def __init__(
        self, classifier: Classifier, *, dtype: torch.dtype, chunk_rows: int = CHUNK_ROWS
    ) -> None:
        self.layers = classifier.layers
        self.chunk_rows = chunk_rows
        self._buffers = _Buffers(dtype)

    def __call__(self, x: Tensor, labels: Tensor, sink: Sink) -> Tensor:
        """Return the cost on these rows, without weight decay, and hand the gradients to ``sink``.

        Parameters
        ----------
        x : Tensor of shape (n_examples, n_visible), of the dtype chosen
        labels : Tensor of shape (n_examples,), int64
        sink : Sink

        Returns
        -------
        Tensor of shape (), float64, in nats per example.
        """
        sink.start(len(x))
        cost = torch.zeros((), dtype=torch.float64, device=x.device)
        for rows in zip(x.split(self.chunk_rows), labels.split(self.chunk_rows), strict=True):
            activations, delta, chunk_cost = self._forward(*rows)
            self._backward(activations, delta, sink)
            cost += chunk_cost
        return cost.div_(len(x))

    def input_gradient(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return the derivative of each example's own cost by its pixels, shape of ``x``."""
        activations, delta, _ = self._forward(x, labels)
        return self._backward(activations, delta, None)

    def _forward(self, x: Tensor, labels: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return what enters each layer, the summed cost's derivative by the logits, the cost."""
        activations = [x]
        for k, layer in enumerate(self.layers):
            weight = self._buffers.cast(layer.weight)
            h = self._buffers.get(("activation", k), (len(x), len(weight)), x.device)
            bias: Tensor | None = layer.bias  # annotated as always there; UFLDL's softmax has none
            if bias is None:
                torch.mm(activations[-1], weight.t(), out=h)
            else:
                torch.addmm(self._buffers.cast(bias), activations[-1], weight.t(), out=h)
            activations.append(h.sigmoid_() if k < len(self.layers) - 1 else h)
        logits = activations.pop()
        wide = torch.promote_types(x.dtype, torch.float32)
        log_probability = functional.log_softmax(logits, dim=1, dtype=wide)
        right = labels[:, None]
        cost = -log_probability.gather(1, right).sum()
        delta = log_probability.exp_()
        delta.scatter_add_(1, right, delta.new_full(right.shape, -1))
        return activations, delta.to(x.dtype), cost

    def _backward(self, activations: list[Tensor], delta: Tensor, sink: Sink | None) -> Tensor:
        for k in range(len(self.layers) - 1, -1, -1):
            layer, entering = self.layers[k], activations[k]
            # The delta of the layer below needs this weight as it was: before any step in place.
            below = delta
            if k > 0 or sink is None:
                below = self._buffers.get(("delta", k), _shape(entering), entering.device)
                torch.mm(delta, self._buffers.cast(layer.weight), out=below)
            if k > 0:
                _sigmoid_backward(below, entering)
            if sink is not None:
                sink.weight(layer.weight, delta, entering)
                sink.bias(layer.bias, delta)
            delta = below
        return delta
