"""A stack of autoencoders and its two facades over the same tensors.

During pre-training it is a list of autoencoders; during fine-tuning it is a classifier. The
classifier is a view: it holds the very ``nn.Linear`` objects of the stack, so no weight is
copied. Decoder weights and visible biases belong to the autoencoders alone. Taught in notebook 02.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from tutorial_lib.autoencoder import Autoencoder, Initialisation
from tutorial_lib.checks import require_at_least, require_matrix, require_size


class Classifier(nn.Module):
    """Encoders with a softmax on top: the second facade.

    Parameters
    ----------
    encoders : sequence of nn.Linear, from input to top
        Used as they are, never copied.
    softmax : nn.Linear
        From the deepest code to the logits; ``bias`` may be None.

    Raises
    ------
    ValueError
        If the sizes of neighbouring layers do not match.
    """

    def __init__(self, encoders: Iterable[nn.Linear], softmax: nn.Linear) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.softmax = softmax
        for k, (lower, upper) in enumerate(pairwise(self.layers), start=1):
            if lower.out_features != upper.in_features:
                raise ValueError(
                    f"Layer {k} gives {lower.out_features} values but layer {k + 1} takes "
                    f"{upper.in_features}; neighbouring sizes must be equal."
                )

    @property
    def layers(self) -> list[nn.Linear]:
        """All linear layers from input to top, the softmax last."""
        return [cast(nn.Linear, layer) for layer in (*self.encoders, self.softmax)]

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n_examples, n_classes), of inputs (n_examples, n_visible)."""
        require_matrix("x", x, self.layers[0].in_features)
        for encoder in self.encoders:
            x = torch.sigmoid(encoder(x))
        logits: Tensor = self.softmax(x)
        return logits

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return the most probable label of each input, (n_examples,) int64."""
        logits: Tensor = self(x)
        return logits.argmax(dim=1)


class StackedAutoencoder(nn.Module):
    """Autoencoders on top of one another, and the softmax that will classify their code.

    Parameters
    ----------
    n_visible : int
        Size of the input.
    hidden_sizes : sequence of int, at least one
        Size of each code, from input to top.
    n_classes : int, at least 2
    tied, initialisation, generator
        As for `Autoencoder`. The softmax starts at 0 ("sda") or at 0.005 times a standard
        normal ("ufldl").
    softmax_bias : bool
        Whether the softmax has a bias (deeplearning.net) or none (UFLDL).

    Raises
    ------
    ValueError
        If there is no hidden layer, a size is below 1, or there are fewer than 2 classes.
    """

    def __init__(
        self,
        n_visible: int,
        hidden_sizes: Sequence[int],
        *,
        n_classes: int = 10,
        tied: bool = True,
        initialisation: Initialisation = "sda",
        softmax_bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(hidden_sizes, Sequence) or not hidden_sizes:
            raise ValueError(
                f"hidden_sizes is {hidden_sizes!r}; expected a list of sizes, at least one."
            )
        require_size("n_classes", n_classes)
        require_at_least("n_classes", n_classes, 2)
        self.autoencoders = nn.ModuleList(
            Autoencoder(lower, upper, tied=tied, initialisation=initialisation, generator=generator)
            for lower, upper in pairwise([n_visible, *hidden_sizes])
        )
        self.softmax: nn.Linear = nn.utils.skip_init(
            nn.Linear, hidden_sizes[-1], n_classes, bias=softmax_bias
        )
        spread = 0.005 if initialisation == "ufldl" else 0.0
        nn.init.normal_(self.softmax.weight, 0, spread, generator)
        if softmax_bias:
            nn.init.zeros_(self.softmax.bias)

    @property
    def depth(self) -> int:
        """Number of autoencoders."""
        return len(self.autoencoders)

    @property
    def classifier(self) -> Classifier:
        """The second facade: a new view on the stack's own layers at each call."""
        return Classifier((layer.encoder for layer in self.layers()), self.softmax)

    def layers(self, depth: int | None = None) -> list[Autoencoder]:
        """Return the lowest ``depth`` autoencoders, all by default, from input to top."""
        depth = self.depth if depth is None else depth
        if not 0 <= depth <= self.depth:
            raise ValueError(f"depth is {depth}; this stack has layers 1 to {self.depth}.")
        return [cast(Autoencoder, layer) for layer in self.autoencoders][:depth]

    def encode_layers(self, x: Tensor) -> list[Tensor]:
        """Return the code of every layer, from input to top; the input is not among them."""
        codes = []
        for autoencoder in self.layers():
            x = autoencoder.encode(x)
            codes.append(x)
        return codes

    def encode(self, x: Tensor, *, depth: int | None = None) -> Tensor:
        """Return the code after ``depth`` layers (all of them by default; 0 returns the input)."""
        for autoencoder in self.layers(depth):
            x = autoencoder.encode(x)
        return x

    def decode(self, code: Tensor, *, depth: int | None = None) -> Tensor:
        """Return the reconstruction of a code of layer ``depth`` (the top by default).

        The decoders run from that layer down to the input. The printed formula of the UFLDL
        page is off by one here: at its first step it asks for layer n's decoder on the input
        of that layer. Code h_n is decoded by decoder n, then n - 1, down to 1.
        """
        for autoencoder in reversed(self.layers(depth)):
            code = autoencoder.decode(code)
        return code

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstruction through the whole stack, (n_examples, n_visible)."""
        return self.decode(self.encode(x))
