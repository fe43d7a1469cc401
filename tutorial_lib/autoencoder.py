"""One autoencoder, and the noise a denoising autoencoder learns to remove.

Taught in notebook 01. Models know nothing of data, training or plots.
"""

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from tutorial_lib.checks import (
    require_choice,
    require_corruption_level,
    require_floats,
    require_matrix,
    require_size,
)

Corruption = Literal["masking", "gaussian", "salt_and_pepper"]
Initialisation = Literal["sda", "ufldl"]


def _random_16_bits(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw uniform int16 values in the shape of ``x``; four cost one call of the generator."""
    words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64, device=x.device)
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.int16)[: x.numel()].view(x.shape)


def _threshold(probability: float) -> int:
    # A uniform int16 is below this with the given probability, to within 1/65536. The cap: 2**15
    # itself is no int16, and PyTorch would compare with -(2**15) instead.
    return min(round(probability * 2**16), 2**16 - 1) - 2**15


def corrupt(
    x: Tensor,
    corruption_level: float,
    *,
    kind: Corruption = "masking",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return a noisy copy of the input; the input itself is untouched.

    Parameters
    ----------
    x : Tensor of any shape, float
    corruption_level : float in [0, 1)
        Masking: the probability that an entry is set to 0; survivors keep their value (this is
        not dropout, which rescales them). Salt and pepper: the probability that an entry becomes
        0 or 1, each equally often. Gaussian: the standard deviation of the noise added (any
        value of at least 0); nothing is clipped.
    kind : {"masking", "gaussian", "salt_and_pepper"}
    generator : torch.Generator, optional
        Source of the noise; the same state gives the same noise.

    Returns
    -------
    Tensor of the same shape and dtype.

    Raises
    ------
    TypeError
        If the input is no tensor of floats.
    ValueError
        If the level or the kind is not one of the above.

    Source: deeplearning.net, denoising autoencoders (masking); Vincent et al. 2010 (the other
    two); notebook 01.
    """
    require_floats("x", x)
    require_choice("kind", kind, get_args(Corruption))
    require_corruption_level(corruption_level, kind)
    if corruption_level == 0:
        return x.clone()
    if kind == "gaussian":
        noise = torch.empty_like(x).normal_(generator=generator)
        return x + corruption_level * noise
    bits = _random_16_bits(x, generator)
    if kind == "masking":
        # A mask of x's own dtype: multiplying by booleans takes four times as long.
        return torch.ge(bits, _threshold(corruption_level), out=torch.empty_like(x)).mul_(x)
    salted = torch.where(bits < _threshold(corruption_level), torch.ones_like(x), x)
    return salted.masked_fill_(bits < _threshold(corruption_level / 2), 0)


class Autoencoder(nn.Module):
    """An encoder and a decoder of one sigmoid layer each.

    Parameters
    ----------
    n_visible, n_hidden : int, at least 1
        Size of the input and of the code.
    tied : bool
        Whether the decoder uses the encoder's weight, transposed (deeplearning.net), or a
        weight of its own (UFLDL).
    initialisation : {"sda", "ufldl"}
        Weights are uniform in [-r, r] with r = 4 sqrt(6 / (n_visible + n_hidden)), or
        sqrt(6 / (n_visible + n_hidden + 1)); biases are 0.
    generator : torch.Generator, optional
        Source of the initial weights.

    Attributes
    ----------
    encoder : nn.Linear
        ``weight`` (n_hidden, n_visible) and ``bias`` (n_hidden,).
    visible_bias : nn.Parameter of shape (n_visible,)
    decoder_weight : Tensor of shape (n_visible, n_hidden)

    Raises
    ------
    ValueError
        If a size is below 1 or the initialisation unknown.
    """

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        *,
        tied: bool = True,
        initialisation: Initialisation = "sda",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_size("n_visible", n_visible)
        require_size("n_hidden", n_hidden)
        require_choice("initialisation", initialisation, get_args(Initialisation))
        if initialisation == "sda":
            bound = 4 * math.sqrt(6 / (n_visible + n_hidden))
        else:
            bound = math.sqrt(6 / (n_visible + n_hidden + 1))
        # skip_init: nn.Linear's own initial values would be drawn, and thrown away.
        self.encoder: nn.Linear = nn.utils.skip_init(nn.Linear, n_visible, n_hidden)
        nn.init.uniform_(self.encoder.weight, -bound, bound, generator)
        nn.init.zeros_(self.encoder.bias)
        self.visible_bias = nn.Parameter(torch.zeros(n_visible))
        self.own_decoder_weight: nn.Parameter | None = None
        if not tied:
            weight = torch.empty(n_visible, n_hidden).uniform_(-bound, bound, generator=generator)
            self.own_decoder_weight = nn.Parameter(weight)

    @property
    def tied(self) -> bool:
        """Whether the decoder shares the encoder's weight."""
        return self.own_decoder_weight is None

    @property
    def decoder_weight(self) -> Tensor:
        """The decoder's weight, (n_visible, n_hidden); when tied, a transposed view."""
        if self.own_decoder_weight is None:
            return self.encoder.weight.t()
        return self.own_decoder_weight

    def encode(self, x: Tensor) -> Tensor:
        """Return the code, (n_examples, n_hidden), of inputs (n_examples, n_visible)."""
        require_matrix("x", x, self.encoder.in_features)
        return torch.sigmoid(self.encoder(x))

    def decode_logits(self, code: Tensor) -> Tensor:
        """Return the reconstruction before its sigmoid, (n_examples, n_visible)."""
        require_matrix("code", code, self.encoder.out_features)
        return functional.linear(code, self.decoder_weight, self.visible_bias)

    def decode(self, code: Tensor) -> Tensor:
        """Return the reconstruction, (n_examples, n_visible) in (0, 1), of codes."""
        return torch.sigmoid(self.decode_logits(code))

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstruction of inputs, (n_examples, n_visible)."""
        return self.decode(self.encode(x))
