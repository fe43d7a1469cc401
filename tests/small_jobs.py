"""A whole training, small enough to run a hundred times: two layers, then fine-tuning."""

from pathlib import Path
from typing import Any

import torch

from tutorial_lib.checkpoints import load_checkpoint
from tutorial_lib.schedules import Cosine, Linear
from tutorial_lib.settings import EarlyStopping, FineTuning, Pretraining
from tutorial_lib.stacked import StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily

FILES = ["layer-1-of-2-*.checkpoint", "layer-2-of-2-*.checkpoint", "fine_tuning.checkpoint"]
OPTIMISERS = ["sgd", "adam", "lbfgs"]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blobs(
    n_examples: int,
    n_visible: int = 20,
    n_classes: int = 4,
    *,
    seed: int = 0,
    noise: float = 0.8,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy copies of a few binary pictures, and which picture each one is."""
    pictures = torch.rand(n_classes, n_visible, generator=seeded(99)).round()
    labels = torch.randint(n_classes, (n_examples,), generator=seeded(seed))
    fog = noise * torch.rand(n_examples, n_visible, generator=seeded(seed + 1000))
    return (pictures[labels] - fog).abs(), labels


def settings(optimiser: str, n_epochs: int = 8) -> tuple[Pretraining, FineTuning]:
    """Settings that use every kind of state: noise, schedules, decay, sparsity, early stopping."""
    common: dict[str, Any] = {"optimiser": optimiser, "n_epochs": n_epochs, "weight_decay": 1e-4}
    if optimiser != "lbfgs":
        rates = {"sgd": 0.5, "adam": 0.02}
        common |= {
            "learning_rate": Cosine(rates[optimiser], warm_up=0.1),
            "corruption_level": Linear(0.4, 0.1),
            "batch_size": 16,
        }
    rule = EarlyStopping(patience=6, patience_increase=1.5)
    return Pretraining(sparsity_weight=0.1, **common), FineTuning(early_stopping=rule, **common)


def train(optimiser: str, folder: Path | None, *, seed: int = 1, n_epochs: int = 8) -> Any:
    """Train from the seed, or go on from the folder; return the stack and its histories."""
    stack = StackedAutoencoder(20, [15, 10], n_classes=4, generator=seeded(seed))
    generator = seeded(seed)
    layers, tuning = settings(optimiser, n_epochs)
    histories = pretrain_greedily(
        stack,
        blobs(100)[0],
        settings=layers,
        generator=generator,
        checkpoints=folder,
        progress=False,
    )
    history = fine_tune(
        stack.classifier,
        *blobs(100),
        settings=tuning,
        validation=blobs(60, seed=7),
        generator=generator,
        checkpoint=folder / FILES[-1] if folder else None,
        progress=False,
    )
    return stack, [*histories, history]


def assert_same_bits(given: Any, expected: Any, where: str = "") -> None:
    """Compare nested states; the seconds that a training took are no part of its result."""
    assert type(given) is type(expected), where
    if isinstance(expected, dict):
        assert list(given) == list(expected), where
        for key in expected:
            if key != "seconds":
                assert_same_bits(given[key], expected[key], f"{where}/{key}")
    elif isinstance(expected, list | tuple):
        assert len(given) == len(expected), where
        for k, pair in enumerate(zip(given, expected, strict=True)):
            assert_same_bits(*pair, f"{where}/{k}")
    elif isinstance(expected, torch.Tensor):
        assert (given.dtype, given.shape) == (expected.dtype, expected.shape), where
        assert torch.equal(given, expected), where
    else:
        assert given == expected, where


def find(folder: Path, pattern: str) -> Path:
    """Return the one file of a folder that a name in FILES stands for."""
    (path,) = folder.glob(pattern)
    return path


def assert_same_checkpoints(given: Path, expected: Path) -> None:
    """Compare all that a folder of checkpoints holds: weights, optimiser, generator, history."""
    for file in FILES:
        states = [load_checkpoint(find(folder, file)) for folder in (given, expected)]
        assert_same_bits(*states, file)
