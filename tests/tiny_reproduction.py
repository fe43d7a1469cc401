"""Both recipes on a few small digits, so that a whole reproduction takes a fraction of a second."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tutorial_lib import __main__ as command_line
from tutorial_lib import reproduce
from tutorial_lib.mnist import Digits, Split
from tutorial_lib.recipes import Preset, Recipe, RecipeName
from tutorial_lib.settings import FineTuning, Pretraining

N_TRAIN, N_VALIDATION, N_TEST = 120, 50, 60
# Hand-written, so that a table made of them can be recognised.
PUBLISHED = {
    "ufldl": {"accuracy_before_fine_tuning": 12.34, "test_accuracy": 56.78, "seconds.total": 7200},
    "sda": {"validation_error": 12.34, "test_error": 56.78, "seconds.total": 7200},
}


def _split(n: int, seed: int, noise: float) -> Split:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.rand(10, 784, generator=torch.Generator().manual_seed(99)).round()
    labels = torch.arange(n) % 10
    fog = torch.rand(n, 784, generator=generator)
    return Split((pictures[labels] - noise * fog).abs().clamp(0, 1), labels)


def tiny_digits(name: RecipeName, *, noise: float = 0.6) -> Digits:
    """Noisy copies of ten random pictures, in the parts that a recipe asks for."""
    n_validation = 0 if name == "ufldl" else N_VALIDATION
    validation = _split(N_VALIDATION, 2, noise)
    held_out = Split(validation.images[:n_validation], validation.labels[:n_validation])
    return Digits(_split(N_TRAIN, 1, noise), held_out, _split(N_TEST, 3, noise))


def tiny_recipe(name: RecipeName, preset: Preset = "full") -> Recipe:
    """What the recipe of this name does, on a network of 784-16-12-10."""
    if name == "ufldl":
        layer = Pretraining(
            n_epochs=10,
            optimiser="lbfgs",
            loss="squared_error",
            weight_decay=3e-3,
            sparsity_weight=3.0,
        )
        top = FineTuning(n_epochs=10, optimiser="lbfgs", weight_decay=3e-3)
        return Recipe(
            name=name,
            preset=preset,
            hidden_sizes=(16, 12),
            tied=False,
            initialisation="ufldl",
            softmax_bias=False,
            pretraining=(layer, layer),
            softmax=top,
            fine_tuning=top,
            n_train=100,
            published=PUBLISHED[name],
        )
    batch_size = 1 if preset == "as-published" else 20
    layer = Pretraining(n_epochs=2, learning_rate=0.01, batch_size=batch_size, corruption_level=0.2)
    return Recipe(
        name=name,
        preset=preset,
        hidden_sizes=(16, 12),
        tied=True,
        initialisation="sda",
        softmax_bias=True,
        pretraining=(layer, layer),
        fine_tuning=FineTuning(
            n_epochs=6,
            optimiser="adam",
            learning_rate=0.02,
            batch_size=batch_size,
            corruption_level=0.1,
        ),
        n_train=100,
        published=PUBLISHED[name],
    )


def use_tiny_recipes(patch: pytest.MonkeyPatch, *, pictures: bool) -> None:
    """Make the command train these; pictures take more time than all the training."""
    patch.setattr(reproduce, "load_mnist", lambda *, split, progress: tiny_digits(split))
    patch.setattr(reproduce, "get_recipe", tiny_recipe)
    if not pictures:
        patch.setattr(reproduce, "illustrate", lambda experiment, history: {})


def command(out: Path, *words: str, recipe: str = "sda") -> int:
    """Run the command as from a shell, and return its exit status."""
    return command_line.main(["reproduce", recipe, "--out", str(out), *words])


def results(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return content


def without_times(value: Any) -> Any:
    """Leave out what differs between two runs of the same: the seconds."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not k.startswith("seconds")}
    return [without_times(item) for item in value] if isinstance(value, list) else value
