"""Random inputs for the exercises' cases."""

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
