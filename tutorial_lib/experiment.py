"""One run of a recipe with one seed: train, measure, and train again without pre-training."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from tutorial_lib.checkpoints import load_model, save_model
from tutorial_lib.evaluation import encode_dataset, evaluate
from tutorial_lib.loop import History
from tutorial_lib.mnist import Digits
from tutorial_lib.precision import Precision
from tutorial_lib.recipes import Recipe
from tutorial_lib.stacked import Classifier, StackedAutoencoder
from tutorial_lib.training import fine_tune, pretrain_greedily


class Experiment:
    """A recipe, a seed, and the network that comes of them.

    Parameters
    ----------
    recipe : Recipe
    digits : Digits
        In the split that the recipe names.
    seed : int
        Of the initial weights, the order of the examples and the noise.
    precision : {"float32", "bfloat16"}
    checkpoints : Path
        Folder of the stages' checkpoints; a run goes on from those it finds.
    progress : bool
        Whether to show progress bars.
    """

    def __init__(
        self,
        recipe: Recipe,
        digits: Digits,
        *,
        seed: int,
        precision: Precision,
        checkpoints: Path,
        progress: bool = True,
    ) -> None:
        self.recipe = recipe
        self.train = digits.train.first(recipe.n_train)
        self.validation = digits.validation
        self.test = digits.test
        self.seed = seed
        self.precision = precision
        self.checkpoints = checkpoints
        self.progress = progress
        self.stack = self._new_stack()

    def run(self, *, control: bool = True) -> dict[str, Any]:
        """Train everything and return one run's part of ``results.json``.

        Parameters
        ----------
        control : bool
            Whether the same network is also trained without pre-training.
        """
        layers = pretrain_greedily(
            self.stack,
            self.train.images,
            settings=self.recipe.pretraining,
            generator=self._generator(1),
            precision=self.precision,
            checkpoints=self.checkpoints,
            progress=self.progress,
        )
        softmax = self._train_softmax()
        save_model(self._pretrained, self.stack)
        before = 100 - self._test_error(self.stack.classifier)
        tuned = self._fine_tune(self.stack.classifier, "fine_tuning", "Fine-tuning")
        seconds = {
            "pretraining": sum(history.seconds for history in (*layers, *softmax)),
            "fine_tuning": tuned.seconds,
        }
        seconds["total"] = sum(seconds.values())
        results = {
            "recipe": self.recipe.name,
            "preset": self.recipe.preset,
            "seed": self.seed,
            "threads": torch.get_num_threads(),
            "precision": self.precision,
            "torch": torch.__version__,
            "seconds": seconds,
            **self._figures(before, tuned),
            "history": {
                "pretraining": [asdict(history) for history in layers],
                "softmax": [asdict(history) for history in softmax],
                "fine_tuning": asdict(tuned),
            },
        }
        return self._add_control(results) if control else results

    @property
    def _pretrained(self) -> Path:
        return self.checkpoints / "pretrained.checkpoint"

    def pretrained_stack(self) -> StackedAutoencoder:
        """Return a copy of the network as it was between pre-training and fine-tuning."""
        stack = self._new_stack()
        load_model(self._pretrained, stack)
        return stack

    def _add_control(self, results: dict[str, Any]) -> dict[str, Any]:
        """Train from the same initial weights, without pre-training."""
        classifier = self._new_stack().classifier
        history = self._fine_tune(classifier, "control", "Without pre-training")
        results["test_error_without_pretraining"] = self._test_error(classifier)
        results["seconds"]["without_pretraining"] = history.seconds
        results["history"]["without_pretraining"] = asdict(history)
        return results

    def _figures(self, before: float, tuned: History) -> dict[str, Any]:
        error = self._test_error(self.stack.classifier)
        if self.recipe.name == "ufldl":
            return {"accuracy_before_fine_tuning": before, "test_accuracy": 100 - error}
        return {"validation_error": min(tuned.validation_error), "test_error": error}

    def _train_softmax(self) -> list[History]:
        """Train the softmax on the deepest code, where the recipe says so."""
        if self.recipe.softmax is None:
            return []
        codes = self.train.images
        for autoencoder in self.stack.layers():
            codes = encode_dataset(autoencoder, codes)
        history = fine_tune(
            Classifier([], self.stack.softmax),
            codes,
            self.train.labels,
            settings=self.recipe.softmax,
            precision=self.precision,
            checkpoint=self.checkpoints / "softmax.checkpoint",
            progress=self.progress,
            title="Softmax",
        )
        return [history]

    def _fine_tune(self, classifier: Classifier, name: str, title: str) -> History:
        held_out = (self.validation.images, self.validation.labels)
        return fine_tune(
            classifier,
            self.train.images,
            self.train.labels,
            settings=self.recipe.fine_tuning,
            validation=held_out if len(self.validation) else None,
            generator=self._generator(2),
            precision=self.precision,
            checkpoint=self.checkpoints / f"{name}.checkpoint",
            progress=self.progress,
            title=title,
        )

    def _test_error(self, classifier: Classifier) -> float:
        return evaluate(classifier, self.test.images, self.test.labels)

    def _new_stack(self) -> StackedAutoencoder:
        return StackedAutoencoder(
            self.train.images.shape[1],
            self.recipe.hidden_sizes,
            tied=self.recipe.tied,
            initialisation=self.recipe.initialisation,
            softmax_bias=self.recipe.softmax_bias,
            generator=self._generator(0),
        )

    def _generator(self, stage: int) -> torch.Generator:
        """Return the stage's own stream: a stage resumed alone draws what it would have drawn."""
        return torch.Generator().manual_seed(1000 * self.seed + stage)
