"""Random inputs for the exercises' cases."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor


def uniform(generator: torch.Generator, *shape: int, low: float = 0, high: float = 1) -> Tensor:
    """Draw float32 values between two bounds; by default, pixels or codes."""
    return torch.rand(shape, generator=generator) * (high - low) + low


def normal(generator: torch.Generator, *shape: int, spread: float = 1) -> Tensor:
    """Draw float32 values around 0: weights, biases or logits."""
    return torch.randn(shape, generator=generator) * spread


def labels(generator: torch.Generator, n_examples: int, n_classes: int) -> Tensor:
    """Draw int64 labels."""
    return torch.randint(n_classes, (n_examples,), generator=generator)


def apart(generator: torch.Generator, purpose: object) -> torch.Generator:
    """Return dice for an answer to throw, which tell nothing of the generator that draws cases.

    The same generator and purpose give the same dice.
    """
    told = hashlib.sha256(f"{generator.initial_seed()} for {purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(told[:7]))


def layers(
    generator: torch.Generator, sizes: Sequence[int], *, bias_spread: float = 1
) -> list[tuple[Tensor, Tensor]]:
    """Draw pairs (weight, bias) that lead from one size to the next."""
    return [
        (normal(generator, n_out, n_in), normal(generator, n_out, spread=bias_spread))
        for n_in, n_out in pairwise(sizes)
    ]


def network(
    generator: torch.Generator, sizes: Sequence[int], *, bias_spread: float = 1
) -> dict[str, Any]:
    """Draw encoders and a softmax weight: sizes from the input to the classes."""
    *widths, n_classes = sizes
    return {
        "encoders": layers(generator, widths, bias_spread=bias_spread),
        "softmax_weight": normal(generator, n_classes, widths[-1]),
    }
